//! What a tool tells and asks its caller while it answers.
//!
//! ```no_run
//! use holm::answer;
//!
//! #[holm::json]
//! struct Choice {
//!     /// Whether the file goes.
//!     delete: bool,
//! }
//!
//! /// Deletes a file, if its user agrees.
//! #[holm::tool]
//! fn remove(path: String) -> holm::Result<String> {
//!     answer::progress(1.0, Some(2.0), "looking")?;
//!     match answer::form::<Choice>("sure", &format!("Delete {path}?"))? {
//!         Some(choice) if choice.delete => Ok(format!("deleted {path}")),
//!         _ => Ok("left as it was".into()),
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! Not every caller can be asked, and nobody can outside a call: [`Error::Nobody`].

use crate::bindings::imports::holm::sys::answer as sys;
use crate::errno::system_error;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// `Result` of the answer device.
pub type Result<T, E = Error> = std::result::Result<T, E>;

system_error! {
    /// Why nothing was told, or there is no reply.
    pub enum Error {
        /// A question is malformed; the text says which.
        Invalid(String) = "{}",
        /// The reply is not what the types expect.
        Json(String) = "{}",
        ;
        /// Nobody can be asked this.
        Nobody = "nobody can be asked this"
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A form to fill in.
    Form {
        /// What it is for.
        message: String,
        /// JSON Schema of an object of strings, numbers, booleans, and choices among strings.
        schema: Value,
    },
    /// A page to open, for what must not pass through here: a sign-in, a payment.
    Link {
        /// What it is for.
        message: String,
        /// `https`, or `http` of this machine.
        url: String,
    },
    /// A completion by the caller's model: parameters of MCP's `sampling/createMessage`.
    Completion(Value),
    /// The places that the caller works in.
    Roots,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// What they said: the form's fields, the model's result, `{"roots":[…]}`, or `{}` for a link.
    Accepted(Value),
    /// They said no.
    Declined,
    /// They said neither yes nor no.
    Cancelled,
    /// Nobody can be asked this.
    Nobody,
}

/// Tells how far the call is. `done` has to grow; an empty message is none.
///
/// # Errors
/// Not found: this process answers no call.
pub fn progress(done: f64, total: Option<f64>, message: &str) -> Result<()> {
    Ok(sys::progress(done, total, Some(message).filter(|message| !message.is_empty()))?)
}

/// Asks one question by this name, and waits for the reply.
///
/// # Errors
/// Invalid; nobody; quota; io: a reply that does not fit.
pub fn ask(name: &str, wanted: Wanted) -> Result<Reply> {
    match ask_all(&[(name, wanted)])?.pop() {
        Some(Reply::Nobody) | None => Err(Error::Nobody),
        Some(reply) => Ok(reply),
    }
}

/// Asks several at once, each by a name of its own; the replies are in their order.
///
/// # Errors
/// Invalid; quota; io: a reply that does not fit. Whom nobody can be asked, its reply says.
pub fn ask_all(questions: &[(&str, Wanted)]) -> Result<Vec<Reply>> {
    let questions: Vec<_> = questions.iter().map(|(name, wanted)| question(name, wanted)).collect();
    sys::ask(&questions)?.into_iter().map(reply).collect()
}

/// Asks for a form that makes a value of this type; none where they did not fill it in. Its fields are texts,
/// numbers, booleans, and enums without data, or options of those.
///
/// # Errors
/// As [`ask`]; JSON that does not fit the type.
pub fn form<T: JsonSchema + DeserializeOwned>(name: &str, message: &str) -> Result<Option<T>> {
    let schema = plain(crate::__private::input_schema::<T>());
    match ask(name, Wanted::Form { message: message.to_owned(), schema })? {
        Reply::Accepted(value) => serde_json::from_value(value).map(Some).map_err(unfit(name)),
        _ => Ok(None),
    }
}

/// Asks the caller's model for one reply of text.
///
/// # Errors
/// As [`ask`]; a reply of another kind.
pub fn complete(name: &str, prompt: &str, max_tokens: u32) -> Result<Option<String>> {
    let message = serde_json::json!({ "role": "user", "content": { "type": "text", "text": prompt } });
    let request = serde_json::json!({ "messages": [message], "maxTokens": max_tokens });
    let Reply::Accepted(result) = ask(name, Wanted::Completion(request))? else { return Ok(None) };
    // One block, or a list of them.
    let content = result.get("content").map(|content| content.get(0).unwrap_or(content));
    match content.and_then(|content| content["text"].as_str()) {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(Error::Json(format!("{name}: the model's reply is no text"))),
    }
}

/// A schema of Rust types as forms know it: a type that may be null is one that may be left out, and sizes of
/// integers are ranges.
fn plain(mut schema: Value) -> Value {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for field in properties.into_iter().flat_map(|properties| properties.values_mut()) {
        if let Some(kinds) = field.get("type").and_then(Value::as_array) {
            let kind = kinds.iter().find(|kind| *kind != "null").cloned().unwrap_or_default();
            field["type"] = kind;
        }
        if let Some(field) = field.as_object_mut()
            && field.get("type").is_some_and(|kind| kind == "integer" || kind == "number")
        {
            field.remove("format");
        }
    }
    schema
}

fn unfit(name: &str) -> impl Fn(serde_json::Error) -> Error {
    move |error| Error::Json(format!("{name}: {error}"))
}

fn question(name: &str, wanted: &Wanted) -> sys::Question {
    let wanted = match wanted.clone() {
        Wanted::Form { message, schema } => sys::Wanted::Form(sys::Form { message, schema: schema.to_string() }),
        Wanted::Link { message, url } => sys::Wanted::Link(sys::Link { message, url }),
        Wanted::Completion(request) => sys::Wanted::Completion(request.to_string()),
        Wanted::Roots => sys::Wanted::Roots,
    };
    sys::Question { name: name.to_owned(), wanted }
}

fn reply(reply: sys::Reply) -> Result<Reply> {
    Ok(match reply {
        sys::Reply::Accepted(text) => Reply::Accepted(serde_json::from_str(&text).map_err(unfit("a reply"))?),
        sys::Reply::Declined => Reply::Declined,
        sys::Reply::Cancelled => Reply::Cancelled,
        sys::Reply::Nobody => Reply::Nobody,
    })
}

impl From<sys::Error> for Error {
    fn from(error: sys::Error) -> Self {
        match error {
            sys::Error::Sys(errno) => errno.into(),
            sys::Error::Invalid(text) => Self::Invalid(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain;
    use serde_json::json;

    #[test]
    fn types_become_forms() {
        #[derive(schemars::JsonSchema)]
        #[allow(dead_code, reason = "its schema is what is tested")]
        struct Answer {
            /// How many.
            times: u8,
            name: Option<String>,
        }
        let schema = plain(crate::__private::input_schema::<Answer>());
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "properties": {
                    "times": { "description": "How many.", "type": "integer", "minimum": 0, "maximum": 255 },
                    "name": { "type": "string" },
                },
                "required": ["times"],
            })
        );
    }
}
