//! Programs of this machine, so that the shell can be compared with bash without a kernel.

use super::{Event, Failure, Launch, Ready, Stdio};
use std::io::{ErrorKind, Read, Write};
use std::process::Command;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::Duration;

pub(crate) struct Child {
    child: std::process::Child,
    status: Option<i32>,
}

pub(crate) struct Reader(Receiver<Vec<u8>>);

pub(crate) struct Writer(SyncSender<Vec<u8>>);

/// Whether a command could be started.
pub(crate) fn find(command: &str) -> Result<(), Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&path).any(|folder| folder.join(command).is_file()) {
        true => Ok(()),
        false => Err(Failure::NotFound),
    }
}

/// Starts a program of the search path.
pub(crate) fn start(launch: &Launch<'_>) -> Result<Child, Failure> {
    let [stdin, stdout, stderr] = launch.streams.map(|stream| match stream {
        Stdio::Null => std::process::Stdio::null(),
        Stdio::Piped => std::process::Stdio::piped(),
        Stdio::Inherit => std::process::Stdio::inherit(),
    });
    let child = Command::new(launch.command)
        .args(launch.arguments)
        .env_clear()
        .envs(launch.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(launch.directory)
        .stdin(stdin)
        .stdout(stdout)
        .stderr(stderr)
        .spawn();
    match child {
        Ok(child) => Ok(Child { child, status: None }),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Failure::NotFound),
        Err(error) => Err(Failure::Other(error.to_string())),
    }
}

/// This process's own input.
pub(crate) fn input() -> Reader {
    reader(std::io::stdin())
}

fn reader(mut stream: impl Read + Send + 'static) -> Reader {
    let (sender, receiver) = sync_channel(1);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            if sender.send(buffer[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    Reader(receiver)
}

impl Child {
    pub(crate) fn pid(&self) -> u64 {
        u64::from(self.child.id())
    }

    /// Its status, once it has ended.
    pub(crate) fn try_wait(&mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt;
        if self.status.is_none() {
            let status = self.child.try_wait().ok().flatten();
            self.status = status.map(|status| status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(9)));
        }
        self.status
    }

    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
    }

    pub(crate) fn stdin(&mut self) -> Option<Writer> {
        let mut stdin = self.child.stdin.take()?;
        let (sender, receiver) = sync_channel::<Vec<u8>>(1);
        std::thread::spawn(move || {
            while let Ok(bytes) = receiver.recv() {
                if stdin.write_all(&bytes).is_err() {
                    break;
                }
            }
        });
        Some(Writer(sender))
    }

    pub(crate) fn stdout(&mut self) -> Option<Reader> {
        self.child.stdout.take().map(reader)
    }

    pub(crate) fn stderr(&mut self) -> Option<Reader> {
        self.child.stderr.take().map(reader)
    }
}

impl Reader {
    /// What there is, without waiting.
    pub(crate) fn try_read(&mut self) -> Ready {
        match self.0.try_recv() {
            Ok(bytes) => Ready::Bytes(bytes),
            Err(TryRecvError::Empty) => Ready::Pending,
            Err(TryRecvError::Disconnected) => Ready::End,
        }
    }
}

impl Writer {
    /// Writes what is taken now; how much that was, none where nobody reads any more.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> Option<usize> {
        let part = &bytes[..bytes.len().min(64 << 10)];
        match self.0.try_send(part.to_vec()) {
            Ok(()) => Some(part.len()),
            Err(TrySendError::Full(_)) => Some(0),
            Err(TrySendError::Disconnected(_)) => None,
        }
    }
}

/// Waits a little: threads tell nobody that they have something.
pub(crate) fn wait(_events: &[Event<'_>]) {
    std::thread::sleep(Duration::from_micros(200));
}
