//! The world as it is: the system calls, and the user at the other end of standard input.

use super::{
    hands::Hands,
    protocol::{Command, Event},
    toolset::{Full, Line},
    world::{Done, Interrupted, Task, Tell, Wanted, Word, World},
};
use crate::{
    llm::{self, Delta, Model, Reply, Request},
    poll::{self, Pollable},
    spawn, streams,
};
use std::{
    collections::VecDeque,
    io::{Read, Write},
    rc::Rc,
    time::{Duration, Instant},
};

/// Bytes of one line from the user or a sub-agent. Stops one that never ends.
const LINE_BYTES: usize = 8 << 20;

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
    begun: Instant,
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
fn lines(begun: &mut Vec<u8>, bytes: &[u8]) -> Vec<Vec<u8>> {
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
            begun: Instant::now(),
        })
    }

    /// Waits until one of these is ready, listening meanwhile; the indices of those that are.
    pub(super) fn wait(&mut self, pollables: &[&Pollable]) -> Result<Vec<usize>, Interrupted> {
        let Some(ears) = self.ears.as_mut().filter(|ears| !ears.ended) else { return Ok(poll::wait(pollables)) };
        if ears.interrupted() {
            return Err(Interrupted);
        }
        let heard = ears.stdin.readable();
        let mut all = pollables.to_vec();
        all.push(&heard);
        let ready = poll::wait(&all);
        if ready.contains(&pollables.len()) {
            ears.listen();
            if ears.interrupted() {
                return Err(Interrupted);
            }
        }
        Ok(ready.into_iter().filter(|at| *at < pollables.len()).collect())
    }
}

impl World for System {
    fn think(&mut self, request: &Request, tell: Tell<'_>) -> Result<llm::Result<Reply>, Interrupted> {
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

    fn call(&mut self, calls: &[Wanted], tell: Tell<'_>) -> Result<Vec<Result<String, String>>, Interrupted> {
        match self.hands.clone() {
            Some(hands) => hands.call(self, calls, tell),
            None => Ok(calls.iter().map(|call| Err(format!("there is no tool `{}`", call.name))).collect()),
        }
    }

    fn delegate(&mut self, tasks: &[Task], tell: Tell<'_>) -> Result<Vec<Done>, Interrupted> {
        let mut done: Vec<Option<Done>> = vec![None; tasks.len()];
        let mut waiting: VecDeque<usize> = (0..tasks.len()).collect();
        let mut running: Vec<SubAgent> = Vec::new();
        loop {
            while running.len() < self.at_once {
                let Some(at) = waiting.pop_front() else { break };
                tell(Event::Agent { id: tasks[at].id.clone(), task: tasks[at].text.clone() });
                match SubAgent::start(at, &tasks[at], &self.name) {
                    Ok(agent) => running.push(agent),
                    Err(error) => {
                        let failed = Done { answer: Err(error.to_string()), usage: llm::Usage::default() };
                        done[at] = Some(told(&tasks[at], failed, tell));
                    }
                }
            }
            if running.is_empty() {
                break;
            }
            let ready: Vec<&Pollable> = running.iter().map(|agent| &agent.readable).collect();
            let mut ready = self.wait(&ready)?;
            // From the last on, so that places stay what they are.
            ready.sort_unstable_by(|a, b| b.cmp(a));
            for place in ready {
                if running[place].listen() {
                    let agent = running.swap_remove(place);
                    let at = agent.at;
                    done[at] = Some(told(&tasks[at], agent.end(), tell));
                }
            }
        }
        Ok(done.into_iter().flatten().collect())
    }

    fn catalogue(&mut self) -> Vec<Line> {
        self.hands.as_ref().map_or_else(Vec::new, |hands| hands.list())
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

    fn pause(&mut self, time: Duration) -> Result<(), Interrupted> {
        let over = poll::after(time);
        while self.wait(&[&over])?.is_empty() {}
        Ok(())
    }

    fn now(&mut self) -> Duration {
        self.begun.elapsed()
    }
}

fn told(task: &Task, done: Done, tell: Tell<'_>) -> Done {
    let (ok, content) = match &done.answer {
        Ok(text) => (true, text.clone()),
        Err(text) => (false, text.clone()),
    };
    tell(Event::AgentDone { id: task.id.clone(), ok, content });
    done
}

/// A child process that works on a task. Dropping it ends the process.
struct SubAgent {
    at: usize,
    // Before what it is a view of.
    readable: Pollable,
    stdout: streams::Reader,
    child: spawn::Child,
    begun: Vec<u8>,
    done: Option<Done>,
    used: llm::Usage,
}

impl Drop for SubAgent {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
    }
}

impl SubAgent {
    fn start(at: usize, task: &Task, model: &str) -> spawn::Result<Self> {
        let mut command = spawn::Command::this().args(["--protocol", "--model", model, "--sub-agents", "0"]);
        if let Some(tokens) = task.tokens {
            command = command.tokens(tokens).args(["--max-tokens".to_owned(), tokens.to_string()]);
        }
        if let Some(schema) = &task.output_schema {
            command = command.args(["--output-schema", schema]);
        }
        let child = command.stdin(spawn::Stdio::Piped).stdout(spawn::Stdio::Piped).start()?;
        let lost = || spawn::Error::Io("a pipe of the sub-agent is missing".to_owned());
        let (stdin, stdout) = (child.stdin()?.ok_or_else(lost)?, child.stdout()?.ok_or_else(lost)?);
        give(stdin, &task.text).map_err(|error| spawn::Error::Io(error.to_string()))?;
        let readable = stdout.readable();
        Ok(Self { at, readable, stdout, child, begun: Vec::new(), done: None, used: llm::Usage::default() })
    }

    /// Reads what it said. Whether it has said its last.
    fn listen(&mut self) -> bool {
        let mut bytes = [0; 16 << 10];
        let taken = self.stdout.read(&mut bytes).unwrap_or(0);
        for line in lines(&mut self.begun, &bytes[..taken]) {
            match serde_json::from_slice(&line) {
                Ok(Event::Step { usage, .. }) => self.used += usage,
                Ok(Event::Answer { text, outcome: super::End::Answered, usage, .. }) => {
                    self.done = Some(Done { answer: Ok(text), usage });
                }
                Ok(Event::Answer { text, outcome, usage, .. }) => {
                    let outcome = serde_json::to_value(outcome).unwrap_or_default();
                    let why = format!("unfinished ({}): {text}", outcome.as_str().unwrap_or("unknown"));
                    self.done = Some(Done { answer: Err(why), usage });
                }
                Ok(Event::Error { kind, message }) => {
                    self.done = Some(Done { answer: Err(format!("{kind}: {message}")), usage: self.used });
                }
                _ => {}
            }
        }
        taken == 0 || self.done.is_some()
    }

    /// What it came to.
    fn end(mut self) -> Done {
        if let Some(done) = self.done.take() {
            return done;
        }
        let why = self.child.wait().map_or_else(|error| error.to_string(), |exit| exit.to_string());
        Done { answer: Err(format!("it ended without an answer: {why}")), usage: self.used }
    }
}

/// Writes the task, and ends the input.
fn give(mut stdin: streams::Writer, task: &str) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(&Command::Message(task.to_owned()))?;
    line.push(b'\n');
    stdin.write_all(&line)
}
