//! Who is at the other end, and what its operator chose for it. Nothing that a client says changes it.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use holm_kernel::{
    SKILL,
    account::{Bytes, Fuel, Money},
    pattern::Pattern,
    tool_parts,
};

use crate::control::{Rate, Terms};

/// What a client is offered, and how much of it.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name: its calls of the hour are counted under it.
    pub name: String,
    /// Which tools, as `plugin/tool`.
    pub tools: Vec<Offering>,
    /// Tools are called by their own names, without their plugin's, where these are told apart.
    pub own_names: bool,
    /// Resources of the plugins that the patterns mean are offered as well.
    pub resources: bool,
    /// And their prompts.
    pub prompts: bool,
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

/// Which tools, as `plugin/tool`. `*` stands for any text, and ends with the plugin's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offering {
    plugin: Pattern,
    own: Pattern,
}

impl FromStr for Offering {
    type Err = <Pattern as FromStr>::Err;

    /// What names no tool means all of its plugin's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A skill's name has a slash of its own.
        let skill = text.strip_prefix(SKILL);
        let (plugin, own) = skill.unwrap_or(text).split_once('/').unwrap_or((skill.unwrap_or(text), "*"));
        let prefix = if skill.is_some() { SKILL } else { "" };
        Ok(Self { plugin: format!("{prefix}{plugin}").parse()?, own: own.parse()? })
    }
}

impl Profile {
    /// Whether it offers this tool.
    pub(crate) fn offers(&self, tool: &str) -> bool {
        let Some((plugin, own)) = tool_parts(tool) else { return false };
        self.tools.iter().any(|offering| offering.plugin.admits(plugin) && offering.own.admits(own))
    }

    /// Whether it offers a resource or prompt: one that a pattern names, or where it is `said` that those of
    /// the plugins that it names are offered.
    pub(crate) fn offers_beside(&self, plugin: &str, own: &str, said: bool) -> bool {
        // `r*` means tools: what begins so is named by a whole name, or by the scheme of its address.
        let names = |pattern: &Pattern| {
            let text = pattern.to_string();
            text.split('*').next().is_some_and(|first| first == own || first.contains(':'))
        };
        self.tools.iter().any(|offering| {
            offering.plugin.admits(plugin) && offering.own.admits(own) && (said || names(&offering.own))
        })
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
