//! Running a script: as a tool's call, in the run's own folder, or where its user is.

use crate::{
    script::{self, Script},
    written,
};
use holm::{
    Error, Result,
    spawn::{self, Command, Exit, Stdio},
};
use std::{io::Write, path::Path};

/// The run's own folder.
pub(crate) const WORK: &str = "/work";

/// Where scripts put what they need for a moment.
const TEMPORARY: &str = "/work/.tmp";

/// Bytes of each stream that a call gives back. Stops output that fills a context window.
const OUTPUT: usize = 64 << 10;

/// What a shell's user would get for a command that is not there.
const NO_COMMAND: u8 = 127;
/// What it would get for one that cannot be run.
const NOT_RUN: u8 = 126;

/// A file to copy to the user's own.
#[holm::json]
#[derive(Debug)]
pub struct Keep {
    /// Which, in `/work`.
    pub file: String,
    /// Where to, an absolute path.
    pub to: String,
}

/// What a script did.
#[holm::json]
#[derive(Debug)]
pub struct Ran {
    /// Its exit code, or how it was ended.
    pub exit: String,
    /// What it wrote to its standard output, the first 64 KiB.
    pub stdout: String,
    /// What it wrote to its standard error, the first 64 KiB.
    pub stderr: String,
    /// Whether it wrote more than that.
    pub cut: bool,
    /// The files in `/work` that it made or changed.
    pub files: Vec<String>,
    /// What was copied, and what was not, and why.
    pub kept: Vec<String>,
}

pub(crate) fn run(name: &str, arguments: Vec<String>, stdin: &str, keep: &[Keep], directory: &str) -> Result<Ran> {
    let script = script::find(name)?;
    // It may be gone since the last call, or never have been there.
    let _ = std::fs::create_dir_all(TEMPORARY);
    let before = written::files(Path::new(WORK));
    let talk = started(&script, command(&script, arguments).directory(directory).talk(stdin.as_bytes(), OUTPUT))?;
    let exit = match talk.exit {
        Exit::Code(code) => code.to_string(),
        other => other.to_string(),
    };
    Ok(Ran {
        exit,
        stdout: String::from_utf8_lossy(&talk.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&talk.stderr).into_owned(),
        cut: talk.cut,
        files: written::changed(&before, &written::files(Path::new(WORK))),
        kept: keep.iter().map(copy).collect(),
    })
}

/// The script under its interpreter, with the surroundings that scripts expect.
fn command(script: &Script, arguments: Vec<String>) -> Command {
    let variables = [
        ("HOME", WORK),
        // What else is called `/tmp` may be the user's.
        ("TMPDIR", TEMPORARY),
        ("LANG", "C.UTF-8"),
        ("COLUMNS", "80"),
        ("USER", "skill"),
        ("SHELL", "/bin/sh"),
        ("PATH", "/usr/bin:/bin"),
        ("SKILL_DIR", script::SKILL),
        ("CLAUDE_SKILL_DIR", script::SKILL),
    ];
    let mut command = Command::exec(&script.command).arg(script.path.to_string_lossy()).args(arguments);
    for (name, value) in variables {
        command = command.env(name, value);
    }
    command
}

/// Why it was not started, in words.
fn started<T>(script: &Script, started: spawn::Result<T>) -> Result<T> {
    started.map_err(|error| match error {
        spawn::Error::NotFound => Error::new(format!(
            "no runtime offers `{0}`, which runs {1}: its user installs one with `holm runtime install`",
            script.command,
            script.path.display()
        )),
        error => error.into(),
    })
}

fn copy(keep: &Keep) -> String {
    let from = match script::below(WORK, keep.file.trim_start_matches("/work/"), &keep.file) {
        Ok(from) => from,
        Err(error) => return format!("{} was not copied: {error}", keep.file),
    };
    let copied = holm::files::read(&from).and_then(|bytes| holm::files::write(&keep.to, bytes));
    match copied {
        Ok(()) => format!("{} is {}", keep.to, from.display()),
        Err(error) => format!("{} was not copied: {error}", from.display()),
    }
}

/// Runs a script where its user is, on their own streams; its exit code.
pub(crate) fn here(mut arguments: Vec<String>) -> u8 {
    if arguments.is_empty() {
        complain("name a script: holm run skill/NAME -- scripts/NAME.py ARGUMENTS…");
        return 2;
    }
    let name = arguments.remove(0);
    let child = script::find(&name).and_then(|script| {
        let _ = std::fs::create_dir_all(TEMPORARY);
        let command = command(&script, arguments).stdin(Stdio::Inherit);
        started(&script, command.start())
    });
    let exit = child.and_then(|child| Ok(child.wait()?));
    match exit {
        Ok(Exit::Code(code)) => code,
        Ok(other) => {
            complain(&other.to_string());
            NOT_RUN
        }
        Err(error) => {
            complain(&error.to_string());
            NO_COMMAND
        }
    }
}

fn complain(text: &str) {
    // There is nowhere to say that it could not be said.
    let _ = writeln!(std::io::stderr(), "{text}");
}
