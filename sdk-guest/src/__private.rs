//! What the macros expand to. Not for use by hand: it may change in any release.
#![allow(missing_docs, reason = "hidden from the documentation")]

pub use crate::bindings::{agent, judge, library, prompter, toolbox};
pub use crate::exit::finish;
pub use crate::offers::Messages;
pub use crate::{
    __export_judge as export_judge, __export_library as export_library, __export_prompter as export_prompter,
    __export_run as export_run, __export_toolbox as export_toolbox, __prompts_of as prompts_of,
    __resources_of as resources_of, __toolbox_of as toolbox_of,
};
pub use {schemars, serde};

use crate::{Contents, Error, Known, Message, Tool, ToolError};
use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::any::Any;
use std::fmt::Display;

/// Two tools of one name would hide each other; this runs in the compiler.
pub const fn unique(tools: &[Tool]) -> bool {
    let mut first = 0;
    while first < tools.len() {
        let mut second = first + 1;
        while second < tools.len() {
            if same(tools[first].name.as_bytes(), tools[second].name.as_bytes()) {
                return false;
            }
            second += 1;
        }
        first += 1;
    }
    true
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}

/// Reads a call's arguments; an error says where in them it lies.
pub fn arguments<T: DeserializeOwned>(json: &str) -> Result<T, ToolError> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let value: T = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| ToolError::InvalidArguments(at_its_place(&error)))?;
    reader.end().map_err(|error| ToolError::InvalidArguments(error.to_string()))?;
    Ok(value)
}

fn at_its_place(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().to_string().as_str() {
        "." | "?" => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    }
}

pub fn reply(value: impl Serialize) -> Result<String, ToolError> {
    serde_json::to_string(&value).map_err(|error| ToolError::Failed(error.to_string()))
}

pub fn reply_result<T: Serialize, E: Display + 'static>(result: Result<T, E>) -> Result<String, ToolError> {
    result.map_err(blame).and_then(reply)
}

/// A known argument.
pub fn known(known: Known<'_>, name: &str) -> Option<String> {
    known.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone())
}

pub fn messages_of<T: Messages, E: Display + 'static>(result: Result<T, E>) -> Result<Vec<Message>, ToolError> {
    result.map_err(blame).map(Messages::messages)
}

pub fn contents_of<T: Into<Contents>, E: Display + 'static>(result: Result<T, E>) -> Result<Contents, ToolError> {
    result.map_err(blame).map(Into::into)
}

/// Only our own errors can blame the caller; any other means that the tool failed.
fn blame(error: impl Display + 'static) -> ToolError {
    let any: &dyn Any = &error;
    if let Some(error) = any.downcast_ref::<ToolError>() {
        return error.clone();
    }
    match any.downcast_ref::<Error>() {
        Some(error) if error.is_of_arguments() => ToolError::InvalidArguments(error.to_string()),
        _ => ToolError::Failed(error.to_string()),
    }
}

pub fn input_schema<T: JsonSchema>() -> Value {
    let mut schema = schema::<T>(Contract::Deserialize);
    // schemars leaves it out for a tool without parameters, but clients of MCP require it.
    schema.ensure_object().entry("properties").or_insert_with(|| Value::Object(serde_json::Map::new()));
    schema.into()
}

/// None where the type promises nothing, as `serde_json::Value` does.
pub fn output_schema<T: JsonSchema>() -> Option<Value> {
    let schema = schema::<T>(Contract::Serialize);
    let says_something = schema.as_object().is_some_and(|schema| !schema.is_empty());
    says_something.then(|| schema.into())
}

/// Small, for models read it: without references, the dialect and the title, which is a Rust name.
fn schema<T: JsonSchema>(contract: Contract) -> Schema {
    let mut settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    settings.contract = contract;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema
}

/// What the kernel calls; see `wit/tool.wit`, interface `tools`.
pub mod offer {
    use super::toolbox::exports::holm::sys::tools::{Description, Summary, ToolError};
    use crate::Toolbox;
    use std::io::Write;

    pub fn list(toolbox: &Toolbox) -> Vec<Summary> {
        let summary = |tool: &crate::Tool| Summary { name: tool.name.to_owned(), description: tool.summary.to_owned() };
        toolbox.tools().iter().map(summary).collect()
    }

    pub fn describe(toolbox: &Toolbox, name: &str) -> Option<Description> {
        toolbox.get(name).map(|tool| Description {
            name: tool.name.to_owned(),
            description: tool.description.to_owned(),
            input_schema: (tool.input_schema)().to_string(),
            output_schema: (tool.output_schema)().map(|schema| schema.to_string()),
        })
    }

    pub fn call(toolbox: &Toolbox, name: &str, arguments: &str) -> Result<String, ToolError> {
        let result = toolbox.call(name, arguments);
        // What a tool prints is talk: a closed stdout does not undo its work.
        let _ = std::io::stdout().flush();
        result.map_err(blamed)
    }

    fn blamed(error: crate::ToolError) -> ToolError {
        match error {
            crate::ToolError::NoSuchTool => ToolError::NoSuchTool,
            crate::ToolError::InvalidArguments(text) => ToolError::InvalidArguments(text),
            crate::ToolError::Failed(text) => ToolError::Failed(text),
        }
    }

    /// `wit/offers.wit`, interface `prompts`.
    pub mod prompts {
        use super::super::prompter::exports::holm::sys::prompts::{Argument, Filled, Message, Prompt, Role};
        use super::{ToolError, blamed, given};
        use crate::Prompts;

        pub fn list(prompts: &Prompts) -> Vec<Prompt> {
            let argument = |argument: &crate::PromptArgument| Argument {
                name: argument.name.to_owned(),
                title: None,
                description: given(argument.description),
                required: argument.required,
            };
            let prompt = |prompt: &crate::Prompt| Prompt {
                name: prompt.name.to_owned(),
                title: given(prompt.title),
                description: given(prompt.description),
                arguments: prompt.arguments.iter().map(argument).collect(),
            };
            prompts.0.iter().map(prompt).collect()
        }

        pub fn get(prompts: &Prompts, name: &str, arguments: &[(String, String)]) -> Result<Filled, ToolError> {
            let messages = prompts.get(name, arguments).map_err(blamed)?.into_iter().map(|message| {
                let role = match message.role {
                    crate::Role::User => Role::User,
                    crate::Role::Assistant => Role::Assistant,
                };
                Message { role, content: message.content.to_json().to_string() }
            });
            Ok(Filled { description: None, messages: messages.collect() })
        }

        pub fn complete(
            prompts: &Prompts,
            name: &str,
            argument: &str,
            value: &str,
            known: &[(String, String)],
        ) -> Result<Vec<String>, ToolError> {
            prompts.complete(name, argument, value, known).map_err(blamed)
        }
    }

    /// `wit/offers.wit`, interface `resources`.
    pub mod resources {
        use super::super::library::exports::holm::sys::resources::{Body, Contents, Entry, Template};
        use super::{ToolError, blamed, given};
        use crate::Resources;

        pub fn list(resources: &Resources) -> Vec<Entry> {
            let fixed = resources.0.iter().filter(|resource| !resource.is_template());
            let entry = |resource: &crate::Resource| Entry {
                uri: resource.uri.to_owned(),
                name: resource.name.to_owned(),
                title: given(resource.title),
                description: given(resource.description),
                mime_type: given(resource.mime_type),
                size: None,
            };
            fixed.map(entry).collect()
        }

        pub fn templates(resources: &Resources) -> Vec<Template> {
            let templates = resources.0.iter().filter(|resource| resource.is_template());
            let template = |resource: &crate::Resource| Template {
                uri_template: resource.uri.to_owned(),
                name: resource.name.to_owned(),
                title: given(resource.title),
                description: given(resource.description),
                mime_type: given(resource.mime_type),
            };
            templates.map(template).collect()
        }

        pub fn read(resources: &Resources, uri: &str) -> Result<Vec<Contents>, ToolError> {
            let crate::Contents { uri, mime_type, body } = resources.read(uri).map_err(blamed)?;
            let body = match body {
                crate::offers::Body::Text(text) => Body::Text(text),
                crate::offers::Body::Blob(bytes) => Body::Blob(bytes),
            };
            Ok(vec![Contents { uri, mime_type, body }])
        }

        pub fn complete(
            resources: &Resources,
            uri: &str,
            argument: &str,
            value: &str,
            known: &[(String, String)],
        ) -> Result<Vec<String>, ToolError> {
            resources.complete(uri, argument, value, known).map_err(blamed)
        }
    }

    fn given(text: &str) -> Option<String> {
        (!text.is_empty()).then(|| text.to_owned())
    }
}

#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_run {
    ($run:ident) => {
        struct Agent;
        impl $crate::__private::agent::Guest for Agent {
            fn run(arguments: ::std::vec::Vec<::std::string::String>) -> u8 {
                $run(arguments)
            }
        }
        $crate::__private::agent::export!(Agent with_types_in $crate::__private::agent);
    };
}

#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_toolbox {
    ($toolbox:ident) => {
        use $crate::__private::{offer, toolbox::exports::holm::sys::tools};
        struct Offer;
        impl tools::Guest for Offer {
            fn list() -> ::std::vec::Vec<tools::Summary> {
                offer::list(&$toolbox)
            }
            fn describe(name: ::std::string::String) -> ::std::option::Option<tools::Description> {
                offer::describe(&$toolbox, &name)
            }
            fn call(
                name: ::std::string::String,
                arguments: ::std::string::String,
            ) -> ::std::result::Result<::std::string::String, tools::ToolError> {
                offer::call(&$toolbox, &name, &arguments)
            }
        }
        $crate::__private::toolbox::export!(Offer with_types_in $crate::__private::toolbox);
    };
}

#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_prompter {
    ($prompts:ident) => {
        use $crate::__private::{offer, prompter::exports::holm::sys::prompts};
        type Known = ::std::vec::Vec<(::std::string::String, ::std::string::String)>;
        type Answer<T> = ::std::result::Result<T, prompts::ToolError>;
        struct Prompter;
        impl prompts::Guest for Prompter {
            fn list() -> ::std::vec::Vec<prompts::Prompt> {
                offer::prompts::list(&$prompts)
            }
            fn get(name: ::std::string::String, arguments: Known) -> Answer<prompts::Filled> {
                offer::prompts::get(&$prompts, &name, &arguments)
            }
            fn complete(
                name: ::std::string::String,
                argument: ::std::string::String,
                value: ::std::string::String,
                known: Known,
            ) -> Answer<::std::vec::Vec<::std::string::String>> {
                offer::prompts::complete(&$prompts, &name, &argument, &value, &known)
            }
        }
        $crate::__private::prompter::export!(Prompter with_types_in $crate::__private::prompter);
    };
}

#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_library {
    ($resources:ident) => {
        use $crate::__private::{library::exports::holm::sys::resources, offer};
        type Known = ::std::vec::Vec<(::std::string::String, ::std::string::String)>;
        type Answer<T> = ::std::result::Result<T, resources::ToolError>;
        struct Library;
        impl resources::Guest for Library {
            fn list() -> ::std::vec::Vec<resources::Entry> {
                offer::resources::list(&$resources)
            }
            fn templates() -> ::std::vec::Vec<resources::Template> {
                offer::resources::templates(&$resources)
            }
            fn read(uri: ::std::string::String) -> Answer<::std::vec::Vec<resources::Contents>> {
                offer::resources::read(&$resources, &uri)
            }
            fn complete(
                uri_template: ::std::string::String,
                argument: ::std::string::String,
                value: ::std::string::String,
                known: Known,
            ) -> Answer<::std::vec::Vec<::std::string::String>> {
                offer::resources::complete(&$resources, &uri_template, &argument, &value, &known)
            }
        }
        $crate::__private::library::export!(Library with_types_in $crate::__private::library);
    };
}

#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_judge {
    ($judge:path) => {
        use $crate::__private::judge::exports::holm::sys::policy;
        struct Judge;
        impl policy::Guest for Judge {
            fn judge(actor: policy::Actor, event: policy::Event) -> policy::Decision {
                $judge(&actor, &event)
            }
        }
        $crate::__private::judge::export!(Judge with_types_in $crate::__private::judge);
    };
}

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_judge {
    ($judge:path) => {
        const _: fn(&$crate::policy::Actor, &$crate::policy::Event) -> $crate::policy::Decision = $judge;
    };
}

// A native library exports nothing, but what it would run is type-checked and counts as used.
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_run {
    ($run:ident) => {
        const _: fn(::std::vec::Vec<::std::string::String>) -> u8 = $run;
    };
}

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_toolbox {
    ($toolbox:ident) => {
        const _: &$crate::Toolbox = &$toolbox;
    };
}

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_prompter {
    ($prompts:ident) => {
        const _: &$crate::Prompts = &$prompts;
    };
}

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_library {
    ($resources:ident) => {
        const _: &$crate::Resources = &$resources;
    };
}
