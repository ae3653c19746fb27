//! Landlock and seccomp: a process gives up what it does not need, for itself and for all that it starts.

use std::{
    collections::BTreeMap,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat2};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

use crate::seccomp::{self, SeccompError};

/// The newest that is known; the kernel enforces what it knows of it.
const NEWEST: ABI = ABI::V10;

/// Gives up every file, every socket, and all signals to others. Best effort: a compiler
/// that cannot be confined is still bounded.
pub(crate) fn from_everything() {
    if let Err(error) = without_network() {
        tracing::debug!(%error, "the network is not closed");
    }
    if let Err(error) = restrict(&[], &[]) {
        tracing::debug!(%error, "not confined");
    }
}

/// Keeps these places to read and execute and those to write; gives up all others, TCP, and
/// signals to others. Whether the kernel enforces it, in part at least.
pub(crate) fn to(read: &[PathBuf], write: &[PathBuf]) -> Result<bool, RulesetError> {
    restrict(read, write).map(|status| status != RulesetStatus::NotEnforced)
}

/// The least that holds a server: below it, it cuts off files that it may not write.
pub(crate) const LEAST: ABI = ABI::V3;

/// Opens a place, if no symlink leads to it: who replaced a folder by one would be given what it leads to.
///
/// # Errors
/// It is no such place, or cannot be opened.
pub(crate) fn opened(place: &Path) -> Result<OwnedFd, rustix::io::Errno> {
    openat2(CWD, place, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::NO_SYMLINKS)
}

/// As [`to`], for a server: it is held wholly or not at all. These places are there already, with whether each
/// is written.
///
/// # Errors
/// The kernel does not know what holds it.
pub(crate) fn server(read: &[PathBuf], write: &[PathBuf], given: Vec<(OwnedFd, bool)>) -> Result<(), RulesetError> {
    let given = given.into_iter().map(|(place, writes)| {
        let access = if writes { AccessFs::from_all(ABI::V5) } else { AccessFs::from_read(NEWEST) };
        let folder = fstat(&place).is_ok_and(|status| FileType::from_raw_mode(status.st_mode).is_dir());
        let access = if folder { access } else { access & AccessFs::from_file(NEWEST) };
        Ok::<_, RulesetError>(PathBeneath::new(place, access))
    });
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(LEAST))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules(read, AccessFs::from_read(NEWEST)))?
        .add_rules(path_beneath_rules(write, AccessFs::from_all(ABI::V5)))?
        .add_rules(given)?
        .restrict_self()
        .map(drop)
}

fn restrict(read: &[PathBuf], write: &[PathBuf]) -> Result<RulesetStatus, RulesetError> {
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules(read, AccessFs::from_read(NEWEST)))?
        // Not the sockets that may lie there: their other end is not confined.
        .add_rules(path_beneath_rules(write, AccessFs::from_all(ABI::V5)))?;
    Ok(ruleset.restrict_self()?.ruleset)
}

/// The numbers of the system calls that make sockets have this bit in the x32 ABI of an x86-64 kernel.
const X32: i64 = 0x4000_0000;

/// Gives up every socket, those of this machine too: what listens there, like a user's bus or agent of keys, is
/// not confined. Landlock knows TCP alone. What an `io_uring` makes goes as well; pairs that are connected stay.
///
/// # Errors
/// This machine's kernel, or its processor, has no such filter.
pub(crate) fn without_network() -> Result<(), SeccompError> {
    let pairs = seccomp::unconnected()?;
    let mut rules = BTreeMap::new();
    for abi in [0, X32] {
        // No condition: whatever it asks for.
        rules.insert(libc::SYS_socket | abi, Vec::new());
        rules.insert(libc::SYS_io_uring_setup | abi, Vec::new());
        rules.insert(libc::SYS_socketpair | abi, pairs.clone());
    }
    let refused = SeccompAction::Errno(libc::EACCES as u32);
    let arch = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, arch)?;
    let program: BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter(&program)?)
}

/// What this machine's kernel can take away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landlock {
    /// Files, TCP, and signals to others.
    Full,
    /// Files and TCP; a process signals others of its user.
    Network,
    /// Files; the network is closed by seccomp alone.
    FilesOnly,
    /// Files, but what may not be written is cut off nevertheless.
    NoTruncate,
    /// Nothing.
    None,
}

impl Landlock {
    pub(crate) fn of_this_machine() -> Self {
        let has = |abi: ABI| {
            let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
            let mut ruleset = ruleset.handle_access(AccessFs::from_all(abi));
            if !AccessNet::from_all(abi).is_empty() {
                ruleset = ruleset.and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(abi)));
            }
            if !Scope::from_all(abi).is_empty() {
                ruleset = ruleset.and_then(|ruleset| ruleset.scope(Scope::from_all(abi)));
            }
            ruleset.and_then(Ruleset::create).is_ok()
        };
        match () {
            () if has(ABI::V6) => Landlock::Full,
            () if has(ABI::V4) => Landlock::Network,
            () if has(LEAST) => Landlock::FilesOnly,
            () if has(ABI::V1) => Landlock::NoTruncate,
            () => Landlock::None,
        }
    }
}
