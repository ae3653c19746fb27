//! The board: from settings and drivers to a kernel, and who stands before it.

use std::{
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use holm_adapters::{
    control::{Facts, Home, Lines, Server},
    telemetry::{Denials, Numbers},
};
use holm_drivers::{
    memory::{MINILM, Memory, Model},
    net,
    registry::Registry,
};
use holm_kernel::{
    Config, Kernel, Parts,
    devices::net::{NetWant, law::Target},
    llm,
};
use holm_packages::{Carried, Plugins, Secrets};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    audit_log::AuditLog,
    compiler::ChildCompiler,
    error::{CommandError, Result},
    models,
    registry::Reached,
    servers, session,
    settings::Settings,
};

/// A kernel that was booted.
pub(crate) struct Board {
    /// What stands before it.
    pub(crate) server: Arc<Server>,
    /// Its figures.
    pub(crate) numbers: Arc<Numbers>,
}

/// Boots the kernel of a home. Inside a tokio runtime, with the home claimed.
///
/// # Errors
/// A setting, a driver, a store or the machine.
pub(crate) fn boot(home: &Home, settings: Settings) -> Result<Board> {
    raise_open_files();
    let storage = holm_drivers::storage::open(&settings.storage.driver, &home.path().join("storage"));
    let storage = storage.map_err(CommandError::internal)?;
    let models = models::open(&settings.providers, &settings.models, home.path()).map_err(CommandError::usage)?;
    let models = llm::Config { cache_size: settings.model_cache.size, cache_time: settings.model_cache.time, ..models };
    let plugins = Plugins::open(home.path(), [], settings.limits.clone()).map_err(CommandError::internal)?;
    let plugins = Arc::new(plugins);
    // Read now, so that no request waits for the disk. Broken or locked, they are told of when they are wanted.
    let _ = plugins.secrets().list();
    let secrets = Arc::new(Bound(plugins.secrets().clone()));
    let network = net::Network::new(Arc::new(net::System::default()), secrets).map_err(CommandError::internal)?;
    let audit = AuditLog::start(&home.path().join("audit"), settings.audit.size)?;
    let denials = Denials::before(audit.clone());
    let lines = Lines::new();
    let servers = servers::open(home.path(), settings.mcp_servers, &plugins, audit.clone())?;
    let scratch = scratch(home.path())?;
    let protected = plugins.clone();
    let memory = Arc::new(memory(home.path())?);
    let parts = Parts {
        models,
        storage,
        memory,
        network: Arc::new(network.clone()),
        programs: plugins.clone(),
        index: Arc::new(holm_drivers::search::Tools::default()),
        servers: Arc::new(servers.clone()),
        audit: denials.clone(),
        log: lines.clone(),
        scratch,
        compiler: Arc::new(ChildCompiler::new(settings.compiler.bounds())),
        protected: Arc::new(move |path: &Path| protected.protected().holds(path)),
    };
    let defaults = Config::default();
    let config = Config {
        workers: settings.kernel.workers.unwrap_or(defaults.workers),
        capacity: settings.kernel.capacity,
        limits: settings.limits,
        image_cache: Some(home.path().join("images")),
        ..defaults
    };
    let kernel = Kernel::boot(config, parts).map_err(CommandError::internal)?;
    let numbers = Numbers::new(kernel.clone(), denials, env!("CARGO_PKG_VERSION"));
    let told = numbers.clone();
    let facts = Facts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: session::build(),
        storage: settings.storage.driver,
        audited: Box::new(move || audit.flush()),
        registries: Box::new(Reached(Registry::new(network.clone()))),
        signatures: settings.signatures,
        metrics: Box::new(move || told.text()),
    };
    let servers = Arc::new(servers::Operated::new(servers, home.path().to_owned(), plugins.clone()));
    Ok(Board { server: Server::new(kernel, plugins, servers, lines, facts), numbers })
}

/// The memory of a home, with its embedding model if it has one.
fn memory(home: &Path) -> Result<Memory> {
    let model = Model::at(&home.join("models").join(MINILM.model));
    Memory::open(&home.join("memory"), model).map_err(CommandError::internal)
}

/// Where this kernel's runs have folders of their own. What those of ended kernels left goes.
fn scratch(home: &Path) -> Result<PathBuf> {
    let all = home.join("scratch");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&all).map_err(CommandError::internal)?;
    let all = all.canonicalize().map_err(CommandError::internal)?;
    let own = std::process::id().to_string();
    for left in all.read_dir().map_err(CommandError::internal)?.flatten() {
        // One command may run a kernel of its own beside the resident one.
        if left.file_name() == *own || !Path::new("/proc").join(left.file_name()).exists() {
            let _ = holm_kernel::scratch::remove(&left.path());
        }
    }
    Ok(all.join(own))
}

/// Lets this process hold as many files as the machine allows it: what guests open, and the sockets of
/// clients and providers, all count against one limit that shells set low.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// The secrets that are bound to a plugin, as the network takes them.
struct Bound(Arc<Secrets>);

impl net::Secrets for Bound {
    fn credentials(
        &self,
        plugin: &str,
        target: &Target,
        method: &str,
    ) -> std::result::Result<Vec<net::Credential>, net::Unreadable> {
        let want = NetWant { target: target.clone(), method: method.to_owned() };
        let carried = self.0.carried(plugin, &want).map_err(|error| net::Unreadable(error.to_string()))?;
        let credential = |Carried { name, binding, value }: Carried| {
            let header = binding.header.name().parse().map_err(|_| net::Unreadable("a header is none".to_owned()))?;
            let filled = binding.header.fill(&value);
            Ok(net::Credential { name, header, value: filled.expose().into(), secret: value.expose().into() })
        };
        carried.into_iter().map(credential).collect()
    }
}
