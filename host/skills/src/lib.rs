//! Agent Skills, as <https://agentskills.io> has them: a folder with a `SKILL.md` and scripts.
//!
//! Nothing here runs a skill or grants anything. What is read was written by strangers.

mod python;
pub mod strict;
mod value;

pub use value::Value;

/// Bytes of a head. Stops heads that take for ever to read.
pub const MAXIMUM_HEAD_BYTES: usize = 64 << 10;
