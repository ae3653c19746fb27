//! Holm as an MCP server: the tools of installed plugins, for any client, each call a process of its
//! own in the resident kernel. Both eras of the protocol: 2026-07-28, which has no sessions, and
//! 2025-11-25 and older, which begin with `initialize`.
//!
//! A client gets what its operator chose for it (a [`Profile`]). # No method installs, grants or widens
//! anything: there is no request to the kernel in this folder but to list, to watch and to call.

mod answer;
mod asking;
mod call;
mod catalog;
mod http;
mod kernel;
mod logging;
mod parked;
mod profile;
mod server;
mod share;
mod shared;
mod talk;
mod tasks;

pub use http::{Gate, Names, PATH, http};
pub use kernel::Machine;
pub use profile::{Client, Offering, Profile};
pub use server::stdio;
pub use shared::Shared;
