//! How a kernel is set up, and what stands behind its devices.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    account::{Fuel, Limits},
    devices::{llm, log, memory, net, storage, tool},
    engine::Compiler,
    program::Programs,
    syscall::audit,
};

/// How a kernel is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Worker threads that run processes; as many as there are processors.
    pub workers: usize,
    /// Live processes at most; the machine may hold fewer.
    pub capacity: u32,
    /// Fuel of one slice: about a third of a millisecond of plain instructions.
    pub quantum: Fuel,
    /// The operator's limits: no process has more.
    pub limits: Limits,
    /// Where compiled components are kept; none keeps them in memory only.
    pub image_cache: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            capacity: 10_000,
            quantum: Fuel(1_000_000),
            limits: Limits::default(),
            image_cache: None,
        }
    }
}

/// What stands behind a kernel's devices.
pub struct Parts {
    /// Answers calls of models.
    pub models: llm::Config,
    /// Keeps buckets.
    pub storage: Arc<dyn storage::Driver>,
    /// Keeps spaces.
    pub memory: Arc<dyn memory::Driver>,
    /// Sends requests of guests.
    pub network: Arc<dyn net::Driver>,
    /// Keeps installed plugins.
    pub programs: Arc<dyn Programs>,
    /// Finds tools by words.
    pub index: Arc<dyn tool::Index>,
    /// Answers tools that no plugin has.
    pub servers: Arc<dyn tool::Servers>,
    /// Takes audit records.
    pub audit: Arc<dyn audit::Sink>,
    /// Takes log lines.
    pub log: Arc<dyn log::Sink>,
    /// Compiles components.
    pub compiler: Arc<dyn Compiler>,
    /// Where runs have folders of their own, by its real path: this kernel's alone. Each goes with its run.
    pub scratch: PathBuf,
    /// Paths that no grant reaches: Holm's own files.
    pub protected: Arc<dyn Fn(&Path) -> bool + Send + Sync>,
}

/// Why a kernel does not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// There is no tokio runtime to wait with.
    #[error("a kernel boots inside a multi-threaded tokio runtime")]
    Runtime,
    /// The models that were configured contradict each other.
    #[error(transparent)]
    Models(#[from] llm::ConfigError),
    /// The engine does not support this machine.
    #[error("the WebAssembly engine does not start: {0}")]
    Engine(String),
    /// The workers do not start.
    #[error("the worker threads do not start: {0}")]
    Workers(std::io::Error),
}
