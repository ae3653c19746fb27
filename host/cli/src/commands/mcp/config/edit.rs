//! Settings of others, changed in one place: comments, order and spelling of all else stay.

use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue, CstRootNode},
};
use toml_edit::{DocumentMut, Item, Table, Value};

/// How a client starts Holm.
pub(super) struct Entry {
    pub(super) command: String,
    pub(super) arguments: Vec<String>,
}

/// What an entry looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// JSON: a command and its arguments.
    Plain,
    /// The same, and how it is spoken with.
    Typed,
    /// TOML.
    Toml,
}

/// JSON, perhaps with comments, that has the entry `table.name`.
pub(super) fn json(text: &str, table: &str, name: &str, entry: &Entry, shape: Shape) -> Result<String, String> {
    // An empty file is taken for one without settings, as clients take it.
    let text = if text.trim().is_empty() { "{\n}\n" } else { text };
    let root = CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| error.to_string())?;
    let object = root.object_value().ok_or("it is no JSON object")?;
    let servers = object.object_value_or_create(table).ok_or_else(|| format!("its `{table}` is no object"))?;
    let mut fields = Vec::new();
    if shape == Shape::Typed {
        fields.push(("type".to_owned(), CstInputValue::from("stdio")));
    }
    let arguments = entry.arguments.iter().map(|argument| CstInputValue::from(argument.as_str())).collect();
    fields.push(("command".to_owned(), CstInputValue::from(entry.command.as_str())));
    fields.push(("args".to_owned(), CstInputValue::Array(arguments)));
    match servers.get(name) {
        None => drop(servers.append(name, CstInputValue::Object(fields))),
        Some(there) => {
            let kept = there.object_value().ok_or_else(|| format!("its `{table}.{name}` is no object"))?;
            // What else its user set there, like variables, stays.
            for (key, value) in fields {
                match kept.get(&key) {
                    Some(field) => field.set_value(value),
                    None => drop(kept.append(&key, value)),
                }
            }
        }
    }
    Ok(root.to_string())
}

/// TOML that has the entry `[table.name]`.
pub(super) fn toml(text: &str, table: &str, name: &str, entry: &Entry) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let servers = document.entry(table).or_insert_with(|| {
        let mut servers = Table::new();
        // Only what is in it is written.
        servers.set_implicit(true);
        Item::Table(servers)
    });
    let servers = servers.as_table_like_mut().ok_or_else(|| format!("its `{table}` is no table"))?;
    let kept = servers.entry(name).or_insert_with(toml_edit::table);
    let kept = kept.as_table_like_mut().ok_or_else(|| format!("its `{table}.{name}` is no table"))?;
    let arguments: toml_edit::Array = entry.arguments.iter().map(String::as_str).collect();
    for (key, value) in [("command", Value::from(entry.command.as_str())), ("args", Value::Array(arguments))] {
        let same = kept.get(key).and_then(Item::as_value).is_some_and(|before| plain(before) == plain(&value));
        if !same {
            kept.insert(key, Item::Value(value));
        }
    }
    Ok(document.to_string())
}

/// A value without the space around it.
fn plain(value: &Value) -> String {
    value.clone().decorated("", "").to_string()
}

/// The lines that are others, for people: `-` before, `+` after. An entry is one place. What stands around it may
/// be another entry's secret, and is not shown, also where it gets a comma.
pub(super) fn difference(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let same = |old: &str, new: &str| {
        old == new || old.strip_suffix(',').unwrap_or(old) == new.strip_suffix(',').unwrap_or(new)
    };
    let head = old.iter().zip(&new).take_while(|(old, new)| same(old, new)).count();
    let most = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(old, new)| old == new).count();
    let shown = |sign: &str, lines: &[&str]| {
        lines.iter().map(|line| format!("{sign} {}", holm_packages::printable(line))).collect::<Vec<_>>()
    };
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    [shown("-", &old[head..old_end]), shown("+", &new[head..new_end])].concat()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{Entry, Shape, difference, json, toml};

    fn entry() -> Entry {
        Entry { command: "/opt/holm".to_owned(), arguments: vec!["mcp".to_owned()] }
    }

    #[test]
    fn json_keeps_all_else() {
        let before = "{\n  // mine\n  \"theme\": \"dark\", // dark\n  \"mcpServers\": {\n    \"other\": { \"command\": \"x\" }\n  }\n}\n";
        let after = json(before, "mcpServers", "holm", &entry(), Shape::Typed).expect("edited");
        expect![[r#"
            {
              // mine
              "theme": "dark", // dark
              "mcpServers": {
                "other": { "command": "x" },
                "holm": {
                  "type": "stdio",
                  "command": "/opt/holm",
                  "args": ["mcp"]
                }
              }
            }
        "#]]
        .assert_eq(&after);
        assert_eq!(json(&after, "mcpServers", "holm", &entry(), Shape::Typed).as_ref(), Ok(&after));
        let set = after.replace("\"args\": [\"mcp\"]", "\"args\": [],\n      \"env\": { \"A\": \"1\" }");
        let again = json(&set, "mcpServers", "holm", &entry(), Shape::Typed).expect("edited");
        assert!(again.contains("\"A\": \"1\"") && again.contains("[\"mcp\"]"), "{again}");
        expect![[r#"
            +     "holm": {
            +       "type": "stdio",
            +       "command": "/opt/holm",
            +       "args": ["mcp"]
            +     }"#]]
        .assert_eq(&difference(before, &after).join("\n"));
    }

    #[test]
    fn what_is_not_there_is_made_and_what_is_strange_stays() {
        let made = json("", "servers", "holm", &entry(), Shape::Plain).expect("made");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&made).expect("JSON"),
            serde_json::json!({ "servers": { "holm": { "command": "/opt/holm", "args": ["mcp"] } } })
        );
        for strange in ["[]", "{ \"servers\": 3 }", "{ \"servers\": { \"holm\": [] } }", "{ \"servers\": "] {
            assert!(json(strange, "servers", "holm", &entry(), Shape::Plain).is_err(), "{strange}");
        }
    }

    #[test]
    fn toml_keeps_all_else() {
        let before = "# mine\nmodel = \"x\" # y\n\n[mcp_servers.other]\ncommand = \"z\"\n";
        let after = toml(before, "mcp_servers", "holm", &entry()).expect("edited");
        expect![[r#"
            # mine
            model = "x" # y

            [mcp_servers.other]
            command = "z"

            [mcp_servers.holm]
            command = "/opt/holm"
            args = ["mcp"]
        "#]]
        .assert_eq(&after);
        assert_eq!(toml(&after, "mcp_servers", "holm", &entry()).as_ref(), Ok(&after));
        assert!(toml("mcp_servers = 3", "mcp_servers", "holm", &entry()).is_err());
        assert!(toml("a = ", "mcp_servers", "holm", &entry()).is_err());
    }
}
