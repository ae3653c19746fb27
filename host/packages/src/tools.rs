//! The tools that a component told of itself when it was installed: what may be kept of them.

use std::collections::BTreeSet;

use holm_kernel::program::ToolDescription;

use crate::text::{is_hidden, printable};

/// Tools of one plugin. Stops catalogues that no model can read.
const MAXIMUM_TOOLS: usize = 256;
/// Bytes of one tool's texts. Stops schemas that fill a context window.
const MAXIMUM_TOOL_BYTES: usize = 128 << 10;
/// Bytes of all of them.
const MAXIMUM_BYTES: usize = 1 << 20;

/// Why a plugin's tools are not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolsError {
    /// There are more, or longer ones, than are kept.
    #[error("the plugin tells of too much: {0}")]
    TooMuch(&'static str),
    /// A tool is not described as it has to be.
    #[error("the plugin's tool `{tool}` {reason}")]
    Tool {
        /// Its name.
        tool: String,
        /// What is wrong.
        reason: &'static str,
    },
}

/// Checks the tools that a component told of.
///
/// # Errors
/// A name, a schema, or the amount of text is not acceptable.
pub fn check_tools(tools: &[ToolDescription]) -> Result<(), ToolsError> {
    check(tools, is_name, "has a name that is not 1 to 64 of a-z, 0-9, _ and -")
}

/// Checks the tools that typed functions are: their names are longer, and have dots and capitals.
///
/// # Errors
/// As [`check_tools`].
pub(crate) fn check_functions(tools: &[ToolDescription]) -> Result<(), ToolsError> {
    check(tools, is_function, "has a name that is not 1 to 128 of A-Z, a-z, 0-9, _, - and .")
}

fn check(tools: &[ToolDescription], is_name: fn(&str) -> bool, other: &'static str) -> Result<(), ToolsError> {
    if tools.len() > MAXIMUM_TOOLS {
        return Err(ToolsError::TooMuch("over 256 tools"));
    }
    let (mut names, mut bytes) = (BTreeSet::new(), 0);
    for tool in tools {
        let refuse = |reason| Err(ToolsError::Tool { tool: printable(&tool.name), reason });
        let texts = [&tool.summary, &tool.description, &tool.input_schema];
        let size =
            texts.iter().map(|text| text.len()).sum::<usize>() + tool.output_schema.as_ref().map_or(0, String::len);
        bytes += size;
        if !is_name(&tool.name) {
            return refuse(other);
        }
        if !names.insert(&tool.name) {
            return refuse("is told of twice");
        }
        if size > MAXIMUM_TOOL_BYTES {
            return refuse("has over 128 KiB of texts");
        }
        let hidden = |text: &str| text.chars().any(|char| is_hidden(char) && !matches!(char, '\n' | '\t'));
        if hidden(&tool.summary) || hidden(&tool.description) {
            return refuse("holds hidden characters in its description");
        }
        let object = |text: &str| serde_json::from_str(text).is_ok_and(|value: serde_json::Value| value.is_object());
        if !object(&tool.input_schema) {
            return refuse("has an input schema that is no JSON object");
        }
        let is_schema = |text: &str| {
            serde_json::from_str(text).is_ok_and(|value: serde_json::Value| value.is_object() || value.is_boolean())
        };
        if !tool.output_schema.as_deref().is_none_or(is_schema) {
            return refuse("has an output schema that is no JSON Schema");
        }
    }
    match bytes > MAXIMUM_BYTES {
        true => Err(ToolsError::TooMuch("over 1 MiB of texts")),
        false => Ok(()),
    }
}

/// Whether this names a tool or a prompt.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

fn is_function(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(plain)
}
