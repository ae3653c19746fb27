//! An agent's events as a person reads them: the answer on stdout, what it does on stderr.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use holm_kernel::account::Money;
use holm_packages::printable;

use super::protocol::{Event, Usage};
use crate::{
    error::{CommandError, GUEST, INTERRUPTED, Result, UNFINISHED},
    output::GuestOutput,
    ui,
};

/// Characters of a tool's arguments, a task or an error that are shown.
const SHOWN: usize = 100;

/// Shows one task's events.
pub(crate) struct View {
    out: GuestOutput<std::io::Stdout>,
    /// Text is shown as it comes; otherwise the answer alone, once it is whole.
    streams: bool,
    begun: Instant,
}

impl View {
    /// Of the task that begins now.
    pub(crate) fn new() -> Self {
        Self { out: GuestOutput::stdout(), streams: std::io::stdout().is_terminal(), begun: Instant::now() }
    }

    /// Shows an event. True once the task is over; [`conclude`] says how.
    ///
    /// # Errors
    /// It failed, or nobody reads what is shown.
    pub(crate) fn show(&mut self, event: &Event) -> Result<bool> {
        match event {
            Event::Text { text } if self.streams => self.out.write(text.as_bytes())?,
            Event::Text { .. } | Event::Thinking { .. } | Event::Step { .. } => {}
            Event::Restart => self.say("its provider failed midway; another begins anew"),
            Event::Tool { name, arguments, .. } => self.say(format!("> {name} {arguments}")),
            Event::ToolResult { name, content, is_error, milliseconds, .. } => {
                let span = ui::span(Duration::from_secs_f64((milliseconds / 1e3).clamp(0.0, 1e9)));
                match is_error {
                    true => self.say(format!("< {name} failed after {span}: {content}")),
                    false => self.say(format!("< {name}: {} bytes in {span}", content.len())),
                }
            }
            Event::Agent { id, task } => {
                self.say(format!("> sub-agent {id}: {}", task.lines().next().unwrap_or_default()))
            }
            Event::AgentDone { id, ok: true, content } => {
                self.say(format!("< sub-agent {id}: {} bytes", content.len()));
            }
            Event::AgentDone { id, ok: false, content } => self.say(format!("< sub-agent {id} failed: {content}")),
            Event::Answer { text, outcome: _, steps, usage } => {
                if !self.streams {
                    self.out.write(text.as_bytes())?;
                    if !text.ends_with('\n') {
                        self.out.write(b"\n")?;
                    }
                }
                self.out.fresh_line();
                let steps = ui::count(usize::try_from(*steps).unwrap_or(usize::MAX), "step");
                ui::talk(ui::dim(format_args!("{steps}, {}, {}", cost(usage), ui::span(self.begun.elapsed()))));
                return Ok(true);
            }
            Event::Error { kind, message } => {
                self.out.fresh_line();
                return Err(gave_up(kind, message));
            }
            Event::Heard { .. } => {}
        }
        Ok(false)
    }

    /// Begins a new line, for something else.
    pub(crate) fn fresh_line(&mut self) {
        self.out.fresh_line();
    }

    fn say(&mut self, text: impl AsRef<str>) {
        self.out.fresh_line();
        let shown = printable(text.as_ref());
        let short: String = shown.chars().take(SHOWN).collect();
        let more = if short.len() < shown.len() { "…" } else { "" };
        ui::talk(ui::dim(format_args!("{short}{more}")));
        // Who pipes us sees both streams in order.
        let _ = std::io::stderr().flush();
    }
}

/// `1234+56 tokens (1000 cached), $0.0042`
pub(crate) fn cost(usage: &Usage) -> String {
    let cached = if usage.cached > 0 { format!(" ({} cached)", usage.cached) } else { String::new() };
    let cost = if usage.cost > 0 { format!(", ${}", Money(usage.cost)) } else { String::new() };
    format!("{}+{} tokens{cached}{cost}", usage.input, usage.output)
}

/// A task that failed.
pub(crate) fn gave_up(kind: &str, message: &str) -> CommandError {
    let error = CommandError::new(GUEST, format!("the agent gave up: {}", printable(message)));
    match kind {
        "not-found" => error.hint("`holm model list` shows the models, config.toml defines them"),
        "unavailable" | "rate-limited" => error.hint("`holm model test` asks each provider for a word"),
        _ => error,
    }
}

/// What the end of a task means.
///
/// # Errors
/// It is not finished: what is there is not all that was asked for.
pub(crate) fn conclude(outcome: &str) -> Result<()> {
    let (code, why, hint) = match outcome {
        "answered" => return Ok(()),
        "steps" => (UNFINISHED, "it used all its steps", "allow more with --max-steps, or ask for less at once"),
        "tokens" => (
            UNFINISHED,
            "what is left of its tokens is too little for the next step",
            "allow more with --max-tokens: before it is made, a request counts as a token for each of its bytes; \
             budgets of grants are in `holm inspect`",
        ),
        "money" => (
            UNFINISHED,
            "what is left of its money is too little for the next step",
            "allow more with --max-cost; budgets of grants are in `holm inspect`",
        ),
        "calls" => {
            (UNFINISHED, "its calls of models are used up", "budgets of grants and limits are in `holm inspect`")
        }
        "time" => (UNFINISHED, "its time was over", "allow more with --max-time, or ask for less at once"),
        "stuck" => {
            (UNFINISHED, "it did the same again and again", "say more exactly what to do, or try another --model")
        }
        "refused" => (UNFINISHED, "the model declined", "say it in other words, or try another --model"),
        "interrupted" => (INTERRUPTED, "it was interrupted", "`holm chat` can go on after an interruption"),
        other => {
            return Err(CommandError::new(UNFINISHED, format!("the task is not finished: {}", printable(other))));
        }
    };
    Err(CommandError::new(code, format!("the task is not finished: {why}")).hint(hint))
}
