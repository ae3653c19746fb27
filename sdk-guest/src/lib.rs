//! The guest side of Holm: a whole skill in ten lines.
//!
//! ```
//! /// Counts the words of a text. The most frequent come first.
//! #[holm::tool]
//! fn word_count(
//!     /// The text to count.
//!     text: String,
//! ) -> usize {
//!     text.split_whitespace().count()
//! }
//!
//! holm::export_tools![word_count];
//! # fn main() {}
//! ```
//!
//! [`tool`](macro@tool) makes a function a tool, [`export_tools!`] exports them; [`main`] makes a
//! function what `holm run` runs. One component may do both; [`export_policy!`] makes one that judges
//! others. [`prompt`](macro@prompt) and [`resource`](macro@resource) make prompts and resources likewise.
//! What a tool tells and asks while it answers is in [`answer`]. The system calls are the modules [`storage`], [`memory`], [`spawn`], [`mod@tool`], [`http`] and [`log`];
//! files, standard streams, clocks and random
//! numbers are those of the standard library. A component imports only what its code reaches, and
//! each import must lie within its manifest's ceiling.
//!
//! The SDK is sugar over `wit/`: it decides nothing, and a refusal is always an `Err`.
//! On a target other than Wasm the tools can be called (see [`Toolbox`]), so their unit tests run
//! natively; a system call panics there.

pub mod agent;
pub mod answer;
mod bindings;
mod content;
mod errno;
mod error;
mod exit;
pub mod files;
pub mod http;
pub mod llm;
pub mod log;
pub mod memory;
mod offers;
pub mod policy;
pub mod poll;
pub mod spawn;
pub mod storage;
pub mod streams;
pub mod task;
pub mod tool;
mod toolbox;

#[doc(hidden)]
pub mod __private;

pub use content::{Block, Content};
pub use errno::{Denial, Excess, Usage};
pub use error::{Error, Result};
pub use exit::Exit;
pub use offers::{
    Complete, Contents, Known, Message, Messages, Prompt, PromptArgument, Prompts, Resource, Resources, Role,
};
pub use toolbox::{Tool, ToolError, Toolbox};

/// schemars, as the tools use it.
pub use schemars;
/// serde, as the tools use it.
pub use serde;
/// serde_json, as the tools use it.
pub use serde_json;

/// Makes an ordinary function a tool.
///
/// - Its **name** is the function's, or `#[holm::tool(name = "word-count")]`.
/// - Its **description** is the doc comment, the first sentence its one-line summary.
/// - The **schema** of its arguments comes from the parameters: any type that is
///   `Deserialize` and `JsonSchema` ([`json`](macro@json) makes one); an `Option` may be left out,
///   an unknown argument is an error. `#[holm::tool(schema = function)]` tells another one, a `fn() -> Value`. `///` on a parameter describes it, and `#[serde(..)]` and
///   `#[schemars(..)]` on it work as on a field.
/// - It **returns** a value that is `Serialize` and `JsonSchema`, or a `Result` of one whose error
///   is `Display`: the error becomes `failed` with its text. [`Error::arguments`] makes it
///   `invalid-arguments`. A type whose name is `Result` is taken for one.
pub use holm_macros::tool;

/// Exports tools: one line, `holm::export_tools![word_count, other::tool];`, once in a crate.
///
/// A tool of another module is named by its path, not imported. The macro also makes the static
/// `TOOLBOX` (see [`Toolbox`]). Two tools of one name do not compile.
pub use holm_macros::export_tools;

/// Makes an ordinary function a prompt: messages that a user chooses to begin with.
///
/// - Name and description are made as a [`tool`](macro@tool)'s; `title = ".."` gives it a name for people.
/// - Its parameters are texts: `String`, or `Option<String>` for what may be left out.
/// - It returns what becomes messages ([`Message`]): one or several, a `String` or [`Block`] for one of the
///   user's, or a `Result` of those.
/// - `complete = function` suggests what an argument may be: `fn(argument: &str, value: &str, known: Known) ->
///   Vec<String>`.
///
/// ```
/// /// Asks for a review of a text.
/// #[holm::prompt]
/// fn review(
///     /// The text.
///     text: String,
/// ) -> String {
///     format!("Please review this text:\n\n{text}")
/// }
/// holm::export_prompts![review];
/// # fn main() {}
/// ```
pub use holm_macros::prompt;

/// Exports prompts: `holm::export_prompts![review];`, once in a crate, beside [`export_tools!`] or alone. It
/// makes the static `PROMPTS` (see [`Prompts`]).
pub use holm_macros::export_prompts;

/// Makes an ordinary function a resource: what a user or their client chooses to read.
///
/// - Its **address** is `#[holm::resource("notes://today")]`. With `{names}` in it, it is a template, and they are
///   the function's parameters, all `String`; each is one piece without a `/`.
/// - Name and description are made as a [`tool`](macro@tool)'s; `title`, `mime_type` and `complete` may follow.
/// - It returns what becomes [`Contents`]: a `String`, bytes, or a `Result` of those.
///
/// ```
/// /// A note, by its day.
/// #[holm::resource("notes://{day}", mime_type = "text/plain")]
/// fn note(day: String) -> String {
///     format!("The note of {day}.")
/// }
/// holm::export_resources![note];
/// # fn main() {}
/// ```
pub use holm_macros::resource;

/// Exports resources: `holm::export_resources![note];`, once in a crate. It makes the static `RESOURCES` (see
/// [`Resources`]).
pub use holm_macros::export_resources;

/// Makes a function what the component runs: it exports `run` of the world `agent`.
///
/// The function takes nothing or `arguments: Vec<String>` (without the program's name) and returns
/// anything that is [`Exit`]: `()`, `u8`, or a `Result` of those. An error is printed to stderr and
/// becomes exit code 1.
///
/// ```
/// # mod skill {
/// #[holm::main]
/// fn main(arguments: Vec<String>) -> holm::Result<()> {
///     println!("{}", arguments.join(" "));
///     Ok(())
/// }
/// # }
/// # fn main() {}
/// ```
pub use holm_macros::main;

/// Makes a type one that tools take or return as JSON: `Serialize`, `Deserialize` and `JsonSchema`.
///
/// `#[serde(..)]` and `#[schemars(..)]` go below it.
///
/// ```
/// #[holm::json]
/// struct Count {
///     /// The word.
///     word: String,
///     times: usize,
/// }
/// ```
pub use holm_macros::json;
