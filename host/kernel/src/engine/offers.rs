//! What a component offers beside its tools: told at install, fetched by a process of its own.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use wasmtime::Store;

use super::{Image, Process};
use crate::{
    bindings::{
        holm::sys::tool_types::ToolError,
        library::{
            Library,
            exports::holm::sys::resources::{self, Body},
        },
        prompter::{
            Prompter,
            exports::holm::sys::prompts::{self, Role},
        },
    },
    process::Fault,
    program::{ArgumentOf, Fetch, Offers, Prompt, PromptArgument, Resource, Template},
};

/// A component that offers more of a kind is refused.
const OFFERS: usize = 1024;

/// What a completion may give, as MCP bounds it; more is told of and left out.
const VALUES: usize = 100;

type Fetched = std::result::Result<String, ToolError>;

async fn library(image: &Image, store: &mut Store<Process>) -> wasmtime::Result<Library> {
    let pre = image.library.as_ref().ok_or_else(|| wasmtime::Error::msg("it offers no resources"))?;
    pre.instantiate_async(store).await
}

async fn prompter(image: &Image, store: &mut Store<Process>) -> wasmtime::Result<Prompter> {
    let pre = image.prompter.as_ref().ok_or_else(|| wasmtime::Error::msg("it offers no prompts"))?;
    pre.instantiate_async(store).await
}

fn bounded<T>(offered: Vec<T>, kind: &str) -> wasmtime::Result<Vec<T>> {
    match offered.len() > OFFERS {
        true => Err(wasmtime::Error::new(Fault::Limit(format!("it offers more than {OFFERS} {kind}")))),
        false => Ok(offered),
    }
}

/// All that a component offers.
pub(super) async fn list(image: &Image, store: &mut Store<Process>) -> wasmtime::Result<Offers> {
    let mut offers = Offers::default();
    if image.library.is_some() {
        let library = library(image, store).await?;
        let resources = library.holm_sys_resources();
        offers.resources =
            bounded(resources.call_list(&mut *store).await?, "resources")?.into_iter().map(resource).collect();
        let templates = bounded(resources.call_templates(&mut *store).await?, "templates of resources")?;
        offers.templates = templates.into_iter().map(template).collect();
    }
    if image.prompter.is_some() {
        let prompter = prompter(image, store).await?;
        let prompts = bounded(prompter.holm_sys_prompts().call_list(&mut *store).await?, "prompts")?;
        offers.prompts = prompts.into_iter().map(prompt).collect();
    }
    Ok(offers)
}

/// Fetches one thing, as JSON.
pub(super) async fn fetch(image: &Image, store: &mut Store<Process>, fetch: Fetch) -> wasmtime::Result<Fetched> {
    // What it does not offer at all, it does not have either.
    let offers = match &fetch {
        Fetch::Resource { .. } | Fetch::Completion { of: ArgumentOf::Template(_), .. } => image.library.is_some(),
        Fetch::Prompt { .. } | Fetch::Completion { of: ArgumentOf::Prompt(_), .. } => image.prompter.is_some(),
    };
    if !offers {
        return Ok(Err(ToolError::NoSuchTool));
    }
    let fetched = match fetch {
        Fetch::Resource { uri } => {
            let library = library(image, store).await?;
            library.holm_sys_resources().call_read(store, &uri).await?.map(contents)
        }
        Fetch::Prompt { name, arguments } => {
            let prompter = prompter(image, store).await?;
            prompter.holm_sys_prompts().call_get(store, &name, &arguments).await?.and_then(filled)
        }
        Fetch::Completion { of: ArgumentOf::Template(uri), argument, value, known } => {
            let library = library(image, store).await?;
            library.holm_sys_resources().call_complete(store, &uri, &argument, &value, &known).await?.map(values)
        }
        Fetch::Completion { of: ArgumentOf::Prompt(name), argument, value, known } => {
            let prompter = prompter(image, store).await?;
            prompter.holm_sys_prompts().call_complete(store, &name, &argument, &value, &known).await?.map(values)
        }
    };
    // What a call may pass to the host bounds it.
    Ok(fetched.map(|value| value.to_string()))
}

fn resource(entry: resources::Entry) -> Resource {
    let resources::Entry { uri, name, title, description, mime_type, size } = entry;
    Resource { uri, name, title, description, mime_type, size }
}

fn template(template: resources::Template) -> Template {
    let resources::Template { uri_template, name, title, description, mime_type } = template;
    Template { uri_template, name, title, description, mime_type }
}

fn prompt(prompt: prompts::Prompt) -> Prompt {
    let prompts::Prompt { name, title, description, arguments } = prompt;
    let arguments = arguments.into_iter().map(|argument| {
        let prompts::Argument { name, title, description, required } = argument;
        PromptArgument { name, title, description, required }
    });
    Prompt { name, title, description, arguments: arguments.collect() }
}

fn contents(contents: Vec<resources::Contents>) -> Value {
    let content = |resources::Contents { uri, mime_type, body }| {
        let mut content = Map::from_iter([("uri".to_owned(), Value::String(uri))]);
        content.extend(mime_type.map(|kind| ("mimeType".to_owned(), Value::String(kind))));
        let (key, text) = match body {
            Body::Text(text) => ("text", text),
            Body::Blob(bytes) => ("blob", BASE64_STANDARD.encode(bytes)),
        };
        content.insert(key.to_owned(), Value::String(text));
        Value::Object(content)
    };
    json!({ "contents": contents.into_iter().map(content).collect::<Vec<_>>() })
}

fn filled(filled: prompts::Filled) -> std::result::Result<Value, ToolError> {
    let message = |prompts::Message { role, content }| {
        let role = match role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let block = serde_json::from_str::<Value>(&content).ok().filter(|block| block["type"].is_string());
        let block = block.ok_or_else(|| ToolError::Failed("a message of the prompt is no content block".to_owned()))?;
        Ok(json!({ "role": role, "content": block }))
    };
    let messages = filled.messages.into_iter().map(message).collect::<std::result::Result<Vec<_>, _>>()?;
    let mut prompt = Map::from_iter([("messages".to_owned(), Value::Array(messages))]);
    prompt.extend(filled.description.map(|text| ("description".to_owned(), Value::String(text))));
    Ok(Value::Object(prompt))
}

fn values(mut values: Vec<String>) -> Value {
    let total = values.len();
    values.truncate(VALUES);
    json!({ "values": values, "total": total, "hasMore": total > VALUES })
}
