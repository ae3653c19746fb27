//! `read` and `mapfile`.

use crate::limits::{ELEMENTS, EXPANSION};
use crate::shell::{Outcome, Shell};
use crate::stream::Handle;
use crate::variables::Value;
use std::collections::BTreeMap;

struct Wish {
    raw: bool,
    array: Option<String>,
    delimiter: u8,
    count: Option<usize>,
    exactly: bool,
    descriptor: u32,
    names: Vec<String>,
}

pub(super) fn read(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let mut wish = Wish {
        raw: false,
        array: None,
        delimiter: b'\n',
        count: None,
        exactly: false,
        descriptor: 0,
        names: Vec::new(),
    };
    let mut words = arguments[1..].iter();
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty() && *letters != "-") else {
            if word != "--" {
                wish.names.push(word.clone());
            }
            wish.names.extend(words.cloned());
            break;
        };
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            if !"adnNuitp".contains(letter) {
                match letter {
                    'r' => wish.raw = true,
                    's' | 'e' | 'E' => {}
                    other => return shell.misused("read", format_args!("-{other}: invalid option\nread: usage: read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]")),
                }
                continue;
            }
            let value = match rest.as_str() {
                "" => words.next().cloned(),
                inner => Some(inner.to_owned()),
            };
            let Some(value) = value else {
                return shell.misused("read", format_args!("-{letter}: option requires an argument"));
            };
            match letter {
                'a' => wish.array = Some(value),
                'd' => wish.delimiter = value.bytes().next().unwrap_or(0),
                'n' | 'N' => {
                    wish.count = value.parse().ok();
                    wish.exactly = letter == 'N';
                }
                'u' => wish.descriptor = value.parse().unwrap_or(0),
                // A prompt is for terminals; a wait has its end in the kernel's own limits.
                _ => {}
            }
            break;
        }
    }
    let Some(stream) = shell.descriptor(wish.descriptor) else {
        shell.complain(format_args!("read: {}: invalid file descriptor: Bad file descriptor", wish.descriptor));
        return Ok(1);
    };
    let (text, escaped, ended) = line(&stream, &wish);
    give(shell, &wish, &text, &escaped)?;
    Ok(i32::from(!ended))
}

/// A line: its text, which of its bytes were escaped, and whether its end was met.
fn line(stream: &Handle, wish: &Wish) -> (Vec<u8>, Vec<bool>, bool) {
    let (mut text, mut escaped) = (Vec::new(), Vec::new());
    let mut stream = stream.borrow_mut();
    let mut characters = 0;
    loop {
        if wish.count.is_some_and(|count| characters >= count) {
            return (text, escaped, true);
        }
        let Ok(Some(byte)) = stream.byte() else { return (text, escaped, false) };
        if byte == wish.delimiter && !wish.exactly {
            return (text, escaped, true);
        }
        if byte == b'\\' && !wish.raw {
            match stream.byte() {
                Ok(Some(b'\n')) => continue,
                Ok(Some(next)) => {
                    text.push(next);
                    escaped.push(true);
                }
                _ => return (text, escaped, false),
            }
        } else if byte != 0 {
            text.push(byte);
            escaped.push(false);
        }
        // The first byte of a character counts.
        characters += usize::from(text.last().is_some_and(|byte| byte & 0xc0 != 0x80));
        if text.len() > EXPANSION {
            return (text, escaped, false);
        }
    }
}

/// Splits a line among the variables.
fn give(shell: &mut Shell, wish: &Wish, text: &[u8], escaped: &[bool]) -> Outcome<()> {
    let whole = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let separators = shell.get("IFS").unwrap_or_else(|| " \t\n".to_owned()).into_bytes();
    if let (None, [] | [_], true) = (&wish.array, wish.names.as_slice(), wish.exactly) {
        let name = wish.names.first().map_or("REPLY", String::as_str);
        return shell.set(name, whole(text));
    }
    if wish.array.is_none() && wish.names.is_empty() {
        return shell.set("REPLY", whole(text));
    }
    let is_separator = |at: usize| !escaped[at] && separators.contains(&text[at]);
    let is_space = |at: usize| is_separator(at) && matches!(text[at], b' ' | b'\t' | b'\n');
    let mut fields = Vec::new();
    let most = if wish.array.is_some() { usize::MAX } else { wish.names.len() };
    let mut at = 0;
    while at < text.len() && is_space(at) {
        at += 1;
    }
    let mut end = text.len();
    while end > at && is_space(end - 1) {
        end -= 1;
    }
    while at < end && fields.len() < most {
        if fields.len() + 1 == most {
            // The last one has the rest; a single separator at its end is not of it.
            let mut last = end;
            let inner = (at..end).filter(|place| is_separator(*place) && !is_space(*place)).count();
            if inner == 1 && is_separator(end - 1) && !is_space(end - 1) {
                last -= 1;
                while last > at && is_space(last - 1) {
                    last -= 1;
                }
            }
            fields.push(whole(&text[at..last]));
            break;
        }
        let start = at;
        while at < end && !is_separator(at) {
            at += 1;
        }
        fields.push(whole(&text[start..at]));
        while at < end && is_space(at) {
            at += 1;
        }
        if at < end && is_separator(at) {
            at += 1;
            while at < end && is_space(at) {
                at += 1;
            }
        }
    }
    match &wish.array {
        Some(name) => shell.assign(name, None, Value::Indexed((0..).zip(fields).collect()), false),
        None => {
            let mut fields = fields.into_iter();
            for name in &wish.names {
                shell.set(name, fields.next().unwrap_or_default())?;
            }
            Ok(())
        }
    }
}

pub(super) fn mapfile(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let (mut trim, mut delimiter, mut most, mut skip, mut origin, mut descriptor) =
        (false, b'\n', 0_usize, 0_usize, None, 0);
    let mut name = "MAPFILE".to_owned();
    let mut words = arguments[1..].iter();
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            name = word.clone();
            continue;
        };
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            if letter == 't' {
                trim = true;
                continue;
            }
            let value = match rest.as_str() {
                "" => words.next().cloned().unwrap_or_default(),
                inner => inner.to_owned(),
            };
            match letter {
                'd' => delimiter = value.bytes().next().unwrap_or(0),
                'n' => most = value.parse().unwrap_or(0),
                's' => skip = value.parse().unwrap_or(0),
                'O' => origin = value.parse::<i64>().ok(),
                'u' => descriptor = value.parse().unwrap_or(0),
                other => return shell.misused("mapfile", format_args!("-{other}: invalid option")),
            }
            break;
        }
    }
    let Some(stream) = shell.descriptor(descriptor) else { return Ok(1) };
    let mut elements: BTreeMap<i64, String> = match (origin, shell.value(&name)) {
        (Some(_), Value::Indexed(elements)) => elements,
        _ => BTreeMap::new(),
    };
    let mut place = origin.unwrap_or(0);
    let mut size = 0;
    while (most == 0 || place - origin.unwrap_or(0) < i64::try_from(most).unwrap_or(i64::MAX))
        && elements.len() < ELEMENTS
        && size < EXPANSION
    {
        let wish =
            Wish { raw: true, array: None, delimiter, count: None, exactly: false, descriptor, names: Vec::new() };
        let (mut text, _, ended) = line(&stream, &wish);
        if !ended && text.is_empty() {
            break;
        }
        if skip > 0 {
            skip -= 1;
            continue;
        }
        if ended && !trim && delimiter != 0 {
            text.push(delimiter);
        }
        size += text.len();
        elements.insert(place, String::from_utf8_lossy(&text).into_owned());
        place += 1;
    }
    shell.assign(&name, None, Value::Indexed(elements), false)?;
    Ok(0)
}
