//! Quotes and escapes, read and written.

/// Whose escapes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// `$'…'`.
    Dollar,
    /// `echo -e`.
    Echo,
    /// `printf`'s format.
    Printf,
    /// `printf %b`.
    Percent,
}

/// The bytes that an escaped text means, and whether `\c` ended it.
pub(crate) fn unescaped(text: &str, escapes: Escapes) -> (Vec<u8>, bool) {
    let bytes = text.as_bytes();
    let mut all = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        at += 1;
        if byte != b'\\' {
            all.push(byte);
            continue;
        }
        let Some(letter) = bytes.get(at).copied() else {
            all.push(b'\\');
            break;
        };
        at += 1;
        match letter {
            b'a' => all.push(7),
            b'b' => all.push(8),
            b'e' | b'E' => all.push(27),
            b'f' => all.push(12),
            b'n' => all.push(b'\n'),
            b'r' => all.push(b'\r'),
            b't' => all.push(b'\t'),
            b'v' => all.push(11),
            b'\\' => all.push(b'\\'),
            b'c' if escapes == Escapes::Dollar => {
                all.extend(bytes.get(at).map(|control| control & 0x1f));
                at += 1;
            }
            b'c' if escapes != Escapes::Printf => return (all, true),
            b'\'' | b'"' | b'?'
                if matches!(escapes, Escapes::Dollar) || letter == b'"' && escapes == Escapes::Printf =>
            {
                all.push(letter)
            }
            b'\'' if escapes == Escapes::Printf => all.push(letter),
            b'x' => match digits(bytes, &mut at, 16, 2) {
                Some(value) => all.push(value as u8),
                None => all.extend(b"\\x"),
            },
            b'u' | b'U' => match digits(bytes, &mut at, 16, if letter == b'u' { 4 } else { 8 }) {
                Some(value) => {
                    let character = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
                    all.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                None => all.extend([b'\\', letter]),
            },
            b'0' if matches!(escapes, Escapes::Echo | Escapes::Percent) => {
                all.push(digits(bytes, &mut at, 8, 3).unwrap_or(0) as u8);
            }
            b'0'..=b'7' if escapes != Escapes::Echo => {
                at -= 1;
                all.push(digits(bytes, &mut at, 8, 3).unwrap_or(0) as u8);
            }
            letter => all.extend([b'\\', letter]),
        }
    }
    (all, false)
}

fn digits(bytes: &[u8], at: &mut usize, radix: u32, most: usize) -> Option<u32> {
    let mut value = None;
    for _ in 0..most {
        let Some(digit) = bytes.get(*at).and_then(|byte| char::from(*byte).to_digit(radix)) else { break };
        value = Some(value.unwrap_or(0_u32).wrapping_mul(radix) + digit);
        *at += 1;
    }
    value
}

/// The text between backquotes, as a command.
pub(crate) fn backquoted(text: &str, in_quotes: bool) -> String {
    let mut all = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some('$' | '`' | '\\')) => all.extend(characters.next()),
            ('\\', Some('"')) if in_quotes => all.extend(characters.next()),
            _ => all.push(character),
        }
    }
    all
}

/// As bash writes a word in `set -x`, `declare` and `${…@Q}`: quoted only where it must be.
pub(crate) fn if_needed(text: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "_/.-+:,@%=^".contains(character);
    match text {
        "" => "''".to_owned(),
        _ if text.chars().any(char::is_control) => dollar(text),
        _ if text.chars().all(plain) => text.to_owned(),
        _ => single(text),
    }
}

/// In single quotes, always.
pub(crate) fn single(text: &str) -> String {
    match text.chars().any(char::is_control) {
        true => dollar(text),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// In double quotes, as `declare -p` writes values.
pub(crate) fn double(text: &str) -> String {
    if text.chars().any(char::is_control) {
        return dollar(text);
    }
    let mut all = String::from('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\' | '$' | '`') {
            all.push('\\');
        }
        all.push(character);
    }
    all.push('"');
    all
}

fn dollar(text: &str) -> String {
    let mut all = String::from("$'");
    for character in text.chars() {
        match character {
            '\n' => all.push_str("\\n"),
            '\t' => all.push_str("\\t"),
            '\r' => all.push_str("\\r"),
            '\u{7}' => all.push_str("\\a"),
            '\u{8}' => all.push_str("\\b"),
            '\u{b}' => all.push_str("\\v"),
            '\u{c}' => all.push_str("\\f"),
            '\u{1b}' => all.push_str("\\E"),
            '\'' => all.push_str("\\'"),
            '\\' => all.push_str("\\\\"),
            control if control.is_control() => all.push_str(&format!("\\{:03o}", u32::from(control))),
            character => all.push(character),
        }
    }
    all.push('\'');
    all
}

/// As `printf %q` writes a word: with backslashes.
pub(crate) fn backslashed(text: &str) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    if text.chars().any(char::is_control) {
        return dollar(text);
    }
    let mut all = String::new();
    for (place, character) in text.chars().enumerate() {
        let special = match character {
            '~' | '#' => place == 0,
            character => " !\"$&'()*,;<>?[\\]^`{|}".contains(character),
        };
        if special {
            all.push('\\');
        }
        all.push(character);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Escapes, backslashed, if_needed, unescaped};

    #[test]
    fn escapes_are_read() {
        assert_eq!(unescaped("a\\tb\\x41\\101\\u00e9", Escapes::Dollar).0, "a\tbAA\u{e9}".as_bytes());
        assert_eq!(unescaped("a\\0101\\cb", Escapes::Echo), (b"aA".to_vec(), true));
        assert_eq!(unescaped("\\q\\", Escapes::Echo).0, b"\\q\\");
    }

    #[test]
    fn quotes_are_written_where_needed() {
        assert_eq!(if_needed("a b"), "'a b'");
        assert_eq!(if_needed("it's"), "'it'\\''s'");
        assert_eq!(if_needed("a\nb"), "$'a\\nb'");
        assert_eq!(backslashed("a b$"), "a\\ b\\$");
    }
}
