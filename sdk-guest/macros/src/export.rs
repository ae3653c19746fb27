//! `export_tools!`: from the functions' names to the constants that `#[holm::tool]` put beside them.

use crate::tool;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, Path, Result, Token, parse::Parser, punctuated::Punctuated};

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let paths = Punctuated::<Path, Token![,]>::parse_terminated.parse2(input)?;
    if paths.is_empty() {
        return Err(Error::new(Span::call_site(), "name the tools: holm::export_tools![first, second];"));
    }
    let constants = paths.into_iter().map(|mut path| {
        if let Some(last) = path.segments.last_mut() {
            last.ident = tool::constant(&last.ident);
        }
        path
    });
    Ok(quote!(::holm::__private::toolbox_of![#(#constants),*];))
}
