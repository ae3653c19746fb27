//! A message as the log keeps it.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    bindings::holm::sys::llm_types as wit,
    devices::memory::{driver::Origin, tokens},
};

/// Bytes of one message. Stops a log of films.
pub(super) const MESSAGE_BYTES: usize = 1 << 20;

/// Tokens that a message takes besides what it says.
const FRAME: u64 = 4;
/// Tokens of a picture, whatever its size: about what the large providers count for one.
const PICTURE: u64 = 1_500;

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Part {
    Text(String),
    Image { media_type: String, data: String },
    Thinking { text: String, signature: Option<String> },
    Call { id: String, name: String, arguments: String, signature: Option<String> },
    Result { id: String, name: String, content: String, is_error: bool },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Role {
    System,
    User,
    Assistant,
}

/// One message.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub(super) struct Body {
    role: Role,
    content: Vec<Part>,
}

/// Characters of a tool's output that stay when it is shortened: from its beginning, and from its end.
const HEAD: usize = 400;
const TAIL: usize = 200;

impl Body {
    pub(super) fn new(message: wit::Message) -> Body {
        let part = |part| match part {
            wit::Part::Text(text) => Part::Text(text),
            wit::Part::Image(image) => Part::Image { media_type: image.media_type, data: STANDARD.encode(image.data) },
            wit::Part::Thinking(thinking) => Part::Thinking { text: thinking.text, signature: thinking.signature },
            wit::Part::ToolCall(call) => {
                Part::Call { id: call.id, name: call.name, arguments: call.arguments, signature: call.signature }
            }
            wit::Part::ToolResult(result) => {
                Part::Result { id: result.id, name: result.name, content: result.content, is_error: result.is_error }
            }
        };
        let role = match message.role {
            wit::Role::System => Role::System,
            wit::Role::User => Role::User,
            wit::Role::Assistant => Role::Assistant,
        };
        Body { role, content: message.content.into_iter().map(part).collect() }
    }

    /// As a guest is given it.
    pub(super) fn message(self) -> wit::Message {
        let part = |part| match part {
            Part::Text(text) => wit::Part::Text(text),
            Part::Image { media_type, data } => {
                wit::Part::Image(wit::Image { media_type, data: STANDARD.decode(data).unwrap_or_default() })
            }
            Part::Thinking { text, signature } => wit::Part::Thinking(wit::Thinking { text, signature }),
            Part::Call { id, name, arguments, signature } => {
                wit::Part::ToolCall(wit::ToolCall { id, name, arguments, signature })
            }
            Part::Result { id, name, content, is_error } => {
                wit::Part::ToolResult(wit::ToolResult { id, name, content, is_error })
            }
        };
        let role = match self.role {
            Role::System => wit::Role::System,
            Role::User => wit::Role::User,
            Role::Assistant => wit::Role::Assistant,
        };
        wit::Message { role, content: self.content.into_iter().map(part).collect() }
    }

    /// As the log keeps it.
    pub(super) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// As the log kept it; none where that is damaged.
    pub(super) fn read(bytes: &[u8]) -> Option<Body> {
        serde_json::from_slice(bytes).ok()
    }

    pub(super) fn is_system(&self) -> bool {
        self.role == Role::System
    }

    /// Whether an exchange begins with it: a user said something, and not a tool.
    pub(super) fn begins(&self) -> bool {
        let answers = |part: &Part| matches!(part, Part::Result { .. });
        self.role == Role::User && !self.content.iter().any(answers)
    }

    /// On whose word it stands.
    pub(super) fn origin(&self) -> Origin {
        match self.role {
            Role::User if self.begins() => Origin::User,
            Role::User => Origin::Tool,
            Role::System | Role::Assistant => Origin::Agent,
        }
    }

    /// Who speaks.
    pub(super) fn speaker(&self) -> &'static str {
        match self.role {
            Role::System => "system",
            Role::User if self.begins() => "user",
            Role::User => "tool",
            Role::Assistant => "assistant",
        }
    }

    /// What it is recalled by: all that is said in it, and no reasoning.
    pub(super) fn text(&self) -> String {
        let said = |part: &Part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Image { .. } | Part::Thinking { .. } => None,
            Part::Call { name, arguments, .. } => Some(format!("{name} {arguments}")),
            Part::Result { content, .. } => Some(content.clone()),
        };
        self.content.iter().filter_map(said).collect::<Vec<_>>().join("\n")
    }

    /// About how many tokens it takes.
    pub(super) fn tokens(&self) -> u64 {
        tokens_of(&self.clone().message())
    }

    /// The same with its tools' outputs shortened; none where they are short.
    pub(super) fn shortened(&self) -> Option<Body> {
        let mut shorter = self.clone();
        let mut any = false;
        for part in &mut shorter.content {
            if let Part::Result { content, .. } = part
                && content.len() > 2 * (HEAD + TAIL)
            {
                let (head, tail) =
                    (content.floor_char_boundary(HEAD), content.ceil_char_boundary(content.len() - TAIL));
                let left_out = tail - head;
                *content = format!("{}\n[{left_out} bytes are left out here]\n{}", &content[..head], &content[tail..]);
                any = true;
            }
        }
        any.then_some(shorter)
    }
}

/// About how many tokens a message takes.
pub(super) fn tokens_of(message: &wit::Message) -> u64 {
    let part = |part: &wit::Part| match part {
        wit::Part::Text(text) => tokens::of(text),
        wit::Part::Thinking(thinking) => {
            tokens::of(&thinking.text) + thinking.signature.as_ref().map_or(0, |seal| seal.len() as u64 / 4)
        }
        wit::Part::Image(_) => PICTURE,
        wit::Part::ToolCall(call) => FRAME + tokens::of(&call.name) + tokens::of(&call.arguments),
        wit::Part::ToolResult(result) => FRAME + tokens::of(&result.content),
    };
    FRAME + message.content.iter().map(part).sum::<u64>()
}

/// What tells a message from others.
pub(super) fn fingerprint(message: &wit::Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    (message.role as u8).hash(&mut hasher);
    for part in &message.content {
        match part {
            wit::Part::Text(text) => text.hash(&mut hasher),
            wit::Part::Image(image) => image.data.hash(&mut hasher),
            wit::Part::Thinking(thinking) => (&thinking.text, &thinking.signature).hash(&mut hasher),
            wit::Part::ToolCall(call) => (&call.id, &call.name, &call.arguments).hash(&mut hasher),
            wit::Part::ToolResult(result) => (&result.id, &result.content).hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// A user's message of this text.
pub(super) fn user(text: String) -> wit::Message {
    wit::Message { role: wit::Role::User, content: vec![wit::Part::Text(text)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_the_log() {
        let result = |content: &str| Part::Result {
            id: "1".to_owned(),
            name: "read".to_owned(),
            content: content.to_owned(),
            is_error: false,
        };
        let call =
            Part::Call { id: "1".to_owned(), name: "read".to_owned(), arguments: "{}".to_owned(), signature: None };
        let image = Part::Image { media_type: "image/png".to_owned(), data: STANDARD.encode([0, 255]) };
        let thinking = Part::Thinking { text: "hm".to_owned(), signature: Some("seal".to_owned()) };
        let content = vec![Part::Text("a".to_owned()), image, thinking, call, result("b")];
        let body = Body { role: Role::Assistant, content };
        let read = Body::read(&body.bytes());
        assert_eq!(read.as_ref(), Some(&body));
        assert_eq!(Body::new(body.clone().message()), body);
        assert_eq!(body.text(), "a\nread {}\nb");
        assert_eq!(Body::read(b"{\"role\":"), None);

        let long = Body { role: Role::User, content: vec![result(&"é".repeat(10_000))] };
        let short = long.shortened();
        assert!(short.is_some_and(|short| short.tokens() < long.tokens() / 10));
        assert!(long.shortened().is_some_and(|short| short.shortened().is_none()));
        assert!(!long.begins() && long.speaker() == "tool");
    }
}
