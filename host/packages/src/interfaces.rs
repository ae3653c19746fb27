//! What the imports of a component need of its ceiling.

use holm_kernel::devices::{
    Grants,
    interfaces::{needed, parts},
};

use crate::component::ComponentError;

/// The capability that an import needs, if it needs one.
fn capability(import: &str) -> Result<Option<&'static str>, ComponentError> {
    needed(import).map_err(|_| ComponentError::NotOffered(crate::text::printable(import)))
}

/// The capabilities that a component with these imports needs, by name.
///
/// # Errors
/// Holm does not offer one of the interfaces.
pub fn required_capabilities(imports: &[String]) -> Result<Vec<&'static str>, ComponentError> {
    let mut all = imports.iter().filter_map(|import| capability(import).transpose()).collect::<Result<Vec<_>, _>>()?;
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// The imports that need a capability of which the ceiling has no rule.
pub(crate) fn beyond(imports: &[String], ceiling: &Grants) -> Result<Vec<(&'static str, String)>, ComponentError> {
    let mut beyond = Vec::new();
    for import in imports {
        if let Some(capability) = capability(import)?.filter(|capability| !ceiling.names(capability)) {
            beyond.push((capability, import.clone()));
        }
    }
    Ok(beyond)
}

/// The ceiling of a component that has no manifest: all that its imports could ever use.
///
/// # Errors
/// Holm does not offer one of the interfaces.
pub fn widest(imports: &[String]) -> Result<Grants, ComponentError> {
    let mut lines: Vec<&str> = Vec::new();
    for capability in required_capabilities(imports)? {
        lines.extend(match capability {
            "llm" => &["llm=*"][..],
            "memory" => &["memory=*:rw", "memory=shared/*:rw"],
            "storage" => &["storage=*:rw", "storage=shared/*:rw"],
            "spawn" => &["spawn=*"],
            "tool" => &["tool=*/*"],
            "net" => &["net=*://*"],
            _ => &[],
        });
    }
    let uses = |package: &str| imports.iter().any(|import| parts(import).is_some_and(|(used, ..)| used == package));
    if uses("wasi:filesystem") {
        lines.push("fs=*:rw");
    }
    if uses("wasi:sockets") {
        lines.push("net=*://*");
    }
    let mut ceiling = Grants::default();
    for line in lines {
        ceiling.add(line).map_err(|error| ComponentError::Malformed(error.to_string()))?;
    }
    Ok(ceiling)
}
