//! A provider that replays a file: for demonstrations and tests where there is no model.
//!
//! The file is TOML. The first `[[reply]]` whose conditions all hold is given; it has no memory, so
//! the same request has the same reply:
//!
//! ```toml
//! [[reply]]
//! turn = 0                 # replies that the conversation holds already
//! contains = "how many"    # text of a message of its user, or of its instructions
//! thinking = "…"
//! text = "…"               # `{{result}}` is the latest result of a tool
//! tool-calls = [{ name = "files__list", arguments = { path = "." } }]
//! begins-after = "200ms"   # until the first piece
//! pace = "20ms"            # between two pieces, of a word each
//! fails = "unavailable"    # instead: unavailable, rate-limited, refused, malformed, context-length
//! ```

use std::{path::Path, sync::Arc, time::Duration};

use futures_core::future::BoxFuture;
use futures_util::{StreamExt, stream};
use holm_kernel::llm::{Attempt, Driver, Event, Events, Failure, Part, Request, Role, StopReason, Usage};
use serde::Deserialize;
use serde_json::Value;

use super::{
    OpenError,
    dialect::{self, mint},
};

/// The file, read.
pub(super) struct Scripted {
    replies: Arc<[Reply]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    reply: Vec<Reply>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Reply {
    turn: Option<usize>,
    contains: Option<String>,
    thinking: Option<String>,
    text: String,
    tool_calls: Vec<Call>,
    #[serde(with = "humantime_serde")]
    begins_after: Duration,
    #[serde(with = "humantime_serde")]
    pace: Duration,
    fails: Option<Fails>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    name: String,
    #[serde(default)]
    arguments: Value,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fails {
    Unavailable,
    RateLimited,
    Refused,
    Malformed,
    ContextLength,
}

/// Bytes of a script. Stops a path that names something else.
const SCRIPT_BYTES: u64 = 16 << 20;
/// Bytes that count as a token, as a rule of thumb for English.
const TOKEN_BYTES: usize = 4;
/// Characters of a tool's result that a reply repeats.
const RESULT_CHARS: usize = 2_000;

impl Scripted {
    /// # Errors
    /// There is no file, or it is no script.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, OpenError> {
        let path = path.ok_or_else(|| OpenError::Script("name its file: `script = \"replies.toml\"`".to_owned()))?;
        let failed = |error: &dyn std::fmt::Display| OpenError::Script(format!("{}: {error}", path.display()));
        let found = std::fs::metadata(path).map_err(|error| failed(&error))?;
        if !found.is_file() || found.len() > SCRIPT_BYTES {
            return Err(failed(&"it is no file of at most 16 MiB"));
        }
        let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        let script: Script = toml::from_str(&text).map_err(|error| failed(&error))?;
        Ok(Self { replies: script.reply.into() })
    }
}

impl Reply {
    fn fits(&self, request: &Request) -> bool {
        let turn = request.messages.iter().filter(|message| message.role == Role::Assistant).count();
        let told = |role: Role, contains: &str| {
            let latest = request.messages.iter().rev().filter(|message| message.role == role);
            let mut texts = latest.flat_map(|message| message.content.iter().filter_map(dialect::text));
            texts.any(|text| text.contains(contains))
        };
        self.turn.is_none_or(|wanted| wanted == turn)
            && self.contains.as_ref().is_none_or(|text| told(Role::User, text) || told(Role::System, text))
    }

    fn failure(&self) -> Option<Failure> {
        let why = || "the script says so".to_owned();
        Some(match self.fails? {
            Fails::Unavailable => Failure::Unavailable(why()),
            Fails::RateLimited => Failure::RateLimited { retry_after: None },
            Fails::Refused => Failure::Refused(why()),
            Fails::Malformed => Failure::Malformed(why()),
            Fails::ContextLength => Failure::ContextLength(why()),
        })
    }

    /// The reply in pieces, no longer than was asked for.
    fn events(&self, request: &Request) -> Vec<Event> {
        let result = request.messages.iter().rev().flat_map(|message| message.content.iter().rev());
        let mut result = result.filter_map(|part| match part {
            Part::ToolResult { content, .. } => Some(content.chars().take(RESULT_CHARS).collect::<String>()),
            _ => None,
        });
        let text = self.text.replace("{{result}}", result.next().as_deref().unwrap_or("nothing"));
        let mut left = (request.max_tokens as usize).saturating_mul(TOKEN_BYTES);
        let mut events: Vec<Event> = Vec::new();
        let pieces = self.thinking.iter().flat_map(|text| words(text)).map(|word| Event::Thinking(word.to_owned()));
        let pieces = pieces.chain(words(&text).map(|word| Event::Text(word.to_owned())));
        let calls = (0_u32..).zip(&self.tool_calls).flat_map(|(index, call)| {
            let arguments =
                if call.arguments.is_null() { Value::Object(Default::default()) } else { call.arguments.clone() };
            let begun = Event::ToolCall { index, id: mint(index), name: call.name.clone(), signature: None };
            [begun, Event::Arguments { index, fragment: arguments.to_string() }]
        });
        let mut stop = if self.tool_calls.is_empty() { StopReason::End } else { StopReason::ToolCalls };
        let mut output = 0;
        for event in pieces.chain(calls) {
            let bytes = length(&event);
            if bytes > left {
                stop = StopReason::MaxTokens;
                break;
            }
            left -= bytes;
            output += bytes;
            events.push(event);
        }
        let input = serde_json::to_string(&(&request.messages, &request.tools)).map_or(0, |text| text.len());
        let tokens = |bytes: usize| bytes.div_ceil(TOKEN_BYTES) as u64;
        events.push(Event::Usage(Usage { input: tokens(input), output: tokens(output), ..Usage::default() }));
        events.push(Event::Stop(stop));
        events
    }
}

/// Words with the space after them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

fn length(event: &Event) -> usize {
    match event {
        Event::Text(text) | Event::Thinking(text) | Event::Arguments { fragment: text, .. } => text.len(),
        Event::ToolCall { name, .. } => name.len(),
        _ => 0,
    }
}

impl Driver for Scripted {
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'static, Result<Events, Failure>> {
        let reply = self.replies.iter().find(|reply| reply.fits(&attempt.request)).cloned();
        Box::pin(async move {
            let Some(reply) = reply else {
                return Err(Failure::BadRequest("the script has no reply to this".to_owned()));
            };
            tokio::time::sleep(reply.begins_after).await;
            if let Some(failure) = reply.failure() {
                return Err(failure);
            }
            let pace = reply.pace;
            let events = stream::iter(reply.events(&attempt.request)).then(move |event| async move {
                if !pace.is_zero() && matches!(event, Event::Text(_) | Event::Thinking(_)) {
                    tokio::time::sleep(pace).await;
                }
                Ok(event)
            });
            Ok(events.boxed())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holm_kernel::llm::{Message, Traits};

    fn told(role: Role, part: Part) -> Message {
        Message { role, content: vec![part] }
    }

    async fn replies(script: &str, request: Request) -> Result<Vec<Event>, Failure> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("script.toml");
        std::fs::write(&path, script).expect("written");
        let scripted = Scripted::open(Some(&path)).expect("a script");
        let attempt = Attempt { model: "any".into(), request: Arc::new(request), traits: Traits::default() };
        let events: Vec<_> = scripted.attempt(attempt).await?.collect().await;
        events.into_iter().collect()
    }

    const SCRIPT: &str = r#"
        [[reply]]
        turn = 0
        contains = "count"
        thinking = "Look first."
        tool-calls = [{ name = "files__list", arguments = { path = "." } }]

        [[reply]]
        turn = 1
        text = "There are: {{result}}"

        [[reply]]
        contains = "break"
        fails = "unavailable"
    "#;

    #[tokio::test]
    async fn the_first_that_fits_is_replayed() {
        let ask = told(Role::User, Part::Text("count the files".into()));
        let request = Request { messages: vec![ask.clone()], max_tokens: 100, ..Request::default() };
        let events = replies(SCRIPT, request).await.expect("a reply");
        assert!(matches!(&events[2], Event::ToolCall { name, .. } if name == "files__list"), "{events:?}");
        assert_eq!(events.last(), Some(&Event::Stop(StopReason::ToolCalls)));

        let result = Part::ToolResult { id: "a".into(), name: "l".into(), content: "a b".into(), is_error: false };
        let spoken = told(Role::Assistant, Part::Text("Look first.".into()));
        let messages = vec![ask, spoken, told(Role::User, result)];
        let request = Request { messages, max_tokens: 100, ..Request::default() };
        let events = replies(SCRIPT, request.clone()).await.expect("a reply");
        let text: String = events
            .iter()
            .filter_map(|event| match event {
                Event::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(text, "There are: a b");

        let events = replies(SCRIPT, Request { max_tokens: 2, ..request }).await.expect("a reply");
        assert_eq!(events.last(), Some(&Event::Stop(StopReason::MaxTokens)), "no longer than was asked for");
    }

    #[tokio::test]
    async fn it_fails_as_it_is_told_and_where_it_knows_nothing() {
        let say =
            |text: &str| Request { messages: vec![told(Role::User, Part::Text(text.into()))], ..Request::default() };
        assert!(matches!(replies(SCRIPT, say("break it")).await, Err(Failure::Unavailable(_))));
        assert!(matches!(replies(SCRIPT, say("hello")).await, Err(Failure::BadRequest(_))));
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("script.toml");
        std::fs::write(&path, "[[reply]]\ntxt = 1").expect("written");
        assert!(matches!(Scripted::open(Some(&path)), Err(OpenError::Script(_))));
        assert!(matches!(Scripted::open(None), Err(OpenError::Script(_))));
    }
}
