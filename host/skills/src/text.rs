//! Text that is safe to show.

/// Control characters, and those that reorder or hide the text around them: as the kernel has them
/// (`holm_kernel::is_hidden`), which this crate does not bring.
pub fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{ffa0}'
            | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text without what a terminal would act upon, and of at most so many characters.
pub fn printable(text: &str, maximum_chars: usize) -> String {
    let mut out = String::new();
    for (index, char) in text.chars().enumerate() {
        if index == maximum_chars {
            out.push('…');
            break;
        }
        if is_hidden(char) { out.extend(char.escape_unicode()) } else { out.push(char) }
    }
    out
}

/// The text on one line.
pub(crate) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// For messages: short.
pub(crate) fn shown(text: &str) -> String {
    printable(text, 200)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_hidden_is_so_in_the_kernel_too() {
        let body = |source: &'static str| {
            let start = source.find("pub fn is_hidden(char: char) -> bool {").expect("it is there");
            let end = source[start..].find("\n}").expect("it ends") + start;
            source[start..end].split_whitespace().collect::<String>()
        };
        let kernel = include_str!("../../kernel/src/syscall/operator.rs");
        assert_eq!(body(include_str!("text.rs")), body(kernel));
    }
}
