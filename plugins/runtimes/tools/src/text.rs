//! Lines turned around, bytes shown.

use crate::Outcome;
use crate::input::{operands, whole};
use std::fmt::Write as _;
use std::io::{self, Write};

fn print(bytes: &[u8]) -> Outcome {
    match io::stdout().write_all(bytes) {
        Ok(()) => Ok(0),
        Err(error) => Err(error.to_string()),
    }
}

/// The files as they are: nobody turns pages.
pub(crate) fn cat(arguments: &[String]) -> Outcome {
    operands(arguments).into_iter().try_fold(0, |_, path| print(&whole(path)?))
}

/// Each line backwards.
pub(crate) fn rev(arguments: &[String]) -> Outcome {
    let mut all = String::new();
    for path in operands(arguments) {
        let bytes = whole(path)?;
        for line in String::from_utf8_lossy(&bytes).split_inclusive('\n') {
            let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
            all.extend(text.chars().rev());
            all.push_str(end);
        }
    }
    print(all.as_bytes())
}

/// The last line first.
pub(crate) fn tac(arguments: &[String]) -> Outcome {
    for path in operands(arguments) {
        let bytes = whole(path)?;
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        print(&lines.into_iter().rev().flatten().copied().collect::<Vec<u8>>())?;
    }
    Ok(0)
}

/// Bytes in hexadecimal: `-p` plain, `-l N` so many, `-u` capitals, `-r -p` back.
pub(crate) fn xxd(arguments: &[String]) -> Outcome {
    let (mut plain, mut back, mut upper, mut length, mut paths) = (false, false, false, usize::MAX, Vec::new());
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-p" | "-ps" => plain = true,
            "-r" => back = true,
            "-u" => upper = true,
            "-l" => length = words.next().and_then(|text| text.parse().ok()).ok_or("-l wants a number")?,
            "-" => paths.push("-"),
            option if option.starts_with('-') => return Err(format!("unknown option {option}")),
            path => paths.push(path),
        }
    }
    let mut bytes = whole(paths.first().copied().unwrap_or("-"))?;
    if back {
        let digits: Vec<u32> = bytes.iter().filter_map(|byte| char::from(*byte).to_digit(16)).collect();
        let pairs = digits.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8);
        return match plain {
            true => print(&pairs.collect::<Vec<u8>>()),
            false => Err("-r wants -p".to_owned()),
        };
    }
    bytes.truncate(length);
    let hex = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
    let mut all = String::new();
    if plain {
        for line in bytes.chunks(30) {
            all.extend(line.iter().map(hex));
            all.push('\n');
        }
        return print(all.as_bytes());
    }
    for (place, line) in bytes.chunks(16).enumerate() {
        let groups: Vec<String> = line.chunks(2).map(|pair| pair.iter().map(hex).collect()).collect();
        let shown: String =
            line.iter().map(|byte| if (32..127).contains(byte) { char::from(*byte) } else { '.' }).collect();
        let _ = writeln!(all, "{:08x}: {:<39}  {shown}", place * 16, groups.join(" "));
    }
    print(all.as_bytes())
}
