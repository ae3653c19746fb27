//! jq: filters and transforms JSON with jq's language, by jaq. A command and a tool.

mod command;
mod filter;
mod results;

pub use results::Found;

use holm::serde_json::Value;
use std::collections::BTreeMap;

/// Filters and transforms JSON with a jq filter. Give it either files, each of which may hold
/// several JSON values, or a value. Without either the filter's input is null.
///
/// The language is that of jq 1.7, as jaq implements it, without modules.
#[holm::tool]
pub fn query(
    /// The filter, e.g. `.items[] | select(.price > 10) | {name, price}`.
    filter: String,
    /// Paths of JSON files, read one after the other.
    #[serde(default)]
    files: Vec<String>,
    /// A JSON value to filter instead of files.
    value: Option<Value>,
    /// Variables of the filter: `{"name": 1}` is `$name`.
    #[serde(default)]
    variables: BTreeMap<String, Value>,
    /// Gives the filter one array of all inputs.
    #[serde(default)]
    slurp: bool,
    /// Gives the results as lines of text, strings without quotes, instead of as JSON.
    #[serde(default)]
    raw: bool,
    /// Stops after this many results; 1,000 unless told otherwise.
    limit: Option<u32>,
) -> holm::Result<Found> {
    let query = results::Query { filter, files, value, variables, slurp, raw, limit };
    query.run()
}

holm::export_tools![query];

#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    command::run(arguments)
}
