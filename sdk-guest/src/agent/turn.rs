//! One task, from its first thought to its end: think, act, look at what came of it, think again.

use super::{
    End, Hooks, Limits, Outcome,
    hooks::Decision,
    limits::Share,
    protocol::Event,
    stuck::{Circle, Verdict},
    toolset::{self, Toolset},
    transcript,
    world::{Cut, Done, Job, Task, Tell, Wanted, Word, World},
};
use crate::llm::{Error, Message, Part, Reply, Request, Role, StopReason, Tool, ToolCall, ToolChoice, Usage};
use serde_json::{Value, json};
use std::{ops::Range, time::Duration};

/// How often a call is made again where all providers are at their limits.
const PATIENCE: u32 = 4;
/// The longest that is waited for one.
const LONGEST_WAIT: Duration = Duration::from_secs(90);
/// How long a call is wanted beyond the task's time: it is cut off here, and not given up there.
const BEYOND: Duration = Duration::from_secs(1);
/// How often the transcript is shortened for one call.
const SHORTENINGS: u32 = 4;
/// How often a policy sends the model back to work.
const STOPS: u32 = 3;
/// Sub-agents of one call.
const TASKS: usize = 16;

/// The model's name of the tool that starts sub-agents.
const DELEGATE: &str = "delegate";

/// What a task is worked on with.
pub(super) struct Turn<'a> {
    pub(super) world: &'a mut dyn World,
    pub(super) hooks: &'a mut dyn Hooks,
    pub(super) limits: &'a Limits,
    pub(super) delegates: bool,
    /// Instructions, and what was said so far; holds all of it afterwards.
    pub(super) messages: &'a mut Vec<Message>,
    /// Where what is said for this task begins.
    pub(super) from: usize,
    pub(super) toolset: Toolset,
    pub(super) output_schema: Option<String>,
    pub(super) max_reply: Option<u32>,
    pub(super) used: Usage,
    pub(super) steps: u32,
    pub(super) begun: Duration,
}

/// Why the loop is left.
enum Leave {
    End(End, String),
    Failed(Error),
}

/// A call that the model made, before it is.
enum Planned {
    /// It needs nothing done.
    Answered(Result<String, String>),
    /// A tool's: its place among the jobs.
    Tool(usize),
    /// Sub-agents': their places among the jobs.
    Agents(Range<usize>),
}

impl Turn<'_> {
    /// Works until the model has no more to do, or something ends it.
    pub(super) fn run(mut self, tell: Tell<'_>) -> Result<Outcome, Error> {
        let (mut circle, mut held) = (Circle::default(), 0);
        let (end, text) = loop {
            match self.step(&mut circle, tell) {
                Ok(()) => {}
                Err(Leave::End(End::Answered, text)) => match self.world.stopping(&text) {
                    Ok(()) => break (End::Answered, text),
                    Err(why) if held < STOPS => {
                        held += 1;
                        transcript::say(self.messages, format!("You are not done: {why}"));
                    }
                    Err(_) => break (End::Stuck, text),
                },
                Err(Leave::End(end, text)) => break (end, text),
                // A budget is an end like any other: what was done so far is not lost.
                Err(Leave::Failed(Error::Quota(excess))) => match excess.limit.as_str() {
                    limit if limit.contains("token") => break (End::Tokens, self.last_words()),
                    limit if limit.contains("calls") => break (End::Calls, self.last_words()),
                    limit if limit.contains("money") || limit.contains("usd") => break (End::Money, self.last_words()),
                    _ => return Err(Error::Quota(excess)),
                },
                Err(Leave::Failed(Error::Refused(text))) => break (End::Refused, text),
                Err(Leave::Failed(error)) => return Err(error),
            }
        };
        self.world.stopped(&text);
        self.hooks.stop(end);
        Ok(Outcome { text, end, steps: self.steps, usage: self.used })
    }

    /// One reply of the model, and what it wants done.
    fn step(&mut self, circle: &mut Circle, tell: Tell<'_>) -> Result<(), Leave> {
        for word in self.world.heard() {
            match word {
                Word::Message(text) => {
                    transcript::say(self.messages, text.clone());
                    tell(Event::Heard { text });
                }
                Word::Interrupt => return Err(self.cut(Cut::Interrupted)),
            }
        }
        let elapsed = self.elapsed();
        if let Some(end) = self.limits.reached(self.steps, &self.used, elapsed) {
            return Err(Leave::End(end, self.last_words()));
        }
        let last = self.steps + 1 == self.limits.steps && self.steps > 0;
        if last {
            transcript::say(self.messages, "You may call no more tools. Answer now with what you have.".to_owned());
        }
        let reply = self.think(last, None, tell)?;
        self.messages.push(Message { role: Role::Assistant, content: reply.content.clone() });
        let cut = reply.stop == StopReason::MaxTokens;
        let calls: Vec<ToolCall> = reply.tool_calls().cloned().collect();
        if !calls.is_empty() {
            // What they do, not what they say of it: some providers call tools and say that they are done,
            // or know no tool choice.
            match (cut, last) {
                (false, false) => return self.act(&calls, circle, tell),
                (true, _) => self.decline(&calls, "not called: the reply was cut off"),
                (false, true) => self.decline(&calls, "not called: no steps are left"),
            }
        }
        if cut {
            return Err(Leave::End(End::Tokens, reply.text()));
        }
        let text = match self.output_schema.clone() {
            Some(schema) => self.formed(schema, tell)?,
            None => reply.text(),
        };
        Err(Leave::End(if last { End::Steps } else { End::Answered }, text))
    }

    /// The answer once more, in the form that was asked for.
    fn formed(&mut self, schema: String, tell: Tell<'_>) -> Result<String, Leave> {
        transcript::say(self.messages, "Give your answer as JSON of the form that was asked for.".to_owned());
        let reply = self.think(true, Some(schema), tell)?;
        let (text, stop) = (reply.text(), reply.stop);
        let calls: Vec<ToolCall> = reply.tool_calls().cloned().collect();
        self.messages.push(reply.into_message());
        if !calls.is_empty() {
            self.decline(&calls, "not called: an answer was asked for");
        }
        match stop {
            StopReason::MaxTokens => Err(Leave::End(End::Tokens, text)),
            _ => Ok(text),
        }
    }

    /// One reply, whatever it takes: waits for providers, makes room in the context window.
    fn think(&mut self, without_tools: bool, schema: Option<String>, tell: Tell<'_>) -> Result<Reply, Leave> {
        let (mut waits, mut shortenings) = (0, 0);
        loop {
            let elapsed = self.elapsed();
            let mut request = Request {
                messages: self.messages.clone(),
                tools: self.tools(),
                max_tokens: self.max_reply,
                output_schema: schema.clone(),
                deadline: self.limits.time.map(|time| time.saturating_sub(elapsed).saturating_add(BEYOND)),
                ..Request::default()
            };
            match (without_tools, schema.is_some()) {
                // Some providers hold a reply to its form only where there are no tools.
                (true, true) => request.tools.clear(),
                (true, false) if !request.tools.is_empty() => request.tool_choice = ToolChoice::None,
                _ => {}
            }
            self.hooks.before_model(&mut request);
            self.afford(&mut request)?;
            let mut said = String::new();
            let thought = self.world.think(&request, &mut |event| {
                match &event {
                    Event::Text { text } => said.push_str(text),
                    Event::Restart => said.clear(),
                    _ => {}
                }
                tell(event);
            });
            let cut = match &thought {
                Err(cut) => Some(*cut),
                // A call that nobody answers in time may say so just before its time is over here.
                Ok(Err(_)) if self.time_is_over() => Some(Cut::Time),
                Ok(_) => None,
            };
            if let Some(cut) = cut {
                // What it said so far is what it said.
                if !said.is_empty() {
                    self.messages.push(Message::text(Role::Assistant, said));
                }
                return Err(self.cut(cut));
            }
            match thought.map_err(|cut| self.cut(cut))? {
                Ok(reply) => {
                    self.steps += 1;
                    self.used += reply.usage;
                    self.hooks.after_model(&reply);
                    let served_by = reply.served_by.clone();
                    tell(Event::Step { number: self.steps, usage: reply.usage, served_by });
                    return Ok(reply);
                }
                Err(Error::RateLimited(wait)) if waits < PATIENCE => {
                    waits += 1;
                    let wait = wait.0.unwrap_or(Duration::from_secs(1 << waits));
                    self.world.pause(wait.min(LONGEST_WAIT)).map_err(|cut| self.cut(cut))?;
                }
                Err(Error::ContextLength(text)) => {
                    shortenings += 1;
                    if shortenings > SHORTENINGS || !transcript::shorten(self.messages) {
                        return Err(Leave::Failed(Error::ContextLength(text)));
                    }
                }
                Err(error) => return Err(Leave::Failed(error)),
            }
        }
    }

    fn tools(&self) -> Vec<Tool> {
        let mut tools = self.toolset.told();
        if self.delegates {
            tools.push(delegate_tool());
        }
        tools
    }

    /// Lowers what the reply may have to what is left to spend.
    fn afford(&mut self, request: &mut Request) -> Result<(), Leave> {
        let left = self.left();
        if left == Share::default() {
            return Ok(());
        }
        let most = left.reply(&self.world.price(request)).map_err(|end| Leave::End(end, self.last_words()))?;
        request.max_tokens = most.into_iter().chain(request.max_tokens).min();
        Ok(())
    }

    fn left(&self) -> Share {
        self.limits.left(&self.used)
    }

    fn elapsed(&mut self) -> Duration {
        self.world.now().saturating_sub(self.begun)
    }

    fn time_is_over(&mut self) -> bool {
        let elapsed = self.elapsed();
        self.limits.time.is_some_and(|time| elapsed >= time)
    }

    fn cut(&self, cut: Cut) -> Leave {
        Leave::End(cut.end(), self.last_words())
    }

    /// Does what the model wants done: what its calls come to is planned, done at once, and told.
    fn act(&mut self, calls: &[ToolCall], circle: &mut Circle, tell: Tell<'_>) -> Result<(), Leave> {
        let mut jobs = Vec::new();
        let planned: Vec<Planned> = calls.iter().map(|call| self.plan(call, &mut jobs)).collect();
        let (done, cut) = match jobs.is_empty() {
            true => (Vec::new(), None),
            false => self.world.act(&jobs, self.left(), tell),
        };
        done.iter().for_each(|done| self.used += done.usage);
        let results = calls.iter().zip(planned).map(|(call, planned)| self.came_of(call, planned, &jobs, &done));
        let results: Vec<_> = results.collect();
        let told = self.answer(calls, results);
        if let Some(cut) = cut {
            return Err(self.cut(cut));
        }
        let steps = calls
            .iter()
            .zip(&told)
            .map(|(call, (content, failed))| (call.name.as_str(), call.arguments.as_str(), content.as_str(), *failed));
        match circle.step(steps) {
            Verdict::Fine => Ok(()),
            Verdict::Warn => {
                let text = "You are repeating yourself without getting further. Try another way, or answer with what you have.";
                transcript::say(self.messages, text.to_owned());
                Ok(())
            }
            Verdict::Stuck => Err(Leave::End(End::Stuck, self.last_words())),
        }
    }

    /// What a call needs done. All that is done comes by here first: this is where it is denied.
    fn plan(&mut self, call: &ToolCall, jobs: &mut Vec<Job>) -> Planned {
        match call.name.as_str() {
            toolset::FIND => {
                let search = |words: &str, limit| self.world.search(words, limit);
                Planned::Answered(self.toolset.find(&call.arguments, search))
            }
            toolset::LOAD => Planned::Answered(self.toolset.load(&call.arguments, |name| self.world.describe(name))),
            DELEGATE if self.delegates => match self.delegated(call, jobs) {
                Ok(tasks) => {
                    let from = jobs.len();
                    jobs.extend(tasks.into_iter().map(Job::Agent));
                    Planned::Agents(from..jobs.len())
                }
                Err(why) => Planned::Answered(Err(why)),
            },
            _ => match self.allowed(call) {
                Ok(wanted) => {
                    jobs.push(Job::Call(wanted));
                    Planned::Tool(jobs.len() - 1)
                }
                Err(why) => Planned::Answered(Err(why)),
            },
        }
    }

    /// What a call came to. All that was done comes by here, before the model is told.
    fn came_of(&mut self, call: &ToolCall, planned: Planned, jobs: &[Job], done: &[Done]) -> Result<String, String> {
        match planned {
            Planned::Answered(answer) => answer,
            Planned::Tool(at) => {
                let answer = done[at].answer.clone();
                if let Job::Call(made) = &jobs[at] {
                    self.hooks.after_tool(&made.name, &made.arguments, answer.as_deref().map_err(String::as_str));
                }
                self.toolset.used(&call.name);
                answer
            }
            // A failed one is a result like any other: the rest is not lost.
            Planned::Agents(places) => {
                let answers = done[places].iter().enumerate().map(|(at, done)| match &done.answer {
                    Ok(answer) => json!({ "task": (at + 1).to_string(), "answer": answer }),
                    Err(why) => json!({ "task": (at + 1).to_string(), "failed": why }),
                });
                Ok(Value::Array(answers.collect()).to_string())
            }
        }
    }

    /// Answers calls that are not made: a conversation in which a call has no result is refused by most
    /// providers, now and with each later turn.
    fn decline(&mut self, calls: &[ToolCall], why: &str) {
        self.answer(calls, vec![Err(why.to_owned()); calls.len()]);
    }

    /// Whether a call may be made, and of which tool.
    fn allowed(&mut self, call: &ToolCall) -> Result<Wanted, String> {
        let name = self.toolset.name(&call.name).ok_or_else(|| format!("there is no tool `{}`", call.name))?.to_owned();
        match self.hooks.before_tool(&name, &call.arguments) {
            Decision::Allow => Ok(Wanted { id: call.id.clone(), name, arguments: call.arguments.clone() }),
            Decision::Deny(why) => Err(format!("not allowed: {why}")),
        }
    }

    /// Tells the model what came of its calls, each of which needs an answer.
    fn answer(&mut self, calls: &[ToolCall], results: Vec<Result<String, String>>) -> Vec<(String, bool)> {
        let told: Vec<(String, bool)> = results
            .into_iter()
            .map(|result| match result {
                Ok(text) => (transcript::bounded(text), false),
                Err(text) => (transcript::bounded(text), true),
            })
            .collect();
        let content = calls.iter().zip(&told).map(|(call, (content, is_error))| Part::ToolResult {
            id: call.id.clone(),
            name: call.name.clone(),
            content: content.clone(),
            is_error: *is_error,
        });
        self.messages.push(Message { role: Role::User, content: content.collect() });
        told
    }

    /// The tasks of a call that delegates.
    fn delegated(&mut self, call: &ToolCall, jobs: &[Job]) -> Result<Vec<Task>, String> {
        let before = jobs.iter().filter(|job| matches!(job, Job::Agent(_))).count();
        let tasks = tasks(call, before)?;
        match self.hooks.before_spawn(tasks.len()) {
            Decision::Allow => Ok(tasks),
            Decision::Deny(why) => Err(format!("not allowed: {why}")),
        }
    }

    /// The text that the model said last, for this task.
    fn last_words(&self) -> String {
        let said = self.messages[self.from..].iter().rev().filter(|message| message.role == Role::Assistant);
        let mut texts = said.map(|message| {
            let texts = message.content.iter().filter_map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                _ => None,
            });
            texts.collect::<String>()
        });
        texts.find(|text| !text.is_empty()).unwrap_or_default()
    }
}

fn delegate_tool() -> Tool {
    let task = json!({
        "type": "object",
        "properties": {
            "task": { "type": "string", "description": "what to do, in full: the sub-agent knows nothing else" },
            "context": { "type": "string", "description": "what it has to know" },
            "output_schema": { "type": "object", "description": "JSON Schema of its answer, if it should be JSON" },
        },
        "required": ["task"],
    });
    Tool {
        name: DELEGATE.to_owned(),
        description: format!(
            "Gives tasks to sub-agents, which work on them at the same time with the same tools, and returns \
             their answers. For independent parts of large work. At most {TASKS} tasks."
        ),
        input_schema: json!({
            "type": "object",
            "properties": { "tasks": { "type": "array", "items": task } },
            "required": ["tasks"],
        })
        .to_string(),
    }
}

/// Numbered on after those `before`.
fn tasks(call: &ToolCall, before: usize) -> Result<Vec<Task>, String> {
    let arguments: Value = serde_json::from_str(&call.arguments).map_err(|error| error.to_string())?;
    let tasks = arguments["tasks"].as_array().ok_or("give `tasks`, a list")?;
    if !(1..=TASKS).contains(&tasks.len()) {
        return Err(format!("give 1 to {TASKS} tasks"));
    }
    let task = |(at, task): (usize, &Value)| {
        let mut text = task["task"].as_str().ok_or_else(|| format!("task {} has no `task`", at + 1))?.to_owned();
        if let Some(context) = task["context"].as_str() {
            text = format!("{text}\n\nContext:\n{context}");
        }
        let output_schema = task.get("output_schema").filter(|schema| schema.is_object()).map(Value::to_string);
        Ok(Task { id: (before + at + 1).to_string(), text, output_schema, most: Share::default() })
    };
    tasks.iter().enumerate().map(task).collect()
}
