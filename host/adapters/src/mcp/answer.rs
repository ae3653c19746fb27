//! What came of a call, in MCP's form.

use holm_kernel::ToolError;
use holm_packages::printable;
use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock},
};
use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::call::Failed;
use crate::control::{Failure, Kind};

/// A tool's result. `loose` is whether structured content may be more than an object: since
/// 2026-07-28, for tools with an output schema.
pub(crate) fn result(json: String, loose: bool) -> CallToolResult {
    let value = match serde_json::from_str::<Value>(&json) {
        Ok(value) => value,
        // The kernel passes on what a guest says; what is no JSON is text.
        Err(_) => return CallToolResult::success(vec![ContentBlock::text(json)]),
    };
    let value = match value {
        Value::Object(object) => match rich(object) {
            Ok(result) => return result,
            Err(object) => Value::Object(object),
        },
        value => value,
    };
    let mut result = match &value {
        Value::String(text) => CallToolResult::success(vec![ContentBlock::text(text.clone())]),
        _ => CallToolResult::success(vec![ContentBlock::text(json)]),
    };
    result.structured_content = (value.is_object() || loose).then_some(value);
    result
}

/// A result that says itself how it is shown: blocks, and perhaps structured content, and nothing else.
fn rich(mut object: Map<String, Value>) -> Result<CallToolResult, Map<String, Value>> {
    let known = |key: &String| key == "content" || key == "structuredContent";
    let blocks = object.get("content").and_then(Value::as_array).filter(|blocks| !blocks.is_empty());
    let blocks = blocks
        .filter(|_| object.keys().all(known))
        .map(|blocks| blocks.iter().map(ContentBlock::deserialize).collect::<Result<Vec<_>, _>>());
    let Some(Ok(blocks)) = blocks else { return Err(object) };
    let mut result = CallToolResult::success(blocks);
    result.structured_content = object.remove("structuredContent");
    Ok(result)
}

/// A call without a result: an error that a model can read, act upon, and tell its user.
pub(crate) fn failed(failed: &Failed) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(explained(failed))])
}

/// The same where the protocol has no results that are errors.
pub(crate) fn error(failed: &Failed) -> ErrorData {
    match failed {
        Failed::Tool { error: ToolError::InvalidArguments(_), .. } => {
            ErrorData::invalid_params(explained(failed), None)
        }
        _ => ErrorData::internal_error(explained(failed), None),
    }
}

fn explained(failed: &Failed) -> String {
    let (mut text, denials) = match failed {
        Failed::Kernel(failure) => (said(failure), &[][..]),
        Failed::Tool { error, denials } => (told(error), &denials[..]),
    };
    if !denials.is_empty() {
        text.push_str("\n\nIt was denied something. Only your user can allow it, by a command in their own terminal:");
        denials.iter().for_each(|denial| text.push_str(&format!("\n- {denial}")));
    }
    text
}

fn told(error: &ToolError) -> String {
    match error {
        ToolError::NoSuchTool => "its plugin has no such thing any more".to_owned(),
        ToolError::InvalidArguments(reason) => format!("invalid arguments: {}", lines(reason)),
        ToolError::Failed(reason) => lines(reason),
        ToolError::Ended(status) => format!("its process ended before it answered: {}", lines(&status.to_string())),
    }
}

fn said(failure: &Failure) -> String {
    let word = match failure.kind {
        Kind::Usage => "the call makes no sense",
        Kind::Denied => "not allowed",
        Kind::NotFound => "not found",
        Kind::Fault => "the plugin is at fault",
        Kind::Conflict => "something was changed",
        Kind::Busy => "not now",
        Kind::Internal => "Holm failed",
    };
    let hint = failure.hint.iter().map(|hint| format!(" ({})", lines(hint)));
    format!("{word}: {}{}", lines(&failure.message), hint.collect::<String>())
}

/// A guest's text without what a terminal would act upon, line by line.
fn lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::result;

    fn of(value: &Value, loose: bool) -> Value {
        let mut result = serde_json::to_value(result(value.to_string(), loose)).expect("JSON");
        let object = result.as_object_mut().expect("an object");
        object.remove("resultType");
        assert_eq!(object.remove("isError"), Some(Value::Bool(false)));
        result
    }

    #[test]
    fn plain_results_are_text_and_objects_are_structured() {
        let text = |text: &str| json!([{ "type": "text", "text": text }]);
        assert_eq!(of(&json!("a b"), false), json!({ "content": text("a b") }));
        assert_eq!(of(&json!("a b"), true), json!({ "content": text("a b"), "structuredContent": "a b" }));
        assert_eq!(of(&json!([1]), false), json!({ "content": text("[1]") }));
        let object = json!({ "n": 9_007_199_254_740_993_u64 });
        assert_eq!(of(&object, false), json!({ "content": text(&object.to_string()), "structuredContent": object }));
    }

    #[test]
    fn rich_results_are_shown_as_they_say() {
        let image = json!({ "type": "image", "data": "aGk=", "mimeType": "image/png" });
        let rich = json!({ "content": [image], "structuredContent": { "a": 1 } });
        assert_eq!(of(&rich, false), rich);
        // Not quite: it is data.
        for plain in [
            json!({ "content": [image], "more": 1 }),
            json!({ "content": [{ "type": "spell" }] }),
            json!({ "content": [] }),
            json!({ "content": "a" }),
            json!({ "structuredContent": {} }),
        ] {
            assert_eq!(of(&plain, false)["structuredContent"], plain);
        }
    }
}
