//! The tool device: tools of other plugins, each call a fresh process under the callee's own grants.

mod arguments;
mod driver;
mod grant;
mod host;
mod invocation;

pub use arguments::Arguments;
pub(crate) use driver::{Called, Driver};
pub use grant::{ToolRule, ToolWant};
pub(crate) use host::{Session, Tool};
pub use invocation::Invocation;
