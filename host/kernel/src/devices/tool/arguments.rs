//! A call's arguments: parsed once. What is checked, what its operator is shown and what the tool
//! is given are the same value.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess},
};
use serde_json::{Map, Value};

/// The arguments of one call: a JSON object in which no name stands twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Arguments(Map<String, Value>);

impl Arguments {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// It is none, or a name stands in it twice: two readers could mean two different things by it.
    pub fn parse(text: &str) -> Result<Self, String> {
        match serde_json::from_str(text) {
            Ok(Once(Value::Object(arguments))) => Ok(Self(arguments)),
            Ok(_) => Err("the arguments are no JSON object".to_owned()),
            Err(error) => Err(format!("the arguments are no JSON object: {error}")),
        }
    }

    /// An argument, if it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Resolves `.`, `..` and `//` in this argument. What cannot be resolved stays, and is admitted by
    /// no rule that takes it for a path.
    pub(super) fn normalise(&mut self, name: &str) {
        if let Some(Value::String(value)) = self.0.get_mut(name)
            && let Some(normal) = normal(value)
        {
            *value = normal;
        }
    }
}

impl From<Arguments> for Map<String, Value> {
    fn from(arguments: Arguments) -> Self {
        arguments.0
    }
}

impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}

/// A path or an address with `.`, `..` and `//` resolved, by name alone. None where it climbs above
/// its beginning, or holds what some reader takes for a separator or a dot.
pub(super) fn normal(text: &str) -> Option<String> {
    let scheme = |scheme: &str| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    };
    let (scheme, rest) = match text.split_once("://").filter(|(before, _)| scheme(before)) {
        Some((before, rest)) => (&text[..before.len() + 3], rest),
        None => ("", text),
    };
    // An address's query is no path.
    let end = if scheme.is_empty() { rest.len() } else { rest.find(['?', '#']).unwrap_or(rest.len()) };
    let (path, query) = rest.split_at(end);
    if path.contains('\\') || text.chars().any(char::is_control) {
        return None;
    }
    let lower = path.to_ascii_lowercase();
    if !scheme.is_empty() && ["%2e", "%2f", "%5c"].iter().any(|encoded| lower.contains(encoded)) {
        return None;
    }
    // An address's host stays, whatever follows it.
    let (host, path) = match scheme.is_empty() {
        true => ("", path),
        false => path.split_at(path.find('/').unwrap_or(path.len())),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    let (absolute, folder) = (path.starts_with('/'), path.ends_with('/') && !parts.is_empty());
    let mut normal = format!("{scheme}{host}{}{}", if absolute { "/" } else { "" }, parts.join("/"));
    if folder {
        normal.push('/');
    }
    if normal.is_empty() && !text.is_empty() {
        normal.push('.');
    }
    normal.push_str(query);
    Some(normal)
}

/// A JSON value in none of whose objects a name stands twice.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor).map(Self)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Once(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Once(value))) = entries.next_entry::<String, Once>()? {
            if object.contains_key(&name) {
                return Err(de::Error::custom("a name stands twice in one object"));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mean_two_things_is_refused() {
        for text in [
            "",
            "1",
            "[]",
            "null",
            "{",
            r#"{"a":1,"a":2}"#,
            r#"{"a":[{"b":1,"b":1}]}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":1} {}"#,
        ] {
            assert!(Arguments::parse(text).is_err(), "{text}");
        }
        let deep = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        assert!(Arguments::parse(&deep).is_err());
        let kept = r#"{"a":[1,-2,3.5,18446744073709551615,-9223372036854775808,null,true,"ü\n"],"b":{"a":{}}}"#;
        assert_eq!(Arguments::parse(kept).expect("an object").to_string(), kept);
    }

    #[test]
    fn paths_are_resolved_by_name() {
        for (path, resolved) in [
            ("a/./b//c/../d", Some("a/b/d")),
            ("/a/../b/", Some("/b/")),
            ("./x", Some("x")),
            ("a/..", Some(".")),
            (".", Some(".")),
            ("/", Some("/")),
            ("", Some("")),
            ("a/../../b", None),
            ("/..", None),
            ("a\\..\\b", None),
            ("a/\u{9}b", None),
            ("a%2e%2e/b", Some("a%2e%2e/b")),
            ("https://host/a/../b?x=../..", Some("https://host/b?x=../..")),
            ("https://host/../b", None),
            ("https://host/a/%2E%2e/b", None),
            ("https://host", Some("https://host")),
            ("file:///etc//x", Some("file:///etc/x")),
        ] {
            assert_eq!(normal(path).as_deref(), resolved, "{path}");
            if let Some(resolved) = resolved {
                assert_eq!(normal(resolved).as_deref(), Some(resolved), "it is resolved already: {resolved}");
            }
        }
    }
}
