//! The world as it is: the system calls, and the user at the other end of standard input.

use super::{
    hands::Hands,
    jobs::{self, SubAgent, Work},
    limits::{Price, Share},
    protocol::{Command, Event},
    toolset::{Full, Line},
    world::{Cut, Done, Job, Task, Tell, Wanted, Word, World},
};
use crate::{
    llm::{self, Delta, Model, Reply, Request},
    poll::{self, Pollable},
    streams, task,
};
use std::{
    collections::VecDeque,
    io::Read,
    rc::Rc,
    time::{Duration, Instant},
};

/// Bytes of one line from the user or a sub-agent. Stops one that never ends.
const LINE_BYTES: usize = 8 << 20;
/// Of the time that is left, a sub-agent's.
const OF_TIME: f64 = 0.9;

/// The system calls.
pub(super) struct System {
    model: Model,
    name: String,
    /// Nothing where it has no tools.
    pub(super) hands: Option<Rc<dyn Hands>>,
    /// Sub-agents that run at once.
    pub(super) at_once: usize,
    /// The user, where there is one who may speak meanwhile.
    pub(super) ears: Option<Ears>,
    alarm: Option<Alarm>,
    begun: Instant,
}

/// When all that waits is cut off.
struct Alarm {
    /// As [`World::now`] counts.
    at: Duration,
    rings: Pollable,
}

/// Standard input, read as it comes.
pub(super) struct Ears {
    stdin: streams::Reader,
    begun: Vec<u8>,
    heard: VecDeque<Command>,
    ended: bool,
}

impl Ears {
    pub(super) fn new() -> Self {
        Self { stdin: streams::stdin(), begun: Vec::new(), heard: VecDeque::new(), ended: false }
    }

    /// The next command; none at the end of the input. Waits.
    pub(super) fn next(&mut self) -> Option<Command> {
        while self.heard.is_empty() && !self.ended {
            self.listen();
        }
        self.heard.pop_front()
    }

    /// Forgets interruptions; what was said besides stays.
    pub(super) fn calm(&mut self) {
        self.heard.retain(|command| !matches!(command, Command::Interrupt(_)));
    }

    fn interrupted(&self) -> bool {
        self.heard.iter().any(|command| matches!(command, Command::Interrupt(true)))
    }

    /// Reads what there is; waits if there is nothing.
    fn listen(&mut self) {
        let mut bytes = [0; 4_096];
        match self.stdin.read(&mut bytes) {
            Ok(taken) if taken > 0 => self.take(&bytes[..taken]),
            _ => {
                self.ended = true;
                // A last line needs no end.
                self.take(b"\n");
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for line in lines(&mut self.begun, bytes) {
            match serde_json::from_slice(&line) {
                Ok(command) => self.heard.push_back(command),
                Err(error) if !line.trim_ascii().is_empty() => {
                    crate::warn!("a line of standard input is no command: {error}");
                }
                Err(_) => {}
            }
        }
    }
}

/// The lines that are whole, and what is begun.
pub(super) fn lines(begun: &mut Vec<u8>, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut whole = Vec::new();
    for part in bytes.split_inclusive(|byte| *byte == b'\n') {
        if begun.len() + part.len() <= LINE_BYTES {
            begun.extend_from_slice(part);
        }
        if part.ends_with(b"\n") {
            whole.push(std::mem::take(begun));
        }
    }
    whole
}

impl System {
    pub(super) fn new(model: &str) -> llm::Result<Self> {
        Ok(Self {
            model: Model::open(model)?,
            name: model.to_owned(),
            hands: None,
            at_once: 1,
            ears: None,
            alarm: None,
            begun: Instant::now(),
        })
    }

    /// Waits until one of these is ready, listening meanwhile; the indices of those that are.
    pub(super) fn wait(&mut self, pollables: &[&Pollable]) -> Result<Vec<usize>, Cut> {
        let interrupted = |ears: &Option<Ears>| ears.as_ref().is_some_and(Ears::interrupted);
        if interrupted(&self.ears) {
            return Err(Cut::Interrupted);
        }
        let heard = self.ears.as_ref().filter(|ears| !ears.ended).map(|ears| ears.stdin.readable());
        let rings = self.alarm.as_ref().map(|alarm| &alarm.rings);
        let mut all = pollables.to_vec();
        all.extend(heard.iter().chain(rings));
        let mut ready = poll::wait(&all);
        let spoken = heard.is_some() && ready.contains(&pollables.len());
        let rang = rings.is_some() && ready.contains(&(all.len() - 1));
        if let (true, Some(ears)) = (spoken, &mut self.ears) {
            ears.listen();
        }
        if interrupted(&self.ears) {
            return Err(Cut::Interrupted);
        }
        // Before all else: a reply whose pieces come one after the other would never be cut off.
        if rang {
            return Err(Cut::Time);
        }
        ready.retain(|at| *at < pollables.len());
        Ok(ready)
    }

    /// Sets when all that waits is cut off, from now on: never, where it is none. What time it is, as
    /// [`World::now`] counts.
    pub(super) fn alarm(&mut self, after: Option<Duration>) -> Duration {
        let now = self.begun.elapsed();
        self.alarm = after.map(|after| Alarm { at: now.saturating_add(after), rings: poll::after(after) });
        now
    }

    /// Begins a call of a tool.
    pub(super) fn call(&self, call: &Wanted) -> Result<Box<dyn Work>, String> {
        match &self.hands {
            Some(hands) => hands.start(call),
            None => Err(format!("there is no tool `{}`", call.name)),
        }
    }

    /// Starts a sub-agent. It has a little less time than is left, so that what it came to is heard.
    pub(super) fn delegate(&self, task: &Task, part: Share) -> Result<Box<dyn Work>, String> {
        let left = self.alarm.as_ref().map(|alarm| alarm.at.saturating_sub(self.begun.elapsed()));
        let time = left.map(|left| left.mul_f64(OF_TIME));
        let agent = SubAgent::start(task, &self.name, part, time).map_err(|error| error.to_string())?;
        Ok(Box::new(agent))
    }
}

impl World for System {
    fn think(&mut self, request: &Request, tell: Tell<'_>) -> Result<llm::Result<Reply>, Cut> {
        let stream = match self.model.stream(request) {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error)),
        };
        let readable = stream.readable();
        loop {
            if self.wait(&[&readable])?.is_empty() {
                continue;
            }
            match stream.next() {
                Ok(Some(Delta::Text(text))) => tell(Event::Text { text }),
                Ok(Some(Delta::Thinking(text))) => tell(Event::Thinking { text }),
                Ok(Some(Delta::Restart)) => tell(Event::Restart),
                Ok(Some(Delta::Done(reply))) => return Ok(Ok(reply)),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(Err(llm::Error::Malformed("the reply has no end".to_owned()))),
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    fn price(&mut self, request: &Request) -> Price {
        let model = self.model.describe().unwrap_or_default();
        let tokens = self.model.count_tokens(request).unwrap_or(0);
        Price { tokens, input: model.input_price, output: model.output_price }
    }

    fn act(&mut self, jobs: &[Job], left: Share, tell: Tell<'_>) -> (Vec<Done>, Option<Cut>) {
        // What its grants and its account leave is shared as well: one sub-agent does not take it all.
        let held = match self.model.left() {
            Ok(left) => Share { tokens: Some(left.tokens), cost: Some(left.money) },
            Err(_) => Share::default(),
        };
        jobs::act(self, jobs, left.least(held), tell)
    }

    fn catalogue(&mut self) -> Vec<Line> {
        self.hands.as_ref().map_or_else(Vec::new, |hands| hands.list())
    }

    fn search(&mut self, words: &str, limit: usize) -> Result<Vec<Line>, String> {
        self.hands.as_ref().map_or_else(|| Ok(Vec::new()), |hands| hands.search(words, limit))
    }

    fn describe(&mut self, name: &str) -> Option<Full> {
        self.hands.as_ref()?.describe(name)
    }

    fn heard(&mut self) -> Vec<Word> {
        let Some(ears) = &mut self.ears else { return Vec::new() };
        while !ears.ended && ears.stdin.readable().is_ready() {
            ears.listen();
        }
        let heard = std::mem::take(&mut ears.heard);
        heard
            .into_iter()
            .filter_map(|command| match command {
                Command::Message(text) => Some(Word::Message(text)),
                Command::Interrupt(true) => Some(Word::Interrupt),
                Command::Interrupt(false) | Command::History(_) => None,
            })
            .collect()
    }

    fn stopping(&mut self, answer: &str) -> Result<(), String> {
        match task::stopping(answer) {
            Err(task::Error::Denied(denial)) => Err(denial.rule),
            // Who cannot ask is not held back.
            _ => Ok(()),
        }
    }

    fn stopped(&mut self, answer: &str) {
        if let Err(error) = task::stopped(answer) {
            crate::warn!("the end of the task was not told: {error}");
        }
    }

    fn pause(&mut self, time: Duration) -> Result<(), Cut> {
        let over = poll::after(time);
        while self.wait(&[&over])?.is_empty() {}
        Ok(())
    }

    fn now(&mut self) -> Duration {
        self.begun.elapsed()
    }
}
