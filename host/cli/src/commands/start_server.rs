//! `holm start-server`: what a server's program is before it becomes that program.

use std::{
    ffi::OsString,
    os::{
        fd::OwnedFd,
        unix::{
            ffi::{OsStrExt, OsStringExt},
            process::CommandExt,
        },
    },
    path::{Path, PathBuf},
    process::Command,
};

use caps::CapSet;
use rustix::process::{Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit};

use crate::{
    confine,
    error::{CommandError, Result},
    seccomp,
};

/// The hidden verb.
pub(crate) const START_SERVER: &str = "start-server";

/// What the server finds as `NAME` comes to this process as this and `NAME`: a variable like `LD_PRELOAD` would
/// run somebody's code here, before anything is given up.
pub(crate) const VARIABLE: &str = "HOLM_SERVER_ENV_";

/// What it finds beside these.
const SURROUNDINGS: &[&str] = &["PATH", "HOME", "TMPDIR", "LANG"];

/// Bytes of memory that it fills. Not of address space: JavaScript's runtime reserves a hundred times what it
/// uses.
const MEMORY: u64 = 4 << 30;
/// Files that it holds open. Stops one that leaks them.
const FILES: u64 = 1024;
/// Bytes of a file that it writes. Stops one that fills the disk with a single file.
const FILE: u64 = 1 << 30;
/// Processes and threads of its user beyond those there are as it starts. Stops one that starts ever more.
const PROCESSES: u64 = 2048;

/// Confine this process, then become a server
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// A place to read
    #[arg(long)]
    read: Vec<PathBuf>,
    /// A place to write
    #[arg(long)]
    write: Vec<PathBuf>,
    /// A place to read, which no symlink leads to
    #[arg(long)]
    given: Vec<PathBuf>,
    /// A place to write, which no symlink leads to
    #[arg(long)]
    given_to_write: Vec<PathBuf>,
    /// Who starts it
    #[arg(long)]
    parent: i32,
    /// Do not confine
    #[arg(long)]
    native: bool,
    /// The command
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl Arguments {
    pub(super) fn run(self) -> Result<()> {
        let failed = |error: rustix::io::Errno| CommandError::internal(error);
        // Who started it may be gone already, and then this comes too late.
        set_parent_process_death_signal(Some(Signal::KILL)).map_err(failed)?;
        if getppid().is_none_or(|parent| parent.as_raw_nonzero().get() != self.parent) {
            return Err(CommandError::internal("who started this server is gone"));
        }
        limit(Resource::Core, 0)?;
        // Whatever who started the kernel left open: it is not the server's.
        close_fds::set_fds_cloexec(3, &[]);
        let [program, arguments @ ..] = self.command.as_slice() else { return Ok(()) };
        if !self.native {
            limit(Resource::Data, MEMORY)?;
            limit(Resource::Nofile, FILES)?;
            limit(Resource::Fsize, FILE)?;
            limit(Resource::Nproc, processes() + PROCESSES)?;
            let given = [(&self.given, false), (&self.given_to_write, true)];
            let given = given.into_iter().flat_map(|(places, writes)| places.iter().map(move |place| (place, writes)));
            let given = given.filter_map(|(place, writes)| open(place, writes).transpose()).collect::<Result<_>>()?;
            confine::server(&self.read, &self.write, given).map_err(CommandError::internal)?;
            give_up_capabilities()?;
            seccomp::apply().map_err(CommandError::internal)?;
        }
        let own = SURROUNDINGS.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        let given = std::env::vars_os().filter_map(|(name, value)| {
            Some((OsString::from_vec(name.as_bytes().strip_prefix(VARIABLE.as_bytes())?.to_owned()), value))
        });
        let error = Command::new(program).args(arguments).env_clear().envs(own).envs(given).exec();
        Err(CommandError::internal(format!("`{}`: {error}", program.to_string_lossy())))
    }
}

/// A place that its settings name; none where there is nothing.
fn open(place: &Path, writes: bool) -> Result<Option<(OwnedFd, bool)>> {
    match confine::opened(place) {
        Ok(opened) => Ok(Some((opened, writes))),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(CommandError::internal(format!("`{}`: {error}", place.display()))),
    }
}

/// Of a superuser: what goes around landlock, like reading another process's environment. An ordinary user has
/// none, and nothing to give up.
fn give_up_capabilities() -> Result<()> {
    let failed = |error: caps::errors::CapsError| CommandError::internal(error);
    if caps::read(None, CapSet::Permitted).map_err(failed)?.is_empty() {
        return Ok(());
    }
    // First what the program would get back as it is run; then what this process has.
    [CapSet::Bounding, CapSet::Ambient, CapSet::Inheritable, CapSet::Effective, CapSet::Permitted]
        .into_iter()
        .try_for_each(|set| caps::clear(None, set).map_err(failed))
}

/// At most this, and never more than there was.
fn limit(resource: Resource, most: u64) -> Result<()> {
    let most = getrlimit(resource).maximum.map_or(most, |maximum| maximum.min(most));
    let limit = Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(resource, limit).map_err(CommandError::internal)
}

/// Processes and threads of this user, as far as they can be counted.
fn processes() -> u64 {
    let own = rustix::process::getuid().as_raw();
    let threads = |status: &str| {
        let value = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        let user = value("Uid:")?.split_ascii_whitespace().next()?.parse::<u32>().ok()?;
        (user == own).then(|| value("Threads:")?.parse::<u64>().ok()).flatten()
    };
    let listed = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let statuses = listed.filter_map(|entry| std::fs::read_to_string(entry.path().join("status")).ok());
    statuses.filter_map(|status| threads(&status)).sum()
}
