//! Reading a file of the skill, some lines of it at a time.

use crate::script;
use holm::{Error, Result};
use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
};

/// Bytes that one call gives. Stops files that fill a context window.
const BYTES: usize = 256 << 10;
/// Names that one listing gives.
const NAMES: usize = 1_000;

/// A part of a file, or the names in a folder.
#[holm::json]
#[derive(Debug)]
pub struct Text {
    /// The lines, or the names, one a line.
    pub text: String,
    /// The first line that was not given, if there are more.
    pub next: Option<usize>,
}

pub(crate) fn read(path: &str, first: usize, lines: usize) -> Result<Text> {
    let path = script::within(path)?;
    if path.is_dir() {
        return list(&path);
    }
    let file = BufReader::new(holm::files::open(&path)?);
    let (mut text, mut next) = (String::new(), None);
    for (at, line) in pieces(file).enumerate().skip(first.saturating_sub(1)) {
        let line = line.map_err(|error| holm::files::failure("read", &path, &error))?;
        if at + 1 >= first.saturating_add(lines) || text.len() + line.len() > BYTES {
            next = Some(at + 1);
            break;
        }
        text.push_str(&String::from_utf8_lossy(&line));
    }
    if text.contains('\0') {
        return Err(Error::new(format!("`{}` is no text; a script of the skill may read it", path.display())));
    }
    Ok(Text { text, next })
}

/// Lines with their ends; one that is longer than a call gives comes in pieces.
fn pieces(mut file: impl BufRead) -> impl Iterator<Item = std::io::Result<Vec<u8>>> {
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        match file.by_ref().take(BYTES as u64 / 2).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => Some(Ok(line)),
            Err(error) => Some(Err(error)),
        }
    })
}

fn list(path: &Path) -> Result<Text> {
    let mut names = Vec::new();
    for entry in walkdir::WalkDir::new(path).min_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::new(error.to_string()))?;
        if names.len() >= NAMES {
            names.push("…".to_owned());
            break;
        }
        if entry.file_type().is_file() {
            names.push(entry.path().strip_prefix(path).unwrap_or(entry.path()).display().to_string());
        }
    }
    Ok(Text { text: names.join("\n"), next: None })
}
