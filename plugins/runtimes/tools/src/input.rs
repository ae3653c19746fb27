//! What a command reads.

use std::fs::File;
use std::io::{self, ErrorKind, Read};

/// Bytes of one file that is held as a whole: an endless one.
const SIZE: u64 = 128 << 20;

/// A file's bytes; `-` is the input.
pub(crate) fn whole(path: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = match path {
        "-" => io::stdin().take(SIZE + 1).read_to_end(&mut bytes),
        path => File::open(path).and_then(|file| file.take(SIZE + 1).read_to_end(&mut bytes)),
    };
    match read {
        Ok(_) if bytes.len() as u64 > SIZE => Err(format!("{path}: more than {SIZE} bytes")),
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("{path}: {}", reason(&error))),
    }
}

/// All operands that are no options, the input where there are none.
pub(crate) fn operands(arguments: &[String]) -> Vec<&str> {
    let all: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| *word == "-" || !word.starts_with('-')).collect();
    if all.is_empty() { vec!["-"] } else { all }
}

/// An error as C programs say it.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "No such file or directory".to_owned(),
        ErrorKind::PermissionDenied => "Permission denied".to_owned(),
        ErrorKind::IsADirectory => "Is a directory".to_owned(),
        ErrorKind::AlreadyExists => "File exists".to_owned(),
        _ => error.to_string(),
    }
}
