//! Removing what a run left in its own folders, however deep that is.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Removes a folder and all below it, one folder open at a time and no call within a call: a guest nests ten
/// thousand folders, and a removal that follows them down would end the kernel with its stack.
///
/// # Errors
/// Something of it cannot be removed.
pub fn remove(folder: &Path) -> io::Result<()> {
    if folder.symlink_metadata().is_err() {
        return Ok(());
    }
    let mut moved = 0_u64;
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in next.read_dir()? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                std::fs::remove_file(entry.path())?;
                continue;
            }
            // To the top, so that no path grows.
            let to = unused(folder, &mut moved);
            std::fs::rename(entry.path(), &to)?;
            left.push(to);
        }
        if next != folder {
            std::fs::remove_dir(&next)?;
        }
    }
    std::fs::remove_dir(folder)
}

fn unused(folder: &Path, moved: &mut u64) -> PathBuf {
    loop {
        *moved += 1;
        let path = folder.join(format!(".removed-{moved}"));
        if path.symlink_metadata().is_err() {
            return path;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::remove;

    #[test]
    fn deep_folders_go_too() {
        let root = std::env::temp_dir().join(format!("holm-deep-{}", std::process::id()));
        std::fs::create_dir(&root).expect("the disk does");
        std::fs::write(root.join(".removed-1"), "in the way").expect("the disk does");
        std::os::unix::fs::symlink("/", root.join("link")).expect("the disk does");
        // Chains that are put into each other from the inside out: thousands of folders, each in the one before.
        let mut inner = None;
        for chain in 0..6 {
            let top = root.join(format!("c{chain}"));
            let leaf = (0..300).fold(top.clone(), |path, _| path.join("d"));
            std::fs::create_dir_all(&leaf).expect("the disk does");
            if let Some(inner) = inner {
                std::fs::rename(inner, leaf.join("i")).expect("the disk does");
            }
            inner = Some(top);
        }
        // With a stack on which nothing follows them down.
        let (small, folder) = (std::thread::Builder::new().stack_size(32 << 10), root.clone());
        let removed = small.spawn(move || remove(&folder).map(|()| remove(&folder))).expect("it starts");
        removed.join().expect("it ends").expect("the disk does").expect("what is gone is gone");
        assert!(!root.exists());
    }
}
