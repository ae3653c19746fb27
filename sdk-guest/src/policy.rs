//! Policies: a plugin that is asked before and after what others do, once its user set it over them
//! with `holm policy set`.
//!
//! ```
//! # mod skill {
//! use holm::policy::{Actor, Decision, Event};
//!
//! fn judge(_: &Actor, event: &Event) -> Decision {
//!     match event {
//!         Event::BeforeTool(call) if call.name.starts_with("mail/") => Decision::Ask("it sends mail".into()),
//!         Event::BeforeModel(request) if request.model == "smart" => Decision::Deny("`fast` will do".into()),
//!         _ => Decision::Allow,
//!     }
//! }
//! holm::export_policy!(judge);
//! # }
//! # fn main() {}
//! ```
//!
//! Its manifest names when it is asked: `judges = ["before-tool", "before-model"]`. Each judgement is a
//! fresh process; what it has to remember it keeps in [`storage`](crate::storage).

pub use crate::bindings::judge::exports::holm::sys::policy::{
    Actor, Decision, Event, ModelEnd, ModelUse, SpawnEnd, SpawnUse, ToolEnd, ToolUse, Turn,
};

impl Event {
    /// All that is said in it: arguments, messages, results, answers.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Self::BeforeTool(call) => vec![&call.arguments],
            Self::AfterTool(end) => vec![match &end.outcome {
                Ok(text) | Err(text) => text,
            }],
            Self::BeforeModel(ModelUse { turns, .. }) | Self::AfterModel(ModelEnd { turns, .. }) => {
                turns.iter().map(|turn| turn.text.as_str()).collect()
            }
            Self::BeforeSpawn(start) => start.arguments.iter().map(String::as_str).collect(),
            Self::AfterSpawn(end) => vec![&end.exit],
            Self::BeforeStop(answer) | Self::AfterStop(answer) => vec![answer],
        }
    }
}

/// Exports a policy: one line, `holm::export_policy!(judge);`, once in a crate. `judge` is a
/// function from an [`Actor`] and an [`Event`] to a [`Decision`].
#[macro_export]
macro_rules! export_policy {
    ($judge:path) => {
        const _: () = {
            $crate::__private::export_judge!($judge);
        };
    };
}
