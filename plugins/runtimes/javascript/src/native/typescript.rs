//! TypeScript without its types, by oxc: what is left is JavaScript as the author wrote it.

use crate::values::Text;
use oxc_allocator::Allocator;
use oxc_codegen::Codegen;
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use oxc_transformer::{TransformOptions, Transformer};
use rquickjs::function::Func;
use rquickjs::{Ctx, Exception, Object, Result};
use std::path::Path;

pub(super) fn add(native: &Object<'_>) -> Result<()> {
    native.set("stripTypes", Func::from(strip))
}

/// The text without types; enums and namespaces become what they mean.
fn strip(ctx: Ctx<'_>, source: Text, file: String, module: bool) -> Result<String> {
    let allocator = Allocator::default();
    let path = Path::new(&file);
    let kind = SourceType::ts().with_module(module);
    let mut parsed = Parser::new(&allocator, &source.0, kind).parse();
    let wrong = |text: String| Exception::throw_syntax(&ctx, &format!("{text} ({file})"));
    if let Some(error) = parsed.diagnostics.first() {
        return Err(wrong(error.to_string()));
    }
    let semantic = SemanticBuilder::new().with_excess_capacity(2.0).with_enum_eval(true).build(&parsed.program);
    let options = TransformOptions::default();
    let transformer = Transformer::new(&allocator, path, &options);
    let done = transformer.build_with_scoping(semantic.semantic.into_scoping(), &mut parsed.program);
    if let Some(error) = done.diagnostics.first() {
        return Err(wrong(error.to_string()));
    }
    Ok(Codegen::new().build(&parsed.program).code)
}
