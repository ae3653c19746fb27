//! Starting a command and waiting for it.

use holm::poll;
use holm::spawn::{Child, Command, Error, Exit, Stdio};
use std::time::Duration;

/// One of these commands failed itself.
pub(crate) const FAILED: u8 = 125;

/// The command was found, and could not be started.
const NOT_STARTED: u8 = 126;

const NOT_FOUND: u8 = 127;

const TIMED_OUT: u8 = 124;

/// 128 and the signal's number, as a shell tells it.
const KILLED: u8 = 137;

/// How a command is run.
#[derive(Default)]
pub(crate) struct Running {
    pub(crate) nice: u8,
    pub(crate) limit: Option<Duration>,
    /// It finds its input empty.
    pub(crate) no_input: bool,
}

/// A command that runs.
pub(crate) struct Started {
    child: Child,
    limit: Option<Duration>,
}

/// Starts a command; an exit code where it could not be, which was said.
pub(crate) fn start(
    own: &str,
    name: &str,
    arguments: &[String],
    variables: &[(String, String)],
    directory: Option<&str>,
    running: Running,
) -> Result<Started, u8> {
    let stdin = if running.no_input { Stdio::Null } else { Stdio::Inherit };
    let mut command = Command::exec(name.rsplit('/').next().unwrap_or_default())
        .args(arguments.iter().map(String::as_str))
        .nice(running.nice)
        .stdin(stdin);
    for (variable, value) in variables {
        command = command.env(variable.as_str(), value.as_str());
    }
    if let Some(directory) = directory {
        command = command.directory(directory);
    }
    match command.start() {
        Ok(child) => Ok(Started { child, limit: running.limit }),
        Err(Error::NotFound) => {
            eprintln!("{own}: '{name}': No such file or directory");
            Err(NOT_FOUND)
        }
        Err(Error::Denied(denial)) => {
            eprintln!("{own}: '{name}': {denial}; the grant that it takes: exec={name}");
            Err(NOT_FOUND)
        }
        Err(error) => {
            eprintln!("{own}: '{name}': {error}");
            Err(NOT_STARTED)
        }
    }
}

impl Started {
    /// Its exit code, once it has ended.
    pub(crate) fn end(self) -> u8 {
        if let Some(limit) = self.limit {
            let (ended, late) = (self.child.ended(), poll::after(limit));
            let ready = poll::wait(&[&ended, &late]);
            if !ready.contains(&0) {
                // It may have ended meanwhile.
                let _ = self.child.kill();
                return TIMED_OUT;
            }
        }
        match self.child.wait() {
            Ok(Exit::Code(code)) => code,
            Ok(ended) => {
                eprintln!("{ended}");
                KILLED
            }
            Err(error) => {
                eprintln!("{error}");
                KILLED
            }
        }
    }
}
