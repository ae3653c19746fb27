//! What the tool answers, through the same door as the kernel's calls.

use crate::TOOLBOX;
use holm::ToolError;
use holm::serde_json::{Value, from_str, json};
use std::io::Write;

fn query(arguments: Value) -> Result<Value, ToolError> {
    TOOLBOX.call("query", &arguments.to_string()).map(|text| from_str(&text).expect("a result is JSON"))
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

#[test]
fn filters_a_value() {
    assert_eq!(
        query(json!({ "filter": ".a[] | . * 2", "value": { "a": [1, 2.5] } })),
        Ok(json!({ "values": [2, 5.0], "truncated": false }))
    );
}

#[test]
fn reads_files_in_order_each_with_several_values() {
    let (first, second) = (file("1 2\n"), file("[3]"));
    let files = [first.path(), second.path()];
    assert_eq!(
        query(json!({ "filter": ".", "files": files })),
        Ok(json!({ "values": [1, 2, [3]], "truncated": false }))
    );
    assert_eq!(
        query(json!({ "filter": "length", "files": files, "slurp": true })),
        Ok(json!({ "values": [3], "truncated": false }))
    );
    assert_eq!(
        query(json!({ "filter": "[., inputs]", "files": files })),
        Ok(json!({ "values": [[1, 2, [3]]], "truncated": false }))
    );
}

#[test]
fn variables_and_raw_text() {
    assert_eq!(
        query(json!({
            "filter": "$greeting + \" \" + $who.name, 1",
            "variables": { "greeting": "hello", "who": { "name": "you" } },
            "raw": true,
        })),
        Ok(json!({ "text": "hello you\n1\n", "truncated": false }))
    );
}

#[test]
fn endless_results_are_cut() {
    let found = query(json!({ "filter": "repeat(1)", "value": 1, "limit": 3 }));
    assert_eq!(found, Ok(json!({ "values": [1, 1, 1], "truncated": true })));
    let found = query(json!({ "filter": "repeat(\"x\" * 1000)", "limit": 1_000_000 }));
    let values = found.expect("it ends")["values"].as_array().map(Vec::len);
    assert_eq!(values, Some(1024 * 1024 / 1003));
    let found = query(json!({ "filter": "range(3)", "value": 1, "limit": 3 }));
    assert_eq!(found.expect("it ends")["truncated"], json!(false));
}

#[test]
fn a_bad_filter_is_the_callers_fault() {
    let Err(ToolError::InvalidArguments(text)) = query(json!({ "filter": ".a | nothing" })) else {
        panic!("it compiled");
    };
    assert!(text.contains("nothing"), "{text}");
    let both = query(json!({ "filter": ".", "files": ["a"], "value": 1 }));
    assert!(matches!(both, Err(ToolError::InvalidArguments(_))));
}

#[test]
fn failures_say_what_failed() {
    let failed = |arguments| match query(arguments) {
        Err(ToolError::Failed(text)) => text,
        other => panic!("{other:?}"),
    };
    let missing = failed(json!({ "filter": ".", "files": ["/no/such.json"] }));
    assert!(missing.starts_with("cannot read /no/such.json"), "{missing}");
    let broken = file("{");
    let text = failed(json!({ "filter": ".", "files": [broken.path()] }));
    assert!(text.starts_with(&broken.path().display().to_string()), "{text}");
    assert!(failed(json!({ "filter": ".a", "value": [1] })).contains("index"));
    assert!(failed(json!({ "filter": "nan" })).contains("not JSON"));
}

#[test]
fn halt_ends_the_query_not_the_process() {
    assert_eq!(query(json!({ "filter": "1, halt, 2" })), Ok(json!({ "values": [1], "truncated": false })));
}

#[test]
fn definitions_of_our_own() {
    let rows = json!([["a,b", 1, null, true], ["say \"hi\"", "tab\there", "line\nbreak", "back\\slash"]]);
    let run = |filter: &str, value: &Value| {
        query(json!({ "filter": filter, "value": value })).expect("it runs")["values"].clone()
    };
    assert_eq!(
        run(".[] | @csv", &rows),
        json!(["\"a,b\",1,,true", "\"say \"\"hi\"\"\",\"tab\there\",\"line\nbreak\",\"back\\slash\""])
    );
    assert_eq!(
        run(".[] | @tsv", &rows),
        json!(["a,b\t1\t\ttrue", "say \"hi\"\ttab\\there\tline\\nbreak\tback\\\\slash"])
    );
    assert_eq!(run("@tsv \"row: \\(.[0])\"", &rows), json!(["row: a,b\t1\t\ttrue"]));
    assert!(query(json!({ "filter": "1 | @csv", "value": null })).is_err());
    assert!(query(json!({ "filter": "[{}] | @tsv", "value": null })).is_err());
    let people = json!([{ "id": 1, "name": "Ada" }, { "id": 2, "name": "Bob" }]);
    let run = |filter: &str| query(json!({ "filter": filter, "value": people })).expect("it runs")["values"].clone();
    assert_eq!(run("INDEX(.id) | keys, .\"2\".name"), json!([["1", "2"], "Bob"]));
    assert_eq!(run(".[] | select(.name | IN(\"Bob\", \"Eve\")) | .id"), json!([2]));
    assert_eq!(run("IN(.[].id; 2), (.[0] | toarray | length)"), json!([true, 1]));
    assert_eq!(run("[.[0] | tostream]"), json!([[[["id"], 1], [["name"], "Ada"], [["name"]]]]));
}
