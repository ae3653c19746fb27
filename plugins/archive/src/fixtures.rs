//! Archives for the tests, hostile ones made by patching the bytes of honest ones.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A directory with a place to extract into and a file beside it that nobody may touch.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a directory"));
        fs::write(place.path("outside"), "untouched").expect("written");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn archive(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    /// All files below, with their contents; a link is shown as one.
    pub(crate) fn tree(&self, below: &str) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.path(below), below, &mut found);
        found.sort();
        found
    }
}

fn collect(path: &Path, shown: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let shown = format!("{shown}/{}", entry.file_name().display());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            found.push(format!("{shown}/"));
            collect(&entry.path(), &shown, found);
        } else if kind.is_symlink() {
            found.push(format!("{shown} -> link"));
        } else {
            let text = fs::read(entry.path()).expect("it is read");
            let text = String::from_utf8_lossy(&text[..text.len().min(20)]).into_owned();
            found.push(format!("{shown} = {text}"));
        }
    }
}

/// A zip archive of these files; a name that ends in `/` is a directory.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents) in files {
        if name.ends_with('/') {
            let options = SimpleFileOptions::default();
            writer.add_directory(*name, options).expect("added");
        } else {
            let options = SimpleFileOptions::default();
            writer.start_file(*name, options).expect("started");
            writer.write_all(contents).expect("written");
        }
    }
    writer.finish().expect("finished").into_inner()
}

/// A zip archive with one symbolic link, and a file that would go through it.
pub(crate) fn zip_with_link(target: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.add_symlink("link", target, options).expect("added");
    writer.start_file("after", options).expect("started");
    writer.write_all(b"after").expect("written");
    writer.finish().expect("finished").into_inner()
}

/// An entry of a tar archive, whose library would not write a hostile name itself.
pub(crate) struct Tar<'a>(pub(crate) &'a [u8], pub(crate) EntryType, pub(crate) &'a [u8]);

/// A tar archive of these entries; the contents of a link are its target.
pub(crate) fn tar(entries: &[Tar<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for Tar(name, kind, contents) in entries {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        let link = matches!(kind, EntryType::Symlink | EntryType::Link);
        let data: &[u8] = if link { b"" } else { contents };
        if link {
            header.as_mut_bytes()[157..157 + contents.len()].copy_from_slice(contents);
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        builder.append(&header, data).expect("appended");
    }
    builder.into_inner().expect("finished")
}

/// gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("finished")
}

/// Replaces bytes everywhere by others of the same length.
pub(crate) fn patched(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "a patch keeps the length");
    let mut found = 0;
    for start in 0..=bytes.len() - from.len() {
        if &bytes[start..start + from.len()] == from {
            bytes[start..start + to.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0, "there is something to patch");
    bytes
}
