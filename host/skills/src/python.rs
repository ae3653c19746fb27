//! What the reference leaves to Python: which characters count as what, and how values are written out.

use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// `str.isalnum` of one character: letters and whatever has a numeric value.
pub(crate) fn is_alphanumeric(char: char) -> bool {
    use Category::{
        DecimalNumber, LetterNumber, LowercaseLetter, ModifierLetter, OtherLetter, OtherNumber, TitlecaseLetter,
        UppercaseLetter,
    };
    matches!(
        get_general_category(char),
        UppercaseLetter
            | LowercaseLetter
            | TitlecaseLetter
            | ModifierLetter
            | OtherLetter
            | DecimalNumber
            | LetterNumber
            | OtherNumber
    )
}

/// `str.strip`.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(|char: char| char.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&char))
}

fn is_printable(char: char) -> bool {
    use Category::{
        Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, SpaceSeparator, Surrogate, Unassigned,
    };
    char == ' '
        || !matches!(
            get_general_category(char),
            Control
                | Format
                | Surrogate
                | PrivateUse
                | Unassigned
                | LineSeparator
                | ParagraphSeparator
                | SpaceSeparator
        )
}

/// `repr` of a text.
pub(crate) fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            _ if char == quote => out.extend(['\\', char]),
            _ if is_printable(char) => out.push(char),
            _ => out.push_str(&match u32::from(char) {
                code @ ..=0xff => format!("\\x{code:02x}"),
                code @ ..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
        }
    }
    out.push(quote);
    out
}

/// `html.escape`, quotes included.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            _ => out.push(char),
        }
    }
    out
}

/// `json.dumps(…, indent=2)`, which writes ASCII alone.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    let mut out = String::new();
    // A value of texts, lists and maps is always written.
    for char in serde_json::to_string_pretty(value).unwrap_or_default().chars() {
        match char {
            '\u{7f}'.. => out.extend(char.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_python_does() {
        assert_eq!(repr("a"), "'a'");
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("'\""), "'\\'\"'");
        assert_eq!(repr("\t\u{1b}\u{200b}\u{e0001}é"), "'\\t\\x1b\\u200b\\U000e0001é'");
        assert_eq!(json(&serde_json::json!({"a": "é😀\u{7f}"})), "{\n  \"a\": \"\\u00e9\\ud83d\\ude00\\u007f\"\n}");
        assert_eq!(escape("<a href='x'>&\""), "&lt;a href=&#x27;x&#x27;&gt;&amp;&quot;");
    }

    #[test]
    fn marks_that_combine_are_no_letters() {
        for (char, expected) in [('a', true), ('é', true), ('数', true), ('²', true), ('Ⅷ', true), ('٣', true)] {
            assert_eq!(is_alphanumeric(char), expected, "{char}");
        }
        for char in ['\u{93e}', '\u{301}', '_', '-', '😀', '\u{200d}'] {
            assert!(!is_alphanumeric(char), "{char}");
        }
        assert_eq!(strip("\u{1c}\u{a0} x\u{3000}"), "x");
    }
}
