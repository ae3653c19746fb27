//! `$HOLM_HOME/config.toml`: how its user sets up the kernel.

use std::{collections::BTreeMap, path::Path, time::Duration};

use holm_adapters::mcp::{Offering, Profile};
use holm_drivers::mcp;
use holm_kernel::account::{Bytes, Fuel, Limits, Money};
use holm_packages::{SignatureRules, printable};
use serde::Deserialize;

use crate::{
    compiler::Bounds,
    error::{CommandError, NOT_FOUND, Result},
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
    pub(crate) compiler: CompilerSettings,
    pub(crate) storage: StorageSettings,
    pub(crate) audit: AuditSettings,
    /// What any process may use at most.
    pub(crate) limits: Limits,
    pub(crate) providers: Providers,
    pub(crate) models: Models,
    pub(crate) model_cache: CacheSettings,
    pub(crate) telemetry: TelemetrySettings,
    /// What MCP clients are offered.
    pub(crate) profiles: BTreeMap<String, ProfileSettings>,
    /// Servers of tools, by name.
    pub(crate) mcp_servers: mcp::Table,
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

/// `[compiler]`: what compiling one component may take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct CompilerSettings {
    /// Address space.
    pub(crate) memory: Bytes,
    /// Processor time, in whole seconds; half as much again by the clock on the wall.
    #[serde(with = "humantime_serde")]
    pub(crate) time: Duration,
}

impl CompilerSettings {
    /// As the compiler takes them: a second is the least there is.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { memory: self.memory.0, seconds: self.time.as_secs().max(1) }
    }
}

impl Default for CompilerSettings {
    fn default() -> Self {
        let Bounds { memory, seconds } = Bounds::default();
        Self { memory: Bytes(memory), time: Duration::from_secs(seconds) }
    }
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

/// `[profiles.NAME]`: what an MCP client is offered, and how much of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ProfileSettings {
    /// Which tools, like `github/*`.
    tools: Vec<String>,
    /// Tools are called by their own names where these are told apart.
    own_names: bool,
    /// Whether resources of these plugins are offered as well.
    resources: bool,
    /// And their prompts.
    prompts: bool,
    /// Whether plugins may have the client's model complete something.
    sampling: bool,
    /// Whether they may ask where the client's user works.
    roots: bool,
    fuel: Option<Fuel>,
    memory: Option<Bytes>,
    tokens: Option<u64>,
    /// In dollars.
    usd: Option<f64>,
    calls_per_hour: Option<u32>,
}

/// The profile of clients for which no other is chosen. Unless it is set up, it offers every tool.
pub(crate) const PROFILE: &str = "default";

impl Settings {
    /// The profile of this name.
    ///
    /// # Errors
    /// There is none, or it says what means nothing.
    pub(crate) fn profile(&self, name: &str) -> Result<Profile> {
        let all = || ProfileSettings {
            tools: vec!["*".to_owned()],
            resources: true,
            prompts: true,
            ..ProfileSettings::default()
        };
        let settings = self.profiles.get(name).cloned().or_else(|| (name == PROFILE).then(all));
        let Some(settings) = settings else {
            let error = CommandError::new(NOT_FOUND, format!("there is no profile `{}`", printable(name)));
            return Err(error.hint(format!("`[profiles.NAME]` in {FILE} makes one: tools = [\"plugin/*\"]")));
        };
        let says = |what: String| CommandError::usage(format!("[profiles.{}] {what}", printable(name)));
        let pattern = |text: &String| text.parse::<Offering>().map_err(|error| says(format!("tools: {error}")));
        let money = |usd: f64| match (0.0..=1e6).contains(&usd) {
            true => Ok(Money((usd * 1e6) as u64)),
            false => Err(says(format!("usd = {usd}: write dollars, from 0 to a million"))),
        };
        Ok(Profile {
            name: name.to_owned(),
            tools: settings.tools.iter().map(pattern).collect::<Result<_>>()?,
            own_names: settings.own_names,
            resources: settings.resources,
            prompts: settings.prompts,
            sampling: settings.sampling,
            roots: settings.roots,
            fuel: settings.fuel,
            memory: settings.memory,
            tokens: settings.tokens,
            money: settings.usd.map(money).transpose()?,
            calls_per_hour: settings.calls_per_hour,
        })
    }
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
        Self::parse(&text, &path)
    }

    /// Reads settings from the text of this file.
    ///
    /// # Errors
    /// It says what means nothing.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self> {
        toml::from_str(text)
            .map_err(|error| CommandError::usage(format!("`{}`: {}", path.display(), error.to_string().trim_end())))
    }
}
