//! Installed software, as the kernel sees it. Where it is kept is its keeper's business.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{account::Limits, devices::Grants};

/// The sha-256 of some bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What the user granted to a program. It may change while its processes run; the door
/// asks it anew after each change.
#[derive(Debug, Default)]
pub struct LiveGrants(RwLock<Arc<Grants>>);

impl LiveGrants {
    /// Grants as they stand now.
    pub fn new(grants: Grants) -> Self {
        Self(RwLock::new(Arc::new(grants)))
    }

    /// The grants at this moment.
    pub fn get(&self) -> Arc<Grants> {
        self.0.read().clone()
    }

    /// Replaces them. Call [`crate::Kernel::grants_changed`] after it.
    pub fn set(&self, grants: Grants) {
        *self.0.write() = Arc::new(grants);
    }
}

/// A tool in full, as its component told it when it was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolDescription {
    /// Its name within its plugin.
    pub name: String,
    /// The first sentence of what it does.
    pub summary: String,
    /// What it does, in full.
    pub description: String,
    /// JSON Schema of the arguments.
    pub input_schema: String,
    /// JSON Schema of the result, where it is known.
    pub output_schema: Option<String>,
}

/// What a plugin offers beside its tools, as its component told it when it was installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Offers {
    /// What can be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// What can be read by a name that is filled in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<Template>,
    /// What its users may begin with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<Prompt>,
}

impl Offers {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.templates.is_empty() && self.prompts.is_empty()
    }
}

/// A text or file that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Resource {
    /// Its name for programs.
    pub uri: String,
    /// Its name for people.
    pub name: String,
    /// A better one.
    pub title: Option<String>,
    /// What it holds.
    pub description: Option<String>,
    /// Its type.
    pub mime_type: Option<String>,
    /// Its bytes, where that is known.
    pub size: Option<u64>,
}

/// How resources are named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Template {
    /// As RFC 6570 writes it.
    pub uri_template: String,
    /// Its name for people.
    pub name: String,
    /// A better one.
    pub title: Option<String>,
    /// What such resources hold.
    pub description: Option<String>,
    /// Their type.
    pub mime_type: Option<String>,
}

/// Messages to begin with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Its name within its plugin.
    pub name: String,
    /// Its name for people.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What is filled in.
    pub arguments: Vec<PromptArgument>,
}

/// What is filled in in a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Whether it has to be.
    pub required: bool,
}

/// What is fetched from a plugin, in a process of its own, under the law of tool calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fetch {
    /// A resource: `{"contents":[…]}`, as MCP writes it.
    Resource {
        /// Which.
        uri: String,
    },
    /// A prompt: `{"messages":[…]}`, and a `description` where there is one.
    Prompt {
        /// Which.
        name: String,
        /// What is filled in.
        arguments: Vec<(String, String)>,
    },
    /// What an argument may be: `{"values":[…],"total":…,"hasMore":…}`.
    Completion {
        /// Whose argument.
        of: ArgumentOf,
        /// Which.
        argument: String,
        /// How it begins.
        value: String,
        /// Others that are known.
        known: Vec<(String, String)>,
    },
}

/// Whose argument is completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArgumentOf {
    /// A prompt's, by its name.
    Prompt(String),
    /// A template's, by its `uri_template`.
    Template(String),
}

/// When a policy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Moment {
    /// Before a tool is called.
    BeforeTool,
    /// After it answered.
    AfterTool,
    /// Before a request goes to a model.
    BeforeModel,
    /// After it replied.
    AfterModel,
    /// Before a child starts.
    BeforeSpawn,
    /// After it ended.
    AfterSpawn,
    /// Before an agent's task ends.
    BeforeStop,
    /// After it ended.
    AfterStop,
}

impl Moment {
    /// All of them, in that order.
    pub const ALL: [Self; 8] = [
        Self::BeforeTool,
        Self::AfterTool,
        Self::BeforeModel,
        Self::AfterModel,
        Self::BeforeSpawn,
        Self::AfterSpawn,
        Self::BeforeStop,
        Self::AfterStop,
    ];

    /// As a manifest spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeTool => "before-tool",
            Self::AfterTool => "after-tool",
            Self::BeforeModel => "before-model",
            Self::AfterModel => "after-model",
            Self::BeforeSpawn => "before-spawn",
            Self::AfterSpawn => "after-spawn",
            Self::BeforeStop => "before-stop",
            Self::AfterStop => "after-stop",
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Moment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|moment| moment.name() == text).ok_or(())
    }
}

/// Reads a component.
pub type Read = Arc<dyn Fn() -> std::io::Result<Vec<u8>> + Send + Sync>;

/// A component's code: what a process runs, whoever it runs as.
#[derive(Clone)]
pub struct Code {
    /// The digest of its bytes: names the image.
    pub digest: Digest,
    /// Called when its image is in no cache; the kernel checks the digest.
    pub read: Read,
    /// What it may import: the ceiling of the plugin that it was installed with.
    pub imports: Arc<Grants>,
}

/// A folder that a program's processes find under a path of their own, whatever the host has there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where they find it, absolute.
    pub at: PathBuf,
    /// What they find.
    pub from: Source,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A folder of the host's, by its real path, to read.
    Folder(PathBuf),
    /// The same, to write as well.
    Writable(PathBuf),
    /// A folder of the run's own: empty at its start, gone with its end.
    Scratch,
}

/// A plugin that can be started.
#[derive(Clone)]
pub struct Program {
    /// The plugin's name.
    pub name: String,
    /// What it runs.
    pub code: Code,
    /// What it may ever be granted.
    pub ceiling: Arc<Grants>,
    /// What it is granted now.
    pub grants: Arc<LiveGrants>,
    /// What it has without being granted it, for as long as it is installed: within itself, and nothing of
    /// the user's. Its mounts add to that.
    pub own: Grants,
    /// Folders under paths of their own.
    pub mounts: Vec<Mount>,
    /// What its manifest asks for, met with what its operator allows.
    pub limits: Limits,
    /// Its tools, as captured at install.
    pub tools: Vec<ToolDescription>,
    /// What it offers beside them, captured alike.
    pub offers: Offers,
    /// When it is asked, if it is a policy.
    pub judges: Vec<Moment>,
}

impl Program {
    /// A program of this name that runs this code, with nothing granted and nothing offered: what its
    /// component may import is all it may be granted, which is nothing until somebody says so.
    pub fn new(name: impl Into<String>, digest: Digest, read: Read) -> Self {
        let ceiling = Arc::<Grants>::default();
        Self {
            name: name.into(),
            code: Code { digest, read, imports: ceiling.clone() },
            ceiling,
            grants: Arc::default(),
            own: Grants::default(),
            mounts: Vec::new(),
            limits: Limits::default(),
            tools: Vec::new(),
            offers: Offers::default(),
            judges: Vec::new(),
        }
    }

    /// The same, bounded so: what it may be granted, and what its component may import.
    #[must_use]
    pub fn within(self, ceiling: Grants) -> Self {
        let ceiling = Arc::new(ceiling);
        Self { code: Code { imports: ceiling.clone(), ..self.code }, ceiling, ..self }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.code.digest)
    }
}

/// What offers tools under a name: a program, or what else answers calls. It never changes: who offers
/// something else is another value.
pub trait Offer: Send + Sync {
    /// What stands before the slash in the names of its tools.
    fn name(&self) -> &str;
    /// Its tools.
    fn tools(&self) -> &[ToolDescription];
}

impl Offer for Program {
    fn name(&self) -> &str {
        &self.name
    }

    fn tools(&self) -> &[ToolDescription] {
        &self.tools
    }
}

/// Tools under a name, of whoever answers for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The name.
    pub name: String,
    /// The tools.
    pub tools: Vec<ToolDescription>,
}

impl Offer for Offered {
    fn name(&self) -> &str {
        &self.name
    }

    fn tools(&self) -> &[ToolDescription] {
        &self.tools
    }
}

/// Why a plugin cannot be started.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProgramError {
    /// Nothing of that name is installed.
    #[error("no plugin `{0}` is installed; `holm list` shows what is")]
    NotFound(String),
    /// No runtime offers a command of that name.
    #[error("no runtime offers the command `{0}`; `holm runtime list` shows what there is")]
    NoCommand(String),
    /// Its files are not what was installed.
    #[error("plugin `{name}` was changed after it was installed ({what}); `holm install` it again to accept that")]
    Changed {
        /// The plugin.
        name: String,
        /// What differs.
        what: String,
    },
    /// Its files cannot be read.
    #[error("plugin `{name}` cannot be read: {reason}")]
    Unreadable {
        /// The plugin.
        name: String,
        /// Why.
        reason: String,
    },
}

/// The installed plugins.
pub trait Programs: Send + Sync + 'static {
    /// The plugin of this name, its files checked.
    ///
    /// # Errors
    /// It is not installed, was changed, or cannot be read.
    fn find(&self, name: &str) -> Result<Arc<Program>, ProgramError>;

    /// The code of the runtime that offers a command, its files checked.
    ///
    /// # Errors
    /// No runtime offers it, or the one that does was changed or cannot be read.
    fn command(&self, command: &str) -> Result<Code, ProgramError>;

    /// All of them, by name. Those that cannot be started are left out.
    fn list(&self) -> Vec<Arc<Program>>;

    /// The policies that their user set over this plugin and that may judge at this moment, by name, in the
    /// order in which they are asked. Called at each of its calls: it reads no disk.
    fn policies(&self, plugin: &str, moment: Moment) -> Vec<String>;
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn moments_are_read_as_they_are_written() {
        for moment in Moment::ALL {
            assert_eq!(moment.to_string().parse(), Ok(moment));
        }
        assert_eq!("before-lunch".parse::<Moment>(), Err(()));
    }
}
