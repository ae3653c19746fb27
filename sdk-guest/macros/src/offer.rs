//! `#[holm::prompt]` and `#[holm::resource]`: functions of texts become what a plugin offers beside its tools.

use crate::{docs, export::constant};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Error, Expr, FnArg, Ident, ItemFn, LitStr, Pat, PathArguments, Result, ReturnType, Token, Type,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

/// `wit/offers.wit`: a prompt's name is at most this long.
const NAME_LENGTH: usize = 64;

/// What stands in the attribute.
#[derive(Default)]
struct Said {
    address: Option<LitStr>,
    name: Option<LitStr>,
    title: Option<LitStr>,
    mime_type: Option<LitStr>,
    complete: Option<Expr>,
}

/// An address, or `key = value`.
enum Part {
    Address(LitStr),
    Text(Ident, LitStr),
    Complete(Expr),
}

impl Parse for Part {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::Address(input.parse()?));
        }
        let key: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        match key == "complete" {
            true => Ok(Self::Complete(input.parse()?)),
            false => Ok(Self::Text(key, input.parse()?)),
        }
    }
}

fn said(attribute: TokenStream, keys: &[&str]) -> Result<Said> {
    let mut said = Said::default();
    let parts = syn::parse::Parser::parse2(Punctuated::<Part, Token![,]>::parse_terminated, attribute)?;
    for part in parts {
        match part {
            Part::Address(text) if keys.contains(&"address") => said.address = Some(text),
            Part::Address(text) => return Err(Error::new(text.span(), "a prompt has no address; write name = \"..\"")),
            Part::Complete(expression) => said.complete = Some(expression),
            Part::Text(key, text) if keys.contains(&key.to_string().as_str()) => match key.to_string().as_str() {
                "name" => said.name = Some(text),
                "title" => said.title = Some(text),
                _ => said.mime_type = Some(text),
            },
            Part::Text(key, _) => {
                let known = keys.iter().filter(|key| **key != "address").copied().collect::<Vec<_>>().join(", ");
                return Err(Error::new(key.span(), format!("there are {known} and complete")));
            }
        }
    }
    Ok(said)
}

pub(crate) fn prompt(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function: ItemFn = syn::parse2(item)?;
    let said = said(attribute, &["name", "title"])?;
    check(&function, "prompt")?;
    let ident = function.sig.ident.clone();
    let name = said.name.map_or_else(|| ident.to_string().trim_start_matches("r#").to_owned(), |name| name.value());
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if name.is_empty() || name.len() > NAME_LENGTH || !name.chars().all(allowed) {
        return Err(Error::new(
            ident.span(),
            format!("a prompt's name is 1 to {NAME_LENGTH} of a-z, 0-9, `_` and `-`"),
        ));
    }
    let description = description(&function, "prompt")?;
    let parameters = function.sig.inputs.iter_mut().map(parameter).collect::<Result<Vec<_>>>()?;
    let arguments = parameters.iter().map(|Parameter { name, required, description }| {
        let name = name.to_string().trim_start_matches("r#").to_owned();
        quote!(::holm::PromptArgument { name: #name, description: #description, required: #required })
    });
    let values = parameters.iter().map(Parameter::value);
    let call = quote!(#ident(#(#values),*));
    let messages = match returns_result(&function.sig.output) {
        true => quote!(::holm::__private::messages_of(#call)),
        false => quote!(::std::result::Result::Ok(::holm::__private::Messages::messages(#call))),
    };
    let (visibility, constant) = (&function.vis, constant("prompt", &ident));
    let (title, complete) = (text(said.title), complete(said.complete));
    Ok(quote! {
        #function

        #[doc(hidden)]
        #[allow(non_upper_case_globals, dead_code, reason = "holm::export_prompts! names it")]
        #visibility const #constant: ::holm::Prompt = {
            fn get(known: ::holm::Known<'_>) -> ::std::result::Result<::std::vec::Vec<::holm::Message>, ::holm::ToolError> {
                let _ = known;
                #messages
            }

            ::holm::Prompt {
                name: #name,
                title: #title,
                description: #description,
                arguments: &[#(#arguments),*],
                get,
                complete: #complete,
            }
        };
    })
}

pub(crate) fn resource(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function: ItemFn = syn::parse2(item)?;
    let said = said(attribute, &["address", "name", "title", "mime_type"])?;
    check(&function, "resource")?;
    let ident = function.sig.ident.clone();
    let address = said.address.ok_or_else(|| {
        Error::new(ident.span(), "a resource needs its address: #[holm::resource(\"notes://today\")]")
    })?;
    let names = names(&address)?;
    let description = description(&function, "resource")?;
    let parameters = function.sig.inputs.iter_mut().map(parameter).collect::<Result<Vec<_>>>()?;
    for parameter in &parameters {
        if !parameter.required || !names.contains(&parameter.name.to_string()) {
            return Err(Error::new(
                parameter.name.span(),
                "a resource's parameters are the `{names}` of its address, each a `String`",
            ));
        }
    }
    if let Some(unused) = names.iter().find(|name| parameters.iter().all(|parameter| parameter.name != **name)) {
        return Err(Error::new(address.span(), format!("the function has no parameter `{unused}`")));
    }
    let values = parameters.iter().map(Parameter::value);
    let call = quote!(#ident(#(#values),*));
    let contents = match returns_result(&function.sig.output) {
        true => quote!(::holm::__private::contents_of(#call)),
        false => quote!(::std::result::Result::Ok(::std::convert::Into::into(#call))),
    };
    let name = said.name.map_or_else(|| ident.to_string().trim_start_matches("r#").to_owned(), |name| name.value());
    let (visibility, constant) = (&function.vis, constant("resource", &ident));
    let (title, mime_type, complete) = (text(said.title), text(said.mime_type), complete(said.complete));
    Ok(quote! {
        #function

        #[doc(hidden)]
        #[allow(non_upper_case_globals, dead_code, reason = "holm::export_resources! names it")]
        #visibility const #constant: ::holm::Resource = {
            fn read(known: ::holm::Known<'_>) -> ::std::result::Result<::holm::Contents, ::holm::ToolError> {
                let _ = known;
                #contents
            }

            ::holm::Resource {
                uri: #address,
                name: #name,
                title: #title,
                description: #description,
                mime_type: #mime_type,
                read,
                complete: #complete,
            }
        };
    })
}

/// The names between the braces of an address.
fn names(address: &LitStr) -> Result<Vec<String>> {
    let (text, mut names) = (address.value(), Vec::new());
    for piece in text.split('{').skip(1) {
        match piece.split_once('}') {
            Some((name, _)) if syn::parse_str::<Ident>(name).is_ok() && !names.contains(&name.to_owned()) => {
                names.push(name.to_owned());
            }
            _ => {
                return Err(Error::new(
                    address.span(),
                    "a template has `{names}`, each once, and no other expressions",
                ));
            }
        }
    }
    if !text.contains(':') || text.chars().any(char::is_whitespace) {
        return Err(Error::new(address.span(), "an address is a URI, like notes://today"));
    }
    Ok(names)
}

/// One argument: a text.
struct Parameter {
    name: Ident,
    required: bool,
    description: String,
}

impl Parameter {
    /// What the function is given.
    fn value(&self) -> TokenStream {
        let name = self.name.to_string().trim_start_matches("r#").to_owned();
        match self.required {
            true => quote!(::holm::__private::known(known, #name).unwrap_or_default()),
            false => quote!(::holm::__private::known(known, #name)),
        }
    }
}

fn parameter(input: &mut FnArg) -> Result<Parameter> {
    let texts = "what is filled in is text: `name: String`, or `name: Option<String>` for what may be left out";
    let FnArg::Typed(input) = input else { return Err(Error::new_spanned(input, texts)) };
    let (Pat::Ident(pattern), Type::Path(path)) = (&*input.pat, &*input.ty) else {
        return Err(Error::new_spanned(&input.pat, texts));
    };
    let last = path.path.segments.last();
    let required = match last {
        Some(last) if last.ident == "String" => true,
        Some(last) if last.ident == "Option" && matches!(last.arguments, PathArguments::AngleBracketed(_)) => false,
        _ => return Err(Error::new_spanned(&input.ty, texts)),
    };
    let (name, description) = (pattern.ident.clone(), docs::text(&input.attrs));
    // What describes a parameter is no attribute of it.
    input.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
    Ok(Parameter { name, required, description })
}

fn check(function: &ItemFn, kind: &str) -> Result<()> {
    let signature = &function.sig;
    match () {
        () if signature.asyncness.is_some()
            || signature.unsafety.is_some()
            || !signature.generics.params.is_empty() =>
        {
            Err(Error::new_spanned(signature, format!("a {kind} is an ordinary function")))
        }
        () if signature.receiver().is_some() => {
            Err(Error::new_spanned(signature, format!("a {kind} is a free function, without `self`")))
        }
        () => Ok(()),
    }
}

fn description(function: &ItemFn, kind: &str) -> Result<String> {
    match docs::text(&function.attrs) {
        text if text.is_empty() => Err(Error::new_spanned(
            &function.sig.ident,
            format!("a {kind} needs a doc comment (`/// ..`): it is what its users read to choose it"),
        )),
        text => Ok(text),
    }
}

fn returns_result(output: &ReturnType) -> bool {
    let ReturnType::Type(_, kind) = output else { return false };
    matches!(&**kind, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Result"))
}

fn text(text: Option<LitStr>) -> String {
    text.map(|text| text.value()).unwrap_or_default()
}

fn complete(function: Option<Expr>) -> TokenStream {
    match function {
        Some(function) => quote!(::std::option::Option::Some(#function)),
        None => quote!(::std::option::Option::None),
    }
}
