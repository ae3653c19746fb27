//! A server's resources and prompts, offered as tools of it: under the same grants, accepted like them.
//!
//! A server may have a tool of such a name itself: then that one is meant, and ours is not offered.

use rmcp::{
    RoleClient,
    model::{GetPromptRequestParams, PaginatedRequestParams, ReadResourceRequestParams, ServerCapabilities},
    service::{RunningService, ServiceError},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{answer, client::Client, told::Tool};

/// Pages of a list. Stops one that never ends.
pub(super) const PAGES: usize = 64;

const RESOURCES: &str = "resources.list";
const RESOURCE: &str = "resources.read";
const PROMPTS: &str = "prompts.list";
const PROMPT: &str = "prompts.get";

/// What a server's capabilities come to as tools.
pub(super) fn tools(capabilities: &ServerCapabilities) -> Vec<Tool> {
    let none = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let uri = json!({"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]});
    let prompt = json!({"type": "object", "properties": {
        "name": {"type": "string"}, "arguments": {"type": "object", "additionalProperties": {"type": "string"}},
    }, "required": ["name"]});
    let mut offered = Vec::new();
    if capabilities.resources.is_some() {
        offered.push((RESOURCES, "Lists the server's resources and templates of resources.", none.clone()));
        offered.push((RESOURCE, "Reads one of the server's resources.", uri));
    }
    if capabilities.prompts.is_some() {
        offered.push((PROMPTS, "Lists the server's prompts.", none));
        offered.push((PROMPT, "Fills one of the server's prompts.", prompt));
    }
    let tool = |(name, text, schema): (&str, &str, Value)| Tool::of(name, None, text.to_owned(), schema, None, None);
    offered.into_iter().filter_map(|each| tool(each).ok()).collect()
}

/// Why one of these came to nothing.
pub(super) enum Failed {
    /// The arguments do not fit.
    Arguments(String),
    /// It ran, and failed.
    Tool(String),
    /// The server, or the way to it.
    Service(ServiceError),
}

impl From<ServiceError> for Failed {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

type Service = RunningService<RoleClient, std::sync::Arc<Client>>;

/// Does what such a tool says; none if it is none of these.
pub(super) async fn call(
    service: &Service,
    tool: &str,
    arguments: Map<String, Value>,
    maximum: u64,
) -> Option<Result<String, Failed>> {
    Some(match tool {
        RESOURCES => resources(service, maximum).await,
        PROMPTS => prompts(service, maximum).await,
        RESOURCE => read(service, arguments).await,
        PROMPT => prompt(service, arguments).await,
        _ => return None,
    })
}

/// How much of a list is still taken: 64 pages of 8 MiB are no list.
struct Rest {
    bytes: u64,
    maximum: u64,
}

impl Rest {
    fn new(maximum: u64) -> Self {
        Self { bytes: maximum, maximum }
    }

    fn take(&mut self, page: &impl serde::Serialize) -> Result<(), Failed> {
        let bytes = serde_json::to_vec(page).map_or(u64::MAX, |page| page.len() as u64);
        let left = self.bytes.checked_sub(bytes);
        let long =
            || Failed::Tool(format!("its list has more than {} bytes, which a call takes at most", self.maximum));
        self.bytes = left.ok_or_else(long)?;
        Ok(())
    }
}

async fn resources(service: &Service, maximum: u64) -> Result<String, Failed> {
    let mut rest = Rest::new(maximum);
    let (mut resources, mut templates) = (Vec::new(), Vec::new());
    let mut cursor = None;
    for _ in 0..PAGES {
        let page = service.list_resources(next(cursor)).await?;
        rest.take(&page.resources)?;
        resources.extend(page.resources);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    for _ in 0..PAGES {
        // A server need not have any, nor know what that is.
        let Ok(page) = service.list_resource_templates(next(cursor)).await else { break };
        rest.take(&page.resource_templates)?;
        templates.extend(page.resource_templates);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(json!({ "resources": resources, "templates": templates }).to_string())
}

async fn prompts(service: &Service, maximum: u64) -> Result<String, Failed> {
    let mut rest = Rest::new(maximum);
    let (mut prompts, mut cursor) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = service.list_prompts(next(cursor)).await?;
        rest.take(&page.prompts)?;
        prompts.extend(page.prompts);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(json!({ "prompts": prompts }).to_string())
}

async fn read(service: &Service, arguments: Map<String, Value>) -> Result<String, Failed> {
    #[derive(Deserialize)]
    struct Arguments {
        uri: String,
    }
    let Arguments { uri } = parse(arguments)?;
    Ok(answer::of_resource(service.read_resource(ReadResourceRequestParams::new(uri)).await?))
}

async fn prompt(service: &Service, arguments: Map<String, Value>) -> Result<String, Failed> {
    #[derive(Deserialize)]
    struct Arguments {
        name: String,
        #[serde(default)]
        arguments: Map<String, Value>,
    }
    let Arguments { name, arguments } = parse(arguments)?;
    let mut wanted = GetPromptRequestParams::new(name);
    if !arguments.is_empty() {
        wanted = wanted.with_arguments(arguments);
    }
    Ok(answer::of_prompt(&service.get_prompt(wanted).await?))
}

fn parse<T: serde::de::DeserializeOwned>(arguments: Map<String, Value>) -> Result<T, Failed> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| Failed::Arguments(error.to_string()))
}

pub(super) fn next(cursor: Option<String>) -> Option<PaginatedRequestParams> {
    cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pages_together_have_an_end() {
        let mut rest = Rest::new(100);
        for _ in 0..10 {
            assert!(rest.take(&"12345678").is_ok());
        }
        assert!(matches!(rest.take(&""), Err(Failed::Tool(text)) if text.contains("100 bytes")));
    }
}
