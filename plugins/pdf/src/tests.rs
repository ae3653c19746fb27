//! Real files (`tests/data`), and what is written read back.

use crate::TOOLBOX;
use holm::ToolError;
use holm::serde_json::{Value, from_str, json};
use std::path::{Path, PathBuf};

pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

pub(crate) fn call(tool: &str, arguments: &Value) -> Result<Value, ToolError> {
    TOOLBOX.call(tool, &arguments.to_string()).map(|text| from_str(&text).unwrap_or(Value::String(text)))
}

fn pages(file: &Path, layout: bool) -> Vec<String> {
    let found = call("text", &json!({ "file": file, "layout": layout })).expect("text");
    let pages = found.as_array().expect("pages").iter();
    pages.map(|page| page["text"].as_str().expect("text").to_owned()).collect()
}

#[test]
fn text_of_pages() {
    let report = pages(&data("report.pdf"), false);
    assert!(
        report[0].starts_with(
            "Annual report\nSales rose by 12 % in every region. The figures are in the table below, naïve"
        )
    );
    assert!(report[0].contains("the café’s\nare apart."));
    assert!(report[0].contains("\n\nCity Price Paid\nRome 2.50 yes\n"));
    assert_eq!(report[1], "Second page\nThe end.\n");
    let writer = pages(&data("writer.pdf"), false);
    assert!(
        writer[0].starts_with("A page\nSome bold, italic and old text & a link.\nLists\n1. one\n"),
        "{}",
        writer[0]
    );
    let second = call("text", &json!({ "file": data("report.pdf"), "pages": "2" }));
    assert_eq!(second, Ok(json!([{ "page": 2, "text": "Second page\nThe end.\n" }])));
    let none = call("text", &json!({ "file": data("report.pdf"), "pages": "3" }));
    assert!(matches!(none, Err(ToolError::InvalidArguments(text)) if text.contains("there are 2 pages")));
}

#[test]
fn columns_are_read_one_after_another() {
    let text = &pages(&data("columns.pdf"), false)[0];
    let words: Vec<&str> = text.split_whitespace().collect();
    let wanted: Vec<String> =
        ["left", "right"].iter().flat_map(|side| (0..60).map(move |number| format!("{side}{number}"))).collect();
    assert_eq!(words, wanted);
}

#[test]
fn layout_keeps_words_where_they_stand() {
    let columns = &pages(&data("columns.pdf"), true)[0];
    let first = columns.lines().next().expect("a line");
    assert!(
        first.starts_with("left0 left1 ") && first.contains("left8      ") && first.contains(" right0 right1"),
        "{first}"
    );
    let report = &pages(&data("report.pdf"), true)[0];
    let places: Vec<Option<usize>> = ["apples", "pears", "red plums"]
        .iter()
        .map(|word| report.lines().find(|line| line.contains(word)).and_then(|line| line.find("kg")))
        .collect();
    assert!(places[0].is_some() && places.iter().all(|place| *place == places[0]), "{places:?}");
    assert!(report.contains(" New York "), "{report}");
}

#[test]
fn tables_with_and_without_lines() {
    assert_eq!(
        call("tables", &json!({ "file": data("report.pdf") })),
        Ok(json!([
            { "page": 1, "ruled": true, "rows": [
                ["City", "Price", "Paid"], ["Rome", "2.50", "yes"], ["Oslo", "", "no"], ["New York", "1,200.00", "yes"],
            ] },
            { "page": 1, "ruled": false, "rows": [
                ["Item", "Count", "Weight"], ["apples", "12", "1.5 kg"], ["pears", "7", "0.9 kg"], ["red plums", "30", "2.2 kg"],
            ] },
        ]))
    );
    let writer = call("tables", &json!({ "file": data("writer.pdf") })).expect("tables");
    assert_eq!(
        writer,
        json!([{ "page": 1, "ruled": true, "rows": [["Name", "Number"], ["Ada", "1815"], ["both", ""]] }])
    );
    assert_eq!(call("tables", &json!({ "file": data("columns.pdf") })), Ok(json!([])));
}

#[test]
fn what_a_file_is() {
    let info = call("info", &json!({ "file": data("report.pdf") })).expect("info");
    assert_eq!(
        (&info["pages"], &info["title"], &info["author"]),
        (&json!(2), &json!("Annual report"), &json!("Ada Holm"))
    );
    assert_eq!((&info["created"], &info["encrypted"]), (&json!("2000-01-01T00:00:00Z"), &json!(false)));
    assert_eq!(
        info["outline"],
        json!([
            { "level": 1, "title": "Annual report", "page": 1 },
            { "level": 2, "title": "Weights", "page": 1 },
            { "level": 1, "title": "Second page", "page": 2 },
        ])
    );
}

#[test]
fn passwords() {
    let secret = data("secret.pdf");
    let refused = |arguments| match call("text", &arguments) {
        Err(ToolError::Failed(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(refused(json!({ "file": secret })).contains("refused (encrypted): it needs a password"));
    assert!(refused(json!({ "file": secret, "password": "x" })).contains("the password is wrong"));
    let arguments = json!({ "file": secret, "password": "open sesame" });
    assert_eq!(call("text", &arguments), Ok(json!([{ "page": 1, "text": "The treasure is under the palm.\n" }])));
    assert_eq!(call("info", &arguments).expect("info")["encrypted"], true);
    let place = tempfile::tempdir().expect("a directory");
    let into = place.path().join("open.pdf");
    let arguments = json!({ "file": secret, "password": "open sesame", "pages": "1", "into": into });
    call("split", &arguments).expect("split");
    assert_eq!(pages(&into, false), ["The treasure is under the palm.\n"]);
}

#[test]
fn pages_are_split_and_merged() {
    let place = tempfile::tempdir().expect("a directory");
    let (split, merged) = (place.path().join("split.pdf"), place.path().join("merged.pdf"));
    let arguments = json!({ "file": data("report.pdf"), "pages": "2,1,2", "into": split });
    assert_eq!(call("split", &arguments), Ok(json!({ "file": split, "pages": 3 })));
    assert!(matches!(call("split", &arguments), Err(ToolError::Failed(text)) if text.contains("overwrite")));
    let report = pages(&data("report.pdf"), true);
    assert_eq!(pages(&split, true), [report[1].as_str(), &report[0], &report[1]]);
    let files = [split.clone(), data("columns.pdf"), data("writer.pdf")];
    let arguments = json!({ "files": files, "into": merged });
    assert_eq!(call("merge", &arguments), Ok(json!({ "file": merged, "pages": 5 })));
    let all = pages(&merged, true);
    assert_eq!((all.len(), &all[1]), (5, &report[0]));
    assert_eq!((&all[3], &all[4]), (&pages(&data("columns.pdf"), true)[0], &pages(&data("writer.pdf"), true)[0]));
    assert!(call("merge", &json!({ "files": [], "into": merged, "overwrite": true })).is_err());
}
