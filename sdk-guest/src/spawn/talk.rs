//! A process fed and heard at once: neither side waits for the other for ever.

use super::{Child, Command, Error, Exit, Result, Stdio};
use crate::poll::{self, Pollable};
use crate::streams::{Reader, Writer};
use std::io::{Read, Write};

/// What a process said; see [`Command::talk`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// How it ended.
    pub exit: Exit,
    /// The first of what it wrote to stdout.
    pub stdout: Vec<u8>,
    /// The first of what it wrote to stderr.
    pub stderr: Vec<u8>,
    /// Whether it wrote more than was kept.
    pub cut: bool,
}

/// Bytes a step moves.
const STEP: usize = 65_536;

/// A stream that is read, and what is kept of it.
struct Heard {
    reader: Option<Reader>,
    bytes: Vec<u8>,
    cut: bool,
}

impl Heard {
    fn of(reader: Option<Reader>) -> Self {
        Self { reader, bytes: Vec::new(), cut: false }
    }

    /// Takes what is there; the stream is let go of at its end.
    fn take(&mut self, keep: usize) -> Result<()> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let mut buffer = vec![0; STEP];
        let read = reader.read(&mut buffer).map_err(|error| Error::Io(error.to_string()))?;
        if read == 0 {
            self.reader = None;
        }
        let kept = read.min(keep.saturating_sub(self.bytes.len()));
        self.bytes.extend_from_slice(&buffer[..kept]);
        self.cut |= kept < read;
        Ok(())
    }
}

impl Command {
    /// Starts the process, feeds it `input`, and keeps up to `keep` bytes of each of what it writes. What it
    /// writes beyond that is read and dropped.
    ///
    /// # Errors
    /// As [`start`](Self::start); denied (revoked), cancelled; io.
    pub fn talk(self, input: &[u8], keep: usize) -> Result<Talk> {
        let child = self.stdin(Stdio::Piped).stdout(Stdio::Piped).stderr(Stdio::Piped).start()?;
        let (mut stdout, mut stderr) = (Heard::of(child.stdout()?), Heard::of(child.stderr()?));
        let mut stdin = child.stdin()?;
        let mut left = input;
        loop {
            if left.is_empty() {
                stdin = None;
            }
            match next(stdin.as_ref(), &stdout, &stderr) {
                None => break,
                Some(Side::Input) => feed(&mut stdin, &mut left),
                Some(Side::Output) => stdout.take(keep)?,
                Some(Side::Errors) => stderr.take(keep)?,
            }
        }
        let exit = Child::wait(&child)?;
        Ok(Talk { exit, cut: stdout.cut || stderr.cut, stdout: stdout.bytes, stderr: stderr.bytes })
    }
}

/// What can be done next.
enum Side {
    Input,
    Output,
    Errors,
}

/// Waits for one of the streams; none once all have ended.
fn next(stdin: Option<&Writer>, stdout: &Heard, stderr: &Heard) -> Option<Side> {
    let mut waits: Vec<(Pollable, Side)> = Vec::new();
    if let Some(reader) = &stdout.reader {
        waits.push((reader.readable(), Side::Output));
    }
    if let Some(reader) = &stderr.reader {
        waits.push((reader.readable(), Side::Errors));
    }
    if waits.is_empty() {
        // It hears nobody who no longer speaks: what it was still to be told is dropped.
        return None;
    }
    if let Some(writer) = stdin {
        waits.push((writer.writable(), Side::Input));
    }
    let ready = poll::wait(&waits.iter().map(|(wait, _)| wait).collect::<Vec<_>>());
    let first = ready.into_iter().next()?;
    Some(waits.swap_remove(first).1)
}

/// Tells it a little more; one that does not listen any more is told nothing.
fn feed(stdin: &mut Option<Writer>, left: &mut &[u8]) {
    let Some(writer) = stdin else { return };
    match writer.write(left) {
        Ok(written) => *left = &left[written..],
        Err(_) => *left = &[],
    }
}
