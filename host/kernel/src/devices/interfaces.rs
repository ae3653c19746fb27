//! The interfaces that Holm offers to components, and the capability each of them needs. The one
//! table of it: what is checked at install is what is checked at launch.

/// Package, the versions of it, its interfaces (none: all) and the capability they need.
type Offer = (&'static str, &'static str, &'static [&'static str], Option<&'static str>);

/// WASI's interfaces are linked for every component, since standard libraries import them
/// unasked; the door asks for the grant when they are used.
const OFFERS: &[Offer] = &[
    ("holm:sys", "0.1.", &["llm"], Some("llm")),
    ("holm:sys", "0.1.", &["memory"], Some("memory")),
    ("holm:sys", "0.1.", &["storage"], Some("storage")),
    ("holm:sys", "0.1.", &["spawn"], Some("spawn")),
    ("holm:sys", "0.1.", &["exec"], Some("exec")),
    ("holm:sys", "0.1.", &["tool"], Some("tool")),
    ("holm:sys", "0.1.", &["log", "types", "llm-types", "tool-types", "task", "answer"], None),
    ("wasi:http", "0.2.", &[], Some("net")),
    ("wasi:cli", "0.2.", &[], None),
    ("wasi:clocks", "0.2.", &[], None),
    ("wasi:filesystem", "0.2.", &[], None),
    ("wasi:io", "0.2.", &[], None),
    ("wasi:random", "0.2.", &[], None),
    ("wasi:sockets", "0.2.", &[], None),
];

/// Nothing of this name is offered to components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Holm does not offer this interface")]
pub struct NotOffered;

/// `package:name/interface@version` in its three parts.
pub fn parts(import: &str) -> Option<(&str, &str, &str)> {
    let (name, version) = import.split_once('@')?;
    let (package, interface) = name.split_once('/')?;
    Some((package, interface, version))
}

/// The capability that an import needs, if it needs one.
///
/// # Errors
/// Holm does not offer the interface.
pub fn needed(import: &str) -> Result<Option<&'static str>, NotOffered> {
    let (package, interface, version) = parts(import).ok_or(NotOffered)?;
    OFFERS
        .iter()
        .find(|(offered, versions, interfaces, _)| {
            *offered == package
                && version.starts_with(versions)
                && (interfaces.is_empty() || interfaces.contains(&interface))
        })
        .map(|(.., capability)| *capability)
        .ok_or(NotOffered)
}
