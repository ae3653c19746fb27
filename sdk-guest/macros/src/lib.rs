//! The attributes of the crate `holm`. Use them through it: `#[holm::tool]`, `#[holm::main]`, `#[holm::json]`.

mod docs;
mod export;
mod json;
mod main_function;
mod offer;
mod tool;

use export::Exported;
use proc_macro::TokenStream;

/// Makes a function a tool; see `holm::tool`.
#[proc_macro_attribute]
pub fn tool(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand(tool::expand(attribute.into(), item.into()))
}

/// Makes a function what the component runs; see `holm::main`.
#[proc_macro_attribute]
pub fn main(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand(main_function::expand(attribute.into(), item.into()))
}

/// Makes a type one that tools take or return as JSON; see `holm::json`.
#[proc_macro_attribute]
pub fn json(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand(json::expand(attribute.into(), item.into()))
}

/// Exports tools; see `holm::export_tools`.
#[proc_macro]
pub fn export_tools(input: TokenStream) -> TokenStream {
    expand(export::expand(input.into(), &Exported { kind: "tool", of: "toolbox_of" }))
}

/// Makes a function a prompt; see `holm::prompt`.
#[proc_macro_attribute]
pub fn prompt(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand(offer::prompt(attribute.into(), item.into()))
}

/// Exports prompts; see `holm::export_prompts`.
#[proc_macro]
pub fn export_prompts(input: TokenStream) -> TokenStream {
    expand(export::expand(input.into(), &Exported { kind: "prompt", of: "prompts_of" }))
}

/// Makes a function a resource; see `holm::resource`.
#[proc_macro_attribute]
pub fn resource(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand(offer::resource(attribute.into(), item.into()))
}

/// Exports resources; see `holm::export_resources`.
#[proc_macro]
pub fn export_resources(input: TokenStream) -> TokenStream {
    expand(export::expand(input.into(), &Exported { kind: "resource", of: "resources_of" }))
}

fn expand(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(|error| error.to_compile_error()).into()
}
