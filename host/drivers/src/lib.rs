//! What stands behind the kernel's devices: one folder per device, one file per backend.

mod forms;
pub mod llm;
pub mod mcp;
pub mod memory;
pub mod net;
pub mod registry;
pub mod search;
pub mod storage;
