//! Commands that run at once, and what flows between them and the shell's own streams.

use crate::limits::OFFERED;
use crate::process::{self, Child, Event, Reader, Ready, Writer};
use crate::stream::{Handle, Source, Stream};

/// The status of a command whose output nobody reads any more, as a signal would end it (128 and SIGPIPE).
pub(crate) const CLOSED: i32 = 141;

/// Some commands of a pipeline, from its left to its right.
#[derive(Default)]
pub(crate) struct Run {
    stages: Vec<Stage>,
    links: Vec<Link>,
    /// What the last one writes, where somebody takes it from here.
    output: Option<Reader>,
    /// What the first one reads, where a stage of the shell's own writes it.
    input: Option<(Writer, usize)>,
}

struct Stage {
    child: Child,
    /// Its place in the pipeline.
    index: usize,
    status: Option<i32>,
}

/// What flows from one place to another.
struct Link {
    from: From,
    to: To,
    /// The stage that writes it, and the one that reads it.
    writer: Option<usize>,
    reader: Option<usize>,
    pending: Vec<u8>,
    /// What a stream of the shell's was asked for, and a command perhaps never read.
    offered: Vec<u8>,
    /// It read more than a pipe holds: what it was given is its own.
    read: bool,
    ended: bool,
    open: bool,
}

enum From {
    Child(Reader),
    Stream(Handle),
}

enum To {
    Child(Writer),
    Stream(Handle),
}

/// The streams of a child that the shell has to serve; none where they lead elsewhere.
#[derive(Default)]
pub(crate) struct Served {
    /// Where its input comes from.
    pub(crate) input: Option<Handle>,
    /// Its input is what the stage before it writes.
    pub(crate) chained: bool,
    /// Its input is what the shell is about to write.
    pub(crate) fed: bool,
    /// Where its output goes.
    pub(crate) output: Option<Handle>,
    /// Its output is for whoever pulls.
    pub(crate) pulled: bool,
    /// Where its errors go.
    pub(crate) error: Option<Handle>,
}

impl Run {
    /// Adds a child as the pipeline's stage of this place.
    pub(crate) fn add(&mut self, index: usize, mut child: Child, served: Served) {
        let stage = self.stages.len();
        let before = stage.checked_sub(1);
        let source = match served.chained {
            true => self.output.take().map(From::Child),
            false => served.input.map(From::Stream),
        };
        if served.fed {
            self.input = child.stdin().map(|writer| (writer, stage));
        } else if let (Some(from), Some(writer)) = (source, child.stdin()) {
            self.link(from, To::Child(writer), before.filter(|_| served.chained), Some(stage));
        }
        if served.pulled {
            self.output = child.stdout();
        } else if let (Some(handle), Some(reader)) = (served.output, child.stdout()) {
            self.link(From::Child(reader), To::Stream(handle), Some(stage), None);
        }
        if let (Some(handle), Some(reader)) = (served.error, child.stderr()) {
            self.link(From::Child(reader), To::Stream(handle), Some(stage), None);
        }
        self.stages.push(Stage { child, index, status: None });
    }

    fn link(&mut self, from: From, to: To, writer: Option<usize>, reader: Option<usize>) {
        let (pending, offered) = (Vec::new(), Vec::new());
        self.links.push(Link { from, to, writer, reader, pending, offered, read: false, ended: false, open: true });
    }

    /// The process id of the last command.
    pub(crate) fn pid(&self) -> u64 {
        self.stages.last().map_or(0, |stage| stage.child.pid())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// Moves what can be moved now; whether anything was.
    fn step(&mut self) -> bool {
        let mut moved = false;
        for stage in &mut self.stages {
            if stage.status.is_none() {
                stage.status = stage.child.try_wait();
                moved |= stage.status.is_some();
            }
        }
        for link in &mut self.links {
            if !link.open {
                continue;
            }
            let gone = link.reader.is_some_and(|reader| self.stages[reader].status.is_some());
            let step = link.step(gone);
            moved |= step != Step::Nothing;
            if let (Step::Broken, Some(writer)) = (step, link.writer) {
                self.stages[writer].end();
            }
        }
        moved
    }

    /// Gives bytes to the first command; false where it reads no more.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let moved = self.step();
            let Some((writer, stage)) = &mut self.input else { return false };
            if self.stages[*stage].status.is_some() {
                self.input = None;
                return false;
            }
            match writer.try_write(bytes) {
                None => {
                    self.input = None;
                    return false;
                }
                Some(0) if !moved => {
                    // What is fed waits for the command, and the command perhaps for what it writes.
                    wait_for(&[self]);
                }
                Some(length) => bytes = &bytes[length..],
            }
        }
        true
    }

    /// The first command's input is over.
    pub(crate) fn fed(&mut self) {
        self.input = None;
    }

    /// Waits until something can be moved.
    fn wait(&self) {
        wait_for(&[self]);
    }
}

/// Waits until something can be moved in one of these.
pub(crate) fn wait_for(runs: &[&Run]) {
    let mut borrowed = Vec::new();
    for run in runs.iter() {
        let waiting = run.links.iter().filter(|link| link.open && !link.ended && link.pending.is_empty());
        borrowed.extend(waiting.filter_map(|link| match &link.from {
            From::Stream(handle) => Some(handle.borrow()),
            From::Child(_) => None,
        }));
    }
    let mut events: Vec<Event<'_>> =
        borrowed.iter().filter_map(|stream| stream.reader()).map(Event::Readable).collect();
    for run in runs.iter() {
        for link in run.links.iter().filter(|link| link.open) {
            match (link.pending.is_empty(), &link.from, &link.to) {
                (true, From::Child(reader), _) => events.push(Event::Readable(reader)),
                (false, _, To::Child(writer)) => events.push(Event::Writable(writer)),
                _ => {}
            }
        }
        let running = run.stages.iter().filter(|stage| stage.status.is_none());
        events.extend(running.map(|stage| Event::Ended(&stage.child)));
        events.extend(run.output.as_ref().map(Event::Readable));
        events.extend(run.input.as_ref().map(|(writer, _)| Event::Writable(writer)));
    }
    if !events.is_empty() {
        process::wait(&events);
    }
}

impl Run {
    /// The next bytes that the last command writes; none at the end.
    pub(crate) fn pull(&mut self) -> Vec<u8> {
        loop {
            let Some(output) = &mut self.output else { return Vec::new() };
            match output.try_read() {
                Ready::Bytes(bytes) => return bytes,
                Ready::End => self.output = None,
                Ready::Pending => {
                    if !self.step() {
                        self.wait();
                    }
                }
            }
        }
    }

    /// Moves what there is without waiting; whether all have ended.
    pub(crate) fn poll(&mut self) -> bool {
        while self.step() {}
        self.is_over()
    }

    fn is_over(&self) -> bool {
        self.stages.iter().all(|stage| stage.status.is_some()) && self.links.iter().all(|link| !link.open)
    }

    /// Serves all until they have ended; each place and its status. What is still written for who pulls is
    /// written to nobody.
    pub(crate) fn finish(&mut self) -> Vec<(usize, i32)> {
        loop {
            let step = self.step();
            match self.output.as_mut().map(Reader::try_read) {
                Some(Ready::End) => self.output = None,
                Some(Ready::Bytes(_)) => {
                    self.output = None;
                    if let Some(last) = self.stages.last_mut() {
                        last.end();
                    }
                }
                Some(Ready::Pending) | None => {
                    if self.is_over() {
                        break;
                    }
                    if !step {
                        self.wait();
                    }
                }
            }
        }
        self.stages.iter().map(|stage| (stage.index, stage.status.unwrap_or_default())).collect()
    }

    /// Ends all of them.
    pub(crate) fn kill(&mut self) {
        for stage in &mut self.stages {
            stage.child.kill();
        }
    }
}

impl Stage {
    /// Ends it as a closed pipe would.
    fn end(&mut self) {
        if self.status.is_none() {
            self.child.kill();
            self.status = Some(CLOSED);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    Moved,
    /// Nobody reads it any more.
    Broken,
}

impl Link {
    fn step(&mut self, gone: bool) -> Step {
        if gone && let From::Stream(handle) = &self.from {
            // Whether a command read what it was given, nobody can tell, unless it was more than a pipe holds.
            let mut unread = std::mem::take(&mut self.offered);
            unread.append(&mut self.pending);
            handle.borrow_mut().untake(unread);
            self.open = false;
            return Step::Moved;
        }
        if self.pending.is_empty() {
            let ready = match (&mut self.from, self.ended) {
                (_, true) => return Step::Nothing,
                (From::Child(reader), _) => reader.try_read(),
                (From::Stream(handle), _) => handle.borrow_mut().try_take(),
            };
            match ready {
                Ready::Pending => return Step::Nothing,
                Ready::End => {
                    // The reader's input is over. What it was offered stays known until it has ended.
                    self.ended = true;
                    self.to = To::Stream(Stream::new(Source::Null));
                    self.open = matches!(self.from, From::Stream(_));
                    return Step::Moved;
                }
                Ready::Bytes(_) if gone => {
                    self.open = false;
                    return Step::Broken;
                }
                Ready::Bytes(bytes) => self.pending = bytes,
            }
        }
        let written = match &mut self.to {
            To::Child(writer) => writer.try_write(&self.pending),
            To::Stream(handle) => handle.borrow_mut().write(&self.pending).ok().map(|()| self.pending.len()),
        };
        match written {
            Some(0) => Step::Nothing,
            Some(length) => {
                let written = self.pending.drain(..length);
                if matches!(self.from, From::Stream(_)) && !self.read {
                    self.offered.extend(written);
                    if self.offered.len() > OFFERED {
                        (self.read, self.offered) = (true, Vec::new());
                    }
                }
                Step::Moved
            }
            // Its reader is about to be gone; a stream of the shell's cannot be written any more.
            None if matches!(self.from, From::Stream(_)) => Step::Nothing,
            None => {
                self.open = false;
                Step::Broken
            }
        }
    }
}
