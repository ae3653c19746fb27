//! What lies in the run's own folder, before and after a script.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Files that are looked at. Stops a script that made a hundred thousand.
const FILES: usize = 2_000;

/// Each file, with what tells whether it changed.
pub(crate) type Files = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// The files below a folder.
pub(crate) fn files(folder: &Path) -> Files {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    // What is there for a moment is nobody's to keep.
    let entries = entries.filter_entry(|entry| entry.file_name() != ".tmp").filter_map(Result::ok);
    let found = entries.filter(|entry| entry.file_type().is_file()).take(FILES);
    found
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some((entry.path().to_owned(), (metadata.len(), metadata.modified().ok())))
        })
        .collect()
}

/// Those that are new or other than before.
pub(crate) fn changed(before: &Files, after: &Files) -> Vec<String> {
    let changed = after.iter().filter(|(path, state)| before.get(*path) != Some(*state));
    changed.map(|(path, _)| path.display().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::{changed, files};

    #[test]
    fn new_and_changed_files_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("kept"), "a").unwrap();
        std::fs::write(path("changed"), "a").unwrap();
        let before = files(folder.path());
        std::fs::write(path("changed"), "ab").unwrap();
        std::fs::create_dir(path("inner")).unwrap();
        std::fs::write(path("inner/new"), "").unwrap();
        let names = [path("changed"), path("inner/new")].map(|path| path.display().to_string());
        assert_eq!(changed(&before, &files(folder.path())), names);
    }
}
