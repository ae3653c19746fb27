//! What a descriptor stands for: a stream of one's own, a file, bytes in memory, or what running commands write.

use crate::limits::CAUGHT;
use crate::process::{self, Reader, Ready};
use crate::run::Run;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

/// Descriptors that were duplicated share one stream, its position too.
pub(crate) type Handle = Rc<RefCell<Stream>>;

pub(crate) struct Stream {
    pub(crate) source: Source,
    /// Read, and not yet taken.
    ahead: Vec<u8>,
    taken: usize,
}

pub(crate) enum Source {
    /// The process's own input; its reader once somebody reads here.
    Input(Option<Reader>),
    /// The process's own output (1) or error (2).
    Own(u32),
    Null,
    File(File),
    /// What is ahead, and nothing after it.
    Bytes,
    /// What commands that still run write.
    Run(Box<Run>),
    /// What is written goes to a command that runs.
    Feeding(Box<Run>),
    /// What is written is kept for who reads it later.
    Caught(Vec<u8>),
}

impl Stream {
    pub(crate) fn new(source: Source) -> Handle {
        Rc::new(RefCell::new(Self { source, ahead: Vec::new(), taken: 0 }))
    }

    pub(crate) fn bytes(bytes: Vec<u8>) -> Handle {
        Rc::new(RefCell::new(Self { source: Source::Bytes, ahead: bytes, taken: 0 }))
    }

    /// Whether something was read ahead, which another reader of the source would miss.
    pub(crate) fn is_ahead(&self) -> bool {
        self.taken < self.ahead.len()
    }

    /// The next bytes; none at the end.
    pub(crate) fn take(&mut self) -> io::Result<Vec<u8>> {
        if !self.is_ahead() && !self.fill()? {
            return Ok(Vec::new());
        }
        let bytes = self.ahead.split_off(self.taken);
        self.ahead.clear();
        self.taken = 0;
        Ok(bytes)
    }

    /// The next bytes, without waiting where the source can tell.
    pub(crate) fn try_take(&mut self) -> Ready {
        if let (false, Source::Input(reader)) = (self.is_ahead(), &mut self.source) {
            return reader.get_or_insert_with(process::input).try_read();
        }
        match self.take() {
            Ok(bytes) if !bytes.is_empty() => Ready::Bytes(bytes),
            _ => Ready::End,
        }
    }

    /// Puts bytes back in front.
    pub(crate) fn untake(&mut self, mut bytes: Vec<u8>) {
        bytes.extend_from_slice(&self.ahead[self.taken..]);
        self.ahead = bytes;
        self.taken = 0;
    }

    /// The reader to wait for, where that is the process's own input.
    pub(crate) fn reader(&self) -> Option<&Reader> {
        match &self.source {
            Source::Input(reader) if !self.is_ahead() => reader.as_ref(),
            _ => None,
        }
    }

    fn fill(&mut self) -> io::Result<bool> {
        self.ahead.clear();
        self.taken = 0;
        match &mut self.source {
            Source::Input(reader) => {
                let reader = reader.get_or_insert_with(process::input);
                loop {
                    match reader.try_read() {
                        Ready::Bytes(bytes) => self.ahead = bytes,
                        Ready::End => return Ok(false),
                        Ready::Pending => {
                            process::wait(&[process::Event::Readable(reader)]);
                            continue;
                        }
                    }
                    break;
                }
            }
            Source::File(file) => {
                self.ahead.resize(16 << 10, 0);
                let length = file.read(&mut self.ahead)?;
                self.ahead.truncate(length);
            }
            Source::Run(run) => self.ahead = run.pull(),
            Source::Own(_) | Source::Feeding(_) => return Err(ErrorKind::PermissionDenied.into()),
            Source::Null | Source::Bytes | Source::Caught(_) => {}
        }
        Ok(!self.ahead.is_empty())
    }

    /// One byte; none at the end.
    pub(crate) fn byte(&mut self) -> io::Result<Option<u8>> {
        if !self.is_ahead() && !self.fill()? {
            return Ok(None);
        }
        self.taken += 1;
        Ok(self.ahead.get(self.taken - 1).copied())
    }

    /// All that is left, at most `limit` bytes.
    pub(crate) fn rest(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        let mut all = self.take()?;
        while all.len() <= limit {
            let more = self.take()?;
            if more.is_empty() {
                return Ok(all);
            }
            all.extend(more);
        }
        Err(io::Error::new(ErrorKind::OutOfMemory, "too much to read"))
    }

    /// Writes all of it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.source {
            Source::Own(2) => io::stderr().write_all(bytes),
            Source::Own(_) => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                stdout.flush()
            }
            Source::Null => Ok(()),
            Source::File(file) => file.write_all(bytes),
            Source::Feeding(run) => match run.feed(bytes) {
                true => Ok(()),
                false => Err(ErrorKind::BrokenPipe.into()),
            },
            Source::Caught(caught) if caught.len() + bytes.len() > CAUGHT => Err(ErrorKind::BrokenPipe.into()),
            Source::Caught(caught) => {
                caught.extend_from_slice(bytes);
                Ok(())
            }
            Source::Input(_) | Source::Bytes | Source::Run(_) => Err(io::Error::other("Bad file descriptor")),
        }
    }

    /// What was caught; it is gone from here.
    pub(crate) fn caught(&mut self) -> Vec<u8> {
        match &mut self.source {
            Source::Caught(bytes) => std::mem::take(bytes),
            _ => Vec::new(),
        }
    }
}
