//! Walking folders and matching lines.

use holm::{Error, files, json};
use std::io::{BufRead, BufReader, Read};
use walkdir::{DirEntry, WalkDir};

/// Bytes of a line that are looked at and shown. Stops a file that is one line.
const LINE_BYTES: u64 = 64 << 10;
/// Characters of a line that are shown.
const SHOWN: usize = 300;

/// A line that matches.
#[json]
#[derive(Debug)]
pub(crate) struct Match {
    pub(crate) path: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// What was found.
#[json]
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) matches: Vec<Match>,
    /// Whether there may be more than was asked for.
    pub(crate) more: bool,
    /// Files that could not be read, with the reason of the first.
    pub(crate) unread: Option<String>,
}

/// Everything below a folder that is not hidden, in the order of names.
pub(crate) fn walk(path: &str, depth: u32) -> impl Iterator<Item = holm::Result<DirEntry>> {
    let hidden = |entry: &DirEntry| entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
    let entries = WalkDir::new(path).min_depth(1).max_depth(depth.max(1) as usize).sort_by_file_name();
    let given = path.to_owned();
    entries.into_iter().filter_entry(move |entry| !hidden(entry)).map(move |entry| {
        entry.map_err(|error| {
            let path = error.path().map_or_else(|| given.clone().into(), std::path::Path::to_path_buf);
            match error.io_error() {
                Some(error) => files::failure("list", &path, error),
                None => Error::new(error),
            }
        })
    })
}

pub(crate) fn search(pattern: &str, path: &str, ignore_case: bool, limit: usize) -> holm::Result<Found> {
    let regex = regex_lite::RegexBuilder::new(pattern).case_insensitive(ignore_case).build();
    let regex = regex.map_err(|error| Error::arguments(format!("`{pattern}` is no regular expression: {error}")))?;
    let mut found = Found { matches: Vec::new(), more: false, unread: None };
    let is_folder =
        std::fs::metadata(path).map_err(|error| files::failure("read", std::path::Path::new(path), &error))?.is_dir();
    if !is_folder {
        lines(path, &regex, limit, &mut found)?;
        return Ok(found);
    }
    let mut unread = 0;
    for entry in walk(path, 64) {
        let read = entry.and_then(|entry| match entry.file_type().is_file() {
            true => lines(&entry.path().display().to_string(), &regex, limit, &mut found),
            false => Ok(()),
        });
        if let Err(error) = read {
            unread += 1;
            found.unread.get_or_insert_with(|| error.to_string());
        }
        if found.more {
            break;
        }
    }
    if unread > 1 {
        found.unread = found.unread.map(|first| format!("{unread} files; the first: {first}"));
    }
    Ok(found)
}

/// The matching lines of one file. What is no text has none.
fn lines(path: &str, regex: &regex_lite::Regex, limit: usize, found: &mut Found) -> holm::Result<()> {
    let mut reader = BufReader::new(files::open(path)?);
    let failed = |error: std::io::Error| files::failure("read", std::path::Path::new(path), &error);
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let taken = (&mut reader).take(LINE_BYTES).read_until(b'\n', &mut bytes).map_err(failed)?;
        if taken == 0 || bytes.contains(&0) {
            break;
        }
        let line = String::from_utf8_lossy(&bytes);
        if regex.is_match(line.trim_end()) {
            if found.matches.len() == limit {
                found.more = true;
                break;
            }
            let text = line.trim_end().chars().take(SHOWN).collect();
            found.matches.push(Match { path: path.to_owned(), line: number, text });
        }
        if taken as u64 == LINE_BYTES && !bytes.ends_with(b"\n") {
            reader.skip_until(b'\n').map_err(failed)?;
        }
    }
    Ok(())
}
