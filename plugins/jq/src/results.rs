//! The tool: a filter over files or a value, its results bounded.

use crate::filter::{self, Inputs, Stop};
use holm::serde_json::{self, Value};
use holm::{Error, Result};
use jaq_all::json::{Val, write};
use std::collections::BTreeMap;

/// Results unless the caller asks for more or fewer.
const RESULTS: u32 = 1_000;

/// Bytes of results: a filter such as `repeat(.)` would otherwise fill the memory, and the
/// caller's context window, with one call.
const BYTES: usize = 1024 * 1024;

/// What the caller asked for.
#[derive(Default)]
pub(crate) struct Query {
    pub(crate) filter: String,
    pub(crate) files: Vec<String>,
    pub(crate) value: Option<Value>,
    pub(crate) variables: BTreeMap<String, Value>,
    pub(crate) slurp: bool,
    pub(crate) raw: bool,
    pub(crate) limit: Option<u32>,
}

/// What a filter found.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Found {
    /// The results, in order. Absent if `raw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
    /// The results as lines, if `raw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether there were more results than the limit, or more than 1 MiB of them.
    pub truncated: bool,
}

impl Query {
    pub(crate) fn run(&self) -> Result<Found> {
        if self.value.is_some() && !self.files.is_empty() {
            return Err(Error::arguments("value and files exclude each other"));
        }
        let names: Vec<String> = self.variables.keys().cloned().collect();
        let compiled = filter::compile(&self.filter, &names)?;
        let variables = self.variables.values().map(filter::value_of);
        let variables = variables.collect::<Result<Vec<_>>>()?;
        let mut results = Results::new(self.limit.unwrap_or(RESULTS), self.raw);
        match filter::run(&compiled, variables, self.inputs()?, |value| results.take(value)) {
            Ok(()) | Err(Stop::Halt(_)) => Ok(results.found(false)),
            Err(Stop::Enough) => Ok(results.found(true)),
            Err(Stop::Input(text) | Stop::Filter(text) | Stop::Output(text)) => Err(Error::new(text)),
        }
    }

    fn inputs(&self) -> Result<Option<Inputs<'_>>> {
        let inputs: Inputs<'_> = match &self.value {
            Some(value) => Box::new(std::iter::once(Ok(filter::value_of(value)?))),
            None if self.files.is_empty() => return Ok(None),
            None => filter::of_files(&self.files),
        };
        Ok(Some(if self.slurp { filter::slurped(inputs) } else { inputs }))
    }
}

/// Results so far, within their bounds.
struct Results {
    values: Vec<Value>,
    text: String,
    raw: bool,
    taken: u32,
    bytes: usize,
    limit: u32,
}

impl Results {
    fn new(limit: u32, raw: bool) -> Self {
        Self { values: Vec::new(), text: String::new(), raw, taken: 0, bytes: 0, limit }
    }

    fn take(&mut self, value: &Val) -> Result<(), Stop> {
        if self.taken >= self.limit {
            return Err(Stop::Enough);
        }
        let json = written(value, self.raw)?;
        self.bytes += json.len() + 1;
        if self.bytes > BYTES {
            return Err(Stop::Enough);
        }
        self.taken += 1;
        if self.raw {
            self.text.push_str(&String::from_utf8_lossy(&json));
            self.text.push('\n');
        } else {
            let value = serde_json::from_slice(&json).map_err(|_| {
                let json = String::from_utf8_lossy(&json);
                Stop::Output(format!("the result {json} is not JSON; ask for raw"))
            })?;
            self.values.push(value);
        }
        Ok(())
    }

    fn found(self, truncated: bool) -> Found {
        let (values, text) = if self.raw { (None, Some(self.text)) } else { (Some(self.values), None) };
        Found { values, text, truncated }
    }
}

/// A value as JSON, or a string as it is if `raw`.
fn written(value: &Val, raw: bool) -> Result<Vec<u8>, Stop> {
    if let (true, Val::TStr(text)) = (raw, value) {
        return Ok(text.to_vec());
    }
    let mut json = Vec::new();
    write::write(&mut json, &write::Pp::default(), 0, value).map_err(|error| Stop::Output(error.to_string()))?;
    Ok(json)
}

#[cfg(test)]
#[path = "results_tests.rs"]
mod tests;
