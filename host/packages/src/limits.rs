//! The limits that a manifest asks for: only those it names.

use holm_kernel::account::Limits;
use serde::Serialize;
use serde_json::{Map, Value};

/// Limits by name, as the `[limits]` table has them. What a manifest does not name is its
/// operator's to choose.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct LimitRequest(Map<String, Value>);

impl LimitRequest {
    /// Those of `limits` that `named` names.
    pub(crate) fn named(limits: &Limits, named: impl Fn(&str) -> bool) -> Self {
        let mut all = table(limits);
        all.retain(|name, _| named(name));
        Self(all)
    }

    /// The names of all limits there are.
    pub(crate) fn names() -> Vec<String> {
        table(&Limits::default()).into_iter().map(|(name, _)| name).collect()
    }

    /// What holds under an operator who allows this much: the least of both.
    pub fn within(&self, operator: &Limits) -> Limits {
        let mut asked = table(operator);
        asked.extend(self.0.clone());
        // It cannot fail: each value was read from a `Limits`. If it did, the operator's hold.
        serde_json::from_value::<Limits>(Value::Object(asked)).unwrap_or_else(|_| operator.clone()).meet(operator)
    }

    /// Each limit that is asked for, as it would be written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(name, value)| (name.as_str(), shown(value)))
    }

    /// What is asked of this limit.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(shown)
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn table(limits: &Limits) -> Map<String, Value> {
    match serde_json::to_value(limits) {
        Ok(Value::Object(table)) => table,
        _ => Map::new(),
    }
}
