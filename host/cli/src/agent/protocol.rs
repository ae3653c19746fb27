//! What an agent and its user say to each other, a line of JSON each: the host's side of the SDK's
//! `holm::agent::protocol`.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Bytes of one line. Stops an agent that never ends one.
const LINE_BYTES: usize = 8 << 20;

/// What the user says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Command {
    /// A task; while one is under way, a word to it.
    Message(String),
    /// Stop what is under way, and wait for the next task.
    Interrupt(bool),
    /// What was said before.
    History(Vec<Turn>),
}

/// One turn of a conversation that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Turn {
    /// `user` or `assistant`.
    pub(crate) role: String,
    pub(crate) text: String,
}

/// What the agent says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event {
    /// A piece of what the model says.
    Text { text: String },
    /// A piece of what it thinks.
    Thinking { text: String },
    /// Its provider failed midway and another begins anew.
    Restart,
    /// A tool is called.
    Tool { id: String, name: String, arguments: serde_json::Value },
    /// It answered.
    ToolResult { id: String, name: String, content: String, is_error: bool, milliseconds: f64 },
    /// A sub-agent was started.
    Agent { id: String, task: String },
    /// It ended.
    AgentDone { id: String, ok: bool, content: String },
    /// A word to the task under way was heard.
    Heard { text: String },
    /// One reply of the model is whole.
    Step { number: u32, usage: Usage, served_by: String },
    /// The task is done, or given up: `outcome` says which.
    Answer { text: String, outcome: String, steps: u32, usage: Usage },
    /// The task failed.
    Error { kind: String, message: String },
}

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Usage {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cached: u64,
    pub(crate) thinking: u64,
    /// Millionths of a US dollar.
    pub(crate) cost: u64,
}

/// An agent's output, cut into lines and read.
#[derive(Default)]
pub(crate) struct Lines {
    begun: Vec<u8>,
    /// Within a line that is too long: it is passed over to its end.
    over: bool,
    events: VecDeque<Event>,
}

impl Lines {
    /// Takes a piece in, wherever it is cut.
    pub(crate) fn take(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            if self.over || self.begun.len() + part.len() > LINE_BYTES {
                self.over = true;
                self.begun.clear();
            } else {
                self.begun.extend_from_slice(part);
            }
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.begun);
                if !std::mem::take(&mut self.over) {
                    self.read(&line);
                }
            }
        }
    }

    fn read(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match serde_json::from_slice(line) {
            Ok(event) => self.events.push_back(event),
            // An agent of a later version may say more than we know.
            Err(error) => tracing::debug!(%error, "an agent's line is no event"),
        }
    }

    /// The next event, if one is whole.
    pub(crate) fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_may_be_cut_anywhere() {
        let told =
            "{\"event\":\"text\",\"text\":\"grüß\"}\nnonsense\n\n{\"event\":\"later\"}\n{\"event\":\"restart\"}\n";
        for at in 0..told.len() {
            let mut lines = Lines::default();
            lines.take(&told.as_bytes()[..at]);
            lines.take(&told.as_bytes()[at..]);
            assert_eq!(lines.event(), Some(Event::Text { text: "grüß".into() }), "cut at {at}");
            assert_eq!(lines.event(), Some(Event::Restart));
            assert_eq!(lines.event(), None);
        }
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let mut lines = Lines::default();
        for _ in 0..=(LINE_BYTES >> 16) {
            lines.take(&vec![b'x'; 1 << 16]);
        }
        assert!(lines.begun.len() <= LINE_BYTES);
        lines.take(b"x\n{\"event\":\"restart\"}\n");
        assert_eq!(lines.event(), Some(Event::Restart));
    }

    #[test]
    fn commands_are_spelled_as_agents_read_them() {
        let spelled = |command: &Command| serde_json::to_string(command).expect("JSON");
        assert_eq!(spelled(&Command::Message("go".into())), r#"{"message":"go"}"#);
        assert_eq!(spelled(&Command::Interrupt(true)), r#"{"interrupt":true}"#);
        let turn = Turn { role: "user".into(), text: "hi".into() };
        assert_eq!(spelled(&Command::History(vec![turn])), r#"{"history":[{"role":"user","text":"hi"}]}"#);
    }
}
