//! Seccomp: what no server of tools may ask of the system, whatever else it may.

use std::{collections::BTreeMap, env::consts::ARCH};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// Into other processes, what all processes share without a name among files, the file tree, the kernel, keys, clocks; around landlock and this filter.
const REFUSED: &[i64] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_shmdt,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    libc::SYS_mq_timedsend,
    libc::SYS_mq_timedreceive,
    libc::SYS_mq_notify,
    libc::SYS_mq_getsetattr,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_kexec_file_load,
    // Of any file that is its user's, which landlock does not look at.
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    SETXATTRAT,
    REMOVEXATTRAT,
    OPEN_TREE_ATTR,
    FILE_SETATTR,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    // All of them, also those of this machine: what listens there is not confined. Pairs that are connected stay.
    libc::SYS_socket,
];

/// Newer than their names; the same on all processors.
const SETXATTRAT: i64 = 463;
const REMOVEXATTRAT: i64 = 466;
const OPEN_TREE_ATTR: i64 = 467;
const FILE_SETATTR: i64 = 469;
const FCHMODAT2: i64 = 452;

/// Programs go on as if they had.
const PRETENDED: &[i64] = &[
    // They would leave the process group that is ended as a whole.
    libc::SYS_setsid,
    libc::SYS_setpgid,
    // Who may read any file that is its user's, whose it is and when it was written, by path or by a descriptor
    // that only reads: landlock looks at none of these.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_futimesat,
];

/// Limits, turns and memory of the process that the first argument names.
const OF_PROCESSES: &[i64] = &[
    libc::SYS_prlimit64,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setattr,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
];

/// Turns of what the second argument names, where the first says that it is a process.
const OF_SORTS: [(i64, u64); 2] = [(libc::SYS_setpriority, 0), (libc::SYS_ioprio_set, 1)];

/// Another table of calls on the same processor, whose numbers have this bit.
const X32: i64 = 0x4000_0000;
/// `ptrace` and its like in that table, where they have numbers of their own.
const X32_REFUSED: &[i64] = &[521, 527, 528, 533, 539, 540];

/// A window into another terminal: typing for its user. Marks of files that are its user's.
const TYPED: [u64; 4] = [libc::TIOCSTI, libc::TIOCLINUX, 0x4008_6602, 0x401c_5820];

/// Why there is no filter.
#[derive(Debug, thiserror::Error)]
#[error("seccomp: {0}")]
pub(crate) struct SeccompError(String);

impl From<seccompiler::BackendError> for SeccompError {
    fn from(error: seccompiler::BackendError) -> Self {
        Self(error.to_string())
    }
}

impl From<seccompiler::Error> for SeccompError {
    fn from(error: seccompiler::Error) -> Self {
        Self(error.to_string())
    }
}

/// Gives all of that up, for this process and for all that it starts.
pub(crate) fn apply() -> Result<(), SeccompError> {
    for filter in filters()? {
        seccompiler::apply_filter(&filter)?;
    }
    Ok(())
}

/// Whether this machine can do it: there is a filter for its processor, and the system knows filters.
pub(crate) fn is_possible() -> bool {
    filters().is_ok() && std::path::Path::new("/proc/sys/kernel/seccomp/actions_avail").exists()
}

fn filters() -> Result<Vec<BpfProgram>, SeccompError> {
    let refused = REFUSED.iter().copied();
    let foreign = X32_REFUSED.iter().map(|number| number | X32);
    let refused = refused.clone().chain(refused.map(|number| number | X32)).chain(foreign);
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = refused.map(|number| (number, Vec::new())).collect();
    let flags = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWCGROUP,
    ];
    let flagged = flags.iter().map(|flag| {
        let flag = u64::from(flag.cast_unsigned());
        rule(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(flag), flag)
    });
    let flagged = flagged.collect::<Result<Vec<_>, _>>()?;
    let typed = TYPED.map(|request| rule(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, request));
    let typed = typed.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (pairs, others) = (unconnected()?, others()?);
    for bit in [0, X32] {
        rules.insert(libc::SYS_clone | bit, flagged.clone());
        rules.insert(libc::SYS_socketpair | bit, pairs.clone());
        rules.extend(others.iter().map(|(number, rules)| (number | bit, rules.clone())));
    }
    rules.insert(libc::SYS_ioctl, typed.clone());
    // Its number in the other table.
    rules.insert(514 | X32, typed);
    let pretended = PRETENDED.iter().flat_map(|number| [*number, number | X32]);
    Ok(vec![
        filter(rules, libc::EPERM)?,
        filter(pretended.map(|number| (number, Vec::new())).collect(), 0)?,
        // Its flags lie in memory, where no filter sees them; the C library goes on with `clone`.
        filter([libc::SYS_clone3, libc::SYS_clone3 | X32].map(|number| (number, Vec::new())).into(), libc::ENOSYS)?,
    ])
}

/// Pairs of sockets that are not bound to each other for good: one of datagrams sends to whatever listens on
/// this machine, and that is not confined.
pub(crate) fn unconnected() -> Result<Vec<SeccompRule>, SeccompError> {
    use SeccompCmpArgLen::Dword;
    let others = (0..16).filter(|kind| ![libc::SOCK_STREAM, libc::SOCK_SEQPACKET].contains(kind));
    let others = others.map(|kind| rule(1, Dword, SeccompCmpOp::MaskedEq(0xf), u64::from(kind.cast_unsigned())));
    let foreign = rule(0, Dword, SeccompCmpOp::Ne, u64::from(libc::AF_UNIX.cast_unsigned()));
    others.chain([foreign]).collect()
}

/// What changes another process: any but who asks, and the one that becomes the server.
fn others() -> Result<BTreeMap<i64, Vec<SeccompRule>>, SeccompError> {
    use SeccompCmpArgLen::Dword;
    let own = u64::from(std::process::id());
    let another = |index: u8| -> Result<SeccompRule, SeccompError> {
        let conditions = [0, own].map(|known| condition(index, Dword, SeccompCmpOp::Ne, known));
        let conditions = conditions.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(SeccompRule::new(conditions)?)
    };
    let mut rules = BTreeMap::new();
    for number in OF_PROCESSES {
        rules.insert(*number, vec![another(0)?]);
    }
    for (number, process) in OF_SORTS {
        rules.insert(number, vec![rule(0, Dword, SeccompCmpOp::Ne, process)?, another(1)?]);
    }
    Ok(rules)
}

fn rule(index: u8, length: SeccompCmpArgLen, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, SeccompError> {
    let condition = condition(index, length, operator, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}

fn condition(
    index: u8,
    length: SeccompCmpArgLen,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, SeccompError> {
    Ok(SeccompCondition::new(index, length, operator, value)?)
}

/// Whatever is named here fails with this error; everything else goes through. A program for another
/// processor is ended.
fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> Result<BpfProgram, SeccompError> {
    let arch = TargetArch::try_from(ARCH)?;
    let action = SeccompAction::Errno(error.cast_unsigned());
    Ok(SeccompFilter::new(rules, SeccompAction::Allow, action, arch)?.try_into()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_filters_for_this_processor() {
        assert_eq!(super::filters().expect("filters").len(), 3);
    }
}
