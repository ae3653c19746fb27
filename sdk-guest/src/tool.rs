//! The tools of other plugins, by grant.
//!
//! Each call is a fresh process under the callee's own grants, paid for by the caller.
//!
//! ```no_run
//! use holm::serde_json::{Value, json};
//!
//! # fn run() -> holm::Result<()> {
//! let found: Value = holm::tool::call("jq/query", &json!({ "filter": ".name", "files": ["./a.json"] }))?;
//! # Ok(())
//! # }
//! ```
//!
//! To *make* a tool, see the attribute [`macro@crate::tool`].

use crate::bindings::imports::holm::sys::{tool as sys, tool_types};
use crate::errno::system_error;
use crate::poll::Pollable;
use serde::{Serialize, de::DeserializeOwned};

/// `Result` of the tool device.
pub type Result<T, E = Error> = std::result::Result<T, E>;

system_error! {
    /// Why a call of another plugin's tool gave no result.
    pub enum Error {
        /// The tool itself refused or failed.
        Tool(crate::ToolError) = "{}",
        /// The tool's process was ended by the kernel; the text names the fault.
        Fault(String) = "the tool was ended: {}",
        /// The arguments or the result are not the JSON that was expected.
        Json(String) = "{}",
    }
}

/// A tool in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// `plugin/tool`.
    pub name: String,
    /// The first sentence of what it does.
    pub description: String,
}

/// A tool in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// `plugin/tool`.
    pub name: String,
    /// What it does, in full.
    pub description: String,
    /// JSON Schema (2020-12) of the arguments, an object.
    pub input_schema: String,
    /// JSON Schema of the result, where it is known.
    pub output_schema: Option<String>,
}

/// Tools per call, the most that `list` gives.
const PAGE: u32 = 1_000;

/// All tools that the grant admits and whose name begins with `prefix`.
///
/// # Errors
/// Denied.
pub fn list(prefix: &str) -> Result<Vec<Summary>> {
    let mut found: Vec<Summary> = Vec::new();
    loop {
        let cursor = found.last().map(|tool| tool.name.clone());
        let page = sys::list(prefix, cursor.as_deref(), PAGE)?;
        let last = page.len() < PAGE as usize;
        found.extend(page.into_iter().map(Summary::from));
        if last {
            return Ok(found);
        }
    }
}

/// A tool that was searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// `plugin/tool`.
    pub name: String,
    /// The first sentence of what it does.
    pub description: String,
    /// How well it fits, beside the best that was found, which has 1.
    pub score: f32,
}

/// Tools that one search gives.
pub const MOST_FOUND: u32 = 100;

/// The tools that the grant admits and that these words fit best, the best first, at most `limit`
/// (1 to 100). Words are words: there is no query language.
///
/// # Errors
/// A query of over 1,024 bytes.
pub fn search(query: &str, limit: u32) -> Result<Vec<Found>> {
    Ok(sys::search(query, limit)?.into_iter().map(Found::from).collect())
}

/// One tool, `plugin/tool`, in full.
///
/// # Errors
/// Denied, not found.
pub fn describe(name: &str) -> Result<Description> {
    Ok(sys::describe(name)?.into())
}

/// Calls `plugin/tool` and waits for its result. `serde_json::Value` does for either type.
///
/// # Errors
/// Denied, quota, not found, cancelled; the tool's own; JSON that does not fit the types.
pub fn call<T, R>(name: &str, arguments: &T) -> Result<R>
where
    T: Serialize + ?Sized,
    R: DeserializeOwned,
{
    let unfit = |error: serde_json::Error| Error::Json(format!("{name}: {error}"));
    let arguments = serde_json::to_string(arguments).map_err(unfit)?;
    serde_json::from_str(&call_text(name, &arguments)?).map_err(unfit)
}

/// Calls `plugin/tool` with a JSON object as text; its result as JSON text.
///
/// # Errors
/// Denied, quota, not found, cancelled; the tool's own.
pub fn call_text(name: &str, arguments: &str) -> Result<String> {
    Ok(sys::call(name, arguments)?)
}

/// A call under way; dropping it cancels the call.
///
/// Start several, then finish each: their processes run at once.
#[derive(Debug)]
pub struct Invocation(sys::Invocation);

/// Starts a call of `plugin/tool` with a JSON object as text, and does not wait.
///
/// # Errors
/// Denied, quota; arguments that are no JSON object.
pub fn start(name: &str, arguments: &str) -> Result<Invocation> {
    Ok(Invocation(sys::Invocation::start(name, arguments)?))
}

impl Invocation {
    /// Ready once [`finish`](Self::finish) would not wait.
    #[must_use]
    pub fn ended(&self) -> Pollable {
        Pollable(self.0.subscribe())
    }

    /// Waits for its result, JSON text.
    ///
    /// # Errors
    /// Denied (revoked), quota, not found, cancelled; the tool's own.
    pub fn finish(self) -> Result<String> {
        Ok(self.0.finish()?)
    }
}

impl From<sys::Error> for Error {
    fn from(error: sys::Error) -> Self {
        match error {
            sys::Error::Sys(errno) => errno.into(),
            sys::Error::Tool(error) => Self::Tool(error.into()),
            sys::Error::Fault(text) => Self::Fault(text),
        }
    }
}

impl From<tool_types::ToolError> for crate::ToolError {
    fn from(error: tool_types::ToolError) -> Self {
        match error {
            tool_types::ToolError::NoSuchTool => Self::NoSuchTool,
            tool_types::ToolError::InvalidArguments(text) => Self::InvalidArguments(text),
            tool_types::ToolError::Failed(text) => Self::Failed(text),
        }
    }
}

impl From<tool_types::Summary> for Summary {
    fn from(tool: tool_types::Summary) -> Self {
        Self { name: tool.name, description: tool.description }
    }
}

impl From<sys::Found> for Found {
    fn from(tool: sys::Found) -> Self {
        Self { name: tool.name, description: tool.description, score: tool.score }
    }
}

impl From<tool_types::Description> for Description {
    fn from(tool: tool_types::Description) -> Self {
        Self {
            name: tool.name,
            description: tool.description,
            input_schema: tool.input_schema,
            output_schema: tool.output_schema,
        }
    }
}
