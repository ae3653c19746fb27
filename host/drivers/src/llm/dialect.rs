//! What differs between providers: where a request goes, how it is written, how its reply is read.

use holm_kernel::llm::{Attempt, Embedded, Event, Failure, Part, Request, Role};
use serde_json::Value;

/// One provider's protocol.
pub(super) trait Dialect: Send + Sync + 'static {
    /// Where its own provider listens.
    const BASE_URL: &'static str;
    /// Whose seals its replies carry.
    const MAKER: &'static str;
    /// How the pieces of a reply are told apart.
    const FRAMES: Frames;
    /// Whether a request can demand a tool call; where not, that is put to the model in words.
    const FORCES_TOOLS: bool = true;

    /// The header that carries the key, and what stands before the key in it.
    fn key_header(&self) -> (&'static str, &'static str);

    /// Headers that every request has.
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// What follows the base address, for this model.
    fn path(&self, model: &str) -> String;

    /// The body of a request. `host` is who will read it.
    fn body(&self, attempt: &Attempt, host: &str) -> Value;

    /// Why this request cannot be put in this dialect; none where it can.
    fn refuses(&self, _attempt: &Attempt) -> Option<&'static str> {
        None
    }

    /// Reads one reply.
    fn reader(&self) -> Box<dyn Reader>;

    /// Path and body of a request for vectors; none where the dialect has no such thing.
    fn embedding(&self, _model: &str, _texts: &[String]) -> Option<(String, Value)> {
        None
    }

    /// Vectors, and tokens used, from the answer to it; none where it holds none.
    fn vectors(&self, _answer: &Value) -> Option<Embedded> {
        None
    }
}

/// How the pieces of a reply are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frames {
    /// Server-sent events.
    Events,
    /// A JSON document a line.
    Lines,
}

/// Reads one reply, piece by piece.
pub(super) trait Reader: Send {
    /// Takes one piece in: an event's data, or a line. What comes after a [`Event::Stop`] is not read.
    ///
    /// # Errors
    /// The provider told of a failure, or the piece is malformed.
    fn read(&mut self, data: &str, events: &mut Vec<Event>) -> Result<(), Failure>;

    /// The stream has ended, and nothing was read that ends a reply.
    ///
    /// # Errors
    /// It broke off. A dialect whose stream ends without a word returns its stop here instead.
    fn end(&mut self, _events: &mut Vec<Event>) -> Result<(), Failure> {
        Err(Failure::Unavailable("its reply broke off".to_owned()))
    }
}

/// A piece of JSON.
///
/// # Errors
/// Malformed.
pub(super) fn json<'a, T: serde::Deserialize<'a>>(data: &'a str) -> Result<T, Failure> {
    serde_json::from_str(data)
        .map_err(|error| Failure::Malformed(format!("a piece of it is not what the protocol says: {error}")))
}

/// The text of all system messages, in their order.
pub(super) fn system(request: &Request) -> Option<String> {
    let messages = request.messages.iter().filter(|message| message.role == Role::System);
    let texts: Vec<&str> = messages.flat_map(|message| message.content.iter().filter_map(text)).collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

/// The text of a part, if it is text.
pub(super) fn text(part: &Part) -> Option<&str> {
    match part {
        Part::Text(text) => Some(text),
        _ => None,
    }
}

/// The arguments of a tool call as a JSON object.
pub(super) fn arguments(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Value::Object(object),
        _ => Value::Object(serde_json::Map::new()),
    }
}

/// Bytes as providers take them.
pub(super) fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Sets a field of an object, where there is a value.
pub(super) fn set(object: &mut Value, field: &str, value: Option<impl Into<Value>>) {
    if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
        object.insert(field.to_owned(), value.into());
    }
}

/// An id for a tool call, where the provider gives none: unique in its reply.
pub(super) fn mint(index: u32) -> String {
    format!("call_{index}_{:08x}", fastrand::u32(..))
}

/// Whether it is OpenAI itself that reads a request, and not one of the many who speak like it.
pub(super) fn openai(host: &str) -> bool {
    host == "api.openai.com" || host.ends_with(".api.openai.com")
}

/// What OpenAI finds a prompt in its cache by: the same for all requests that begin alike, with the same
/// instructions and tools. Others may refuse a field they do not know.
pub(super) fn prompt_cache_key(attempt: &Attempt, host: &str) -> Option<String> {
    use std::hash::{Hash, Hasher};
    if !attempt.traits.prompt_cache || !openai(host) {
        return None;
    }
    let mut hash = std::hash::DefaultHasher::new();
    (&*attempt.model, system(&attempt.request), &attempt.request.tools).hash(&mut hash);
    Some(format!("holm-{:016x}", hash.finish()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use holm_kernel::llm::{Message, Part, Request, Role, Tool, Traits};

    use super::*;
    use crate::llm::{openai::Chat, responses::Responses};

    fn attempt(instructions: &str, asked: &str, tools: &[&str]) -> Attempt {
        let said = |role, text: &str| Message { role, content: vec![Part::Text(text.to_owned())] };
        let tool = |name: &&str| Tool {
            name: (*name).to_owned(),
            description: "Works.".to_owned(),
            input_schema: serde_json::json!({ "type": "object" }),
        };
        let request = Request {
            messages: vec![said(Role::System, instructions), said(Role::User, asked)],
            tools: tools.iter().map(tool).collect(),
            max_tokens: 10,
            ..Request::default()
        };
        let traits = Traits { prompt_cache: true, ..Traits::default() };
        Attempt { model: "model-1".into(), request: Arc::new(request), traits }
    }

    #[test]
    fn requests_that_begin_alike_have_one_key_and_no_other() {
        let key = |attempt: &Attempt| prompt_cache_key(attempt, "eu.api.openai.com").expect("a key");
        let first = key(&attempt("Be brief.", "one", &["read"]));
        assert_eq!(first, key(&attempt("Be brief.", "two", &["read"])));
        let others = [attempt("Be long.", "one", &["read"]), attempt("Be brief.", "one", &["read", "write"])];
        assert!(others.iter().all(|other| key(other) != first));
        assert!(first.len() <= 64 && first.starts_with("holm-"), "{first}");
    }

    #[test]
    fn the_key_is_sent_to_openai_alone_and_where_it_is_wanted() {
        let asked = attempt("Be brief.", "one", &["read"]);
        let sent = |asked: &Attempt, host: &str| {
            [Chat.body(asked, host), Responses.body(asked, host)].map(|body| body["prompt_cache_key"].clone())
        };
        let key = Value::from(prompt_cache_key(&asked, "api.openai.com"));
        assert!(key.is_string());
        assert_eq!(sent(&asked, "api.openai.com"), [key.clone(), key]);
        for other in ["openrouter.ai", "127.0.0.1", "api.openai.com.example.org", "fakeapi.openai.com"] {
            assert_eq!(sent(&asked, other), [Value::Null, Value::Null], "{other}");
        }
        let unwanted = Attempt { traits: Traits::default(), ..asked };
        assert_eq!(sent(&unwanted, "api.openai.com"), [Value::Null, Value::Null]);
    }
}
