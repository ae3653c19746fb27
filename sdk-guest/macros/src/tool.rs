//! `#[holm::tool]`: an ordinary function becomes a tool: name, description, schema and dispatch from its signature.

use crate::{docs, export::constant};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{
    Attribute, Error, FnArg, GenericArgument, Ident, ItemFn, LitStr, Pat, Path, PathArguments, Result, ReturnType,
    Type, parse::Parser,
};

/// `wit/tool.wit`: a tool's name is at most this long.
const NAME_LENGTH: usize = 64;

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function: ItemFn = syn::parse2(item)?;
    check(&function)?;
    let (name, schema) = said(attribute, &function.sig.ident)?;
    let description = docs::text(&function.attrs);
    if description.is_empty() {
        return Err(Error::new_spanned(
            &function.sig.ident,
            "a tool needs a doc comment (`/// ..`): it is what a model reads to choose it",
        ));
    }
    let summary = docs::first_sentence(&description);
    let parameters = function.sig.inputs.iter_mut().map(parameter).collect::<Result<Vec<_>>>()?;
    let export = export(&function, &parameters, &name, schema, &summary, &description);
    Ok(quote! { #function #export })
}

/// One argument of a tool: the field of the struct that serde fills.
struct Parameter {
    name: Ident,
    kind: Type,
    attributes: Vec<Attribute>,
}

fn export(
    function: &ItemFn,
    parameters: &[Parameter],
    name: &str,
    schema: Option<Path>,
    summary: &str,
    description: &str,
) -> TokenStream {
    let ident = &function.sig.ident;
    let visibility = &function.vis;
    let names: Vec<_> = parameters.iter().map(|p| &p.name).collect();
    let fields = parameters.iter().map(|parameter| {
        let Parameter { name, kind, attributes } = parameter;
        quote!(#(#attributes)* #name: #kind)
    });
    let (value, reply) = match result_value(&function.sig.output) {
        Outcome::Plain(value) => (value, format_ident!("reply")),
        Outcome::Fallible(value) => (value, format_ident!("reply_result")),
    };
    let constant = constant("tool", ident);
    let schema =
        schema.map_or_else(|| quote!(::holm::__private::input_schema::<HolmArguments>), |schema| quote!(#schema));
    quote! {
        #[doc(hidden)]
        #[allow(non_upper_case_globals, dead_code, reason = "holm::export_tools! names it")]
        #visibility const #constant: ::holm::Tool = {
            #[derive(
                ::holm::__private::serde::Deserialize,
                ::holm::__private::schemars::JsonSchema,
            )]
            #[serde(crate = "::holm::__private::serde", deny_unknown_fields)]
            #[schemars(crate = "::holm::__private::schemars")]
            struct HolmArguments { #(#fields),* }

            fn call(arguments: &str) -> ::std::result::Result<::std::string::String, ::holm::ToolError> {
                let HolmArguments { #(#names),* } = ::holm::__private::arguments(arguments)?;
                ::holm::__private::#reply(#ident(#(#names),*))
            }

            ::holm::Tool {
                name: #name,
                summary: #summary,
                description: #description,
                input_schema: #schema,
                output_schema: ::holm::__private::output_schema::<#value>,
                call,
            }
        };
    }
}

fn check(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if let Some(token) = &signature.asyncness {
        return Err(Error::new_spanned(
            token,
            "a tool is an ordinary function: system calls block, and the kernel runs other processes meanwhile",
        ));
    }
    if let Some(receiver) = signature.receiver() {
        return Err(Error::new_spanned(
            receiver,
            "a tool is a free function, without `self`: each call is a fresh process, which has no state to keep",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "a tool cannot be generic: its schema is made from its types",
        ));
    }
    if let Some(token) = &signature.unsafety {
        return Err(Error::new_spanned(token, "a tool cannot be unsafe"));
    }
    Ok(())
}

/// The name from `name = ".."` or from the function, and the function that gives another schema.
fn said(attribute: TokenStream, ident: &Ident) -> Result<(String, Option<Path>)> {
    let (mut given, mut schema): (Option<LitStr>, Option<Path>) = (None, None);
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("name") {
            given = Some(meta.value()?.parse()?);
            Ok(())
        } else if meta.path.is_ident("schema") {
            schema = Some(meta.value()?.parse()?);
            Ok(())
        } else {
            Err(meta.error("#[holm::tool] knows only `name = \"..\"` and `schema = function`"))
        }
    });
    parser.parse2(attribute)?;
    let (name, span) = match given {
        Some(literal) => (literal.value(), literal.span()),
        None => (ident.to_string().trim_start_matches("r#").to_owned(), ident.span()),
    };
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if name.is_empty() || name.len() > NAME_LENGTH || !name.chars().all(allowed) {
        return Err(Error::new(span, format!("a tool's name is 1 to {NAME_LENGTH} of a-z, 0-9, `_` and `-`")));
    }
    Ok((name, schema))
}

/// Reads a parameter and takes from it the attributes that belong to its field.
fn parameter(input: &mut FnArg) -> Result<Parameter> {
    let FnArg::Typed(input) = input else {
        return Err(Error::new(Span::call_site(), "a tool is a free function, without `self`"));
    };
    let Pat::Ident(pattern) = &*input.pat else {
        return Err(Error::new_spanned(
            &input.pat,
            "a tool's parameter is a plain name: it becomes a property of the arguments",
        ));
    };
    if pattern.by_ref.is_some() || pattern.subpat.is_some() {
        return Err(Error::new_spanned(
            pattern,
            "a tool's parameter is a plain name: it becomes a property of the arguments",
        ));
    }
    match &*input.ty {
        Type::Reference(_) => Err(Error::new_spanned(
            &input.ty,
            "a tool owns its arguments: write `String` or `Vec<..>` instead of a reference",
        )),
        Type::ImplTrait(_) => {
            Err(Error::new_spanned(&input.ty, "a tool's schema is made from its types: name the type"))
        }
        _ => Ok(Parameter {
            name: pattern.ident.clone(),
            kind: (*input.ty).clone(),
            attributes: std::mem::take(&mut input.attrs),
        }),
    }
}

enum Outcome {
    Plain(TokenStream),
    Fallible(TokenStream),
}

/// What a tool returns; anything called `Result` is taken for one.
fn result_value(output: &ReturnType) -> Outcome {
    let ReturnType::Type(_, kind) = output else {
        return Outcome::Plain(quote!(()));
    };
    let Type::Path(path) = &**kind else {
        return Outcome::Plain(quote!(#kind));
    };
    match path.path.segments.last() {
        Some(last) if last.ident == "Result" => {
            Outcome::Fallible(first_argument(&last.arguments).unwrap_or_else(|| quote!(())))
        }
        _ => Outcome::Plain(quote!(#kind)),
    }
}

fn first_argument(arguments: &PathArguments) -> Option<TokenStream> {
    let PathArguments::AngleBracketed(list) = arguments else {
        return None;
    };
    list.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(kind) => Some(quote!(#kind)),
        _ => None,
    })
}
