//! Who is at the other end, and what its operator chose for it. Nothing that a client says changes it.

use std::{path::PathBuf, sync::Arc};

use holm_kernel::{
    account::{Bytes, Fuel, Money},
    pattern::Pattern,
};

use crate::control::{Rate, Terms};

/// What a client is offered, and how much of it.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name: its calls of the hour are counted under it.
    pub name: String,
    /// Which tools, as `plugin/tool`.
    pub tools: Vec<Pattern>,
    /// Tools are called by their own names, without their plugin's, where these are told apart.
    pub own_names: bool,
    /// Whether the plugin that is called may have the client's model complete something.
    pub sampling: bool,
    /// Whether it may ask where the client's user works.
    pub roots: bool,
    /// Less fuel for each call than it would have.
    pub fuel: Option<Fuel>,
    /// Less memory for each call than it would have.
    pub memory: Option<Bytes>,
    /// Fewer tokens of models for each call.
    pub tokens: Option<u64>,
    /// Less money for models for each call.
    pub money: Option<Money>,
    /// Calls an hour.
    pub calls_per_hour: Option<u32>,
}

impl Profile {
    /// Whether it offers this tool.
    pub(crate) fn offers(&self, tool: &str) -> bool {
        self.tools.iter().any(|pattern| pattern.admits(tool))
    }

    /// Under which terms its calls are made. Nobody can be asked: who decides is not at this end.
    pub(crate) fn terms(&self, client: &str, directory: PathBuf) -> Terms {
        let rate =
            self.calls_per_hour.map(|calls_per_hour| Rate { name: format!("profile {}", self.name), calls_per_hour });
        Terms {
            directory,
            fuel: self.fuel,
            memory: self.memory,
            tokens: self.tokens,
            money: self.money,
            rate,
            client: Some(client.to_owned()),
            ..Terms::default()
        }
    }
}

/// A client, as its operator knows it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name: that of its token, or how it is connected.
    pub name: String,
    /// What it is offered.
    pub profile: Arc<Profile>,
}
