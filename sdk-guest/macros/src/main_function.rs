//! `#[holm::main]`: exports `run` of the world `agent`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, ItemFn, Result};

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !attribute.is_empty() {
        return Err(Error::new(Span::call_site(), "#[holm::main] takes no arguments"));
    }
    let function: ItemFn = syn::parse2(item)?;
    check(&function)?;
    let name = &function.sig.ident;
    let call = if function.sig.inputs.is_empty() { quote!(#name()) } else { quote!(#name(arguments)) };
    Ok(quote! {
        #function

        const _: () = {
            fn run(arguments: ::std::vec::Vec<::std::string::String>) -> u8 {
                let _ = &arguments;
                ::holm::__private::finish(#call)
            }
            ::holm::__private::export_run!(run);
        };
    })
}

fn check(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if let Some(token) = &signature.asyncness {
        return Err(Error::new_spanned(
            token,
            "#[holm::main] runs an ordinary function: system calls block, and the kernel runs other processes meanwhile",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "#[holm::main] cannot be generic"));
    }
    if let Some(receiver) = signature.receiver() {
        return Err(Error::new_spanned(receiver, "#[holm::main] goes on a free function, without `self`"));
    }
    if signature.inputs.len() > 1 {
        return Err(Error::new_spanned(&signature.inputs, "#[holm::main] takes nothing or `arguments: Vec<String>`"));
    }
    Ok(())
}
