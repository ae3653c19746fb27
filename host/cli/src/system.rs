//! What every confined program has of the system: builds and servers of tools alike. One list, since it is a
//! boundary: what is added here, strangers' code reads.

/// Where programs, compilers, their libraries and what describes the system lie.
pub(crate) const READ: &[&str] = &[
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc",
    "/opt",
    "/nix",
    "/sys/devices/system/cpu",
    // Of devices, those that are nobody's: no terminal, no memory that others share.
    "/dev/random",
    "/dev/urandom",
    // Of processes, itself: what others are called with may be a secret.
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/version",
    "/proc/filesystems",
    "/proc/sys",
];
/// Devices that everybody writes to.
pub(crate) const WRITTEN: &[&str] = &["/dev/null", "/dev/zero", "/dev/full"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_others_is_in_it() {
        for place in READ.iter().chain(WRITTEN) {
            // Each of these holds what belongs to somebody, or speaks to somebody.
            for others in ["/home", "/root", "/tmp", "/run", "/var", "/dev/shm", "/dev/pts", "/dev/tty", "/proc/1"] {
                let apart = !std::path::Path::new(others).starts_with(place)
                    && !std::path::Path::new(place).starts_with(others);
                assert!(apart, "{place} and {others}");
            }
        }
        assert!(WRITTEN.iter().all(|place| place.starts_with("/dev/")));
    }
}
