//! The llm device: models by name, each call routed, queued, budgeted and accounted for.

mod driver;
mod message;

pub use driver::{Attempt, Driver, Events, Failure, Traits};
pub use message::{Effort, Event, Message, Part, Request, Role, StopReason, Tool, ToolCall, ToolChoice, Usage};
