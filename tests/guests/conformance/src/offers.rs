//! Prompts and resources.

use crate::files::PNG;
use holm::{
    Block, Contents, Known, Message,
    answer::{self, Reply, Wanted},
    serde_json::json,
};

/// A prompt without arguments.
#[holm::prompt]
pub(crate) fn test_simple_prompt() -> String {
    "This is a simple prompt for testing.".to_owned()
}

/// A prompt with two arguments.
#[holm::prompt(complete = words)]
pub(crate) fn test_prompt_with_arguments(
    /// First test argument
    arg1: String,
    /// Second test argument
    arg2: String,
) -> String {
    format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")
}

fn words(_: &str, value: &str, _: Known<'_>) -> Vec<String> {
    let words = ["paris", "park", "party", "hello", "world"];
    words.iter().filter(|word| word.starts_with(value)).map(|word| (*word).to_owned()).collect()
}

/// A prompt that holds a resource.
#[holm::prompt]
pub(crate) fn test_prompt_with_embedded_resource(
    /// URI of the resource to embed
    #[allow(non_snake_case, reason = "the suite calls it so")]
    resourceUri: String,
) -> [Message; 2] {
    let resource = Contents::text(resourceUri, "Embedded resource content for testing.").mime_type("text/plain");
    [Message::user(resource), Message::user("Please process the embedded resource above.")]
}

/// A prompt that holds a picture.
#[holm::prompt]
pub(crate) fn test_prompt_with_image() -> [Message; 2] {
    [Message::user(Block::image("image/png", PNG)), Message::user("Please analyze the image above.")]
}

/// A prompt that asks first.
#[holm::prompt]
pub(crate) fn test_input_required_result_prompt() -> answer::Result<String> {
    let schema =
        json!({ "type": "object", "properties": { "context": { "type": "string" } }, "required": ["context"] });
    let message = "What context should the prompt use?".to_owned();
    Ok(match answer::ask("user_context", Wanted::Form { message, schema })? {
        Reply::Accepted(content) => format!("Use this context: {}", content["context"].as_str().unwrap_or_default()),
        _ => "Use no context.".to_owned(),
    })
}

/// A text that does not change.
#[holm::resource("test://static-text", mime_type = "text/plain")]
pub(crate) fn static_text() -> String {
    "This is the content of the static text resource.".to_owned()
}

/// A picture that does not change.
#[holm::resource("test://static-binary", mime_type = "image/png")]
pub(crate) fn static_binary() -> Vec<u8> {
    PNG.to_vec()
}

/// A text that is watched.
#[holm::resource("test://watched-resource", mime_type = "text/plain")]
pub(crate) fn watched_resource() -> String {
    "This is the content of the watched resource.".to_owned()
}

/// A text like others.
#[holm::resource("test://example-resource", mime_type = "text/plain")]
pub(crate) fn example_resource() -> String {
    "This is an example.".to_owned()
}

/// Data, by its number.
#[holm::resource("test://template/{id}/data", mime_type = "application/json")]
pub(crate) fn template_data(id: String) -> String {
    json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") }).to_string()
}
