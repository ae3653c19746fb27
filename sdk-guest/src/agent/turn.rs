//! One task, from its first thought to its end: think, act, look at what came of it, think again.

use super::{
    End, Hooks, Limits, Outcome,
    hooks::Decision,
    protocol::Event,
    stuck::{Circle, Verdict},
    toolset::{self, Toolset},
    transcript,
    world::{Interrupted, Task, Tell, Wanted, Word, World},
};
use crate::llm::{Error, Message, Part, Reply, Request, Role, StopReason, Tool, ToolCall, ToolChoice, Usage};
use serde_json::{Value, json};
use std::time::Duration;

/// How often a call is made again where all providers are at their limits.
const PATIENCE: u32 = 4;
/// The longest that is waited for one.
const LONGEST_WAIT: Duration = Duration::from_secs(90);
/// How often the transcript is shortened for one call.
const SHORTENINGS: u32 = 4;
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

impl From<Interrupted> for Leave {
    fn from(_: Interrupted) -> Self {
        Leave::End(End::Interrupted, String::new())
    }
}

impl Turn<'_> {
    /// Works until the model has no more to do, or something ends it.
    pub(super) fn run(mut self, tell: Tell<'_>) -> Result<Outcome, Error> {
        let mut circle = Circle::default();
        let (end, text) = loop {
            match self.step(&mut circle, tell) {
                Ok(()) => {}
                Err(Leave::End(end, text)) => break (end, text),
                // A budget is an end like any other: what was done so far is not lost.
                Err(Leave::Failed(Error::Quota(excess))) => match excess.limit.as_str() {
                    limit if limit.contains("token") => break (End::Tokens, self.last_words()),
                    limit if limit.contains("money") || limit.contains("usd") => break (End::Money, self.last_words()),
                    _ => return Err(Error::Quota(excess)),
                },
                Err(Leave::Failed(Error::Refused(text))) => break (End::Refused, text),
                Err(Leave::Failed(error)) => return Err(error),
            }
        };
        self.hooks.stop(end);
        Ok(Outcome { text, end, steps: self.steps, usage: self.used })
    }

    /// One reply of the model, and what it wants done.
    fn step(&mut self, circle: &mut Circle, tell: Tell<'_>) -> Result<(), Leave> {
        for word in self.world.heard() {
            match word {
                Word::Message(text) => transcript::say(self.messages, text),
                Word::Interrupt => return Err(Interrupted.into()),
            }
        }
        let elapsed = self.world.now().saturating_sub(self.begun);
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
        let text = match self.output_schema.take() {
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
            let left = self.limits.tokens_left(&self.used);
            let left = left.map(|left| u32::try_from(left).unwrap_or(u32::MAX).max(1));
            let mut request = Request {
                messages: self.messages.clone(),
                tools: self.tools(),
                max_tokens: left.into_iter().chain(self.max_reply).min(),
                output_schema: schema.clone(),
                ..Request::default()
            };
            match (without_tools, schema.is_some()) {
                // Some providers hold a reply to its form only where there are no tools.
                (true, true) => request.tools.clear(),
                (true, false) if !request.tools.is_empty() => request.tool_choice = ToolChoice::None,
                _ => {}
            }
            self.hooks.before_model(&mut request);
            match self.world.think(&request, tell)? {
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
                    self.world.pause(wait.min(LONGEST_WAIT))?;
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

    /// Calls what the model wants called.
    fn act(&mut self, calls: &[ToolCall], circle: &mut Circle, tell: Tell<'_>) -> Result<(), Leave> {
        let mut results: Vec<Option<Result<String, String>>> = vec![None; calls.len()];
        let mut wanted = Vec::new();
        for (at, call) in calls.iter().enumerate() {
            results[at] = match call.name.as_str() {
                toolset::FIND => Some(self.toolset.find(&call.arguments)),
                toolset::LOAD => Some(self.toolset.load(&call.arguments, |name| self.world.describe(name))),
                DELEGATE if self.delegates => match self.delegate(call, tell) {
                    Ok(answer) => Some(answer),
                    Err(interrupted) => return self.stopped(calls, &results, interrupted),
                },
                _ => match self.allowed(call) {
                    Ok(call) => {
                        wanted.push((at, call));
                        None
                    }
                    Err(why) => Some(Err(why)),
                },
            };
        }
        let (places, wanted): (Vec<usize>, Vec<Wanted>) = wanted.into_iter().unzip();
        if !wanted.is_empty() {
            let answers = match self.world.call(&wanted, tell) {
                Ok(answers) => answers,
                Err(interrupted) => return self.stopped(calls, &results, interrupted),
            };
            for ((at, call), answer) in places.into_iter().zip(&wanted).zip(answers) {
                self.hooks.after_tool(&call.name, &call.arguments, answer.as_deref().map_err(String::as_str));
                self.toolset.used(&calls[at].name);
                results[at] = Some(answer);
            }
        }
        let told = self.answer(calls, &results);
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

    /// The user stopped the calls: those that have no result yet are told so.
    fn stopped(
        &mut self,
        calls: &[ToolCall],
        results: &[Option<Result<String, String>>],
        interrupted: Interrupted,
    ) -> Result<(), Leave> {
        self.answer(calls, results);
        Err(interrupted.into())
    }

    /// Answers calls that are not made: a conversation in which a call has no result is refused by most
    /// providers, now and with each later turn.
    fn decline(&mut self, calls: &[ToolCall], why: &str) {
        self.answer(calls, &vec![Some(Err(why.to_owned())); calls.len()]);
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
    fn answer(&mut self, calls: &[ToolCall], results: &[Option<Result<String, String>>]) -> Vec<(String, bool)> {
        let mut told = Vec::new();
        let mut content = Vec::new();
        for (call, result) in calls.iter().zip(results) {
            let (text, is_error) = match result {
                Some(Ok(text)) => (transcript::bounded(text.clone()), false),
                Some(Err(text)) => (transcript::bounded(text.clone()), true),
                None => ("stopped by the user".to_owned(), true),
            };
            told.push((text.clone(), is_error));
            content.push(Part::ToolResult { id: call.id.clone(), name: call.name.clone(), content: text, is_error });
        }
        self.messages.push(Message { role: Role::User, content });
        told
    }

    /// Runs sub-agents. A failed one is a result like any other: the rest is not lost.
    fn delegate(&mut self, call: &ToolCall, tell: Tell<'_>) -> Result<Result<String, String>, Interrupted> {
        let tasks = match tasks(call) {
            Ok(tasks) => tasks,
            Err(why) => return Ok(Err(why)),
        };
        if let Decision::Deny(why) = self.hooks.before_spawn(tasks.len()) {
            return Ok(Err(format!("not allowed: {why}")));
        }
        // A share of what is left for each, and one for what follows.
        let left = self.limits.tokens_left(&self.used);
        let share = left.map(|left| left / (tasks.len() as u64 + 1));
        let carved = |mut task: Task| {
            task.tokens = task.tokens.into_iter().chain(share).min();
            task
        };
        let tasks: Vec<Task> = tasks.into_iter().map(carved).collect();
        let done = self.world.delegate(&tasks, tell)?;
        let mut answers = Vec::new();
        for (task, done) in tasks.iter().zip(&done) {
            self.used += done.usage;
            answers.push(match &done.answer {
                Ok(answer) => json!({ "task": task.id, "answer": answer }),
                Err(why) => json!({ "task": task.id, "failed": why }),
            });
        }
        Ok(Ok(Value::Array(answers).to_string()))
    }

    /// The text that the model said last.
    fn last_words(&self) -> String {
        let said = self.messages.iter().rev().filter(|message| message.role == Role::Assistant);
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

fn tasks(call: &ToolCall) -> Result<Vec<Task>, String> {
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
        Ok(Task { id: (at + 1).to_string(), text, output_schema, tokens: None })
    };
    tasks.iter().enumerate().map(task).collect()
}
