//! The attributes of the crate `holm`. Use them through it: `#[holm::tool]`, `#[holm::main]`, `#[holm::json]`.

mod docs;
mod export;
mod json;
mod main_function;
mod tool;

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
    expand(export::expand(input.into()))
}

fn expand(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(|error| error.to_compile_error()).into()
}
