//! Tools searched for among thousands: what is found, what is not, what it takes.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test, whose numbers are of interest")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use holm_drivers::search::Tools;
use holm_kernel::{
    program::{Offer, Offered, ToolDescription},
    tool::{Admits, Found, Index},
};
use serde_json::json;

fn tool(name: &str, description: &str, arguments: &[(&str, &str)]) -> ToolDescription {
    let properties: serde_json::Map<_, _> = arguments
        .iter()
        .map(|(name, what)| ((*name).to_owned(), json!({ "type": "string", "description": what })))
        .collect();
    ToolDescription {
        name: name.to_owned(),
        summary: description.split_inclusive(". ").next().unwrap_or_default().to_owned(),
        description: description.to_owned(),
        input_schema: json!({ "type": "object", "properties": properties }).to_string(),
        output_schema: None,
    }
}

fn shelf(name: &str, tools: Vec<ToolDescription>) -> Arc<dyn Offer> {
    Arc::new(Offered { name: name.to_owned(), tools })
}

/// Tools as the servers that people use have them.
fn real() -> Vec<Arc<dyn Offer>> {
    let mut shelves: Vec<(String, Vec<ToolDescription>)> = Vec::new();
    for line in include_str!("tools.tsv").lines() {
        let mut fields = line.split('\t');
        let (shelf, name) = fields.next().unwrap().split_once('/').unwrap();
        let description = fields.next().unwrap();
        let arguments: Vec<_> = fields.next().unwrap().split(", ").map(|part| part.split_once(": ").unwrap()).collect();
        if shelves.last().is_none_or(|(last, _)| last != shelf) {
            shelves.push((shelf.to_owned(), Vec::new()));
        }
        shelves.last_mut().unwrap().1.push(tool(name, description, &arguments));
    }
    shelves.into_iter().map(|(name, tools)| shelf(&name, tools)).collect()
}

const SYSTEMS: [&str; 20] = [
    "acme", "borealis", "cobalt", "drift", "ember", "fathom", "garnet", "hollow", "indigo", "juniper", "kestrel",
    "lumen", "mistral", "nimbus", "onyx", "prairie", "quartz", "russet", "sable", "tundra",
];
const VERBS: [&str; 10] =
    ["create", "get", "list", "update", "delete", "search", "export", "import", "archive", "approve"];
const THINGS: [&str; 25] = [
    "account",
    "asset",
    "batch",
    "budget",
    "campaign",
    "claim",
    "contract",
    "course",
    "dashboard",
    "device",
    "employee",
    "expense",
    "incident",
    "lead",
    "ledger",
    "order",
    "parcel",
    "policy",
    "product",
    "report",
    "sensor",
    "shipment",
    "supplier",
    "ticket",
    "warehouse",
];

/// Five thousand that nobody asks for, and that are as like to the others as such tools are.
fn noise() -> Vec<Arc<dyn Offer>> {
    let of = |system: &&str| {
        let each = VERBS.iter().flat_map(|verb| THINGS.iter().map(move |thing| (verb, thing)));
        let tools = each.map(|(verb, thing)| {
            let description =
                format!("{verb}s a {thing} of the {system} workspace. Fails where the {thing} is locked.");
            tool(
                &format!("{verb}_{thing}"),
                &description,
                &[("id", &format!("the {thing}")), ("fields", "what to show"), ("page", "cursor of the next page")],
            )
        });
        shelf(system, tools.collect())
    };
    SYSTEMS.iter().map(of).collect()
}

fn all() -> Admits {
    Arc::new(|_| true)
}

fn names(found: &[Found]) -> Vec<&str> {
    found.iter().map(|found| found.name.as_str()).collect()
}

#[test]
fn what_is_looked_for_is_found_among_thousands() {
    let (index, mut offers) = (Tools::default(), real());
    offers.extend(noise());
    let (mut first, mut among, mut count, mut missed) = (0, 0, 0, Vec::new());
    for line in include_str!("queries.tsv").lines() {
        let (query, wanted) = line.split_once('\t').unwrap();
        let found = index.find(&offers, query, &all(), 5);
        let wanted: Vec<&str> = wanted.split(' ').collect();
        let is_wanted = |found: &Found| wanted.contains(&found.name.as_str());
        count += 1;
        first += usize::from(found.first().is_some_and(is_wanted));
        match found.iter().any(is_wanted) {
            true => among += 1,
            false => missed.push(format!("{query}: {:?}", names(&found))),
        }
    }
    println!("{count} queries over {} tools: {first} first, {among} among five", 5_000 + 80);
    assert!(count >= 50 && first * 100 >= count * 80 && among * 100 >= count * 95, "{first}, {among}: {missed:#?}");
}

#[test]
fn what_is_not_admitted_does_not_exist() {
    let (index, offers) = (Tools::default(), real());
    let granted: Admits = Arc::new(|name: &str| name.starts_with("filesystem/"));
    let found = index.find(&offers, "search issues, read files", &granted, 10);
    assert!(!found.is_empty() && found.iter().all(|found| found.name.starts_with("filesystem/")), "{found:?}");
    // Beside the best of those that exist.
    assert!((found[0].score - 1.0).abs() < f32::EPSILON);
    assert!(found.windows(2).all(|two| two[0].score >= two[1].score));
    let nothing: Admits = Arc::new(|_| false);
    assert_eq!(index.find(&offers, "search issues", &nothing, 10), []);
}

#[test]
fn what_changes_is_found_as_it_is_now() {
    let index = Tools::default();
    let finds = |offers: &[Arc<dyn Offer>], query: &str| {
        let found = index.find(offers, query, &all(), 10);
        found.into_iter().map(|found| found.name).collect::<Vec<_>>()
    };
    assert_eq!(finds(&[], "harbour"), [""; 0]);
    let old = shelf("boats", vec![tool("list_boats", "Lists boats in the harbour.", &[])]);
    let other = shelf("soup", vec![tool("cook", "Cooks soup.", &[])]);
    assert_eq!(finds(&[old.clone(), other.clone()], "harbour"), ["boats/list_boats"]);
    assert_eq!(finds(&[old.clone(), other.clone()], "soup"), ["soup/cook"]);
    // Another version, then none.
    let new = shelf("boats", vec![tool("list_ships", "Lists ships at sea.", &[])]);
    assert_eq!(finds(&[new.clone(), other.clone()], "harbour"), [""; 0]);
    assert_eq!(finds(&[new, other.clone()], "ships"), ["boats/list_ships"]);
    assert_eq!(finds(std::slice::from_ref(&other), "ships"), [""; 0]);
    assert_eq!(finds(&[old, other], "harbour"), ["boats/list_boats"]);
}

#[test]
fn words_are_words() {
    let (index, offers) = (Tools::default(), real());
    for query in ["", " ", "the of", "???", "\u{0}", "💥", "名前", &"a ".repeat(512), &"x".repeat(1024), "\u{202e}"]
    {
        index.find(&offers, query, &all(), 10);
    }
    // What other engines take for their language.
    let plain = index.find(&offers, "refund payment", &all(), 3);
    for query in
        ["name:refund AND payment", "+refund -payment", "refund~ payment*", "\"refund payment\"", "(refund) payment^9"]
    {
        assert_eq!(index.find(&offers, query, &all(), 1), plain[..1], "{query}");
    }
    assert_eq!(index.find(&offers, "NOT refund", &all(), 1)[0].name, "stripe/refund_payment");
}

#[test]
fn those_that_fit_alike_come_in_the_order_of_their_names() {
    let tools = |_| vec![tool("same", "Does the very same thing.", &[])];
    let offers: Vec<_> = ["c", "a", "b"].iter().map(|name| shelf(name, tools(()))).collect();
    assert_eq!(names(&Tools::default().find(&offers, "same", &all(), 2)), ["a/same", "b/same"]);
}

/// `cargo test -p holm-drivers --test search -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn what_a_search_takes() {
    let (index, mut offers) = (Tools::default(), noise());
    offers.extend(real());
    let begun = Instant::now();
    index.find(&offers, "first", &all(), 5);
    println!("5,080 tools taken in {:?}", begun.elapsed());
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..20 {
        for line in include_str!("queries.tsv").lines() {
            let begun = Instant::now();
            index.find(&offers, line.split('\t').next().unwrap(), &all(), 20);
            times.push(begun.elapsed());
        }
    }
    times.sort_unstable();
    println!("a search: p50 {:?} p99 {:?}", times[times.len() / 2], times[times.len() * 99 / 100]);
    let last = offers.len() - 1;
    let begun = Instant::now();
    offers[last] = shelf("todo", vec![tool("new", "Something new.", &[])]);
    index.find(&offers, "new", &all(), 5);
    println!("one plugin changed: {:?}", begun.elapsed());
}

#[test]
fn slips_are_looked_for_in_few_words() {
    let index = Tools::default();
    let offers = vec![shelf("mail", vec![tool("archive", "Keeps a conversation elsewhere.", &[])])];
    let everything: Admits = Arc::new(|_| true);
    let finds = |query: &str| !index.find(&offers, query, &everything, 10).is_empty();
    assert!(finds("converastion") && finds("conversation"));
    let before = "qqa qqb qqc qqd qqe qqf qqg qqh";
    assert!(!finds(&format!("{before} converastion")) && finds(&format!("{before} conversation")));
    // Longer words are told from each other by too many letters.
    assert!(!finds("conversationqqqqqqqqqq"));
}
