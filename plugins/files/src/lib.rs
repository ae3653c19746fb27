//! files: lists, reads, searches and edits granted files, for agents.

mod search;

use holm::{Error, files, json};
use std::path::Path;

/// Lines that one `read` gives, unless told otherwise.
const LINES: usize = 400;
/// Bytes of a file that is read as text. Stops one that would fill the memory.
const FILE_BYTES: u64 = 16 << 20;
/// Entries or matches that one call gives at most.
const ENTRIES: u32 = 1_000;

/// A file or folder.
#[json]
#[derive(Debug)]
struct Entry {
    /// Its path, as the other tools take it; a folder ends with a slash.
    path: String,
    /// Its size.
    bytes: u64,
}

/// What a folder holds.
#[json]
#[derive(Debug)]
struct Listing {
    entries: Vec<Entry>,
    /// Whether there is more than was asked for.
    more: bool,
}

/// Lists the files and folders below a folder. Hidden ones are left out.
#[holm::tool]
fn list(
    /// The folder.
    path: String,
    /// How deep to go; 1 is the folder alone, and what is meant unless told otherwise.
    depth: Option<u32>,
    /// Entries at most; 200 unless told otherwise.
    limit: Option<u32>,
) -> holm::Result<Listing> {
    let limit = limit.unwrap_or(200).clamp(1, ENTRIES) as usize;
    let mut listing = Listing { entries: Vec::new(), more: false };
    for entry in search::walk(&path, depth.unwrap_or(1)) {
        let entry = entry?;
        if listing.entries.len() == limit {
            listing.more = true;
            break;
        }
        let (mut path, bytes) = (entry.path().display().to_string(), entry.metadata().map_or(0, |found| found.len()));
        if entry.file_type().is_dir() {
            path.push('/');
        }
        listing.entries.push(Entry { path, bytes });
    }
    Ok(listing)
}

/// Some lines of a file.
#[json]
#[derive(Debug)]
struct Text {
    text: String,
    /// The first line's number, from 1.
    from: usize,
    /// Lines of the whole file.
    of: usize,
}

/// Reads lines of a text file.
#[holm::tool]
fn read(
    /// The file.
    path: String,
    /// The first line, from 1.
    from: Option<usize>,
    /// Lines at most; 400 unless told otherwise.
    lines: Option<usize>,
) -> holm::Result<Text> {
    let whole = text(&path)?;
    let from = from.unwrap_or(1).max(1);
    let some: Vec<&str> = whole.lines().skip(from - 1).take(lines.unwrap_or(LINES).max(1)).collect();
    Ok(Text { text: some.join("\n"), from, of: whole.lines().count() })
}

/// Searches files for lines that match a regular expression.
#[holm::tool]
fn search(
    /// The regular expression.
    pattern: String,
    /// A file, or a folder with all below it.
    path: String,
    /// Whether capitals matter; they do unless told otherwise.
    ignore_case: Option<bool>,
    /// Matches at most; 100 unless told otherwise.
    limit: Option<u32>,
) -> holm::Result<search::Found> {
    let limit = limit.unwrap_or(100).clamp(1, ENTRIES) as usize;
    search::search(&pattern, &path, ignore_case.unwrap_or(false), limit)
}

/// Writes a whole file, or replaces it.
#[holm::tool]
fn write(
    /// The file. Its folder is there already.
    path: String,
    /// What it will hold.
    text: String,
) -> holm::Result<String> {
    files::write(&path, &text)?;
    Ok(format!("{} bytes written", text.len()))
}

/// Replaces one exact passage of a text file, which must occur exactly once.
#[holm::tool]
fn edit(
    /// The file.
    path: String,
    /// The passage as it is, blanks and line ends included.
    old: String,
    /// What takes its place.
    new: String,
) -> holm::Result<String> {
    let whole = text(&path)?;
    if old.is_empty() {
        return Err(Error::arguments("`old` is empty: give the passage to replace"));
    }
    match whole.matches(&old).count() {
        1 => {
            files::write(&path, whole.replacen(&old, &new, 1))?;
            Ok("replaced".to_owned())
        }
        0 => Err(Error::arguments(format!("`{path}` does not hold the passage; read it first"))),
        count => {
            Err(Error::arguments(format!("`{path}` holds the passage {count} times; give more of what is around it")))
        }
    }
}

/// A file's text.
fn text(path: &str) -> holm::Result<String> {
    let size = files::open(path)?.metadata().map_err(|error| files::failure("read", Path::new(path), &error))?.len();
    if size > FILE_BYTES {
        return Err(Error::arguments(format!("`{path}` has {size} bytes, too many to read; search it instead")));
    }
    let bytes = files::read(path)?;
    if bytes.iter().take(8_192).any(|byte| *byte == 0) {
        return Err(Error::arguments(format!("`{path}` is no text")));
    }
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

holm::export_tools![list, read, search, write, edit];

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display().to_string();
        std::fs::create_dir(folder.path().join("sub")).expect("made");
        std::fs::write(folder.path().join("a.txt"), "one\ntwo\nthree\ntwo\n").expect("written");
        std::fs::write(folder.path().join("sub/b.txt"), "Two in b\n").expect("written");
        std::fs::write(folder.path().join("sub/c.bin"), b"two\0two").expect("written");
        std::fs::write(folder.path().join(".hidden"), "two").expect("written");
        (folder, path)
    }

    #[test]
    fn a_folder_is_listed_as_deep_as_it_is_asked() {
        let (_folder, path) = folder();
        let names = |listing: Listing| -> Vec<String> {
            listing.entries.iter().map(|entry| entry.path[path.len()..].to_owned()).collect()
        };
        assert_eq!(names(list(path.clone(), None, None).expect("listed")), ["/a.txt", "/sub/"]);
        let deep = list(path.clone(), Some(2), Some(3)).expect("listed");
        assert!(deep.more);
        assert_eq!(names(deep), ["/a.txt", "/sub/", "/sub/b.txt"]);
        assert!(list(format!("{path}/none"), None, None).is_err());
    }

    #[test]
    fn lines_are_read_from_anywhere() {
        let (_folder, path) = folder();
        let some = read(format!("{path}/a.txt"), Some(2), Some(2)).expect("read");
        assert_eq!((some.text.as_str(), some.from, some.of), ("two\nthree", 2, 4));
        assert!(read(format!("{path}/sub/c.bin"), None, None).expect_err("refused").to_string().contains("is no text"));
    }

    #[test]
    fn a_passage_is_replaced_where_it_is_meant() {
        let (_folder, path) = folder();
        let path = format!("{path}/a.txt");
        let twice = edit(path.clone(), "two".into(), "2".into()).expect_err("refused");
        assert!(twice.to_string().contains("2 times"), "{twice}");
        edit(path.clone(), "three\ntwo".into(), "three\n2".into()).expect("edited");
        assert!(edit(path.clone(), "four".into(), "4".into()).is_err());
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "one\ntwo\nthree\n2\n");
    }

    #[test]
    fn text_is_found_and_binary_passed_over() {
        let (_folder, path) = folder();
        let found = search("^two".into(), path.clone(), Some(true), None).expect("searched");
        let lines: Vec<_> =
            found.matches.iter().map(|found| (found.path[path.len()..].to_owned(), found.line)).collect();
        assert_eq!(lines, [("/a.txt".into(), 2), ("/a.txt".into(), 4), ("/sub/b.txt".into(), 1)]);
        let one = search("two".into(), path.clone(), None, Some(1)).expect("searched");
        assert!(one.more && one.matches.len() == 1);
        assert!(search("(".into(), path, None, None).expect_err("refused").is_of_arguments());
    }
}
