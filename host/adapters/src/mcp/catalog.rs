//! What a profile offers, as MCP clients see it: named, described, in pages.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::Arc,
};

use holm_kernel::{
    pattern::Pattern,
    program::{self, Digest},
    tool_parts,
};
use rmcp::model::{JsonObject, Prompt, PromptArgument, Resource, ResourceTemplate, Tool};
use serde_json::Value;

use super::profile::Profile;
use crate::control::{OffersView, ToolView};

/// Things of one page: what most clients read at once.
const PAGE: usize = 250;

/// The longest name that providers of models take.
const NAME: usize = 64;

/// Before the name that a page begins after.
const CURSOR: &str = "after:";

/// What all plugins offer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Views {
    pub(crate) tools: Vec<ToolView>,
    pub(crate) offers: Vec<OffersView>,
}

/// What one profile offers, by the names that clients are told.
pub(crate) struct Catalog {
    pub(crate) tools: Shelf<Tool>,
    pub(crate) prompts: Shelf<Prompt>,
    pub(crate) resources: Shelf<Resource>,
    pub(crate) templates: Shelf<ResourceTemplate>,
}

/// Things of one kind, by name.
pub(crate) struct Shelf<T>(BTreeMap<String, Offered<T>>);

/// A thing that is offered.
pub(crate) struct Offered<T> {
    /// Whose.
    pub(crate) plugin: String,
    /// Its name there.
    pub(crate) own: String,
    /// As clients are told.
    pub(crate) described: T,
}

/// There is no such page.
#[derive(Debug)]
pub(crate) struct NoSuchPage;

impl Catalog {
    pub(crate) fn new(views: &Views, profile: &Profile) -> Self {
        let tools = views.tools.iter().filter(|view| profile.offers(&view.name));
        let tools: Vec<_> = tools.filter_map(|view| Some((tool_parts(&view.name)?, view))).collect();
        let offers = views.offers.iter();
        let each = offers.map(|view| (view.plugin.as_str(), &view.offers));
        let offered = |plugin: &str, own: &str, said| profile.offers_beside(plugin, own, said);
        let (mut prompts, mut resources, mut templates) = (Vec::new(), Vec::new(), Vec::new());
        for (plugin, offers) in each {
            let named = offers.prompts.iter().filter(|prompt| offered(plugin, &prompt.name, profile.prompts));
            prompts.extend(named.map(|prompt| ((plugin, prompt.name.as_str()), prompt)));
            let read = offers.resources.iter().filter(|resource| offered(plugin, &resource.uri, profile.resources));
            resources.extend(read.map(|resource| ((plugin, resource.uri.as_str()), resource)));
            let filled =
                offers.templates.iter().filter(|template| offered(plugin, &template.uri_template, profile.resources));
            templates.extend(filled.map(|template| ((plugin, template.uri_template.as_str()), template)));
        }
        let own_names = profile.own_names;
        Self {
            tools: Shelf::named(tools, own_names, describe),
            prompts: Shelf::named(prompts, own_names, prompt),
            resources: Shelf::addressed(resources, resource),
            templates: Shelf::addressed(templates, template),
        }
    }

    /// Whose a resource is, and what it is called there: one that was told, or one that a template names. What
    /// two plugins claim is nobody's, but by `holm:PLUGIN:URI`.
    pub(crate) fn resource(&self, uri: &str) -> Option<(&str, String)> {
        if let Some(told) = self.resources.find(uri) {
            return Some((&told.plugin, told.own.clone()));
        }
        let (of, own) = match uri.strip_prefix("holm:").and_then(|rest| rest.split_once(':')) {
            Some((plugin, own)) => (Some(plugin), own),
            None => (None, uri),
        };
        if of.is_none() && self.resources.0.values().any(|told| told.own == own) {
            return None;
        }
        let fits = |offered: &&Offered<ResourceTemplate>| {
            of.is_none_or(|plugin| plugin == offered.plugin)
                && pattern(&offered.own).is_some_and(|pattern| pattern.admits(own))
        };
        let mut fitting = self.templates.0.values().filter(fits);
        let first = fitting.next()?;
        fitting.all(|other| other.plugin == first.plugin).then(|| (first.plugin.as_str(), own.to_owned()))
    }
}

impl<T: Clone> Shelf<T> {
    /// Things with names like tools'.
    fn named<V>(things: Vec<((&str, &str), V)>, own_names: bool, describe: impl Fn(&str, &str, V) -> T) -> Self {
        let mut count: HashMap<&str, usize> = HashMap::new();
        things.iter().for_each(|((_, own), _)| *count.entry(own).or_default() += 1);
        // One that is told with its plugin's name keeps that, whatever others call themselves.
        let alone = |own: &str| own_names && count.get(own) == Some(&1) && fits(own) && !own.contains("__");
        let (short, full): (Vec<_>, Vec<_>) = things.into_iter().partition(|((_, own), _)| alone(own));
        let mut shelf = BTreeMap::new();
        for ((plugin, own), view) in full.into_iter().chain(short) {
            let full = format!("{plugin}/{own}");
            // No thing takes another's place: one whose name is taken has one that nobody else has.
            let names = [if alone(own) { own.to_owned() } else { wire(&full) }, wire(&full), hashed(&full)];
            let Some(name) = names.into_iter().find(|name| !shelf.contains_key(name)) else { continue };
            let described = describe(&name, &full, view);
            shelf.insert(name, Offered { plugin: plugin.to_owned(), own: own.to_owned(), described });
        }
        Self(shelf)
    }

    /// Things with addresses. One that two plugins claim has theirs before it.
    fn addressed<V>(things: Vec<((&str, &str), V)>, describe: impl Fn(&str, V) -> T) -> Self {
        let mut count: HashMap<&str, usize> = HashMap::new();
        things.iter().for_each(|((_, own), _)| *count.entry(own).or_default() += 1);
        let mut shelf = BTreeMap::new();
        for ((plugin, own), view) in things {
            // Such an address is nobody's own.
            if own.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("holm:")) {
                continue;
            }
            let alone = count.get(own) == Some(&1);
            let address = if alone { own.to_owned() } else { format!("holm:{plugin}:{own}") };
            let described = describe(&address, view);
            let offered = Offered { plugin: plugin.to_owned(), own: own.to_owned(), described };
            shelf.entry(address).or_insert(offered);
        }
        Self(shelf)
    }

    /// The thing of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Offered<T>> {
        self.0.get(name)
    }

    /// A page of things by name, and where the next begins.
    pub(crate) fn page(&self, cursor: Option<&str>) -> Result<(Vec<T>, Option<String>), NoSuchPage> {
        let after = match cursor {
            None => Bound::Unbounded,
            // The thing may be gone by now; its place is not.
            Some(cursor) => Bound::Excluded(cursor.strip_prefix(CURSOR).ok_or(NoSuchPage)?),
        };
        let mut rest = self.0.range::<str, _>((after, Bound::Unbounded));
        let (mut page, mut last) = (Vec::new(), None);
        for (name, offered) in rest.by_ref().take(PAGE) {
            page.push(offered.described.clone());
            last = Some(name);
        }
        let next = last.filter(|_| rest.next().is_some()).map(|name| format!("{CURSOR}{name}"));
        Ok((page, next))
    }
}

/// What a template may name: any text where something is filled in.
fn pattern(template: &str) -> Option<Pattern> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (_, after) = after.split_once('}')?;
        text.push_str(before);
        text.push('*');
        rest = after;
    }
    text.push_str(rest);
    text.parse().ok()
}

fn prompt(name: &str, _full: &str, prompt: &program::Prompt) -> Prompt {
    let argument = |argument: &program::PromptArgument| {
        let mut told = PromptArgument::new(&argument.name).with_required(argument.required);
        told.title.clone_from(&argument.title);
        told.description.clone_from(&argument.description);
        told
    };
    let arguments: Vec<_> = prompt.arguments.iter().map(argument).collect();
    let mut told = Prompt::new(name, prompt.description.clone(), (!arguments.is_empty()).then_some(arguments));
    told.title.clone_from(&prompt.title);
    told
}

fn resource(uri: &str, resource: &program::Resource) -> Resource {
    let mut told = Resource::new(uri, &resource.name);
    told.title.clone_from(&resource.title);
    told.description.clone_from(&resource.description);
    told.mime_type.clone_from(&resource.mime_type);
    told.size = resource.size;
    told
}

fn template(uri: &str, template: &program::Template) -> ResourceTemplate {
    let mut told = ResourceTemplate::new(uri, &template.name);
    told.title.clone_from(&template.title);
    told.description.clone_from(&template.description);
    told.mime_type.clone_from(&template.mime_type);
    told
}

fn describe(name: &str, full: &str, view: &ToolView) -> Tool {
    let mut input = object(&view.input_schema);
    // What is left out means anything; for arguments, clients want it said.
    input.entry("type").or_insert_with(|| Value::from("object"));
    let mut tool = Tool::new(name.to_owned(), view.description.clone(), Arc::new(input));
    tool.title = Some(full.replace('/', ": ").replace('_', " "));
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
    use holm_kernel::program::{Offers, Prompt, Resource, Template};
    use serde_json::json;

    use super::{Catalog, PAGE, Views};
    use crate::{
        control::{OffersView, ToolView},
        mcp::Profile,
    };

    fn view(name: &str) -> ToolView {
        ToolView {
            name: name.to_owned(),
            summary: String::new(),
            description: "Does it.".to_owned(),
            input_schema: json!({}),
            output_schema: Some(json!(true)),
        }
    }

    fn profile(tools: &[&str], own_names: bool) -> Profile {
        let tools = tools.iter().map(|pattern| pattern.parse().expect("a pattern")).collect();
        Profile {
            name: "p".to_owned(),
            tools,
            own_names,
            resources: true,
            prompts: true,
            sampling: false,
            roots: false,
            fuel: None,
            memory: None,
            tokens: None,
            money: None,
            calls_per_hour: None,
        }
    }

    fn catalog(names: &[&str], tools: &[&str], own_names: bool) -> Catalog {
        let views = Views { tools: names.iter().map(|name| view(name)).collect(), offers: Vec::new() };
        Catalog::new(&views, &profile(tools, own_names))
    }

    fn names(catalog: &Catalog) -> Vec<&str> {
        catalog.tools.0.keys().map(String::as_str).collect()
    }

    #[test]
    fn a_profile_offers_what_its_patterns_mean() {
        let all = ["files/read", "files/write", "jq/query"];
        assert_eq!(names(&catalog(&all, &["*"], false)), ["files__read", "files__write", "jq__query"]);
        assert_eq!(names(&catalog(&all, &["files/r*", "jq/*"], false)), ["files__read", "jq__query"]);
        assert!(names(&catalog(&all, &[], false)).is_empty());
        let catalog = catalog(&all, &["jq/*"], false);
        let found = catalog.tools.find("jq__query").expect("it is offered");
        assert_eq!((found.plugin.as_str(), found.own.as_str()), ("jq", "query"));
        assert_eq!(found.described.schema_as_json_value(), json!({ "type": "object" }));
        assert!(found.described.output_schema.is_none() && catalog.tools.find("files__read").is_none());
    }

    fn names_of(all: &[&str], tools: &[&str]) -> Vec<String> {
        catalog(all, tools, false).tools.0.into_keys().collect()
    }

    #[test]
    fn what_is_no_tool_is_offered_where_that_is_said() {
        let silent = |tools: &[&str]| Profile { resources: false, prompts: false, ..profile(tools, false) };
        for (tools, uri, offered) in [
            (&["*"][..], "x://1", false),
            (&["a/*"], "x://1", false),
            (&["a/x*"], "x://1", false),
            (&["a/x:*"], "x://1", true),
            (&["b/x:*"], "x://1", false),
        ] {
            let profile = silent(tools);
            assert_eq!(profile.offers_beside("a", uri, profile.resources), offered, "{tools:?}");
        }
        assert!(
            silent(&["a/hi"]).offers_beside("a", "hi", false) && !silent(&["a/h*"]).offers_beside("a", "hi", false)
        );
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
        // A name that looks like another plugin's full one is not used alone.
        let sly = catalog(&["files/read", "sly/files__read", "sly/read"], &["*"], true);
        assert_eq!(sly.tools.find("files__read").map(|found| found.plugin.as_str()), Some("files"));
        assert!(names_of(&["a/b/c", "ab/c"], &["a*b/*"]) == ["ab__c"], "a star in a plugin's name ends with it");
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
            let (page, next) = catalog.tools.page(cursor.as_deref()).expect("a page");
            assert!(page.len() <= PAGE);
            seen.extend(page.into_iter().map(|tool| tool.name));
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 1000);
        assert!(catalog.tools.page(Some("nonsense")).is_err());
    }
    #[test]
    fn resources_and_prompts_are_whose_they_are() {
        let offers = |plugin: &str, uris: &[&str], template: &str| OffersView {
            plugin: plugin.to_owned(),
            digest: String::new(),
            offers: Offers {
                resources: uris
                    .iter()
                    .map(|uri| serde_json::from_value(json!({ "uri": uri, "name": uri })))
                    .map(|resource: Result<Resource, _>| resource.expect("a resource"))
                    .collect(),
                templates: vec![Template {
                    uri_template: template.to_owned(),
                    name: "t".to_owned(),
                    title: None,
                    description: None,
                    mime_type: None,
                }],
                prompts: vec![Prompt { name: "hi".to_owned(), title: None, description: None, arguments: Vec::new() }],
            },
        };
        let offers = vec![
            offers("a", &["x://1", "x://2"], "x://{id}"),
            offers("b", &["x://2"], "x://deep/{id}/end"),
            offers("c", &["secret://1"], "x://{name}"),
        ];
        let views = Views { tools: Vec::new(), offers };
        let all = Catalog::new(&views, &profile(&["*"], true));
        let whose = |catalog: &Catalog, uri: &str| catalog.resource(uri).map(|(plugin, own)| format!("{plugin} {own}"));
        assert_eq!(whose(&all, "x://1").as_deref(), Some("a x://1"));
        assert_eq!(whose(&all, "holm:b:x://2").as_deref(), Some("b x://2"));
        // Several plugins name it: only one that is named itself is meant. # How closely a template fits captures
        // nothing of another plugin's.
        for uri in ["x://deep/7/end", "x://other", "x://2"] {
            assert_eq!(whose(&all, uri), None, "{uri}");
        }
        assert_eq!(whose(&all, "holm:b:x://deep/7/end").as_deref(), Some("b x://deep/7/end"));
        assert_eq!((whose(&all, "holm:b:x://7"), whose(&all, "holm:d:x://7")), (None, None));
        assert_eq!(all.prompts.0.keys().collect::<Vec<_>>(), ["a__hi", "b__hi", "c__hi"]);
        let some = Catalog::new(&views, &profile(&["a/*", "b/hi"], true));
        assert_eq!(whose(&some, "x://2").as_deref(), Some("a x://2"));
        assert_eq!((whose(&some, "secret://1"), whose(&some, "x://9").as_deref()), (None, Some("a x://9")));
    }
}
