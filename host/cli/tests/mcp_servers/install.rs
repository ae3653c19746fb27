//! The servers that others wrote.
#![allow(unreachable_pub, reason = "a module of a test binary")]

use std::{path::PathBuf, sync::LazyLock};

use crate::common::fetch;

/// Servers of the present era.
pub static PYTHON: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| fetch::python("mcp-python", &[], &["mcp-server-time==2026.10.19", "mcp-server-git==2026.10.19"]));

/// Servers of the era before.
pub static NODE: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let package = |name: &str| format!("@modelcontextprotocol/server-{name}@2026.8.31");
    let packages = [package("everything"), package("filesystem"), package("memory")];
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    fetch::node("mcp-node", "node_modules/@modelcontextprotocol/server-memory/dist/index.js", &packages)
});

/// The file that a node server begins with.
pub fn script(name: &str) -> Option<String> {
    let place = NODE.as_ref()?.join(format!("node_modules/@modelcontextprotocol/server-{name}/dist/index.js"));
    Some(place.display().to_string())
}

/// A program of the Python servers.
pub fn program(name: &str) -> Option<String> {
    Some(PYTHON.as_ref()?.join("bin").join(name).display().to_string())
}
