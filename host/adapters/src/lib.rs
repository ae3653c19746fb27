//! What speaks to a kernel from outside its process. Each adapter uses the kernel's public
//! interface only, has wire types of its own, and knows no other adapter.

pub mod control;
pub mod telemetry;
