//! Real documents (`tests/data`), and what is written read back.

use crate::TOOLBOX;
use holm::ToolError;
use holm::serde_json::{Value, from_str, json};
use std::path::PathBuf;

pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

pub(crate) fn call(tool: &str, arguments: &Value) -> Result<Value, ToolError> {
    TOOLBOX.call(tool, &arguments.to_string()).map(|text| from_str(&text).unwrap_or(Value::String(text)))
}

fn markdown(name: &str) -> String {
    let text = call("markdown", &json!({ "document": data(name) })).expect("text");
    text.as_str().expect("text").to_owned()
}

#[test]
fn a_document_of_word() {
    assert_eq!(
        markdown("word.docx"),
        "# Annual report\n\n# Sales\n\n\
         Sales rose by **12 %** in *every* region, see [the figures](<https://example.org/report?a=1&b=2>).\n\n\
         - North\n    - Oslo\n- South\n\n1. First\n1. Second\n\n\
         ## Table\n\n\
         | City | Price | Paid |\n| --- | --- | --- |\n| Rome | 2.50 | yes |\n| Oslo \\| Bergen | 4.00 | no |\n\n\
         > To be or not to be\n\n\
         Dear **{{na**me}}, welcome to {{place}}.\n"
    );
    let text = call("text", &json!({ "document": data("word.docx") })).expect("text");
    let text = text.as_str().expect("text");
    assert!(text.contains("City\tPrice\tPaid\nRome\t2.50\tyes\n"), "{text}");
    assert!(!text.contains("Draft"), "headers are left out");
}

#[test]
fn a_document_of_libreoffice() {
    let text = markdown("writer.docx");
    for part in [
        "# A page\n\nSome **bold**, *italic* and ~~old~~ text & a [link](<https://example.org/>).\n",
        "## Lists\n\n1. one\n    - inner\n1. two\n",
        "| Ada | 1815 |\n| both |  |\n",
        "```\nlet x = 1;\n```\n",
        "A claim[^2] ends.\n",
        "[^2]: Its **source**.\n",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

const MARKDOWN: &str = "# Plan & <scope>\n\nText with **bold**, *italic*, ~~old~~, `code` and [a link](<https://example.org/?a=1&b=\"2\">).[^1]\n\n\
- one\n    - inner\n- two\n\n1. first\n1. second\n\nBetween.\n\n1. again\n\n\
| Name | Number |\n| --- | --- |\n| Ada | 1815 |\n|  | x\\|y |\n\n> Quoted\n\n```\nfn main() {\n    run();\n}\n```\n\n[^1]: Its source.\n";

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("new.docx");
    call("write", &json!({ "document": path, "markdown": text })).expect("written");
    (place, path)
}

#[test]
fn what_is_written_is_read_back() {
    let (_place, path) = written(MARKDOWN);
    let text = call("markdown", &json!({ "document": path })).expect("text");
    let bold_header = MARKDOWN
        .replace("| Name | Number |", "| **Name** | **Number** |")
        .replace("# Plan & <scope>", "# Plan & \\<scope>");
    let bold_header = bold_header.replace("[^1]", "[^NOTE]");
    let text = text.as_str().expect("text");
    let note = text.split("[^").nth(1).and_then(|text| text.split(']').next()).expect("a note");
    assert_eq!(text, bold_header.replace("NOTE", note));
}

#[test]
fn there_is_a_default_style() {
    let (_place, path) = written("text");
    let mut package = ooxml::Package::open(&path.to_string_lossy(), "docx").expect("sound");
    let styles = package.required("word/styles.xml").expect("styles");
    assert!(String::from_utf8_lossy(&styles).contains("w:default=\"1\" w:styleId=\"Normal\""));
}

#[test]
fn files_that_are_there_stay_unless_told_otherwise() {
    let (_place, path) = written("mine");
    let arguments = json!({ "document": path, "markdown": "new" });
    assert!(matches!(call("write", &arguments), Err(ToolError::Failed(text)) if text.contains("overwrite")));
    let arguments = json!({ "document": path, "markdown": "new", "overwrite": true });
    assert_eq!(call("write", &arguments), Ok(json!({ "document": path, "paragraphs": 1, "tables": 0 })));
    assert_eq!(call("text", &json!({ "document": path })), Ok(json!("new\n")));
}

#[test]
fn characters_that_xml_has_not_are_left_out() {
    let (_place, path) = written("a\u{0}b\u{1}c\u{ffff}d & <e> \u{1F600}");
    let text = call("text", &json!({ "document": path })).expect("text");
    // Markdown itself makes U+FFFD of a zero.
    assert_eq!(text, json!("abcd & <e> \u{1F600}\n"));
}

#[test]
fn odd_markdown_is_written() {
    for text in [
        "",
        "***",
        "[^a]\n\n[^a]: [^a] in itself",
        "[^a] [^a]\n\n[^a]: x",
        "| a |\n| - |\n",
        "- \n- - x\n  > q\n\n  text",
        "<div>\nhtml & more\n</div>",
        "![alt](x.png) <b>inline</b>",
        "[]() [x](<#anchor>) <javascript:alert(1)>",
        "- [x] done\n- [ ] not",
        "```\n\n```",
        "# ",
        "&#0; &nbsp; &lt;",
        "1. a\n\n   b\n\n       code\n2. c",
        "a  \nb\\\nc",
        "**[bold link](x)**",
    ] {
        let (_place, path) = written(text);
        call("markdown", &json!({ "document": path })).expect("readable");
    }
    let deep = "> ".repeat(1_000) + "x";
    let place = tempfile::tempdir().expect("a directory");
    let arguments = json!({ "document": place.path().join("deep.docx"), "markdown": deep });
    assert!(matches!(call("write", &arguments), Err(ToolError::InvalidArguments(text)) if text.contains("64 levels")));
    let (_place, path) = written(&"- ".repeat(20));
    call("markdown", &json!({ "document": path })).expect("readable");
}

#[test]
fn text_is_replaced_in_place() {
    let place = tempfile::tempdir().expect("a directory");
    let into = place.path().join("new.docx");
    let replacements = json!([
        { "find": "{{name}}", "replace": "Ada & <Co> " },
        { "find": "{{place}}", "replace": "" },
        { "find": "s", "replace": "ss" },
        { "find": "nothing of this", "replace": "x" },
    ]);
    let arguments = json!({ "document": data("word.docx"), "into": into, "replacements": replacements });
    let done = call("replace", &arguments).expect("replaced");
    assert_eq!((&done["counts"][0], &done["counts"][1], &done["counts"][3]), (&json!(2), &json!(1), &json!(0)));
    let text = call("markdown", &json!({ "document": into })).expect("text");
    let text = text.as_str().expect("text");
    assert!(text.contains("Dear **Ada & \\<Co>**"), "its first character was bold: {text}");
    assert!(text.contains("welcome to .\n"), "{text}");
    assert!(text.contains("Saless rosse by **12 %**"), "{text}");
    let mut package = ooxml::Package::open(&into.to_string_lossy(), "docx").expect("sound");
    let header = package.required("word/header1.xml").expect("a header");
    assert!(String::from_utf8_lossy(&header).contains("Draft for Ada &amp; &lt;Co&gt; "));
    // All else is as it was.
    let mut before = ooxml::Package::open(&data("word.docx").to_string_lossy(), "docx").expect("sound");
    assert_eq!(package.part("word/styles.xml").ok(), before.part("word/styles.xml").ok());
    assert!(call("replace", &arguments).is_err(), "it is there already");
    let empty = json!({ "document": data("word.docx"), "into": into, "overwrite": true, "replacements": [{ "find": "", "replace": "" }] });
    assert!(matches!(call("replace", &empty), Err(ToolError::InvalidArguments(_))));
}

#[test]
fn nothing_replaced_changes_no_text() {
    let place = tempfile::tempdir().expect("a directory");
    let into = place.path().join("same.docx");
    for name in ["word.docx", "writer.docx"] {
        let arguments = json!({ "document": data(name), "into": into, "replacements": [], "overwrite": true });
        call("replace", &arguments).expect("copied");
        let mut new = ooxml::Package::open(&into.to_string_lossy(), "docx").expect("sound");
        let mut old = ooxml::Package::open(&data(name).to_string_lossy(), "docx").expect("sound");
        assert_eq!(new.part("word/document.xml").ok(), old.part("word/document.xml").ok(), "byte for byte");
    }
}
