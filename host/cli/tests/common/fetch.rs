//! Programs that others wrote, for tests: fetched once, and kept in `target/servers`.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where they are installed.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../servers")
}

/// Runs a command to its end; what it said where it failed.
pub fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// What was installed once stays; what was not is installed as a whole.
pub fn installed(name: &str, found: &str, install: impl FnOnce(&Path) -> Result<(), String>) -> Option<PathBuf> {
    let place = folder().join(name);
    let missing = |why: String| {
        assert!(std::env::var_os("HOLM_TEST_SERVERS").is_none_or(|value| value != "required"), "{name}: {why}");
        // Not by a macro: the harness would keep it to itself.
        let told = format!("SKIPPED: {name} is not installed, its tests did not run: {why}\n");
        std::io::stderr().write_all(told.as_bytes()).unwrap();
    };
    std::fs::create_dir_all(&place).unwrap();
    // Half of what another test installs looks like all of it.
    let alone = std::fs::File::create(place.join(".lock")).unwrap();
    alone.lock().unwrap();
    if !place.join(found).exists()
        && let Err(why) = install(&place)
    {
        missing(why);
        return None;
    }
    place.canonicalize().ok()
}

/// Packages of npm.
pub fn node(name: &str, found: &str, packages: &[&str]) -> Option<PathBuf> {
    installed(name, found, |place| {
        let quiet = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        run(Command::new("npm").args(quiet).arg(place).args(packages))
    })
}

/// Packages of PyPI, in an environment of their own.
pub fn python(name: &str, options: &[&str], packages: &[&str]) -> Option<PathBuf> {
    installed(name, "installed", |place| {
        run(Command::new("python3").args(["-m", "venv"]).arg(place))?;
        run(Command::new(place.join("bin/pip")).args(["install", "--quiet"]).args(options).args(packages))?;
        std::fs::write(place.join("installed"), packages.join("\n")).map_err(|error| error.to_string())
    })
}
