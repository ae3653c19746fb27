//! What a component offers beside its tools: what is kept of it.

use expect_test::{Expect, expect};
use holm_kernel::program::{Offers, Programs, Prompt, PromptArgument, Resource, Template};
use holm_packages::{UpdateError, check_offers};

use crate::common::Place;

fn resource(uri: &str) -> Resource {
    let (name, description) = ("today".to_owned(), Some("Today's note.\nAll of it.".to_owned()));
    Resource { uri: uri.to_owned(), name, title: None, description, mime_type: None, size: Some(7) }
}

fn template(uri: &str) -> Template {
    let name = "a day".to_owned();
    Template { uri_template: uri.to_owned(), name, title: None, description: None, mime_type: None }
}

fn prompt(name: &str, arguments: usize) -> Prompt {
    let argument = |number: usize| PromptArgument {
        name: format!("a{number}"),
        title: None,
        description: Some("What it is.".to_owned()),
        required: number == 0,
    };
    let arguments = (0..arguments).map(argument).collect();
    Prompt { name: name.to_owned(), title: Some("A prompt".to_owned()), description: None, arguments }
}

fn offers() -> Offers {
    Offers {
        resources: vec![resource("notes://today")],
        templates: vec![template("notes://{day}")],
        prompts: vec![prompt("review", 2)],
    }
}

fn check(change: impl FnOnce(&mut Offers), expected: &Expect) {
    let mut offers = offers();
    change(&mut offers);
    expected.assert_eq(&check_offers(&offers).map_or_else(|error| error.to_string(), |()| "accepted".into()));
}

#[test]
fn offers_are_bounded_and_well_formed() {
    check(|_| {}, &expect!["accepted"]);
    check(
        |offers| offers.resources[0].uri = "today".into(),
        &expect!["the plugin's resource `today` has no URI of at most 2 KiB, like notes://today"],
    );
    check(
        |offers| offers.templates[0].uri_template = "notes:// {day}".into(),
        &expect!["the plugin's template `notes:// {day}` has no URI of at most 2 KiB, like notes://today"],
    );
    check(
        |offers| offers.resources[0].name = String::new(),
        &expect!["the plugin's resource `notes://today` has no name"],
    );
    check(
        |offers| offers.resources.push(resource("notes://today")),
        &expect!["the plugin's resource `notes://today` is told of twice"],
    );
    check(
        |offers| offers.prompts[0].name = "Review it".into(),
        &expect!["the plugin's prompt `Review it` has a name that is not 1 to 64 of a-z, 0-9, _ and -"],
    );
    check(
        |offers| offers.prompts[0].arguments[1].description = Some("a\u{202e}b".into()),
        &expect!["the plugin's prompt `review` holds hidden characters in its texts"],
    );
    check(
        |offers| offers.resources[0].description = Some("x".repeat(20 << 10)),
        &expect!["the plugin's resource `notes://today` has a text of over 16 KiB"],
    );
    check(
        |offers| offers.prompts = vec![prompt("review", 33)],
        &expect!["the plugin's prompt `review` has over 32 arguments"],
    );
    check(
        |offers| offers.prompts = (0..257).map(|number| prompt(&format!("p{number}"), 0)).collect(),
        &expect!["the plugin tells of too much: over 256 of one kind"],
    );
    check(
        |offers| {
            let text = Some("x".repeat(10 << 10));
            let large = |number| Resource { description: text.clone(), ..resource(&format!("x:{number}")) };
            offers.resources = (0..200).map(large).collect();
        },
        &expect!["the plugin tells of too much: over 1 MiB of texts"],
    );
    let long = format!("x:{}", "y".repeat(4_000));
    assert!(check_offers(&Offers { resources: vec![resource(&long)], ..Offers::default() }).is_err());
}

#[test]
fn offers_are_kept_with_what_is_installed() {
    let place = Place::new();
    let plugins = place.plugins();
    let plan = plugins.plan(place.package(), Vec::new()).unwrap().offering(offers()).unwrap();
    plugins.apply(&plan, false).unwrap();
    assert_eq!(plugins.find("clipper").unwrap().offers, offers());
    // Also by whoever reads the record anew.
    assert_eq!(place.plugins().find("clipper").unwrap().offers, offers());
    let bad = Offers { prompts: vec![prompt("", 0)], ..Offers::default() };
    let refused = plugins.plan(place.package(), Vec::new()).unwrap().offering(bad);
    assert!(matches!(refused, Err(UpdateError::Offers(_))));
}
