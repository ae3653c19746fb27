//! The kernel of Holm: processes, a scheduler, accounts, and devices behind one door.
//!
//! It knows no network, no terminal, no environment and no vendor. Read `kernel` for the facade,
//! `syscall::door` for the one way into a device, a folder of `devices` for how a device looks,
//! `engine::cpu` for how a process gets its slice.

pub mod account;
mod bindings;
pub mod devices;
mod engine;
mod kernel;
pub mod process;
pub mod program;
pub mod sched;
pub mod scratch;
mod syscall;

pub use devices::{answer, llm, log, memory, net, pipe, storage, tool};
pub use engine::{Capacity, CompileError, Compiler, Image, ImageError, InProcess, Kind};
pub use kernel::{
    BootError, Calling, Config, Exit, Kernel, NoSuchProcess, Parts, Pending, PluginLatency, PluginSnapshot,
    ProcessSnapshot, Running, Spawn, SpawnError, ToolAnswer, ToolError,
};
pub use program::Moment;
pub use syscall::{
    Answer, Approval, Operator, Question, audit, budget, grant, is_hidden,
    named::{SKILL, is_command, tool_parts},
    pattern,
};
