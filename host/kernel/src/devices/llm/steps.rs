//! How long a check against a schema takes, counted beforehand. Pure.
//!
//! A validator visits a part of the value once for each way to get there. Where alternatives and
//! references multiply, forty definitions that each name the next one twice are 2^40 visits, and
//! a list in a list in a list does the same with one. So the visits are counted first: each pair of
//! subschema and part of the value once, whatever the number of ways.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::schema::PATTERN_BYTES;

/// Steps, of about ten nanoseconds, that one check may take: less than a second.
const STEPS: u64 = 1 << 26;
/// Work that counting may take. Stops a schema of thousands of parts against a reply of millions.
const EFFORT: u64 = 1 << 22;
/// Subschemas within each other. Stops a chain of references that ends the validator's stack.
const NESTING: u32 = 256;

/// The count so far.
pub(super) struct Steps<'a> {
    schema: &'a Value,
    /// By subschema and part; none while it is being counted.
    known: HashMap<(usize, usize), Option<u64>>,
    effort: u64,
}

/// A part of the value: itself, or the name of a property.
#[derive(Clone, Copy)]
enum Part<'a> {
    Value(&'a Value),
    Name(&'a str),
}

fn too_long() -> String {
    "it would take too long to check the reply against the schema".to_owned()
}

impl<'a> Steps<'a> {
    /// An upper bound of what the check takes.
    ///
    /// # Errors
    /// It is more than any check may take, or has no end.
    pub(super) fn count(schema: &'a Value, value: &'a Value) -> Result<u64, String> {
        let mut steps = Self { schema, known: HashMap::new(), effort: 0 };
        steps.of(schema, Part::Value(value), 0)
    }

    fn of(&mut self, schema: &'a Value, part: Part<'a>, nesting: u32) -> Result<u64, String> {
        self.exert(1)?;
        let Value::Object(words) = schema else { return Ok(1) };
        if nesting > NESTING {
            return Err(format!("the schema nests more than {NESTING} subschemas"));
        }
        let key = (std::ptr::from_ref(schema).addr(), part.address());
        match self.known.get(&key) {
            Some(Some(steps)) => return Ok(*steps),
            Some(None) => return Err("the schema refers to itself without end".to_owned()),
            None => {}
        }
        self.known.insert(key, None);
        let mut steps = 1 + part.text().map_or(0, |text| text.len() as u64 / 16);
        for (word, value) in words {
            steps = steps.saturating_add(self.word(word, value, part, nesting + 1)?);
        }
        if steps > STEPS {
            return Err(too_long());
        }
        self.known.insert(key, Some(steps));
        Ok(steps)
    }

    fn exert(&mut self, effort: u64) -> Result<(), String> {
        self.effort += effort;
        if self.effort > EFFORT { Err(too_long()) } else { Ok(()) }
    }

    /// What one keyword takes.
    fn word(&mut self, word: &str, value: &'a Value, part: Part<'a>, nesting: u32) -> Result<u64, String> {
        let mut steps = 0_u64;
        let mut add = |found: u64| steps = steps.saturating_add(found);
        match word {
            "$ref" => {
                let target = value.as_str().and_then(|to| self.schema.pointer(to.strip_prefix('#')?));
                add(target.map_or(Ok(1), |target| self.of(target, part, nesting))?);
            }
            "not" | "if" | "then" | "else" => add(self.of(value, part, nesting)?),
            "allOf" | "anyOf" | "oneOf" => {
                for one in value.as_array().into_iter().flatten() {
                    add(self.of(one, part, nesting)?);
                }
            }
            "dependentSchemas" | "dependencies" => {
                for one in value.as_object().into_iter().flat_map(Map::values) {
                    add(self.of(one, part, nesting)?);
                }
            }
            "properties" => {
                for (name, one) in value.as_object().into_iter().flatten() {
                    self.exert(1)?;
                    add(part.property(name).map_or(Ok(1), |child| self.of(one, Part::Value(child), nesting))?);
                }
            }
            "patternProperties" => {
                for (pattern, one) in value.as_object().into_iter().flatten() {
                    for (name, child) in part.object().into_iter().flatten() {
                        add(matching(pattern, name.len()));
                        add(self.of(one, Part::Value(child), nesting)?);
                    }
                }
            }
            "propertyNames" => {
                for name in part.object().into_iter().flat_map(Map::keys) {
                    add(self.of(value, Part::Name(name), nesting)?);
                }
            }
            "prefixItems" | "items" if value.is_array() => {
                for (one, item) in value.as_array().into_iter().flatten().zip(part.children()) {
                    add(self.of(one, Part::Value(item), nesting)?);
                }
            }
            "additionalProperties"
            | "unevaluatedProperties"
            | "items"
            | "additionalItems"
            | "contains"
            | "unevaluatedItems" => {
                for child in part.children() {
                    add(self.of(value, Part::Value(child), nesting)?);
                }
            }
            "pattern" => {
                let (pattern, text) = (value.as_str().unwrap_or_default(), part.text().unwrap_or_default());
                add(matching(pattern, text.len()));
            }
            "uniqueItems" | "const" | "enum" => {
                let size = nodes(value).saturating_add(part.nodes());
                self.exert(size)?;
                add(size);
            }
            // Only referred to, or of no matter to the check.
            "$defs" | "definitions" | "default" | "examples" | "title" | "description" => {}
            _ => {
                let size = nodes(value);
                self.exert(size)?;
                add(size);
            }
        }
        Ok(steps)
    }
}

impl<'a> Part<'a> {
    fn address(self) -> usize {
        match self {
            Part::Value(value) => std::ptr::from_ref(value).addr(),
            Part::Name(name) => name.as_ptr().addr(),
        }
    }

    fn object(self) -> Option<&'a Map<String, Value>> {
        match self {
            Part::Value(value) => value.as_object(),
            Part::Name(_) => None,
        }
    }

    fn property(self, name: &str) -> Option<&'a Value> {
        self.object()?.get(name)
    }

    fn children(self) -> impl Iterator<Item = &'a Value> {
        let items = match self {
            Part::Value(Value::Array(items)) => items.as_slice(),
            _ => &[],
        };
        items.iter().chain(self.object().into_iter().flat_map(Map::values))
    }

    fn text(self) -> Option<&'a str> {
        match self {
            Part::Value(value) => value.as_str(),
            Part::Name(name) => Some(name),
        }
    }

    fn nodes(self) -> u64 {
        match self {
            Part::Value(value) => nodes(value),
            Part::Name(_) => 1,
        }
    }
}

/// The parts of a value, long texts as several.
fn nodes(value: &Value) -> u64 {
    let mut count = 0_u64;
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        count += 1;
        match value {
            Value::String(text) => count += text.len() as u64 / 16,
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => open.extend(fields.values()),
            _ => {}
        }
    }
    count
}

/// What it takes to match a text of so many bytes: where it is slowest, each of the pattern's states
/// is looked at for each byte.
fn matching(pattern: &str, bytes: usize) -> u64 {
    // A class like `\w` becomes hundreds of states; what is repeated, as many times as much.
    let wide = if pattern.contains('\\') { 400 } else { 8 };
    let mut states = (pattern.len() as u64).saturating_mul(wide);
    for counted in pattern.split('{').skip(1) {
        let numbers = counted.split('}').next().unwrap_or_default().split(',');
        let most = numbers.filter_map(|number| number.trim().parse::<u64>().ok()).max().unwrap_or(1);
        states = states.saturating_mul(most.max(1));
    }
    let states = states.min(PATTERN_BYTES as u64 / 16);
    1 + (bytes as u64).saturating_mul(states) / 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn doubling(levels: usize, word: &str) -> Value {
        let mut definitions = Map::new();
        for level in 0..levels {
            let next = json!({ "$ref": format!("#/$defs/a{}", level + 1) });
            definitions.insert(format!("a{level}"), json!({ word: [next, next] }));
        }
        definitions.insert(format!("a{levels}"), json!({ "type": "integer" }));
        json!({ "$ref": "#/$defs/a0", "$defs": definitions })
    }

    #[test]
    fn what_multiplies_is_counted_and_not_walked() {
        for word in ["allOf", "anyOf", "oneOf"] {
            let few = Steps::count(&doubling(10, word), &json!(1)).expect("counted");
            assert!((1024..8192).contains(&few), "{few}");
            assert_eq!(Steps::count(&doubling(40, word), &json!(1)), Err(too_long()));
        }
    }

    #[test]
    fn what_multiplies_with_the_depth_of_the_reply_too() {
        let schema = json!({ "items": { "allOf": [{ "$ref": "#" }, { "$ref": "#" }] } });
        let mut nested = json!([]);
        for _ in 0..60 {
            nested = json!([nested]);
        }
        assert_eq!(Steps::count(&schema, &nested), Err(too_long()));
        assert!(Steps::count(&schema, &json!([[[[]]]])).is_ok());
        // A tree whose branches lie side by side is walked once.
        let tree = json!({ "properties": { "a": { "$ref": "#" }, "b": { "$ref": "#" } } });
        let mut nested = json!({});
        for _ in 0..100 {
            nested = json!({ "a": nested, "b": {} });
        }
        assert!(Steps::count(&tree, &nested).expect("counted") < 2_000);
    }

    #[test]
    fn what_has_no_end_is_refused() {
        let round = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "not": { "$ref": "#/$defs/b" } }, "b": { "anyOf": [{ "$ref": "#/$defs/a" }] } } });
        assert!(Steps::count(&round, &json!(1)).expect_err("refused").contains("without end"));
        let mut chain = Map::new();
        for at in 0..2_000 {
            chain.insert(format!("a{at}"), json!({ "$ref": format!("#/$defs/a{}", at + 1) }));
        }
        let chain = json!({ "$ref": "#/$defs/a0", "$defs": chain });
        assert!(Steps::count(&chain, &json!(1)).expect_err("refused").contains("nests"));
    }

    #[test]
    fn long_texts_and_heavy_patterns_count() {
        let count = |pattern: &str, bytes: usize| {
            Steps::count(&json!({ "pattern": pattern }), &Value::String("a".repeat(bytes))).map_err(|_| ())
        };
        assert!(count("^[a-z]+$", 100_000).is_ok());
        assert!(count(r"^\d{4}-\d{2}-\d{2}$", 10).expect("counted") < 100_000);
        assert_eq!(count("(a{100}){100}", 1_000_000), Err(()));
    }
}
