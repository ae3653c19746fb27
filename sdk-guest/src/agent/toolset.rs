//! Which tools the model is told of: all where they are few, otherwise those it looked up. Pure.
//!
//! What is not looked up costs nothing: with three thousand tools installed, a request carries two.

use crate::llm;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Tools that are told of at once.
const FEW: usize = 12;
/// Bytes of their descriptions and schemas together: about 1,500 tokens.
const FEW_BYTES: usize = 6_000;
/// Tools that were looked up and are told of with each request; the longest unused goes first.
const LOADED: usize = 24;
/// Tools that one search finds.
const FOUND: usize = 20;
/// Bytes of a name on the wire, as all providers take it.
const WIRE: usize = 64;

/// The model's name of the tool that searches.
pub(super) const FIND: &str = "find_tools";
/// The model's name of the tool that loads.
pub(super) const LOAD: &str = "load_tools";

/// A granted tool, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) description: String,
}

/// A granted tool, in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Full {
    pub(super) description: String,
    pub(super) schema: String,
}

/// The tools of one task.
#[derive(Debug, Default)]
pub(super) struct Toolset {
    catalogue: Vec<Line>,
    /// By the model's name: Holm's.
    names: BTreeMap<String, String>,
    /// What is told with each request, the longest unused first.
    loaded: Vec<llm::Tool>,
    lazy: bool,
}

impl Toolset {
    /// Of a catalogue; `describe` tells more of a tool.
    pub(super) fn new(catalogue: Vec<Line>, mut describe: impl FnMut(&str) -> Option<Full>) -> Self {
        let names = catalogue.iter().map(|tool| (wire(&tool.name), tool.name.clone())).collect();
        let mut set = Self { catalogue, names, loaded: Vec::new(), lazy: true };
        if set.catalogue.len() <= FEW {
            let all: Vec<_> =
                set.catalogue.iter().filter_map(|tool| Some(told(&tool.name, describe(&tool.name)?))).collect();
            let bytes: usize = all.iter().map(|tool| tool.description.len() + tool.input_schema.len()).sum();
            if bytes <= FEW_BYTES {
                (set.loaded, set.lazy) = (all, false);
            }
        }
        set
    }

    /// What the model is told.
    pub(super) fn told(&self) -> Vec<llm::Tool> {
        let mut tools = if self.lazy { meta(self.catalogue.len()) } else { Vec::new() };
        tools.extend(self.loaded.iter().cloned());
        tools
    }

    /// Holm's name of a tool that the model wants called.
    pub(super) fn name(&self, wire: &str) -> Option<&str> {
        self.names.get(wire).map(String::as_str)
    }

    /// A tool was called: it stays.
    pub(super) fn used(&mut self, wire: &str) {
        if let (true, Some(at)) = (self.lazy, self.loaded.iter().position(|tool| tool.name == wire)) {
            let tool = self.loaded.remove(at);
            self.loaded.push(tool);
        }
    }

    /// Answers the tool that searches: the tools that hold most of the words.
    pub(super) fn find(&self, arguments: &str) -> Result<String, String> {
        let arguments: Value = serde_json::from_str(arguments).map_err(|error| error.to_string())?;
        let query = arguments["query"].as_str().ok_or("give `query`, some words")?.to_lowercase();
        let words: Vec<&str> =
            query.split(|char: char| !char.is_alphanumeric()).filter(|word| word.len() > 1).collect();
        let score = |tool: &Line| {
            let (name, description) = (tool.name.to_lowercase(), tool.description.to_lowercase());
            let points =
                words.iter().map(|word| 3 * usize::from(name.contains(word)) + usize::from(description.contains(word)));
            points.sum::<usize>()
        };
        let mut found: Vec<(usize, &Line)> = self.catalogue.iter().map(|tool| (score(tool), tool)).collect();
        found.retain(|(score, _)| *score > 0 || words.is_empty());
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
        if found.is_empty() {
            return Ok("No tool matches. Try other words, or an empty query for the first of all.".to_owned());
        }
        let lines = found.iter().take(FOUND).map(|(_, tool)| {
            let description: String = tool.description.chars().take(200).collect();
            format!("{}: {description}\n", wire(&tool.name))
        });
        let mut text: String = lines.collect();
        if found.len() > FOUND {
            text.push_str(&format!("and {} more; be more specific\n", found.len() - FOUND));
        }
        Ok(text + "Load what you need with load_tools.")
    }

    /// Answers the tool that loads: from now on the model is told of these.
    pub(super) fn load(
        &mut self,
        arguments: &str,
        mut describe: impl FnMut(&str) -> Option<Full>,
    ) -> Result<String, String> {
        let arguments: Value = serde_json::from_str(arguments).map_err(|error| error.to_string())?;
        let wanted = arguments["names"].as_array().ok_or("give `names`, a list")?;
        let mut lines = Vec::new();
        for name in wanted.iter().filter_map(Value::as_str).take(LOADED) {
            let found = self.names.get(name).and_then(|name| Some((name.clone(), describe(name)?)));
            let Some((full_name, full)) = found else {
                lines.push(format!("{name}: there is no such tool"));
                continue;
            };
            self.loaded.retain(|tool| tool.name != name);
            if self.loaded.len() == LOADED {
                self.loaded.remove(0);
            }
            self.loaded.push(told(&full_name, full));
            lines.push(format!("{name}: loaded, call it now"));
        }
        Ok(lines.join("\n"))
    }
}

fn told(name: &str, full: Full) -> llm::Tool {
    llm::Tool { name: wire(name), description: full.description, input_schema: full.schema }
}

fn meta(count: usize) -> Vec<llm::Tool> {
    let tool = |name: &str, description: String, properties: Value, required: &str| llm::Tool {
        name: name.to_owned(),
        description,
        input_schema: json!({ "type": "object", "properties": properties, "required": [required] }).to_string(),
    };
    vec![
        tool(
            FIND,
            format!("Searches the {count} tools that you may use. Returns names and what they do."),
            json!({ "query": { "type": "string", "description": "a few words of what the tool should do" } }),
            "query",
        ),
        tool(
            LOAD,
            "Makes tools that were found callable.".to_owned(),
            json!({ "names": { "type": "array", "items": { "type": "string" } } }),
            "names",
        ),
    ]
}

/// A tool's name as providers take it: `[A-Za-z0-9_-]`, at most 64 bytes. Names that are too long
/// keep their beginning, and a hash of the whole tells them apart.
pub(super) fn wire(name: &str) -> String {
    let spelled = name.replace('/', "__");
    let fits = spelled.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if fits && spelled.len() <= WIRE {
        return spelled;
    }
    use std::hash::{Hash, Hasher};
    let mut hasher = std::collections::hash_map::DefaultHasher::new();
    name.hash(&mut hasher);
    let kept: String = spelled
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() || char == '-' { char } else { '_' })
        .take(WIRE - 9)
        .collect();
    format!("{kept}_{:08x}", hasher.finish() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, description: &str) -> Line {
        Line { name: name.to_owned(), description: description.to_owned() }
    }

    fn full(_: &str) -> Option<Full> {
        Some(Full { description: "Does it. In detail.".to_owned(), schema: "{\"type\":\"object\"}".to_owned() })
    }

    #[test]
    fn few_tools_are_told_at_once() {
        let set = Toolset::new(vec![line("files/read", "Reads."), line("jq/query", "Filters.")], full);
        let names: Vec<_> = set.told().into_iter().map(|tool| tool.name).collect();
        assert_eq!(names, ["files__read", "jq__query"]);
        assert_eq!(set.name("jq__query"), Some("jq/query"));
        assert_eq!(set.name("jq__rm"), None);
    }

    #[test]
    fn three_thousand_tools_cost_no_more_than_two() {
        let many = (0..3_000).map(|at| line(&format!("plugin{at}/work"), "Works on things of some kind or other."));
        let mut set = Toolset::new(many.collect(), full);
        let bytes = |set: &Toolset| -> usize {
            set.told().iter().map(|tool| tool.name.len() + tool.description.len() + tool.input_schema.len()).sum()
        };
        // Four bytes are about a token: far below the 2,000 that a request may cost before its task.
        assert!(bytes(&set) < 2_000, "{}", bytes(&set));
        let found = set.find(r#"{"query":"plugin2999"}"#).expect("found");
        assert!(found.starts_with("plugin2999__work: "), "{found}");
        assert!(set.find(r#"{"query":"things"}"#).expect("found").contains("and 2980 more"));
        let loaded = set.load(r#"{"names":["plugin2999__work","rm"]}"#, full).expect("loaded");
        assert_eq!(loaded, "plugin2999__work: loaded, call it now\nrm: there is no such tool");
        assert_eq!(set.told().len(), 3);
        // However many are loaded, the unused go.
        let names: Vec<_> = (0..40).map(|at| format!("plugin{at}__work")).collect();
        for name in &names {
            set.load(&json!({ "names": [name] }).to_string(), full).expect("loaded");
            set.used("plugin2999__work");
        }
        assert_eq!(set.told().len(), 2 + LOADED);
        assert!(set.told().iter().any(|tool| tool.name == "plugin2999__work"));
    }

    #[test]
    fn names_fit_every_provider_and_are_told_apart() {
        let long = "a".repeat(60);
        let names = [wire(&format!("{long}/read")), wire(&format!("{long}/readx")), wire("a/b")];
        assert!(names.iter().all(|name| name.len() <= 64));
        assert_ne!(names[0], names[1]);
        assert_eq!(names[2], "a__b");
    }

    #[test]
    fn what_makes_no_sense_is_said_to_the_model() {
        let mut set = Toolset::default();
        assert!(set.find("nonsense").is_err());
        assert!(set.load(r#"{"names":"x"}"#, full).is_err());
    }
}
