//! What a server answered, as a guest gets it: JSON.

use holm_kernel::devices::tool::ServerError;
use rmcp::{
    model::{CallToolResult, ContentBlock, ErrorCode, GetPromptResult, ReadResourceResult, ResourceContents},
    service::ServiceError,
};
use serde_json::{Value, json};

/// Bytes of an error's text.
const ERROR_BYTES: usize = 16 << 10;

/// A tool's result, or what it says of its failure. Text alone is what is structured of it, or the text;
/// anything else keeps its form.
pub(super) fn of_tool(result: CallToolResult) -> Result<String, String> {
    let text = texts(&result.content);
    if result.is_error == Some(true) {
        let said = text.unwrap_or_else(|| serde_json::to_string(&result.content).unwrap_or_default());
        return Err(said);
    }
    let value = match (text, result.structured_content) {
        (Some(_), Some(structured)) => structured,
        (Some(text), None) => Value::String(text),
        (None, structured) => {
            let mut rich = json!({ "content": result.content });
            if let Some(structured) = structured {
                rich["structuredContent"] = structured;
            }
            rich
        }
    };
    Ok(value.to_string())
}

/// A resource: its text, or all of it as blocks.
pub(super) fn of_resource(result: ReadResourceResult) -> String {
    match &*result.contents {
        [ResourceContents::TextResourceContents { text, .. }] => Value::String(text.clone()).to_string(),
        contents => {
            let blocks = contents.iter().map(|resource| json!({ "type": "resource", "resource": resource }));
            json!({ "content": blocks.collect::<Vec<_>>() }).to_string()
        }
    }
}

/// A prompt: its messages as they are.
pub(super) fn of_prompt(result: &GetPromptResult) -> String {
    json!({ "description": result.description, "messages": result.messages }).to_string()
}

/// The texts of blocks that are nothing else; none if one is.
fn texts(content: &[ContentBlock]) -> Option<String> {
    let each = content.iter().map(|block| match block {
        ContentBlock::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    each.collect::<Option<Vec<_>>>().map(|texts| texts.join("\n"))
}

/// Why a request came to nothing; none where its connection is at an end.
pub(super) fn refusal(error: &ServiceError) -> Option<ServerError> {
    match error {
        ServiceError::McpError(error) if error.code == ErrorCode::INVALID_PARAMS => {
            Some(ServerError::InvalidArguments(error.message.to_string()))
        }
        ServiceError::McpError(error) if error.code == ErrorCode::METHOD_NOT_FOUND => Some(ServerError::NoSuchTool),
        ServiceError::McpError(error) => Some(ServerError::Failed(error.to_string())),
        ServiceError::TransportClosed => None,
        error => Some(ServerError::Failed(error.to_string())),
    }
}

/// An error's text, no longer than that. First nothing secret is in it: half of a secret is not known again.
pub(super) fn cut(text: String) -> String {
    let end = text.floor_char_boundary(ERROR_BYTES);
    if end < text.len() { format!("{}… ({} bytes more)", &text[..end], text.len() - end) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(text: &str) -> Result<String, String> {
        of_tool(serde_json::from_str(text).expect("a result"))
    }

    #[test]
    fn text_is_plain_and_the_rest_keeps_its_form() {
        for (given, expected) in [
            (r#"{"content":[{"type":"text","text":"a\"b"}]}"#, r#""a\"b""#),
            (r#"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#, r#""a\nb""#),
            (r#"{"content":[{"type":"text","text":"{}"}],"structuredContent":{"n":1}}"#, r#"{"n":1}"#),
            (r#"{"content":[],"structuredContent":[1]}"#, "[1]"),
            (r#"{"content":[]}"#, r#""""#),
            (
                r#"{"content":[{"type":"text","text":"a"},{"type":"image","data":"AA==","mimeType":"image/png"}],"structuredContent":1}"#,
                r#"{"content":[{"text":"a","type":"text"},{"data":"AA==","mimeType":"image/png","type":"image"}],"structuredContent":1}"#,
            ),
        ] {
            let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
            assert_eq!(value(&result(given).expect("taken")), value(expected), "{given}");
        }
        let failed = result(r#"{"content":[{"type":"text","text":"no"}],"isError":true}"#);
        assert_eq!(failed, Err("no".to_owned()));
        let long = format!(r#"{{"content":[{{"type":"text","text":"{}"}}],"isError":true}}"#, "x".repeat(1 << 20));
        assert!(matches!(result(&long), Err(text) if cut(text.clone()).len() < ERROR_BYTES + 40));
    }
}
