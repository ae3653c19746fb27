//! The tool `info`.

use crate::limits::STRING;
use crate::open::Document;
use crate::outline::{self, Entry};
use hayro_syntax::object::DateTime;

/// What a file is.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Info {
    /// How many pages it has.
    pub pages: usize,
    /// The width and height of the first page as it is shown, in points of 1/72 inch.
    pub size: Option<(f32, f32)>,
    /// Whether it is encrypted; it may be read without a password all the same.
    pub encrypted: bool,
    /// Its title.
    pub title: Option<String>,
    /// Its author.
    pub author: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// Words about it.
    pub keywords: Option<String>,
    /// The program it was written in.
    pub creator: Option<String>,
    /// The program that made the PDF file of it.
    pub producer: Option<String>,
    /// When it was made.
    pub created: Option<String>,
    /// When it was last changed.
    pub modified: Option<String>,
    /// Its outline: titles, each with its level and page.
    pub outline: Vec<Entry>,
}

pub(crate) fn info(document: &Document) -> Info {
    let pdf = &document.pdf;
    let metadata = pdf.metadata();
    let string = |bytes: &Option<Box<[u8]>>| bytes.as_deref().map(text).filter(|text| !text.is_empty());
    Info {
        pages: pdf.pages().len(),
        size: pdf.pages().first().map(|page| page.render_dimensions()),
        encrypted: document.encrypted,
        title: string(&metadata.title),
        author: string(&metadata.author),
        subject: string(&metadata.subject),
        keywords: string(&metadata.keywords),
        creator: string(&metadata.creator),
        producer: string(&metadata.producer),
        created: metadata.creation_date.as_ref().map(date),
        modified: metadata.modification_date.as_ref().map(date),
        outline: outline::outline(pdf),
    }
}

/// A text of a PDF file: UTF-16 or UTF-8 by its mark, or else the format's own bytes, which are nearly Latin-1.
pub(crate) fn text(bytes: &[u8]) -> String {
    let bytes = &bytes[..bytes.len().min(STRING)];
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        bytes => bytes.iter().map(|byte| latin(*byte)).collect(),
    };
    text.chars().filter(|character| !character.is_control()).collect::<String>().trim().to_owned()
}

fn latin(byte: u8) -> char {
    const OWN: [char; 31] = [
        '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ', 'ﬂ', 'Ł',
        'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž',
    ];
    match byte {
        0x80..0x9f => OWN[usize::from(byte - 0x80)],
        0x9f => char::REPLACEMENT_CHARACTER,
        0xa0 => '€',
        byte => char::from(byte),
    }
}

fn date(date: &DateTime) -> String {
    let DateTime { year, month, day, hour, minute, second, utc_offset_hour, utc_offset_minute } = date;
    let offset = match (utc_offset_hour, utc_offset_minute) {
        (0, 0) => "Z".to_owned(),
        (hour, minute) => format!("{hour:+03}:{minute:02}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{offset}")
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn texts() {
        assert_eq!(text(b"\xfe\xff\0A\0\xe9\xd8\x3d\xde\0"), "Aé\u{1F600}");
        assert_eq!(text(b"\xef\xbb\xbfna\xc3\xafve"), "naïve");
        assert_eq!(text(b"caf\xe9 \x84 \x9e\xa0"), "café — ž€");
        assert_eq!(text(b"\xfe\xff\0"), "");
        assert_eq!(text(b" a\x1b[31m\0b "), "a[31mb");
    }
}
