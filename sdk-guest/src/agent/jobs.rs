//! Jobs under way: tools and sub-agents, many at once, each of which can be cut off.

use super::{
    End,
    limits::{Purse, Share},
    protocol::{Command, Event},
    system::{System, lines},
    transcript,
    world::{Cut, Done, Job, Task, Tell},
};
use crate::{llm::Usage, poll::Pollable, spawn, streams};
use std::{
    collections::VecDeque,
    io::{Read, Write},
    time::{Duration, Instant},
};

/// Tools that are called at once: each takes half of the fuel that is left.
const CALLS_AT_ONCE: usize = 8;

/// Something that is being done. Dropping it ends it.
pub(super) trait Work {
    /// Ready once [`look`](Self::look) would not wait.
    fn ready(&self) -> &Pollable;
    /// Looks at it: what came of it, once it is over.
    fn look(&mut self) -> Option<Done>;
    /// What it is known to have used so far.
    fn used(&self) -> Usage;
}

/// A job under way.
struct Running {
    at: usize,
    since: Instant,
    /// What it was given to spend.
    part: Share,
    work: Box<dyn Work>,
}

impl Job {
    fn is_agent(&self) -> bool {
        matches!(self, Self::Agent(_))
    }

    fn begins(&self) -> Event {
        match self {
            Self::Call(call) => {
                let arguments = serde_json::from_str(&call.arguments).unwrap_or_default();
                Event::Tool { id: call.id.clone(), name: call.name.clone(), arguments }
            }
            Self::Agent(task) => Event::Agent { id: task.id.clone(), task: task.text.clone() },
        }
    }

    fn ends(&self, answer: &Result<String, String>, since: Instant) -> Event {
        let (content, ok) = match answer {
            Ok(text) => (text.clone(), true),
            Err(text) => (text.clone(), false),
        };
        match self {
            Self::Call(call) => Event::ToolResult {
                id: call.id.clone(),
                name: call.name.clone(),
                content: transcript::bounded(content),
                is_error: !ok,
                milliseconds: since.elapsed().as_secs_f64() * 1e3,
            },
            Self::Agent(task) => Event::AgentDone { id: task.id.clone(), ok, content },
        }
    }
}

/// Does jobs: see [`World::act`](super::world::World::act).
pub(super) fn act(system: &mut System, jobs: &[Job], left: Share, tell: Tell<'_>) -> (Vec<Done>, Option<Cut>) {
    let mut done: Vec<Option<Done>> = vec![None; jobs.len()];
    let mut purse = Purse(left);
    let mut waiting: VecDeque<usize> = (0..jobs.len()).collect();
    let mut running: Vec<Running> = Vec::new();
    let mut cut = None;
    while cut.is_none() && !(waiting.is_empty() && running.is_empty()) {
        for at in std::mem::take(&mut waiting) {
            let job = &jobs[at];
            let same = running.iter().filter(|running| jobs[running.at].is_agent() == job.is_agent()).count();
            let most = if job.is_agent() { system.at_once } else { CALLS_AT_ONCE };
            if same >= most {
                waiting.push_back(at);
                continue;
            }
            tell(job.begins());
            let (since, mut part) = (Instant::now(), Share::default());
            let started = match job {
                Job::Call(call) => system.call(call),
                Job::Agent(task) => {
                    let later = jobs[at..].iter().filter(|job| job.is_agent()).count();
                    part = purse.take(later.min(most - same), task.most);
                    system.delegate(task, part)
                }
            };
            match started {
                Ok(work) => running.push(Running { at, since, part, work }),
                Err(why) => {
                    purse.back(part, &Usage::default());
                    let answer = Err(why);
                    tell(job.ends(&answer, since));
                    done[at] = Some(Done { answer, usage: Usage::default() });
                }
            }
        }
        if running.is_empty() {
            // None of them began: there is nothing to wait for.
            continue;
        }
        let ready: Vec<&Pollable> = running.iter().map(|running| running.work.ready()).collect();
        let mut ready = match system.wait(&ready) {
            Ok(ready) => ready,
            Err(why) => {
                cut = Some(why);
                continue;
            }
        };
        // From the last on, so that places stay what they are.
        ready.sort_unstable_by(|a, b| b.cmp(a));
        for place in ready {
            if let Some(ended) = running[place].work.look() {
                let Running { at, since, part, .. } = running.swap_remove(place);
                purse.back(part, &ended.usage);
                tell(jobs[at].ends(&ended.answer, since));
                done[at] = Some(ended);
            }
        }
    }
    let why = cut.map_or("not begun", Cut::why);
    for Running { at, since, mut work, .. } in running {
        // What came in the last moment is not lost.
        let ended = if work.ready().is_ready() { work.look() } else { None };
        let ended = ended.unwrap_or_else(|| Done { answer: Err(why.to_owned()), usage: work.used() });
        tell(jobs[at].ends(&ended.answer, since));
        done[at] = Some(ended);
    }
    let done = done.into_iter();
    let done = done.map(|done| done.unwrap_or_else(|| Done { answer: Err(why.to_owned()), usage: Usage::default() }));
    (done.collect(), cut)
}

/// A child process that works on a task. Dropping it ends the process.
pub(super) struct SubAgent {
    // Before what it is a view of.
    readable: Pollable,
    stdout: streams::Reader,
    child: spawn::Child,
    begun: Vec<u8>,
    used: Usage,
}

impl Drop for SubAgent {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
    }
}

impl SubAgent {
    pub(super) fn start(task: &Task, model: &str, part: Share, time: Option<Duration>) -> spawn::Result<Self> {
        let mut command = spawn::Command::this().args(["--protocol", "--model", model, "--sub-agents", "0"]);
        if let Some(tokens) = part.tokens {
            command = command.tokens(tokens).args(["--max-tokens".to_owned(), tokens.to_string()]);
        }
        if let Some(cost) = part.cost {
            command = command.money(cost).args(["--max-cost".to_owned(), dollars(cost)]);
        }
        if let Some(time) = time {
            command = command.args(["--max-time".to_owned(), time.as_secs_f64().to_string()]);
        }
        if let Some(schema) = &task.output_schema {
            command = command.args(["--output-schema", schema]);
        }
        let child = command.stdin(spawn::Stdio::Piped).stdout(spawn::Stdio::Piped).start()?;
        let lost = || spawn::Error::Io("a pipe of the sub-agent is missing".to_owned());
        let (stdin, stdout) = (child.stdin()?.ok_or_else(lost)?, child.stdout()?.ok_or_else(lost)?);
        give(stdin, &task.text).map_err(|error| spawn::Error::Io(error.to_string()))?;
        let readable = stdout.readable();
        Ok(Self { readable, stdout, child, begun: Vec::new(), used: Usage::default() })
    }

    /// What a line of it means, where it is its last.
    fn heard(&mut self, line: &[u8]) -> Option<Done> {
        match serde_json::from_slice(line) {
            Ok(Event::Step { usage, .. }) => {
                self.used += usage;
                None
            }
            Ok(Event::Answer { text, outcome: End::Answered, usage, .. }) => Some(Done { answer: Ok(text), usage }),
            Ok(Event::Answer { text, outcome, usage, .. }) => {
                let outcome = serde_json::to_value(outcome).unwrap_or_default();
                let why = format!("unfinished ({}): {text}", outcome.as_str().unwrap_or("unknown"));
                Some(Done { answer: Err(why), usage })
            }
            Ok(Event::Error { kind, message }) => {
                Some(Done { answer: Err(format!("{kind}: {message}")), usage: self.used })
            }
            _ => None,
        }
    }
}

impl Work for SubAgent {
    fn ready(&self) -> &Pollable {
        &self.readable
    }

    fn look(&mut self) -> Option<Done> {
        let mut bytes = [0; 16 << 10];
        let taken = self.stdout.read(&mut bytes).unwrap_or(0);
        let lines = lines(&mut self.begun, &bytes[..taken]);
        let last = lines.iter().find_map(|line| self.heard(line));
        if let Some(mut done) = last {
            // Policies may withhold how it ended, and with that what it came to.
            if let Err(error) = self.child.wait() {
                done.answer = Err(error.to_string());
            }
            return Some(done);
        }
        if taken > 0 {
            return None;
        }
        let why = self.child.wait().map_or_else(|error| error.to_string(), |exit| exit.to_string());
        Some(Done { answer: Err(format!("it ended without an answer: {why}")), usage: self.used })
    }

    fn used(&self) -> Usage {
        self.used
    }
}

/// Writes the task, and ends the input.
fn give(mut stdin: streams::Writer, task: &str) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(&Command::Message(task.to_owned()))?;
    line.push(b'\n');
    stdin.write_all(&line)
}

/// Millionths of a US dollar, as an argument.
fn dollars(cost: u64) -> String {
    format!("{}.{:06}", cost / 1_000_000, cost % 1_000_000)
}
