//! `holm mcp`, as clients of both eras meet it: over a pipe, over HTTP, and well-behaved or not.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod client;
#[path = "../common/mod.rs"]
mod common;
mod http;
mod stdio;
mod suite;
