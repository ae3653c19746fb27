//! The llm device: models by name, each call routed, queued, budgeted and accounted for.
//!
//! `models` finds a model and answers what is cached; `call` goes from target to target, `attempt`
//! asks one; `lane` is the way to one provider, `queue` and `limits` its pure policies; `spend`
//! reserves and settles; `schema` and `steps` bound what `checking` does off the workers.

mod assemble;
mod attempt;
mod call;
mod check;
mod checking;
mod config;
mod convert;
mod driver;
mod embed;
mod grant;
mod host;
mod judged;
mod lane;
mod limits;
mod message;
mod models;
mod progress;
mod queue;
mod reply;
mod schema;
mod spend;
mod steps;

pub use config::{Choice, Config, ConfigError, Model as ModelConfig, Prices, Provider, Target};
pub use driver::{Attempt, Driver, Embedded, Events, Failure, Traits};
pub use grant::{LlmRule, LlmWant};
pub(crate) use host::{Llm, Session, Shares};
pub use host::{Model, ReplyStream};
pub use message::{Effort, Event, Message, Part, Request, Role, StopReason, Tool, ToolCall, ToolChoice, Usage};
pub(crate) use models::Models;
