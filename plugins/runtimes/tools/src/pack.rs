//! `gzip`, `gunzip`, `zcat`.

use crate::Outcome;
use crate::input::{reason, whole};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{self, Read, Write};

/// Bytes that a file unpacks to: a bomb.
const UNPACKED: u64 = 1 << 30;

pub(crate) fn run(name: &str, arguments: &[String]) -> Outcome {
    let (mut back, mut out, mut keep, mut force, mut level) = (name != "gzip", name == "zcat", false, false, 6);
    let mut paths = Vec::new();
    for word in arguments {
        match word.as_str() {
            "-" => paths.push("-"),
            "--stdout" | "--to-stdout" => out = true,
            "--decompress" => back = true,
            "--keep" => keep = true,
            "--force" => force = true,
            short if short.starts_with('-') && !short.starts_with("--") => {
                for letter in short.chars().skip(1) {
                    match letter {
                        'c' => out = true,
                        'd' => back = true,
                        'k' => keep = true,
                        'f' => force = true,
                        'n' | 'q' | 'v' | 't' => {}
                        digit if digit.is_ascii_digit() => level = digit.to_digit(10).unwrap_or(6),
                        other => return Err(format!("invalid option -- '{other}'")),
                    }
                }
            }
            option if option.starts_with("--") => return Err(format!("unrecognized option '{option}'")),
            path => paths.push(path),
        }
    }
    if paths.is_empty() {
        paths.push("-");
    }
    for path in paths {
        let to_stdout = out || path == "-";
        let target = match back {
            true => path.strip_suffix(".gz").or_else(|| path.strip_suffix(".tgz")).map(str::to_owned),
            false => Some(format!("{path}.gz")),
        };
        let Some(target) = target.or_else(|| to_stdout.then(String::new)) else {
            return Err(format!("{path}: unknown suffix -- ignored"));
        };
        if !to_stdout && !force && fs::metadata(&target).is_ok() {
            return Err(format!("{target} already exists; not overwritten"));
        }
        let bytes = whole(path)?;
        let failed = |error: &io::Error| format!("{path}: {}", reason(error));
        let mut sink: Box<dyn Write> = match to_stdout {
            true => Box::new(io::stdout().lock()),
            false => Box::new(fs::File::create(&target).map_err(|error| failed(&error))?),
        };
        match back {
            true => unpack(&bytes, &mut sink, path)?,
            false => {
                let mut encoder = GzEncoder::new(sink, Compression::new(level));
                encoder.write_all(&bytes).and_then(|()| encoder.finish().map(drop)).map_err(|error| failed(&error))?;
            }
        }
        if !to_stdout && !keep {
            fs::remove_file(path).map_err(|error| failed(&error))?;
        }
    }
    Ok(0)
}

fn unpack(bytes: &[u8], sink: &mut dyn Write, path: &str) -> Result<(), String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(format!("{path}: not in gzip format"));
    }
    let mut decoder = MultiGzDecoder::new(bytes).take(UNPACKED + 1);
    match io::copy(&mut decoder, sink) {
        Ok(size) if size > UNPACKED => Err(format!("{path}: more than {UNPACKED} bytes unpacked")),
        Ok(_) => sink.flush().map_err(|error| error.to_string()),
        Err(error) => Err(format!("{path}: {error}")),
    }
}
