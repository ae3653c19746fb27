//! Plugins as their authors and their attackers make them: manifests, folders, components, grants.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
mod components;
mod folders;
mod grants;
mod manifests;
mod offers;
mod plugins;
mod protection;
mod tools;
