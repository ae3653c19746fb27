//! Windows: the context of one conversation, over the log that a space keeps of it.

mod body;
mod book;
mod host;
mod log;
mod policy;
mod render;
mod state;

pub use host::Window;
