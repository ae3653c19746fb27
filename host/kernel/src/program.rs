//! Installed software, as the kernel sees it. Where it is kept is its keeper's business.

use std::{fmt, sync::Arc};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{account::Limits, devices::Grants, syscall::Moment};

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

/// A plugin that can be started.
pub struct Program {
    /// The plugin's name.
    pub name: String,
    /// The digest of its component's bytes: names the image.
    pub component: Digest,
    /// Reads the component. Called when its image is in no cache; the kernel checks the digest.
    pub read: Box<dyn Fn() -> std::io::Result<Vec<u8>> + Send + Sync>,
    /// What it may ever be granted.
    pub ceiling: Arc<Grants>,
    /// What it is granted now.
    pub grants: Arc<LiveGrants>,
    /// What its manifest asks for, met with what its operator allows.
    pub limits: Limits,
    /// Its tools, as captured at install.
    pub tools: Vec<ToolDescription>,
    /// When it is asked, if it is a policy.
    pub judges: Vec<Moment>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.component)
    }
}

/// Why a plugin cannot be started.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProgramError {
    /// Nothing of that name is installed.
    #[error("no plugin `{0}` is installed; `holm list` shows what is")]
    NotFound(String),
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

    /// All of them, by name. Those that cannot be started are left out.
    fn list(&self) -> Vec<Arc<Program>>;

    /// The policies that their user set over this plugin, by name, in the order in which they are asked.
    fn policies(&self, plugin: &str) -> Vec<String>;
}
