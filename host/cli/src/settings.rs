//! `$HOLM_HOME/config.toml`: how its user sets up the kernel.

use std::{path::Path, time::Duration};

use holm_kernel::account::{Bytes, Limits};
use holm_packages::SignatureRules;
use serde::Deserialize;

use crate::{
    error::{CommandError, Result},
    models::{CacheSettings, Models, Providers},
    telemetry::TelemetrySettings,
};

/// The file of that name in Holm's home.
pub(crate) const FILE: &str = "config.toml";

/// All that can be set. Without a file, each has its default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Settings {
    pub(crate) kernel: KernelSettings,
    pub(crate) storage: StorageSettings,
    pub(crate) audit: AuditSettings,
    /// What any process may use at most.
    pub(crate) limits: Limits,
    pub(crate) providers: Providers,
    pub(crate) models: Models,
    pub(crate) model_cache: CacheSettings,
    pub(crate) telemetry: TelemetrySettings,
    /// Which plugins have to be signed.
    pub(crate) signatures: SignatureRules,
}

/// `[kernel]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct KernelSettings {
    /// Threads that run processes; as many as there are processors where it is not given.
    pub(crate) workers: Option<usize>,
    /// Live processes at most.
    pub(crate) capacity: u32,
    /// Ends the kernel when nobody needed it for this long.
    #[serde(with = "humantime_serde")]
    pub(crate) idle_shutdown: Duration,
}

/// `[storage]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct StorageSettings {
    /// `redb`, `sled` or `memory`.
    pub(crate) driver: String,
}

/// `[audit]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct AuditSettings {
    /// Records are kept up to this size in all; the oldest go first.
    pub(crate) size: Bytes,
}

impl Default for KernelSettings {
    fn default() -> Self {
        let capacity = holm_kernel::Config::default().capacity;
        Self { workers: None, capacity, idle_shutdown: Duration::from_secs(15 * 60) }
    }
}

impl Default for StorageSettings {
    fn default() -> Self {
        Self { driver: holm_drivers::storage::DEFAULT.to_owned() }
    }
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { size: Bytes(64 << 20) }
    }
}

impl Settings {
    /// Reads the settings of a home.
    ///
    /// # Errors
    /// The file cannot be read, or says what means nothing.
    pub(crate) fn read(home: &Path) -> Result<Self> {
        let path = home.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(CommandError::internal(format!("`{}`: {error}", path.display()))),
        };
        toml::from_str(&text)
            .map_err(|error| CommandError::usage(format!("`{}`: {}", path.display(), error.to_string().trim_end())))
    }
}
