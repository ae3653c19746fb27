//! Tools that ask their caller: for forms, completions and roots, one after the other and at once.

use holm::{
    Block, Content,
    answer::{self, Reply, Wanted},
    serde_json::{Value, json},
};

/// A form of one field that has to be filled in.
fn one(message: &str, field: &str, kind: &str) -> Wanted {
    let schema = json!({ "type": "object", "properties": { field: { "type": kind } }, "required": [field] });
    Wanted::Form { message: message.to_owned(), schema }
}

fn completion(prompt: &str, most: u32) -> Wanted {
    let content = json!({ "type": "text", "text": prompt });
    Wanted::Completion(json!({ "messages": [{ "role": "user", "content": content }], "maxTokens": most }))
}

/// What a model said, in text.
fn said(reply: Reply) -> String {
    match reply {
        Reply::Accepted(result) => {
            let content = result["content"].get(0).unwrap_or(&result["content"]);
            content["text"].as_str().unwrap_or_default().to_owned()
        }
        other => format!("{other:?}"),
    }
}

/// A reply as the suite wants to read it: its action, and what it holds.
fn action(reply: &Reply) -> (&'static str, Value) {
    match reply {
        Reply::Accepted(content) => ("accept", content.clone()),
        Reply::Declined => ("decline", Value::Null),
        Reply::Cancelled | Reply::Nobody => ("cancel", Value::Null),
    }
}

fn text(text: impl Into<String>) -> Content {
    Block::text(text).into()
}

/// Asks the caller's model.
#[holm::tool]
pub(crate) fn test_sampling(
    /// What to ask it.
    prompt: String,
) -> answer::Result<Content> {
    Ok(text(format!("LLM response: {}", said(answer::ask("sampling", completion(&prompt, 100))?))))
}

/// Does nothing without the caller's model.
#[holm::tool]
pub(crate) fn test_missing_capability() -> answer::Result<Content> {
    Ok(text(said(answer::ask("sampling", completion("Is anybody there?", 10))?)))
}

/// Asks the user for a name and an address.
#[holm::tool]
pub(crate) fn test_elicitation(
    /// What the user is told.
    message: String,
) -> answer::Result<Content> {
    let schema = json!({
        "type": "object",
        "properties": {
            "username": { "type": "string", "description": "User's response" },
            "email": { "type": "string", "description": "User's email address" }
        },
        "required": ["username", "email"]
    });
    let reply = answer::ask("user", Wanted::Form { message, schema })?;
    let (action, content) = action(&reply);
    Ok(text(format!("User response: action: {action}, content: {content}")))
}

/// Asks the user after it told how far it is.
#[holm::tool]
pub(crate) fn test_streaming_elicitation() -> answer::Result<Content> {
    answer::progress(1.0, Some(2.0), "asking")?;
    let reply = answer::ask("confirm", one("Please confirm", "ok", "boolean"))?;
    Ok(text(format!("{:?}", action(&reply))))
}

/// Asks for a form whose fields have defaults.
#[holm::tool]
pub(crate) fn test_elicitation_sep1034_defaults() -> answer::Result<Content> {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "User name", "default": "John Doe" },
            "age": { "type": "integer", "description": "User age", "default": 30 },
            "score": { "type": "number", "description": "User score", "default": 95.5 },
            "status": {
                "type": "string",
                "description": "User status",
                "enum": ["active", "inactive", "pending"],
                "default": "active"
            },
            "verified": { "type": "boolean", "description": "Verification status", "default": true }
        },
        "required": []
    });
    elicited("Please review and update the form fields with defaults", schema)
}

/// Asks for a form with all kinds of choices.
#[holm::tool]
pub(crate) fn test_elicitation_sep1330_enums() -> answer::Result<Content> {
    let titled = |word: &str| {
        let titles = [("value1", "First"), ("value2", "Second"), ("value3", "Third")];
        let choice = |(value, title): (&str, &str)| json!({ "const": value, "title": format!("{title} {word}") });
        titles.map(choice)
    };
    let schema = json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": ["option1", "option2", "option3"] },
            "titledSingle": { "type": "string", "oneOf": titled("Option") },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"]
            },
            "untitledMulti": {
                "type": "array",
                "items": { "type": "string", "enum": ["option1", "option2", "option3"] }
            },
            "titledMulti": { "type": "array", "items": { "anyOf": titled("Choice") } }
        },
        "required": []
    });
    elicited("Please select options from the enum fields", schema)
}

fn elicited(message: &str, schema: Value) -> answer::Result<Content> {
    let reply = answer::ask("fields", Wanted::Form { message: message.to_owned(), schema })?;
    let (action, content) = action(&reply);
    Ok(text(format!("Elicitation completed: action={action}, content={content}")))
}

/// Asks for a name and greets.
#[holm::tool]
pub(crate) fn test_input_required_result_elicitation() -> answer::Result<Content> {
    let reply = answer::ask("user_name", one("What is your name?", "name", "string"))?;
    let (_, content) = action(&reply);
    Ok(text(format!("Hello, {}!", content["name"].as_str().unwrap_or("stranger"))))
}

/// Asks the caller's model for a capital.
#[holm::tool]
pub(crate) fn test_input_required_result_sampling() -> answer::Result<Content> {
    Ok(text(said(answer::ask("capital_question", completion("What is the capital of France?", 100))?)))
}

/// Asks for the caller's roots.
#[holm::tool]
pub(crate) fn test_input_required_result_list_roots() -> answer::Result<Content> {
    let (_, content) = action(&answer::ask("client_roots", Wanted::Roots)?);
    Ok(text(format!("Your roots: {}", content["roots"])))
}

/// Asks for a yes; where it was is kept meanwhile, for this process waits.
#[holm::tool]
pub(crate) fn test_input_required_result_request_state() -> answer::Result<Content> {
    let reply = answer::ask("confirm", one("Please confirm", "ok", "boolean"))?;
    Ok(text(format!("state-ok: {}", action(&reply).0)))
}

/// Asks for a yes, which somebody may try to forge.
#[holm::tool]
pub(crate) fn test_input_required_result_tampered_state() -> answer::Result<Content> {
    let reply = answer::ask("confirm", one("Please confirm", "ok", "boolean"))?;
    Ok(text(action(&reply).0))
}

/// Asks the user, their model, and for their roots, all at once.
#[holm::tool]
pub(crate) fn test_input_required_result_multiple_inputs() -> answer::Result<Content> {
    let replies = answer::ask_all(&[
        ("user_name", one("What is your name?", "name", "string")),
        ("greeting", completion("Generate a greeting", 50)),
        ("client_roots", Wanted::Roots),
    ])?;
    Ok(text(format!("{:?}", replies.iter().map(action).collect::<Vec<_>>())))
}

/// Asks twice.
#[holm::tool]
pub(crate) fn test_input_required_result_multi_round() -> answer::Result<Content> {
    let (_, first) = action(&answer::ask("step1", one("Step 1: What is your name?", "name", "string"))?);
    let (_, second) = action(&answer::ask("step2", one("Step 2: What is your favorite color?", "color", "string"))?);
    Ok(text(format!("{} likes {}", first["name"], second["color"])))
}

/// Asks what its caller can be asked.
#[holm::tool]
pub(crate) fn test_input_required_result_capabilities() -> answer::Result<Content> {
    let name = answer::ask("user_name", one("What is your name?", "name", "string"));
    let name = match name {
        Err(answer::Error::Nobody) => "nobody".to_owned(),
        reply => format!("{:?}", action(&reply?)),
    };
    let greeting = answer::ask("greeting", completion("Generate a greeting", 50))?;
    Ok(text(format!("{name}: {}", said(greeting))))
}
