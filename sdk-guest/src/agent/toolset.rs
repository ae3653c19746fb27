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
/// Bytes of their descriptions and schemas together: about 8,000 tokens. One that is larger is told of alone.
const LOADED_BYTES: usize = 32 << 10;
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
    /// What is told with each request, in the order in which it was looked up: a request begins as the last
    /// one did for as long as nothing is looked up, and providers keep what begins alike.
    loaded: Vec<Loaded>,
    lazy: bool,
    /// Counts uses.
    uses: u64,
}

/// A tool that is told of, and when it was last of use.
#[derive(Debug)]
struct Loaded {
    tool: llm::Tool,
    used: u64,
}

impl Loaded {
    fn bytes(&self) -> usize {
        bytes(&self.tool)
    }
}

fn bytes(tool: &llm::Tool) -> usize {
    tool.description.len() + tool.input_schema.len()
}

impl Toolset {
    /// Of a catalogue; `describe` tells more of a tool.
    pub(super) fn new(catalogue: Vec<Line>, mut describe: impl FnMut(&str) -> Option<Full>) -> Self {
        let names = catalogue.iter().map(|tool| (wire(&tool.name), tool.name.clone())).collect();
        let mut set = Self { catalogue, names, lazy: true, ..Self::default() };
        if set.catalogue.len() <= FEW {
            let all = set.catalogue.iter().filter_map(|tool| Some(told(&tool.name, describe(&tool.name)?)));
            let all: Vec<_> = all.map(|tool| Loaded { tool, used: 0 }).collect();
            if all.iter().map(Loaded::bytes).sum::<usize>() <= FEW_BYTES {
                (set.loaded, set.lazy) = (all, false);
            }
        }
        set
    }

    /// What the model is told.
    pub(super) fn told(&self) -> Vec<llm::Tool> {
        let mut tools = if self.lazy { meta(self.catalogue.len()) } else { Vec::new() };
        tools.extend(self.loaded.iter().map(|loaded| loaded.tool.clone()));
        tools
    }

    /// Holm's name of a tool that the model wants called.
    pub(super) fn name(&self, wire: &str) -> Option<&str> {
        self.names.get(wire).map(String::as_str)
    }

    /// A tool was called: it stays.
    pub(super) fn used(&mut self, wire: &str) {
        self.uses += 1;
        if let Some(loaded) = self.loaded.iter_mut().find(|loaded| loaded.tool.name == wire) {
            loaded.used = self.uses;
        }
    }

    /// Answers the tool that searches; `search` finds the tools that fit some words, the best first.
    pub(super) fn find(
        &mut self,
        arguments: &str,
        search: impl FnOnce(&str, usize) -> Result<Vec<Line>, String>,
    ) -> Result<String, String> {
        let arguments: Value = serde_json::from_str(arguments).map_err(|error| error.to_string())?;
        let query = arguments["query"].as_str().ok_or("give `query`, some words")?;
        let found = match query.trim().is_empty() {
            true => self.catalogue.iter().take(FOUND).cloned().collect(),
            false => search(query, FOUND)?,
        };
        if found.is_empty() {
            return Ok("No tool matches. Try other words, or an empty query for the first of all.".to_owned());
        }
        let mut text = String::new();
        for Line { name, description } in found {
            let description: String = description.chars().take(200).collect();
            text.push_str(&format!("{}: {description}\n", wire(&name)));
            // It may have been installed meanwhile.
            self.names.insert(wire(&name), name);
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
            if !self.loaded.iter().any(|loaded| loaded.tool.name == name) {
                let found = self.names.get(name).and_then(|name| Some(told(name, describe(name)?)));
                let Some(tool) = found else {
                    lines.push(format!("{name}: there is no such tool"));
                    continue;
                };
                self.make_room(bytes(&tool));
                self.loaded.push(Loaded { tool, used: 0 });
            }
            self.used(name);
            lines.push(format!("{name}: loaded, call it now"));
        }
        Ok(lines.join("\n"))
    }

    /// Lets go of the longest unused until one more of so many bytes fits, or nothing is left.
    fn make_room(&mut self, bytes: usize) {
        let full = |loaded: &[Loaded]| {
            loaded.len() >= LOADED || loaded.iter().map(Loaded::bytes).sum::<usize>() + bytes > LOADED_BYTES
        };
        while full(&self.loaded) {
            let Some(at) = (0..self.loaded.len()).min_by_key(|at| self.loaded[*at].used) else { return };
            self.loaded.remove(at);
        }
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

    /// Finds one.
    fn search(words: &str, limit: usize) -> Result<Vec<Line>, String> {
        assert_eq!(limit, FOUND);
        Ok(vec![line(&format!("{}/work", words.replace(' ', "")), "Works.")])
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
        let found = set.find(r#"{"query":"plugin 2999"}"#, search).expect("found");
        assert!(found.starts_with("plugin2999__work: Works."), "{found}");
        assert_eq!(set.find(r#"{"query":" "}"#, search).expect("found").lines().count(), FOUND + 1);
        assert!(set.find(r#"{"query":"of no use"}"#, |_, _| Ok(Vec::new())).expect("said").starts_with("No tool"));
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
        // What is used stays, where it was: the requests begin alike.
        assert_eq!(set.told()[2].name, "plugin2999__work");
    }

    #[test]
    fn large_tools_make_room_for_each_other() {
        let catalogue = ["a/x", "b/x", "c/x"].map(|name| line(name, "Works."));
        let large = |_: &str| Some(Full { description: "d".repeat(14 << 10), schema: "{}".to_owned() });
        let mut set = Toolset::new(catalogue.to_vec(), large);
        let names = |set: &Toolset| set.told()[2..].iter().map(|tool| tool.name.clone()).collect::<Vec<_>>();
        set.load(r#"{"names":["a__x","b__x"]}"#, large).expect("loaded");
        set.used("a__x");
        set.load(r#"{"names":["c__x"]}"#, large).expect("loaded");
        assert_eq!(names(&set), ["a__x", "c__x"]);
        // Larger than all of them together may be: it is told of alone.
        let huge = |_: &str| Some(Full { description: "d".repeat(LOADED_BYTES), schema: "{}".to_owned() });
        set.load(r#"{"names":["b__x"]}"#, huge).expect("loaded");
        assert_eq!(names(&set), ["b__x"]);
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
        assert!(set.find("nonsense", search).is_err());
        assert!(set.find(r#"{"query":"x"}"#, |_, _| Err("too long".to_owned())).is_err());
        assert!(set.load(r#"{"names":"x"}"#, full).is_err());
    }
}
