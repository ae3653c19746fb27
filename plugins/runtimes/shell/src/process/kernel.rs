//! Processes of Holm's kernel.

use super::{Event, Failure, Launch, Ready, Stdio};
use holm::spawn::{self, Command, Error, Exit};
use std::io::Read;

/// The exit code of a process that was killed, as a shell tells it: 128 and the signal's number.
const KILLED: i32 = 137;

pub(crate) struct Child {
    child: spawn::Child,
    status: Option<i32>,
}

pub(crate) struct Reader(holm::streams::Reader);

pub(crate) struct Writer(holm::streams::Writer);

/// Whether a command could be started.
pub(crate) fn find(command: &str) -> Result<(), Failure> {
    spawn::find(command).map_err(failure)
}

/// Starts a command as oneself.
pub(crate) fn start(launch: &Launch<'_>) -> Result<Child, Failure> {
    let [stdin, stdout, stderr] = launch.streams.map(|stream| match stream {
        Stdio::Null => spawn::Stdio::Null,
        Stdio::Piped => spawn::Stdio::Piped,
        Stdio::Inherit => spawn::Stdio::Inherit,
    });
    let mut command = Command::exec(launch.command)
        .args(launch.arguments.iter().map(String::as_str))
        .directory(launch.directory)
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr);
    for (name, value) in &launch.environment {
        command = command.env(name.as_str(), value.as_str());
    }
    let child = command.start().map_err(failure)?;
    Ok(Child { child, status: None })
}

fn failure(error: Error) -> Failure {
    match error {
        Error::NotFound => Failure::NotFound,
        Error::Denied(denial) => Failure::Denied(denial.to_string()),
        other => Failure::Other(other.to_string()),
    }
}

/// This process's own input.
pub(crate) fn input() -> Reader {
    Reader(holm::streams::stdin())
}

impl Child {
    pub(crate) fn pid(&self) -> u64 {
        self.child.pid().unwrap_or_default()
    }

    /// Its status, once it has ended.
    pub(crate) fn try_wait(&mut self) -> Option<i32> {
        if self.status.is_none() {
            self.status = match self.child.try_wait() {
                Ok(None) => None,
                Ok(Some(Exit::Code(code))) => Some(i32::from(code)),
                Ok(Some(Exit::Fault(text))) => {
                    eprintln!("bash: a command was ended by the kernel: {text}");
                    Some(KILLED)
                }
                Ok(Some(Exit::Killed)) | Err(_) => Some(KILLED),
            };
        }
        self.status
    }

    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }

    pub(crate) fn stdin(&mut self) -> Option<Writer> {
        self.child.stdin().ok().flatten().map(Writer)
    }

    pub(crate) fn stdout(&mut self) -> Option<Reader> {
        self.child.stdout().ok().flatten().map(Reader)
    }

    pub(crate) fn stderr(&mut self) -> Option<Reader> {
        self.child.stderr().ok().flatten().map(Reader)
    }
}

impl Reader {
    /// What there is, without waiting.
    pub(crate) fn try_read(&mut self) -> Ready {
        if !self.0.readable().is_ready() {
            return Ready::Pending;
        }
        let mut buffer = vec![0; 64 << 10];
        match self.0.read(&mut buffer) {
            Ok(0) | Err(_) => Ready::End,
            Ok(length) => {
                buffer.truncate(length);
                Ready::Bytes(buffer)
            }
        }
    }
}

impl Writer {
    /// Writes what is taken now; how much that was, none where nobody reads any more.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> Option<usize> {
        self.0.try_write(bytes).ok()
    }
}

/// Waits until one of these has something to tell.
pub(crate) fn wait(events: &[Event<'_>]) {
    let pollables: Vec<_> = events
        .iter()
        .map(|event| match event {
            Event::Readable(reader) => reader.0.readable(),
            Event::Writable(writer) => writer.0.writable(),
            Event::Ended(child) => child.child.ended(),
        })
        .collect();
    let _ = holm::poll::wait(&pollables.iter().collect::<Vec<_>>());
}
