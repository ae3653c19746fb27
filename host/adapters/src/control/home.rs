//! Holm's home as the socket sees it: who may enter, who serves, and where the socket is.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::net::{UnixListener, UnixStream};

const SOCKET: &str = "kernel.sock";
const LOCK: &str = "kernel.lock";
const LOG: &str = "kernel.log";

/// A socket's path has at most 107 bytes; longer ones are reached through an open folder.
const SOCKET_PATH_BYTES: usize = 100;

/// A log that is longer when a kernel starts makes room for a new one.
const LOG_BYTES: u64 = 4 << 20;

/// Holm's home.
#[derive(Clone, Debug)]
pub struct Home {
    path: PathBuf,
}

/// Why a folder is no home.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// It belongs to somebody else, or others may write to it.
    #[error("`{}` {reason}; whoever writes there decides what your plugins may do", path.display())]
    Exposed {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The disk, or the rights to it.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Home {
    /// Opens a home, which is made if need be: for its user alone.
    ///
    /// # Errors
    /// It cannot be made, is no folder, or others may write to it.
    pub fn open(path: &Path) -> Result<Self, HomeError> {
        let failed = |source| HomeError::Io { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let metadata = path.metadata().map_err(failed)?;
        let exposed = |reason| Err(HomeError::Exposed { path: path.clone(), reason });
        match () {
            () if metadata.uid() != rustix::process::geteuid().as_raw() => exposed("belongs to another user"),
            () if metadata.mode() & 0o022 != 0 => exposed("can be written to by others"),
            () => {
                if metadata.mode() & 0o077 != 0 {
                    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
                }
                Ok(Self { path })
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the resident kernel says.
    pub fn log(&self) -> PathBuf {
        self.path.join(LOG)
    }

    /// Opens the log to add to it.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn open_log(&self) -> io::Result<File> {
        let path = self.log();
        if path.metadata().is_ok_and(|metadata| metadata.len() > LOG_BYTES) {
            std::fs::rename(&path, path.with_extension("log.1"))?;
        }
        OpenOptions::new().append(true).create(true).mode(0o600).open(path)
    }

    /// A path of the socket that is short enough, and what has to stay open for it.
    fn socket(&self) -> io::Result<(PathBuf, Option<OwnedFd>)> {
        let path = self.path.join(SOCKET);
        if path.as_os_str().len() <= SOCKET_PATH_BYTES {
            return Ok((path, None));
        }
        let folder: OwnedFd = File::open(&self.path)?.into();
        Ok((PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd())), Some(folder)))
    }

    pub(crate) async fn connect(&self) -> io::Result<UnixStream> {
        let (path, _folder) = self.socket()?;
        UnixStream::connect(path).await
    }
}

/// The right to serve a home: held by one process at a time, and given back by its end.
#[derive(Debug)]
pub struct Claim {
    home: Home,
    _lock: File,
}

/// Why a home cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another kernel does.
    #[error("a kernel is running in `{}` already", .0.display())]
    Running(PathBuf),
    /// Another kernel holds it, and does not answer.
    #[error("another kernel holds `{}` and does not answer; end it first", .0.display())]
    Held(PathBuf),
    /// The disk, or the rights to it.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The lock.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Claim {
    /// Waits until nobody else serves the home: one that is ending takes a moment.
    ///
    /// # Errors
    /// Another kernel serves it, or holds it for longer than `patience`.
    pub async fn take(home: &Home, patience: Duration) -> Result<Self, ClaimError> {
        let path = home.path.join(LOCK);
        let failed = |source| ClaimError::Io { path: path.clone(), source };
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = open.map_err(failed)?;
        let start = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { home: home.clone(), _lock: lock }),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            if home.connect().await.is_ok() {
                return Err(ClaimError::Running(home.path.clone()));
            }
            if start.elapsed() > patience {
                return Err(ClaimError::Held(home.path.clone()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Makes the socket. One that an earlier kernel left behind is replaced: nobody serves it.
    pub(crate) fn listen(&self) -> io::Result<UnixListener> {
        let (path, _folder) = self.home.socket()?;
        self.unlisten();
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    }

    /// Takes the socket away: who connects from now on starts a new kernel.
    pub(crate) fn unlisten(&self) {
        // There may be none.
        let _ = std::fs::remove_file(self.home.path.join(SOCKET));
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, time::Duration};

    use super::{Claim, ClaimError, Home, HomeError};

    #[tokio::test]
    async fn one_kernel_serves_a_home() {
        let folder = tempfile::tempdir().expect("a folder");
        // Longer than a socket's path may be.
        let home = Home::open(&folder.path().join("home".repeat(40))).expect("a home");
        let claim = Claim::take(&home, Duration::ZERO).await.expect("nobody else");
        assert!(matches!(Claim::take(&home, Duration::ZERO).await, Err(ClaimError::Held(_))));
        let listener = claim.listen().expect("a socket");
        assert!(matches!(Claim::take(&home, Duration::ZERO).await, Err(ClaimError::Running(_))));
        drop((listener, claim));
        // The socket file is still there, and nobody listens.
        assert!(home.connect().await.is_err());
        let claim = Claim::take(&home, Duration::ZERO).await.expect("nobody else");
        claim.listen().expect("a stale socket is replaced");
    }

    #[test]
    fn a_home_is_its_users_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mode = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(folder.path(), permissions).expect("mine");
            Home::open(folder.path())
        };
        assert!(matches!(mode(0o770), Err(HomeError::Exposed { .. })));
        assert!(mode(0o755).is_ok());
        let now = folder.path().metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(now, 0o700);
    }
}
