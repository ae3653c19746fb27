//! The interfaces that Holm offers to components, and the capability each of them needs.

use holm_kernel::devices::Grants;

use crate::component::ComponentError;

/// Package, the versions of it, its interfaces (none: all) and the capability they need.
type Offer = (&'static str, &'static str, &'static [&'static str], Option<&'static str>);

/// WASI's interfaces are linked for every component, since standard libraries import them
/// unasked; the door asks for the grant when they are used.
const OFFERS: &[Offer] = &[
    ("holm:sys", "0.1.", &["storage"], Some("storage")),
    ("holm:sys", "0.1.", &["spawn"], Some("spawn")),
    ("holm:sys", "0.1.", &["tool"], Some("tool")),
    ("holm:sys", "0.1.", &["log", "types", "tool-types"], None),
    ("wasi:http", "0.2.", &[], Some("net")),
    ("wasi:cli", "0.2.", &[], None),
    ("wasi:clocks", "0.2.", &[], None),
    ("wasi:filesystem", "0.2.", &[], None),
    ("wasi:io", "0.2.", &[], None),
    ("wasi:random", "0.2.", &[], None),
    ("wasi:sockets", "0.2.", &[], None),
];

/// `package:name/interface@version` in its three parts.
fn parts(import: &str) -> Option<(&str, &str, &str)> {
    let (name, version) = import.split_once('@')?;
    let (package, interface) = name.split_once('/')?;
    Some((package, interface, version))
}

/// The capability that an import needs.
fn capability(import: &str) -> Result<Option<&'static str>, ComponentError> {
    let not_offered = || ComponentError::NotOffered(crate::text::printable(import));
    let (package, interface, version) = parts(import).ok_or_else(not_offered)?;
    OFFERS
        .iter()
        .find(|(offered, versions, interfaces, _)| {
            *offered == package
                && version.starts_with(versions)
                && (interfaces.is_empty() || interfaces.contains(&interface))
        })
        .map(|(.., capability)| *capability)
        .ok_or_else(not_offered)
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
            "storage" => &["storage=*:rw", "storage=shared/*:rw"][..],
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
