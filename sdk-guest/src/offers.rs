//! Prompts and resources: what `#[holm::prompt]` and `#[holm::resource]` make and their exports export.

use crate::{Block, ToolError};
use std::fmt;

/// Arguments that are known while one is completed: names and values.
pub type Known<'a> = &'a [(String, String)];

/// Suggests what an argument may be: its name, how it begins, the others.
pub type Complete = fn(&str, &str, Known<'_>) -> Vec<String>;

/// Who says a message of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The user.
    User,
    /// The model.
    Assistant,
}

/// One message of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What.
    pub content: Block,
}

impl Message {
    /// One of the user's.
    pub fn user(content: impl Into<Block>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    /// One of the model's.
    pub fn assistant(content: impl Into<Block>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}

/// What becomes the messages of a prompt.
pub trait Messages {
    /// Those.
    fn messages(self) -> Vec<Message>;
}

impl Messages for Vec<Message> {
    fn messages(self) -> Vec<Message> {
        self
    }
}

impl<const N: usize> Messages for [Message; N] {
    fn messages(self) -> Vec<Message> {
        self.into()
    }
}

impl Messages for Message {
    fn messages(self) -> Vec<Message> {
        vec![self]
    }
}

impl Messages for Block {
    fn messages(self) -> Vec<Message> {
        vec![Message::user(self)]
    }
}

impl Messages for String {
    fn messages(self) -> Vec<Message> {
        vec![Message::user(self)]
    }
}

/// What is filled in in a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptArgument {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Whether it has to be.
    pub required: bool,
}

/// One prompt. `#[holm::prompt]` makes it; nobody writes it by hand.
#[derive(Clone, Copy)]
pub struct Prompt {
    /// As a tool's.
    pub name: &'static str,
    /// Its name for people; empty where it has none.
    pub title: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What is filled in.
    pub arguments: &'static [PromptArgument],
    /// Fills it in; arguments are known and none is missing.
    pub get: fn(Known<'_>) -> Result<Vec<Message>, ToolError>,
    /// Suggests what an argument may be.
    pub complete: Option<Complete>,
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prompt").field(&self.name).finish()
    }
}

/// All prompts of a component: the static `PROMPTS` beside `export_prompts!`.
#[derive(Debug)]
pub struct Prompts(pub &'static [Prompt]);

impl Prompts {
    /// Fills a prompt in.
    ///
    /// # Errors
    /// There is none of that name, an argument is missing or unknown, or it failed.
    pub fn get(&self, name: &str, arguments: Known<'_>) -> Result<Vec<Message>, ToolError> {
        let prompt = self.find(name)?;
        if let Some((unknown, _)) =
            arguments.iter().find(|(given, _)| prompt.arguments.iter().all(|known| known.name != given))
        {
            return Err(ToolError::InvalidArguments(format!("unknown argument `{unknown}`")));
        }
        let given = |argument: &&PromptArgument| arguments.iter().any(|(given, _)| given == argument.name);
        if let Some(missing) = prompt.arguments.iter().find(|argument| argument.required && !given(argument)) {
            return Err(ToolError::InvalidArguments(format!("missing argument `{}`", missing.name)));
        }
        (prompt.get)(arguments)
    }

    /// Suggests what an argument may be.
    ///
    /// # Errors
    /// There is no prompt of that name.
    pub fn complete(
        &self,
        name: &str,
        argument: &str,
        value: &str,
        known: Known<'_>,
    ) -> Result<Vec<String>, ToolError> {
        let complete = self.find(name)?.complete;
        Ok(complete.map_or_else(Vec::new, |complete| complete(argument, value, known)))
    }

    fn find(&self, name: &str) -> Result<&'static Prompt, ToolError> {
        self.0.iter().find(|prompt| prompt.name == name).ok_or(ToolError::NoSuchTool)
    }
}

/// What a resource holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Its address; filled in where it is empty.
    pub uri: String,
    /// Its type; its description's where there is none.
    pub mime_type: Option<String>,
    /// Its text or bytes.
    pub body: Body,
}

/// Text or bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Contents {
    /// A text.
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self { uri: uri.into(), mime_type: None, body: Body::Text(text.into()) }
    }

    /// Bytes.
    pub fn blob(uri: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { uri: uri.into(), mime_type: None, body: Body::Blob(bytes.into()) }
    }

    /// Of this type.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }
}

impl From<String> for Contents {
    fn from(text: String) -> Self {
        Self::text("", text)
    }
}

impl From<Vec<u8>> for Contents {
    fn from(bytes: Vec<u8>) -> Self {
        Self::blob("", bytes)
    }
}

/// One resource, or a template of them. `#[holm::resource]` makes it; nobody writes it by hand.
#[derive(Clone, Copy)]
pub struct Resource {
    /// Its address; a template where it holds `{names}`.
    pub uri: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// A better name; empty where it has none.
    pub title: &'static str,
    /// What it holds.
    pub description: &'static str,
    /// Its type; empty where it is not known.
    pub mime_type: &'static str,
    /// Reads it; the names of a template with what they stand for.
    pub read: fn(Known<'_>) -> Result<Contents, ToolError>,
    /// Suggests what a name of a template may stand for.
    pub complete: Option<Complete>,
}

impl Resource {
    /// Whether it is a template.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.uri.contains('{')
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resource").field(&self.uri).finish()
    }
}

/// All resources of a component: the static `RESOURCES` beside `export_resources!`.
#[derive(Debug)]
pub struct Resources(pub &'static [Resource]);

impl Resources {
    /// Reads a resource. One of exactly this address comes before templates.
    ///
    /// # Errors
    /// There is none of that address, or it failed.
    pub fn read(&self, uri: &str) -> Result<Contents, ToolError> {
        let exact = self.0.iter().filter(|resource| !resource.is_template() && resource.uri == uri);
        let exact = exact.map(|resource| (resource, Vec::new()));
        let filled = self.0.iter().filter_map(|resource| Some((resource, names(resource.uri, uri)?)));
        let (resource, names) = exact.chain(filled).next().ok_or(ToolError::NoSuchTool)?;
        let mut contents = (resource.read)(&names)?;
        if contents.uri.is_empty() {
            contents.uri = uri.to_owned();
        }
        if contents.mime_type.is_none() && !resource.mime_type.is_empty() {
            contents.mime_type = Some(resource.mime_type.to_owned());
        }
        Ok(contents)
    }

    /// Suggests what a name of a template may stand for.
    ///
    /// # Errors
    /// There is no such template.
    pub fn complete(&self, uri: &str, argument: &str, value: &str, known: Known<'_>) -> Result<Vec<String>, ToolError> {
        let template = self.0.iter().find(|resource| resource.is_template() && resource.uri == uri);
        let complete = template.ok_or(ToolError::NoSuchTool)?.complete;
        Ok(complete.map_or_else(Vec::new, |complete| complete(argument, value, known)))
    }
}

/// What the names of a template stand for in an address; none where it does not fit. Each is at least one
/// character, without a `/`.
fn names(template: &str, uri: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let (mut template, mut uri) = (template, uri);
    while let Some((before, rest)) = template.split_once('{') {
        let (name, rest) = rest.split_once('}')?;
        uri = uri.strip_prefix(before)?;
        let literal = rest.split('{').next().unwrap_or_default();
        let end = match literal {
            "" => uri.find('/').unwrap_or(uri.len()),
            literal => uri.find(literal)?,
        };
        let value = &uri[..end];
        if value.is_empty() || value.contains('/') {
            return None;
        }
        found.push((name.to_owned(), value.to_owned()));
        (template, uri) = (rest, &uri[end..]);
    }
    (template == uri && !found.is_empty()).then_some(found)
}

#[doc(hidden)]
#[macro_export]
macro_rules! __prompts_of {
    ($($prompt:path),+) => {
        /// The prompts that this component exports.
        #[allow(dead_code, reason = "tests call it")]
        pub(crate) static PROMPTS: $crate::Prompts = $crate::Prompts(&[$($prompt),+]);

        const _: () = { $crate::__private::export_prompter!(PROMPTS); };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __resources_of {
    ($($resource:path),+) => {
        /// The resources that this component exports.
        #[allow(dead_code, reason = "tests call it")]
        pub(crate) static RESOURCES: $crate::Resources = $crate::Resources(&[$($resource),+]);

        const _: () = { $crate::__private::export_library!(RESOURCES); };
    };
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn templates_are_matched_piece_by_piece() {
        let cases = [
            ("test://template/{id}/data", "test://template/123/data", Some(vec![("id", "123")])),
            ("test://template/{id}/data", "test://template/1/2/data", None),
            ("test://template/{id}/data", "test://template//data", None),
            ("test://template/{id}/data", "test://template/123/data/more", None),
            ("notes://{day}", "notes://today", Some(vec![("day", "today")])),
            ("x://{a}.{b}", "x://one.two", Some(vec![("a", "one"), ("b", "two")])),
            ("x://{a}", "y://one", None),
            ("x://plain", "x://plain", None),
        ];
        for (template, uri, expected) in cases {
            let found = names(template, uri);
            let expected = expected.map(|pairs| pairs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect());
            assert_eq!(found, expected, "{template} {uri}");
        }
    }
}
