//! Tools that only answer, log, or tell how far they are.

use crate::files::{PNG, WAV};
use holm::{
    Block, Content, Contents, answer,
    log::Level,
    serde_json::{Value, json},
};
use std::{thread::sleep, time::Duration};

const PAUSE: Duration = Duration::from_millis(50);

/// Answers with a text.
#[holm::tool]
pub(crate) fn test_simple_text() -> Content {
    Block::text("This is a simple text response for testing.").into()
}

/// Answers with a picture.
#[holm::tool]
pub(crate) fn test_image_content() -> Content {
    Block::image("image/png", PNG).into()
}

/// Answers with a sound.
#[holm::tool]
pub(crate) fn test_audio_content() -> Content {
    Block::audio("audio/wav", WAV).into()
}

/// Answers with a resource.
#[holm::tool]
pub(crate) fn test_embedded_resource() -> Content {
    let text = "This is an embedded resource content.";
    Content::new().with(Contents::text("test://embedded-resource", text).mime_type("text/plain"))
}

/// Answers with a text, a picture and a resource.
#[holm::tool]
pub(crate) fn test_multiple_content_types() -> Content {
    let data = json!({ "test": "data", "value": 123 }).to_string();
    Content::new()
        .with("Multiple content types test:")
        .with(Block::image("image/png", PNG))
        .with(Contents::text("test://mixed-content-resource", data).mime_type("application/json"))
}

/// Fails, always.
#[holm::tool]
pub(crate) fn test_error_handling() -> holm::Result<Content> {
    Err(holm::Error::new("This tool intentionally returns an error for testing"))
}

/// Logs three lines, with pauses between them.
#[holm::tool]
pub(crate) fn test_tool_with_logging() -> Content {
    for line in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        let _ = holm::log::write(Level::Info, format_args!("{line}"));
        sleep(PAUSE);
    }
    Block::text("Logged three lines.").into()
}

/// Logs a line.
#[holm::tool]
pub(crate) fn test_logging_tool() -> Content {
    holm::info!("This is logged for testing");
    sleep(PAUSE);
    Block::text("Logged a line.").into()
}

/// Tells three times how far it is, with pauses between.
#[holm::tool]
pub(crate) fn test_tool_with_progress() -> holm::Result<Content> {
    for done in [0.0, 50.0, 100.0] {
        answer::progress(done, Some(100.0), &format!("{done} of 100"))?;
        sleep(PAUSE);
    }
    Ok(Block::text("Told how far it was.").into())
}

/// Takes a while, for whoever loses the connection meanwhile.
#[holm::tool]
pub(crate) fn test_reconnection() -> Content {
    sleep(4 * PAUSE);
    Block::text("Reconnection test completed successfully.").into()
}

/// Takes arguments that HTTP clients repeat in headers.
#[holm::tool]
pub(crate) fn test_headers(
    /// A region.
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: String,
    /// A priority.
    #[schemars(extend("x-mcp-header" = "Priority"))]
    priority: Option<i64>,
) -> Content {
    Block::text(format!("region={region} priority={priority:?}")).into()
}

/// Tool with JSON Schema 2020-12 features
#[holm::tool(schema = whole_schema)]
pub(crate) fn json_schema_2020_12_tool(
    name: Option<String>,
    address: Option<Value>,
    #[serde(rename = "contactMethod")] contact_method: Option<String>,
    phone: Option<String>,
    email: Option<String>,
) -> Content {
    let given = json!({ "name": name, "address": address, "by": contact_method, "phone": phone, "email": email });
    Block::text(given.to_string()).into()
}

fn whole_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
            }
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" }
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false
    })
}
