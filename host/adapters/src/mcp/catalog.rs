//! The tools of a profile, as MCP clients see them: named, described, in pages.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::Arc,
};

use holm_kernel::program::Digest;
use rmcp::model::{JsonObject, Tool};
use serde_json::Value;

use super::profile::Profile;
use crate::control::ToolView;

/// Tools of one page: what most clients read at once.
const PAGE: usize = 250;

/// The longest name that providers of models take.
const NAME: usize = 64;

/// Before the name that a page begins after.
const CURSOR: &str = "after:";

/// The tools of one profile.
pub(crate) struct Catalog(BTreeMap<String, Offered>);

/// A tool that is offered.
pub(crate) struct Offered {
    /// Whose.
    pub(crate) plugin: String,
    /// Its name there.
    pub(crate) tool: String,
    /// As clients are told.
    pub(crate) described: Tool,
}

/// There is no such page.
#[derive(Debug)]
pub(crate) struct NoSuchPage;

impl Catalog {
    pub(crate) fn new(views: &[ToolView], profile: &Profile) -> Self {
        let offered: Vec<_> = views
            .iter()
            .filter(|view| profile.offers(&view.name))
            .filter_map(|view| Some((view, view.name.split_once('/')?)))
            .collect();
        let mut own: HashMap<&str, usize> = HashMap::new();
        offered.iter().for_each(|(_, (_, tool))| *own.entry(tool).or_default() += 1);
        let mut tools = BTreeMap::new();
        for (view, (plugin, tool)) in &offered {
            let alone = profile.own_names && own.get(tool) == Some(&1) && fits(tool);
            let name = if alone { (*tool).to_owned() } else { wire(&view.name) };
            // No tool takes another's place: one whose name is taken has one that nobody else has.
            let name = if tools.contains_key(&name) { hashed(&view.name) } else { name };
            let described = describe(&name, view);
            tools.insert(name, Offered { plugin: (*plugin).to_owned(), tool: (*tool).to_owned(), described });
        }
        Self(tools)
    }

    /// The tool of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Offered> {
        self.0.get(name)
    }

    /// A page of tools by name, and where the next begins.
    pub(crate) fn page(&self, cursor: Option<&str>) -> Result<(Vec<Tool>, Option<String>), NoSuchPage> {
        let after = match cursor {
            None => Bound::Unbounded,
            // The tool may be gone by now; its place is not.
            Some(cursor) => Bound::Excluded(cursor.strip_prefix(CURSOR).ok_or(NoSuchPage)?),
        };
        let mut rest = self.0.range::<str, _>((after, Bound::Unbounded));
        let page: Vec<_> = rest.by_ref().take(PAGE).map(|(_, offered)| offered.described.clone()).collect();
        let next = page.last().filter(|_| rest.next().is_some()).map(|tool| format!("{CURSOR}{}", tool.name));
        Ok((page, next))
    }
}

fn describe(name: &str, view: &ToolView) -> Tool {
    let mut input = object(&view.input_schema);
    // What is left out means anything; for arguments, clients want it said.
    input.entry("type").or_insert_with(|| Value::from("object"));
    let mut tool = Tool::new(name.to_owned(), view.description.clone(), Arc::new(input));
    tool.title = Some(view.name.replace('/', ": ").replace('_', " "));
    tool.output_schema =
        view.output_schema.as_ref().filter(|schema| schema.is_object()).map(|schema| Arc::new(object(schema)));
    tool
}

fn object(schema: &Value) -> JsonObject {
    schema.as_object().cloned().unwrap_or_default()
}

/// Whether providers of models take it as a name.
fn fits(name: &str) -> bool {
    (1..=NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// `plugin/tool` as Holm's own agents name it to their models: `plugin__tool`.
fn wire(name: &str) -> String {
    let spelled = name.replace('/', "__");
    if fits(&spelled) { spelled } else { hashed(name) }
}

/// The beginning of a name, and what tells it apart from others that begin so. The same in every
/// build: users keep lists of names that they allow.
fn hashed(name: &str) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() || char == '-' { char } else { '_' };
    let kept: String = name.replace('/', "__").chars().map(plain).take(NAME - 9).collect();
    let digest = Digest::of(name.as_bytes()).to_string();
    format!("{kept}_{}", &digest[..8])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Catalog, PAGE};
    use crate::{control::ToolView, mcp::Profile};

    fn view(name: &str) -> ToolView {
        ToolView {
            name: name.to_owned(),
            summary: String::new(),
            description: "Does it.".to_owned(),
            input_schema: json!({}),
            output_schema: Some(json!(true)),
        }
    }

    fn catalog(names: &[&str], tools: &[&str], own_names: bool) -> Catalog {
        let tools = tools.iter().map(|pattern| pattern.parse().expect("a pattern")).collect();
        let profile = Profile {
            name: "p".to_owned(),
            tools,
            own_names,
            fuel: None,
            memory: None,
            tokens: None,
            money: None,
            calls_per_hour: None,
        };
        Catalog::new(&names.iter().map(|name| view(name)).collect::<Vec<_>>(), &profile)
    }

    fn names(catalog: &Catalog) -> Vec<&str> {
        catalog.0.keys().map(String::as_str).collect()
    }

    #[test]
    fn a_profile_offers_what_its_patterns_mean() {
        let all = ["files/read", "files/write", "jq/query"];
        assert_eq!(names(&catalog(&all, &["*"], false)), ["files__read", "files__write", "jq__query"]);
        assert_eq!(names(&catalog(&all, &["files/r*", "jq/*"], false)), ["files__read", "jq__query"]);
        assert!(names(&catalog(&all, &[], false)).is_empty());
        let catalog = catalog(&all, &["jq/*"], false);
        let found = catalog.find("jq__query").expect("it is offered");
        assert_eq!((found.plugin.as_str(), found.tool.as_str()), ("jq", "query"));
        assert_eq!(found.described.schema_as_json_value(), json!({ "type": "object" }));
        assert!(found.described.output_schema.is_none() && catalog.find("files__read").is_none());
    }

    #[test]
    fn names_are_told_apart() {
        let own = catalog(&["a/read", "b/read", "b/a__read", "c/x.y", "c/write"], &["*"], true);
        let names = names(&own);
        assert!(names.contains(&"write") && names.contains(&"a__read") && names.contains(&"b__read"), "{names:?}");
        assert_eq!(names.len(), 5, "{names:?}");
        for name in names {
            assert!(super::fits(name), "{name}");
        }
        let long = "x".repeat(80);
        assert_eq!(super::wire(&format!("p/{long}")).len(), super::NAME);
        assert_ne!(super::wire(&format!("p/{long}y")), super::wire(&format!("p/{long}z")));
    }

    #[test]
    fn pages_hold_all_of_them() {
        let all: Vec<_> = (0..1000).map(|at| format!("plugin/t{at}")).collect();
        let catalog = catalog(&all.iter().map(String::as_str).collect::<Vec<_>>(), &["*"], false);
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (page, next) = catalog.page(cursor.as_deref()).expect("a page");
            assert!(page.len() <= PAGE);
            seen.extend(page.into_iter().map(|tool| tool.name));
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 1000);
        assert!(catalog.page(Some("nonsense")).is_err());
    }
}
