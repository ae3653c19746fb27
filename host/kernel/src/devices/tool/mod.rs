//! The tool device: tools of other plugins, each call a fresh process under the callee's own grants, and
//! tools of servers elsewhere.

mod arguments;
mod driver;
mod grant;
mod host;
mod index;
mod invocation;
mod servers;

pub use arguments::Arguments;
pub(crate) use driver::{Called, Driver};
pub use grant::{ToolRule, ToolWant};
pub(crate) use host::{Session, Tool};
pub use index::{Admits, Found, Index, MAXIMUM_FOUND, QUERY_BYTES, QUERY_WORDS};
pub use invocation::Invocation;
pub use servers::{NoServers, ServerCall, ServerError, Servers};
