//! `export_tools!` and its like: from the functions' names to the constants that their attributes put beside them.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Error, Ident, Path, Result, Token, parse::Parser, punctuated::Punctuated};

/// What is exported.
pub(crate) struct Exported {
    /// What it is called: `tool`.
    pub(crate) kind: &'static str,
    /// What makes the export of the constants, in `holm::__private`.
    pub(crate) of: &'static str,
}

pub(crate) fn expand(input: TokenStream, exported: &Exported) -> Result<TokenStream> {
    let Exported { kind, of } = exported;
    let paths = Punctuated::<Path, Token![,]>::parse_terminated.parse2(input)?;
    if paths.is_empty() {
        return Err(Error::new(Span::call_site(), format!("name the {kind}s: holm::export_{kind}s![first, second];")));
    }
    let constants = paths.into_iter().map(|mut path| {
        if let Some(last) = path.segments.last_mut() {
            last.ident = constant(kind, &last.ident);
        }
        path
    });
    let of = format_ident!("{of}");
    Ok(quote!(::holm::__private::#of![#(#constants),*];))
}

/// The constant beside a function.
pub(crate) fn constant(kind: &str, function: &Ident) -> Ident {
    format_ident!("__holm_{kind}_{}", function, span = function.span())
}
