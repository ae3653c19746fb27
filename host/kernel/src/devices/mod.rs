//! The devices: each a subsystem, the grant that unlocks it, and its WIT interface.
//!
//! This file lists them once; a device never sees a sibling.

use serde::{Deserialize, Serialize};

use crate::syscall::grant::{Rule, RuleError, Rules};

pub mod answer;
#[cfg(holm_compile_fail)]
mod forbidden;
pub mod fs;
pub mod interfaces;
pub mod llm;
pub mod log;
pub mod memory;
pub mod net;
pub mod pipe;
pub mod spawn;
pub mod storage;
pub(crate) mod task;
pub mod tool;
pub(crate) mod wasi;

pub(crate) use wasi::trap as wasi_trap;

/// Declares the capabilities: what a manifest, a grants file and `holm grant` may name.
macro_rules! capabilities {
    ($($(#[$doc:meta])* $name:ident: $rule:ty,)*) => {
        /// Rights by capability, as data: a ceiling, a grant, or what a parent passes on.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
        pub struct Grants {
            $($(#[$doc])* #[serde(skip_serializing_if = "Rules::is_empty")] pub $name: Rules<$rule>,)*
        }

        impl Grants {
            /// The names of all capabilities.
            pub const CAPABILITIES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// Adds a rule written as `capability=rule`.
            ///
            /// # Errors
            /// There is no such capability, or the rule does not parse.
            pub fn add(&mut self, line: &str) -> Result<(), GrantError> {
                let (capability, rule) = split(line)?;
                match capability {
                    $(stringify!($name) => self.$name.add(rule.parse()?),)*
                    _ => return Err(GrantError::Capability(capability.to_owned())),
                }
                Ok(())
            }

            /// Removes what `capability=rule` covers, or all of `capability`; how many rules went.
            ///
            /// # Errors
            /// As [`Grants::add`].
            pub fn remove(&mut self, line: &str) -> Result<usize, GrantError> {
                let (capability, rule) = line.split_once('=').map_or((line, None), |(name, rule)| (name, Some(rule)));
                match (capability, rule) {
                    $((stringify!($name), None) => {
                        Ok(std::mem::take(&mut self.$name).iter().count())
                    })*
                    $((stringify!($name), Some(rule)) => Ok(self.$name.remove(&rule.parse()?)),)*
                    _ => Err(GrantError::Capability(capability.to_owned())),
                }
            }

            /// The rules of `other` that this does not cover, as `capability=rule`.
            pub fn beyond(&self, other: &Grants) -> Vec<String> {
                let mut lines = Vec::new();
                $(lines.extend(other.$name.iter().filter(|rule| !self.$name.covers(rule))
                    .map(|rule| format!("{}={rule}", stringify!($name))));)*
                lines
            }

            /// Each rule as `capability=rule`.
            pub fn lines(&self) -> Vec<String> {
                Grants::default().beyond(self)
            }

            /// Whether the capability of this name has a rule.
            pub fn names(&self, capability: &str) -> bool {
                match capability {
                    $(stringify!($name) => !self.$name.is_empty(),)*
                    _ => false,
                }
            }

            /// As [`Grants::anchored`], by name alone: no symlink is resolved, nothing is looked up.
            ///
            /// # Errors
            /// A path climbs above the root.
            pub fn joined(mut self, directory: &std::path::Path) -> Result<Grants, RuleError> {
                let mut fs = Rules::default();
                for rule in self.fs.iter() {
                    fs.add(rule.joined(directory)?);
                }
                self.fs = fs;
                Ok(self)
            }

            /// Each rule's pattern stays, its paths are made absolute: see [`fs::FsRule::anchored`].
            ///
            /// # Errors
            /// A path climbs above the root.
            pub fn anchored(mut self, directory: &std::path::Path) -> Result<Grants, RuleError> {
                let mut fs = Rules::default();
                for rule in self.fs.iter() {
                    fs.add(rule.anchored(directory)?);
                }
                self.fs = fs;
                Ok(self)
            }
        }

        $(impl Capability for $rule {
            const NAME: &'static str = stringify!($name);
            fn rules(grants: &Grants) -> &Rules<Self> {
                &grants.$name
            }
        })*
    };
}

/// A rule that knows which capability it belongs to.
pub trait Capability: Rule {
    /// The capability's name, in manifests, commands and records.
    const NAME: &'static str;
    /// The rules of this capability.
    fn rules(grants: &Grants) -> &Rules<Self>;
}

capabilities! {
    /// Models.
    llm: llm::LlmRule,
    /// Files and directories.
    fs: fs::FsRule,
    /// Spaces of memory.
    memory: memory::MemoryRule,
    /// Buckets of durable storage.
    storage: storage::StorageRule,
    /// Plugins to start as child processes.
    spawn: spawn::SpawnRule,
    /// Commands of runtimes, run as oneself.
    exec: spawn::ExecRule,
    /// Tools of other plugins.
    tool: tool::ToolRule,
    /// The network.
    net: net::NetRule,
}

/// A line of a grant does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// There is no `=` in it.
    #[error("`{0}` is no grant: write `capability=rule`, like `fs=./data:ro`")]
    Form(String),
    /// No capability of this name.
    #[error("there is no capability `{0}`: there are {list}", list = Grants::CAPABILITIES.join(", "))]
    Capability(String),
    /// The rule does not parse.
    #[error(transparent)]
    Rule(#[from] RuleError),
}

fn split(line: &str) -> Result<(&str, &str), GrantError> {
    line.split_once('=').ok_or_else(|| GrantError::Form(line.to_owned()))
}
