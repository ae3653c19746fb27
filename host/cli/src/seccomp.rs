//! Seccomp: what no server of tools may ask of the system, whatever else it may.

use std::{collections::BTreeMap, env::consts::ARCH};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// Into other processes, the file tree, the kernel, keys, clocks; around landlock and this filter.
const REFUSED: &[i64] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
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
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    // All of them, also those of this machine: what listens there is not confined. Pairs stay.
    libc::SYS_socket,
];

/// They would leave the process group that is ended as a whole. Programs go on as if they had.
const PRETENDED: &[i64] = &[libc::SYS_setsid, libc::SYS_setpgid];

/// Another table of calls on the same processor, whose numbers have this bit.
const X32: i64 = 0x4000_0000;
/// `ptrace` and its like in that table, where they have numbers of their own.
const X32_REFUSED: &[i64] = &[521, 539, 540];

/// A window into another terminal: typing for its user.
const TERMINAL: [u64; 2] = [libc::TIOCSTI, libc::TIOCLINUX];

/// Why there is no filter.
#[derive(Debug, thiserror::Error)]
#[error("seccomp: {0}")]
pub(crate) struct SeccompError(String);

/// Gives all of that up, for this process and for all that it starts.
pub(crate) fn apply() -> Result<(), SeccompError> {
    let wrong = |error: &dyn std::fmt::Display| SeccompError(error.to_string());
    for filter in filters()? {
        seccompiler::apply_filter(&filter).map_err(|error| wrong(&error))?;
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
    let typed = TERMINAL.map(|request| rule(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, request));
    let typed = typed.into_iter().collect::<Result<Vec<_>, _>>()?;
    for bit in [0, X32] {
        rules.insert(libc::SYS_clone | bit, flagged.clone());
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

fn rule(index: u8, length: SeccompCmpArgLen, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, SeccompError> {
    let wrong = |error: seccompiler::BackendError| SeccompError(error.to_string());
    let condition = SeccompCondition::new(index, length, operator, value).map_err(wrong)?;
    SeccompRule::new(vec![condition]).map_err(wrong)
}

/// Whatever is named here fails with this error; everything else goes through. A program for another
/// processor is ended.
fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> Result<BpfProgram, SeccompError> {
    let wrong = |error: seccompiler::BackendError| SeccompError(error.to_string());
    let arch = TargetArch::try_from(ARCH).map_err(wrong)?;
    let action = SeccompAction::Errno(error.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, action, arch).map_err(wrong)?;
    filter.try_into().map_err(wrong)
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_filters_for_this_processor() {
        assert_eq!(super::filters().expect("filters").len(), 3);
    }
}
