//! What builds need and is fetched: once for each lock file, in Holm's own home, where no build writes.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use holm_kernel::program::Digest;

use crate::{
    error::{CommandError, FAULT, NOT_FOUND, Result},
    ui,
};

/// Raised where what is fetched is laid out in another way.
const LAYOUT: &str = "2";

/// The folder of what these locks name, fetched if it is not there. `fetch` fills a folder, which becomes it as a
/// whole or not at all.
pub(super) fn fetched(
    home: &Path,
    language: &str,
    locks: &[&str],
    fetch: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let digest = Digest::of([&[LAYOUT], locks].concat().join("\0").as_bytes()).to_string();
    let all = home.join("toolchains");
    let folder = all.join(format!("{language}-{}", &digest[..32]));
    let failed = |error: std::io::Error| CommandError::internal(format!("`{}`: {error}", all.display()));
    std::fs::create_dir_all(&all).map_err(failed)?;
    // Another build may be fetching the same.
    let alone = File::create(all.join(".lock")).map_err(failed)?;
    alone.lock().map_err(failed)?;
    if !folder.is_dir() {
        ui::talk(format_args!("fetching what builds {language}, once"));
        let unfinished = tempfile::Builder::new().prefix(".fetching-").tempdir_in(&all).map_err(failed)?;
        fetch(unfinished.path())?;
        std::fs::rename(unfinished.path(), &folder).map_err(failed)?;
        // There is nothing left of it to remove.
        let _ = unfinished.keep();
    }
    Ok(folder)
}

/// What a program says on stdout; its talk goes to ours. `help` says what to do where there is no such program.
///
/// # Errors
/// It cannot be run, or fails.
pub(super) fn output(command: &mut Command, help: &str) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output =
        output.map_err(|error| CommandError::new(NOT_FOUND, format!("`{name}` cannot be run: {error}")).hint(help))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        // It said why, here or there.
        false => {
            let told = String::from_utf8_lossy(&output.stdout);
            let told = told.trim();
            let told = if told.is_empty() { String::new() } else { format!(": {}", holm_packages::printable(told)) };
            Err(CommandError::new(FAULT, format!("`{name}` failed ({}){told}", output.status)))
        }
    }
}

/// Runs a confined build; it said itself why it fails.
pub(super) fn build(command: &mut Command) -> Result<()> {
    output(command, "").map_err(|error| CommandError::new(error.code, "the build failed")).map(drop)
}
