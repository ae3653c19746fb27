//! `#[holm::json]`: serde and schemars derives that need no dependency but `holm`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{DeriveInput, Error, Result};

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !attribute.is_empty() {
        return Err(Error::new(Span::call_site(), "#[holm::json] takes no arguments; use #[serde(..)] below it"));
    }
    let item: DeriveInput = syn::parse2(item)?;
    Ok(quote! {
        #[derive(
            ::holm::__private::serde::Serialize,
            ::holm::__private::serde::Deserialize,
            ::holm::__private::schemars::JsonSchema,
        )]
        #[serde(crate = "::holm::__private::serde")]
        #[schemars(crate = "::holm::__private::schemars")]
        #item
    })
}
