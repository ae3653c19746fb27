//! What speaks to a kernel from outside its process. Each adapter uses the kernel's public
//! interface only, has wire types of its own, and knows no other adapter; but for `mcp`, which is a
//! client of the resident kernel, and so of `control`, as every command is.

pub mod control;
pub mod mcp;
pub mod telemetry;
