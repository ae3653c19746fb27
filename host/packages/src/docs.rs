//! What a component says of its typed functions: the section `package-docs`, which keeps a WIT's comments.

use std::collections::BTreeMap;

use holm_kernel::program::ToolDescription;
use serde_json::Value;

use crate::text::is_hidden;

/// Comments of functions, by the end of their tools' names: `add`, `calc.add`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Docs {
    own: BTreeMap<String, String>,
    interfaces: BTreeMap<String, String>,
}

/// Sections that are longer say nothing. Stops comments that take longer to read than all else.
const SECTION_BYTES: usize = 1 << 20;

/// Characters of one comment. Stops comments that fill a context window.
const COMMENT: usize = 4096;

/// Characters of a comment's first sentence.
const SENTENCE: usize = 200;

impl Docs {
    /// The section's name.
    pub(crate) const SECTION: &'static str = "package-docs";

    /// Reads a section: a byte for its version, then JSON. One that cannot be read says nothing.
    pub(crate) fn parse(section: &[u8]) -> Self {
        let mut docs = Self::default();
        let Some((0 | 1, json)) = section.split_first() else { return docs };
        if section.len() > SECTION_BYTES {
            return docs;
        }
        let Ok(json) = serde_json::from_slice::<Value>(json) else { return docs };
        for world in entries(&json["worlds"]).map(|(_, world)| world) {
            for key in ["funcs", "func_exports"] {
                entries(&world[key]).for_each(|(name, item)| keep(&mut docs.own, name.clone(), item));
            }
            for key in ["interfaces", "interface_exports"] {
                docs.take_interfaces(&world[key]);
            }
        }
        docs.take_interfaces(&json["interfaces"]);
        docs
    }

    fn take_interfaces(&mut self, interfaces: &Value) {
        for (interface, item) in entries(interfaces) {
            for (function, item) in entries(&item["funcs"]) {
                // What is in brackets says what kind of function of a resource it is.
                let function = function.rsplit(']').next().unwrap_or_default();
                keep(&mut self.interfaces, format!("{interface}.{function}"), item);
            }
        }
    }

    /// Says of each tool what its function is for, before how it is called.
    pub(crate) fn describe(&self, tools: &mut [ToolDescription]) {
        for tool in tools {
            let of_interface = || {
                let ends = tool.name.match_indices('.').map(|(at, _)| &tool.name[at + 1..]);
                std::iter::once(&*tool.name).chain(ends).find_map(|end| self.interfaces.get(end))
            };
            if let Some(comment) = self.own.get(&tool.name).or_else(of_interface) {
                tool.summary = sentence(comment);
                tool.description = format!("{comment}\n\n{}", tool.description);
            }
        }
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn keep(docs: &mut BTreeMap<String, String>, name: String, item: &Value) {
    // Older writers keep the text alone.
    let Some(text) = item.as_str().or_else(|| item["docs"].as_str()) else { return };
    let seen = text.chars().filter(|char| !is_hidden(*char) || matches!(char, '\n' | '\t'));
    let text: String = seen.take(COMMENT).collect();
    if !text.trim().is_empty() {
        docs.insert(name, text.trim().to_owned());
    }
}

fn sentence(text: &str) -> String {
    let paragraph: String = text.lines().take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join(" ");
    let end = paragraph.find(". ").map_or(paragraph.len(), |at| at + 1);
    paragraph[..end].chars().take(SENTENCE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str) -> ToolDescription {
        let text = format!("{name}()");
        ToolDescription {
            name: name.into(),
            summary: text.clone(),
            description: text,
            input_schema: "{}".into(),
            output_schema: None,
        }
    }

    fn described(json: &str, names: &[&str]) -> Vec<(String, String)> {
        let mut tools: Vec<ToolDescription> = names.iter().map(|name| tool(name)).collect();
        Docs::parse(&[&[1], json.as_bytes()].concat()).describe(&mut tools);
        tools.into_iter().map(|tool| (tool.summary, tool.description)).collect()
    }

    #[test]
    fn comments_say_what_tools_are_for() {
        let json = r#"{"worlds":{"root":{"func_exports":{"add":{"docs":"Adds two\nnumbers. Slowly."}},
            "interfaces":{"calc":{"funcs":{"add":"Adds \u202ewell"}}}}},
            "interfaces":{"shapes":{"funcs":{"[static]counter.zero":{"docs":"A new one"}}}}}"#;
        let all = described(json, &["add", "calc.add", "math.calc.add", "shapes.counter.zero", "sub.add", "calc"]);
        let summaries: Vec<&str> = all.iter().map(|(summary, _)| summary.as_str()).collect();
        assert_eq!(summaries, ["Adds two numbers.", "Adds well", "Adds well", "A new one", "sub.add()", "calc()"]);
        assert_eq!(all[0].1, "Adds two\nnumbers. Slowly.\n\nadd()");
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for json in ["", "{", "[]", r#"{"worlds":[1]}"#, r#"{"worlds":{"a":{"funcs":{"add":7}}}}"#, "null"] {
            assert_eq!(described(json, &["add"])[0].0, "add()", "{json}");
        }
        assert_eq!(Docs::parse(&[]), Docs::default());
        assert_eq!(Docs::parse(br#"2{"worlds":{}}"#), Docs::default());
        let long = format!(r#"{{"worlds":{{"a":{{"funcs":{{"add":"{}"}}}}}}}}"#, "x".repeat(900_000));
        assert_eq!(described(&long, &["add"])[0].1.len(), COMMENT + 2 + "add()".len());
        let longer = format!(r#"{{"worlds":{{"a":{{"funcs":{{"add":"{}"}}}}}}}}"#, "x".repeat(2 << 20));
        assert_eq!(described(&longer, &["add"])[0].0, "add()");
    }
}
