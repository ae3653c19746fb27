//! A component's own tools: what `#[holm::tool]` makes and `export_tools!` exports.

use serde_json::Value;
use std::fmt;

/// One tool. `#[holm::tool]` makes it; nobody writes it by hand.
#[derive(Clone, Copy)]
pub struct Tool {
    /// `[a-z0-9_-]`, at most 64 bytes, unique in its plugin.
    pub name: &'static str,
    /// The first sentence of what it does.
    pub summary: &'static str,
    /// What it does, in full.
    pub description: &'static str,
    /// JSON Schema (2020-12) of the arguments, an object.
    pub input_schema: fn() -> Value,
    /// JSON Schema of the result, where it says anything.
    pub output_schema: fn() -> Option<Value>,
    /// Calls it with a JSON object; its result as JSON.
    pub call: fn(&str) -> Result<String, ToolError>,
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tool").field(&self.name).finish()
    }
}

/// Why a call of a tool gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolError {
    /// There is no tool of that name.
    NoSuchTool,
    /// The arguments do not fit the schema; the text says where.
    InvalidArguments(String),
    /// The tool ran and failed; the text is for the caller.
    Failed(String),
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchTool => f.write_str("no such tool"),
            Self::InvalidArguments(text) => write!(f, "invalid arguments: {text}"),
            Self::Failed(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ToolError {}

/// All tools of a component. [`export_tools!`](crate::export_tools) puts it beside its call as the
/// static `TOOLBOX`, so that a native unit test can call a tool as the kernel would:
///
/// ```
/// /// Adds two numbers.
/// #[holm::tool]
/// fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
/// holm::export_tools![add];
///
/// # fn main() {
/// assert_eq!(TOOLBOX.call("add", r#"{"a": 1, "b": 2}"#), Ok("3".to_owned()));
/// # }
/// ```
#[derive(Debug)]
pub struct Toolbox(pub &'static [Tool]);

impl Toolbox {
    /// All tools, in the order of `export_tools!`.
    #[must_use]
    pub fn tools(&self) -> &'static [Tool] {
        self.0
    }

    /// The tool of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'static Tool> {
        self.0.iter().find(|tool| tool.name == name)
    }

    /// Calls a tool with a JSON object; its result as JSON.
    ///
    /// # Errors
    /// There is no such tool, the arguments do not fit, or the tool failed.
    pub fn call(&self, name: &str, arguments: &str) -> Result<String, ToolError> {
        let tool = self.get(name).ok_or(ToolError::NoSuchTool)?;
        (tool.call)(arguments)
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! __toolbox_of {
    ($($tool:path),+) => {
        /// The tools that this component exports.
        #[allow(dead_code, reason = "tests call it")]
        pub(crate) static TOOLBOX: $crate::Toolbox = $crate::Toolbox(const {
            let tools: &'static [$crate::Tool] = &[$($tool),+];
            assert!($crate::__private::unique(tools), "two tools have the same name");
            tools
        });

        const _: () = { $crate::__private::export_toolbox!(TOOLBOX); };
    };
}
