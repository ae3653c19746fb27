//! The words of a tool: identifiers taken apart, schemas read for what they say. Pure.

use serde_json::Value;

/// Bytes of one tool's description that are looked at. Stops a plugin that fills the index.
const DESCRIPTION_BYTES: usize = 4 << 10;
/// Bytes of what a schema says, likewise.
const SCHEMA_BYTES: usize = 8 << 10;
/// Bytes of a name, or of one value.
const NAME_BYTES: usize = 256;
/// How deep a schema is read.
const DEPTH: usize = 8;

/// A text, and behind it the parts of its identifiers: `searchIssues` is `search` and `Issues` too.
pub(super) fn spread(text: &str) -> String {
    let mut spread = beginning(text, DESCRIPTION_BYTES).to_owned();
    for word in beginning(text, DESCRIPTION_BYTES).split(|char: char| !char.is_alphanumeric()) {
        let parts = parts(word);
        if parts.len() > 1 {
            parts.iter().for_each(|part| push(&mut spread, part));
        }
    }
    spread
}

/// The words of a name, and each two that follow each other as one: `pull_request` is found as `pullrequest`.
pub(super) fn of_name(name: &str) -> String {
    let words: Vec<&str> =
        beginning(name, NAME_BYTES).split(|char: char| !char.is_alphanumeric()).flat_map(parts).collect();
    let mut text = words.join(" ");
    words.windows(2).for_each(|two| push(&mut text, &two.concat()));
    text
}

/// What a schema calls its properties and says of them.
pub(super) fn of_schema(schema: &str) -> String {
    let mut text = String::new();
    if let Ok(schema) = serde_json::from_str(schema) {
        read(&schema, DEPTH, &mut text);
    }
    text
}

fn read(schema: &Value, depth: usize, text: &mut String) {
    let below = match schema {
        Value::Object(object) => {
            for key in ["title", "description"] {
                if let Some(said) = object.get(key).and_then(Value::as_str) {
                    push(text, &spread(said));
                }
            }
            if let Some(Value::Object(properties)) = object.get("properties") {
                properties.keys().for_each(|name| push(text, &of_name(name)));
            }
            if let Some(Value::Array(values)) = object.get("enum") {
                values.iter().filter_map(Value::as_str).for_each(|value| push(text, &of_name(value)));
            }
            object.values().collect::<Vec<_>>()
        }
        Value::Array(values) => values.iter().collect(),
        _ => return,
    };
    for inner in below {
        if depth == 0 || text.len() >= SCHEMA_BYTES {
            return;
        }
        read(inner, depth - 1, text);
    }
}

/// The parts of an identifier: `HTTPServerName` is `HTTP`, `Server`, `Name`.
fn parts(word: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = word.char_indices().collect();
    let mut cuts = vec![0];
    for at in 1..chars.len() {
        let (before, here) = (chars[at - 1].1, chars[at].1);
        let next = chars.get(at + 1).map(|(_, char)| *char);
        let begins = here.is_uppercase() && (!before.is_uppercase() || next.is_some_and(char::is_lowercase));
        if begins {
            cuts.push(chars[at].0);
        }
    }
    cuts.push(word.len());
    cuts.windows(2).map(|cut| &word[cut[0]..cut[1]]).filter(|part| !part.is_empty()).collect()
}

fn push(text: &mut String, more: &str) {
    let room = SCHEMA_BYTES.max(DESCRIPTION_BYTES * 2).saturating_sub(text.len());
    text.push(' ');
    text.push_str(beginning(more, room));
}

fn beginning(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_taken_apart() {
        for (name, words) in [
            ("github/search_issues", "github search issues githubsearch searchissues"),
            ("a/searchIssues", "a search Issues asearch searchIssues"),
            ("x/repos.list", "x repos list xrepos reposlist"),
            ("HTTPServer", "HTTP Server HTTPServer"),
            ("sha256", "sha256"),
            ("été/ÎleDeRé", "été Île De Ré étéÎle ÎleDe DeRé"),
            ("", ""),
        ] {
            assert_eq!(of_name(name), words, "{name}");
        }
        assert_eq!(spread("Calls getUser once."), "Calls getUser once. get User");
    }

    #[test]
    fn schemas_say_what_arguments_are() {
        let schema = r#"{"type":"object","properties":{"repoName":{"type":"string","description":"whose issues"},
            "state":{"enum":["open","closed"]},"deep":{"properties":{"inner":{}}}},"required":["repoName"]}"#;
        let said = of_schema(schema);
        for word in ["repo", "Name", "whose issues", "open", "inner"] {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert!(!said.contains("required") && !said.contains("string"));
        assert_eq!(of_schema("no JSON"), "");
    }

    #[test]
    fn what_is_endless_is_cut() {
        let long = "é".repeat(1 << 20);
        assert!(spread(&long).len() <= DESCRIPTION_BYTES);
        assert!(spread(&"aB".repeat(1 << 20)).len() <= 3 * DESCRIPTION_BYTES);
        let deep = format!("{}{}", r#"{"properties":{"a":"#.repeat(60), "1".to_owned() + &"}}".repeat(60));
        assert!(of_schema(&deep).len() < 100);
        let wide = serde_json::json!({ "properties": { "a": { "enum": vec![long; 40] } } });
        assert!(of_schema(&wide.to_string()).len() < 2 * SCHEMA_BYTES);
    }
}
