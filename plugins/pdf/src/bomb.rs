//! Bombs: a few bytes of a file that become very many. What is inflated while a file is opened is looked
//! for in its bytes beforehand; all other streams once it is open.

use crate::filters::{self, TooMuch, size};
use crate::limits::{FILTERS, NESTED, STREAM, STREAMS};
use hayro_syntax::object::{Dict, Name, Object, Stream};
use hayro_syntax::{Filter, Pdf};
use holm::{Error, Result};

/// Why a stream is refused.
pub(crate) fn refused() -> Error {
    Error::new(format!("refused (bomb): a stream becomes over {STREAM} bytes, or all of them over {STREAMS}"))
}

/// Looks at streams of objects and of cross-references, which are inflated while a file is opened, and at
/// how deep objects are.
pub(crate) fn check_bytes(bytes: &[u8]) -> Result<()> {
    let mut left = STREAMS;
    let (mut at, mut from) = (0, 0);
    // Whether the object that is being looked at may be such a stream, and whether its data have begun.
    let (mut opened, mut in_data) = (false, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'o' if bytes[at..].starts_with(b"obj") => {
                if !in_data {
                    check_depth(&bytes[from..at])?;
                }
                (at, from, opened, in_data) = (at + 3, at + 3, false, false);
            }
            b'e' if bytes[at..].starts_with(b"endstream") => {
                at += b"endstream".len();
                (from, in_data) = (at, false);
            }
            // Also where the word is in a text, or in data: nothing is passed over for it.
            b's' if bytes[at..].starts_with(b"stream") => {
                let dictionary = spelled(&bytes[from..at]);
                opened |= [&b"ObjStm"[..], b"XRef"].iter().any(|name| find(&dictionary, name).is_some());
                if !in_data {
                    check_depth(&dictionary)?;
                }
                at += b"stream".len();
                if opened {
                    check_dictionary(&dictionary)?;
                    let data = &bytes[at..];
                    let data = data.strip_prefix(b"\r\n").or_else(|| data.strip_prefix(b"\n")).unwrap_or(data);
                    left = left.checked_sub(check_opened(data)?).ok_or_else(refused)?;
                }
                (from, in_data) = (at, true);
            }
            _ => at += 1,
        }
    }
    if in_data { Ok(()) } else { check_depth(&bytes[from..]) }
}

/// Names without `#`, which spells them otherwise: `/Obj#53tm`.
fn spelled(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        match (byte, digit(0), digit(1)) {
            (b'#', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    out
}

/// Of a stream that is inflated while opening: what its reader divides and multiplies by.
fn check_dictionary(dictionary: &[u8]) -> Result<()> {
    let unusual = || Error::new("refused (unsupported): a stream of objects is compressed in an unusual way");
    for name in [&b"LZW"[..], b"RunLength", b"ASCII", b"/RL", b"/A85", b"/AHx"] {
        if find(dictionary, name).is_some() {
            return Err(unusual());
        }
    }
    for (key, most) in
        [(&b"/Columns"[..], 4_096), (b"/Colors", 4), (b"/BitsPerComponent", 8), (b"/DecodeParms", 0), (b"/DP", 0)]
    {
        let mut rest = dictionary;
        while let Some(at) = find(rest, key) {
            rest = &rest[at + key.len()..];
            let text = String::from_utf8_lossy(&rest[..rest.len().min(64)]).into_owned();
            let text = text.trim_start();
            let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
            // No reference to a number elsewhere.
            let alone = !text[digits..].trim_start().starts_with(|character: char| character.is_ascii_digit());
            let number = text[..digits].parse().is_ok_and(|number: u32| (1..=most).contains(&number));
            let here = most == 0 && ["<<", "[", "null"].iter().any(|start| text.starts_with(start));
            if !(here || (number && alone)) {
                return Err(unusual());
            }
        }
    }
    Ok(())
}

/// Inflates what follows, once and twice, whatever its dictionary says; how much it was.
fn check_opened(data: &[u8]) -> Result<usize> {
    // What has no such first byte is not deflated.
    if data.first().is_none_or(|byte| byte & 0x0f != 8) {
        return Ok(0);
    }
    let once = filters::inflate(data, STREAM).map_err(|TooMuch| refused())?;
    let twice = size(&once, &[Filter::FlateDecode], STREAM).map_err(|TooMuch| refused())?;
    check_depth(&once)?;
    Ok(once.len() + twice)
}

/// Refuses objects within objects within objects: their reader takes far more time for each level.
fn check_depth(bytes: &[u8]) -> Result<()> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = bytes.get(at + 1) == Some(byte);
        match byte {
            b'<' if pair => (depth, at) = (depth + 1, at + 1),
            b'>' if pair => (depth, at) = (depth.saturating_sub(1), at + 1),
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTED {
            return Err(Error::new(format!("refused (deep): objects over {NESTED} levels deep")));
        }
        at += 1;
    }
    Ok(())
}

/// Looks at all streams but pictures.
pub(crate) fn check_streams(pdf: &Pdf) -> Result<()> {
    let mut left = STREAMS;
    for object in pdf.objects() {
        let Object::Stream(stream) = object else { continue };
        check_parameters(stream.dict())?;
        if !is_picture(&stream) {
            left = left.checked_sub(stream_size(&stream)?).ok_or_else(refused)?;
        }
    }
    Ok(())
}

/// The size of one stream. Asked again of what is drawn, whatever it calls itself.
pub(crate) fn stream_size(stream: &Stream<'_>) -> Result<usize> {
    size(&stream.raw_data(), &stream.filters(), STREAM).map_err(|TooMuch| refused())
}

/// Rows of no length, and of lengths that no number holds, by which their reader divides.
fn check_parameters(dictionary: &Dict<'_>) -> Result<()> {
    let parameters = ["DecodeParms", "DP"].into_iter().filter_map(|key| dictionary.get::<Object<'_>>(key));
    let each = parameters.flat_map(|parameters| match parameters {
        Object::Dict(dict) => vec![dict],
        Object::Array(array) => array.iter::<Object<'_>>().filter_map(Object::into_dict).take(FILTERS).collect(),
        _ => Vec::new(),
    });
    for dict in each {
        let number = |key, otherwise| dict.get::<i64>(key).unwrap_or(otherwise);
        let bits = number("Colors", 1).saturating_mul(number("BitsPerComponent", 8));
        if dict.contains_key("Predictor")
            && !((1..=255).contains(&bits) && (1..=1_000_000).contains(&number("Columns", 1)))
        {
            return Err(Error::new("refused (broken): a stream's rows have no length"));
        }
    }
    Ok(())
}

fn is_picture(stream: &Stream<'_>) -> bool {
    stream.dict().get::<Name<'_>>("Subtype").is_some_and(|name| name.as_ref() == b"Image")
}

pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    let mut at = 0;
    // By the first byte, which the standard library looks for fast enough.
    while let Some(found) = bytes.get(at..)?.iter().position(|byte| byte == first) {
        if bytes[at + found..].starts_with(wanted) {
            return Some(at + found);
        }
        at += found + 1;
    }
    None
}
