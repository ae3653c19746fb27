//! The tools that a component tells of: what is kept of them.

use expect_test::{Expect, expect};
use holm_kernel::program::ToolDescription;
use holm_packages::check_tools;

use crate::common::tool;

fn check(tools: &[ToolDescription], expected: &Expect) {
    expected.assert_eq(&check_tools(tools).map_or_else(|error| error.to_string(), |()| "accepted".into()));
}

#[test]
fn tools_are_bounded_and_well_formed() {
    let with = |change: fn(&mut ToolDescription)| {
        let mut tool = tool("clip", "Clips a page.\nIn two lines.");
        change(&mut tool);
        tool
    };
    check(&[with(|_| {})], &expect!["accepted"]);
    check(
        &[with(|tool| tool.name = "Clip Me".into())],
        &expect!["the plugin's tool `Clip Me` has a name that is not 1 to 64 of a-z, 0-9, _ and -"],
    );
    check(&[with(|_| {}), with(|_| {})], &expect!["the plugin's tool `clip` is told of twice"]);
    check(
        &[with(|tool| tool.description = "a\u{1b}[2J".into())],
        &expect!["the plugin's tool `clip` holds hidden characters in its description"],
    );
    check(
        &[with(|tool| tool.summary = "a\u{202e}b".into())],
        &expect!["the plugin's tool `clip` holds hidden characters in its description"],
    );
    check(
        &[with(|tool| tool.input_schema = "true".into())],
        &expect!["the plugin's tool `clip` has an input schema that is no JSON object"],
    );
    check(
        &[with(|tool| tool.input_schema = "[".repeat(100_000))],
        &expect!["the plugin's tool `clip` has an input schema that is no JSON object"],
    );
    check(
        &[with(|tool| tool.output_schema = Some("7".into()))],
        &expect!["the plugin's tool `clip` has an output schema that is no JSON Schema"],
    );
    check(
        &[with(|tool| tool.description = "x".repeat(200_000))],
        &expect!["the plugin's tool `clip` has over 128 KiB of texts"],
    );
    check(&vec![with(|_| {}); 257], &expect!["the plugin tells of too much: over 256 tools"]);
}
