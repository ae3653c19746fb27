//! MCP servers as tool drivers: native programs over their standard streams, and servers over HTTP.
//!
//! A server is a stranger. What it says of its tools counts once its user accepted it ([`Pins`]); it runs
//! for one tree of processes, is watched, and ends with it.

mod answer;
mod client;
mod config;
mod extra;
mod guard;
mod hidden;
mod http;
mod instance;
mod launch;
mod law;
mod login;
mod pins;
mod program;
mod servers;
mod told;
mod watched;

pub use config::{Authorization, Kind, Place, Server, Table, Trouble};
pub use launch::Launch;
pub use pins::{Catalogue, Pins, PinsError, Standing};
pub use servers::{Servers, Survey};
pub use told::Tool;
