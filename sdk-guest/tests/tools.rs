//! What `#[holm::tool]` makes of a function: names, schemas, dispatch, errors.
#![allow(missing_docs, reason = "a test")]

use holm::ToolError;
use holm::serde_json::{Value, from_str, json};
use std::collections::BTreeMap;

/// How a text was counted.
#[holm::json]
struct Counts {
    /// All words.
    words: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    most_frequent: Vec<String>,
}

/// Counts the words of a text, e.g. of a note.
/// The most frequent come first.
///
/// Words are what blanks separate.
#[holm::tool]
fn word_count(
    /// The text to count.
    text: String,
    /// How many of the most frequent words to name.
    top: Option<u32>,
) -> Result<Counts, String> {
    if text.is_empty() {
        return Err("there is nothing to count".to_owned());
    }
    let mut words = BTreeMap::<&str, usize>::new();
    for word in text.split_whitespace() {
        *words.entry(word).or_default() += 1;
    }
    let mut frequent: Vec<_> = words.iter().collect();
    frequent.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
    Ok(Counts {
        words: words.values().sum(),
        most_frequent: frequent.iter().take(top.unwrap_or(0) as usize).map(|(word, _)| (**word).to_owned()).collect(),
    })
}

/// Says nothing.
#[holm::tool(name = "say-nothing")]
fn silence() {}

/// Repeats a value.
#[holm::tool]
fn repeat(value: Value, #[serde(default = "twice")] mut times: usize) -> holm::Result<Vec<Value>> {
    if times > 10 {
        return Err(holm::Error::arguments("times: at most 10"));
    }
    let mut values = Vec::new();
    while times > 0 {
        values.push(value.clone());
        times -= 1;
    }
    Ok(values)
}

fn twice() -> usize {
    2
}

/// Reads a number.
#[holm::tool]
fn number(text: String) -> holm::Result<i64> {
    Ok(text.parse()?)
}

mod elsewhere {
    /// Tells a secret.
    #[holm::tool]
    pub(crate) fn anything() -> holm::serde_json::Value {
        holm::serde_json::Value::Null
    }
}

holm::export_tools![word_count, silence, repeat, number, elsewhere::anything];

fn call(name: &str, arguments: Value) -> Result<Value, ToolError> {
    TOOLBOX.call(name, &arguments.to_string()).map(|text| from_str(&text).expect("a result is JSON"))
}

#[test]
fn names_and_descriptions() {
    let names: Vec<_> = TOOLBOX.tools().iter().map(|tool| tool.name).collect();
    assert_eq!(names, ["word_count", "say-nothing", "repeat", "number", "anything"]);
    let tool = TOOLBOX.get("word_count").expect("it is there");
    assert_eq!(tool.summary, "Counts the words of a text, e.g. of a note.");
    assert!(tool.description.ends_with("Words are what blanks separate."));
}

#[test]
fn the_input_schema_is_the_signature() {
    let tool = TOOLBOX.get("word_count").expect("it is there");
    assert_eq!(
        (tool.input_schema)(),
        json!({
            "type": "object",
            "properties": {
                "text": { "type": "string", "description": "The text to count." },
                "top": {
                    "type": ["integer", "null"],
                    "format": "uint32",
                    "minimum": 0,
                    "description": "How many of the most frequent words to name.",
                },
            },
            "required": ["text"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn a_tool_without_parameters_takes_an_empty_object() {
    let tool = TOOLBOX.get("say-nothing").expect("it is there");
    assert_eq!((tool.input_schema)(), json!({ "type": "object", "properties": {}, "additionalProperties": false }));
    assert_eq!(call("say-nothing", json!({})), Ok(Value::Null));
}

#[test]
fn the_output_schema_is_the_return_type() {
    let schema = |name| TOOLBOX.get(name).and_then(|tool| (tool.output_schema)());
    let counts = schema("word_count").expect("a type that says something");
    assert_eq!(counts["properties"]["words"]["description"], "All words.");
    assert_eq!(counts["required"], json!(["words"]));
    assert_eq!(schema("say-nothing"), Some(json!({ "type": "null" })));
    assert_eq!(schema("anything"), None);
}

#[test]
fn a_call_reaches_the_function() {
    assert_eq!(
        call("word_count", json!({ "text": "a b a", "top": 1 })),
        Ok(json!({ "words": 3, "most_frequent": ["a"] }))
    );
    assert_eq!(call("repeat", json!({ "value": 1 })), Ok(json!([1, 1])));
}

#[test]
fn an_error_of_the_tool_is_failed() {
    assert_eq!(
        call("word_count", json!({ "text": "" })),
        Err(ToolError::Failed("there is nothing to count".to_owned()))
    );
    assert_eq!(
        call("number", json!({ "text": "x" })),
        Err(ToolError::Failed("invalid digit found in string".to_owned()))
    );
}

#[test]
fn bad_arguments_say_where() {
    let text = |arguments: &str| match TOOLBOX.call("word_count", arguments) {
        Err(ToolError::InvalidArguments(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(text("{}").starts_with("missing field `text`"));
    assert!(text(r#"{"text": 1}"#).starts_with("text: invalid type"));
    assert!(text(r#"{"text": "a", "more": 1}"#).contains("unknown field `more`"));
    assert!(text(r#"{"text": "a", "text": "b"}"#).contains("duplicate field `text`"));
    assert!(text(r#"{"text": "a"} {"#).starts_with("trailing characters"));
    assert!(text("[").contains("EOF"));
    let nested = "[".repeat(10_000);
    assert!(text(&format!(r#"{{"x": {nested}"#)).contains("unknown field"));
    assert_eq!(
        call("repeat", json!({ "value": 1, "times": 11 })),
        Err(ToolError::InvalidArguments("times: at most 10".to_owned()))
    );
}

#[test]
fn an_unknown_tool_is_no_tool() {
    assert_eq!(TOOLBOX.call("nothing", "{}"), Err(ToolError::NoSuchTool));
}

#[test]
fn the_function_is_still_a_function() {
    assert_eq!(word_count("a".to_owned(), None).map(|c| c.words), Ok(1));
}
