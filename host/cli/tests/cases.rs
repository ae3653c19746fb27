//! The recorded cases of the interpreters: what native ones did, byte for byte, done again in a real kernel.
//!
//! Each runtime keeps its cases and what runs them in its own folder; Python 3 runs two of the three.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use common::{Holm, skills::equip};

fn runtime(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/runtimes").join(name).canonicalize().unwrap()
}

/// A home that lies in no folder which the cases are granted.
fn with(runtimes: &[&str]) -> Holm {
    let holm = Holm::within(Path::new("/var/tmp"));
    equip(&holm, runtimes);
    holm
}

/// A program that runs cases in the kernel of a home.
fn runs(holm: &Holm, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("HOLM_HOME", holm.home()).current_dir(holm.work());
    command
}

/// All of them were as recorded, and there were this many at least.
#[track_caller]
fn passed(output: &Output, least: usize, count: impl Fn(&str) -> Option<usize>) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let counted = stdout.lines().filter_map(count).next_back();
    assert!(counted.is_some_and(|passed| passed >= least), "{stdout}\n{stderr}");
}

/// The number before a word.
fn before(line: &str, word: &str) -> Option<usize> {
    line.split_once(word)?.0.split_whitespace().next_back()?.parse().ok()
}

#[test]
fn python() {
    let holm = with(&["python", "shell", "coreutils"]);
    let script = runtime("python").join("tests/run.py");
    let mut command = runs(&holm, "python3");
    command.arg(script).args([env!("CARGO_BIN_EXE_holm"), "run", "--no-ask", "python"]);
    command.args(["--grant", "fs=/tmp:rw", "--grant", "exec=*", "--"]);
    passed(&command.output().unwrap(), 47, |line| before(line, " passed"));
}

#[test]
fn javascript() {
    let holm = with(&["javascript"]);
    let mut command = runs(&holm, "python3");
    command.arg(runtime("javascript").join("cases/run.py")).args(["--holm", env!("CARGO_BIN_EXE_holm")]);
    passed(&command.output().unwrap(), 35, |line| before(line, " of "));
}

#[test]
fn shell() {
    let holm = with(&["shell", "coreutils", "sed", "awk", "grep", "find", "diff", "launchers", "tools"]);
    let mut command = runs(&holm, env!("CARGO"));
    command.args(["test", "--quiet", "--test", "cases", "--manifest-path"]).arg(runtime("shell").join("Cargo.toml"));
    let output = command.env("HOLM", env!("CARGO_BIN_EXE_holm")).output().unwrap();
    passed(&output, 30, |line| before(line, " passed"));
}
