//! What a command ends with: an exit code for programs, a message and hints for people.
//!
//! The codes are part of the interface:
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | the guest failed; `run` passes its program's own code through |
//! | 2 | the command line or a file makes no sense |
//! | 3 | not allowed |
//! | 4 | no such plugin, process, file |
//! | 5 | a component is at fault: it does not compile, or was ended by the kernel |
//! | 6 | something is not, or no longer, what it should be |
//! | 7 | no room now |
//! | 8 | an agent's task is not finished: a limit, a circle, a refusal |
//! | 70 | Holm or the machine failed |
//! | 130 | interrupted |
//! | 137 | the process was killed |
//! | 141 | nobody reads the output any more |

use std::process::ExitCode;

use holm_adapters::control::{ClientError, Failure, FrameError, Kind};

/// The codes, for `holm --help`.
pub(crate) const CODES: &str = "\
Exit codes: 0 done, 1 the guest failed (run: its own code), 2 usage, 3 denied, 4 not found, \
5 fault of a component, 6 conflict, 7 no room, 8 an agent's task is not finished, 70 Holm or the machine failed, 130 interrupted, 137 killed";

pub(crate) const GUEST: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const DENIED: u8 = 3;
pub(crate) const NOT_FOUND: u8 = 4;
pub(crate) const FAULT: u8 = 5;
pub(crate) const CONFLICT: u8 = 6;
pub(crate) const UNFINISHED: u8 = 8;
pub(crate) const INTERNAL: u8 = 70;
pub(crate) const INTERRUPTED: u8 = 130;
pub(crate) const KILLED: u8 = 137;
const NO_READER: u8 = 141;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) code: u8,
    /// Empty where all was said already.
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
}

pub(crate) type Result<T, E = CommandError> = std::result::Result<T, E>;

impl CommandError {
    pub(crate) fn new(code: u8, message: impl ToString) -> Self {
        Self { code, message: message.to_string(), hints: Vec::new() }
    }

    pub(crate) fn usage(message: impl ToString) -> Self {
        Self::new(USAGE, message)
    }

    pub(crate) fn internal(message: impl ToString) -> Self {
        Self::new(INTERNAL, message)
    }

    /// Ends with this code; there is nothing more to say.
    pub(crate) fn silent(code: u8) -> Self {
        Self::new(code, "")
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        let code = match failure.kind {
            Kind::Usage => USAGE,
            Kind::Denied => DENIED,
            Kind::NotFound => NOT_FOUND,
            Kind::Fault => FAULT,
            Kind::Conflict => CONFLICT,
            Kind::Busy => 7,
            Kind::Internal => INTERNAL,
        };
        Self { code, message: failure.message, hints: failure.hint.into_iter().collect() }
    }
}

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Version { .. } => Self::new(CONFLICT, error).hint(
                "`holm shutdown` ends the running kernel and all its processes; the next command starts this one",
            ),
            ClientError::NotRunning => Self::new(NOT_FOUND, error),
            ClientError::Refused(_) => Self::new(DENIED, error),
            error => Self::internal(error),
        }
    }
}

impl From<FrameError> for CommandError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Closed => {
                Self::internal("the kernel ended before it answered").hint("`holm doctor` shows where its log is")
            }
            error => Self::internal(error),
        }
    }
}

/// Output that nobody reads any more is no failure worth a message.
impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::silent(NO_READER),
            _ => Self::internal(error),
        }
    }
}
