//! What servers of tools gave at a login: sealed by the key of the secrets, in a file of its own, each bound to
//! the server it is from.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    key::KeyFile,
    seal::{self, SealError},
    store::{ForServer, SecretsError},
    value::Value,
};

/// In Holm's home.
const FILE: &str = "logins";
/// Bytes of one. Stops a server that gives a token of a megabyte: all of them are written at each refresh.
const LONGEST: usize = 64 << 10;
/// As many as there are servers.
const LOGINS: usize = 256;
/// Bytes of all of them: sealed and read in one piece.
const ALL: usize = 2 << 20;

/// A login as it is kept.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// What the server is: its origin. Whatever else comes by its name gets nothing.
    target: String,
    value: Value,
}

type All = BTreeMap<String, Kept>;

/// The logins of a home.
pub(super) struct Logins {
    path: PathBuf,
    key: Arc<KeyFile>,
    /// As last read or written: the home has one kernel.
    known: Mutex<Option<Arc<All>>>,
}

impl Logins {
    pub(super) fn new(home: &Path, key: Arc<KeyFile>) -> Self {
        Self { path: home.join(FILE), key, known: Mutex::default() }
    }

    /// The login at this server; none where there is none, or it is of another one by this name.
    pub(super) fn of(&self, server: &ForServer) -> Result<Option<Value>, SecretsError> {
        let mut known = self.known.lock();
        // Asked of what is not sealed: locked secrets keep no server waiting that nobody logged in at.
        if known.is_none() && !seal::names(&self.path)?.contains(&server.server) {
            return Ok(None);
        }
        let all = self.read(&mut known)?;
        Ok(all.get(&server.server).filter(|kept| kept.target == server.target).map(|kept| kept.value.clone()))
    }

    /// Keeps a login, in the place of an earlier one; forgets it where there is none.
    pub(super) fn keep(&self, server: &ForServer, login: Option<Value>) -> Result<(), SecretsError> {
        let mut known = self.known.lock();
        if login.is_none() && known.is_none() && !seal::names(&self.path)?.contains(&server.server) {
            return Ok(());
        }
        let mut all = (*self.read(&mut known)?).clone();
        match login {
            Some(value) if value.expose().len() > LONGEST => return Err(SecretsError::Login(LONGEST)),
            Some(value) => drop(all.insert(server.server.clone(), Kept { target: server.target.clone(), value })),
            None => drop(all.remove(&server.server)),
        }
        let bytes = Zeroizing::new(serde_json::to_vec(&all).unwrap_or_default());
        if all.len() > LOGINS || bytes.len() > ALL {
            return Err(SecretsError::TooMany(all.len() - 1));
        }
        seal::write(&self.path, &self.key, &all.keys().map(String::as_str).collect(), &bytes)?;
        *known = Some(Arc::new(all));
        Ok(())
    }

    fn read(&self, known: &mut Option<Arc<All>>) -> Result<Arc<All>, SecretsError> {
        if let Some(all) = known {
            return Ok(all.clone());
        }
        let all = match seal::read(&self.path, &self.key)? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| SealError::Broken(self.path.clone()))?,
            None => All::default(),
        };
        let all = Arc::new(all);
        *known = Some(all.clone());
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Secrets, *};

    fn server(name: &str, target: &str) -> ForServer {
        ForServer { server: name.to_owned(), target: target.to_owned() }
    }

    #[test]
    fn a_login_is_of_one_server_and_sealed() {
        let home = tempfile::tempdir().expect("a folder");
        let secrets = Secrets::new(home.path());
        let at = server("issues", "https://a.example:443");
        assert!(secrets.login(&at).expect("read").is_none());
        secrets.keep_login(&at, Some(Value::new("tok-0123456789".to_owned()))).expect("kept");
        // By another kernel, too; and not for who comes by its name, or by its place.
        for secrets in [&secrets, &Secrets::new(home.path())] {
            assert_eq!(secrets.login(&at).expect("read").expect("kept").expose(), "tok-0123456789");
            for other in [server("issues", "https://b.example:443"), server("other", "https://a.example:443")] {
                assert!(secrets.login(&other).expect("read").is_none(), "{other:?}");
            }
        }
        let bytes = std::fs::read(home.path().join(FILE)).expect("a file");
        assert!(!String::from_utf8_lossy(&bytes).contains("tok-"));
        // It is no secret: nothing of `${secret:…}` and no binding leads to it.
        assert!(secrets.list().expect("read").is_empty() && secrets.value("issues", &at).is_err());
        secrets.keep_login(&at, None).expect("forgotten");
        assert!(Secrets::new(home.path()).login(&at).expect("read").is_none());
    }

    #[test]
    fn locked_logins_hold_up_nobody_else_and_giants_are_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let secrets = Secrets::new(home.path());
        let at = server("issues", "https://a.example:443");
        let giant = Value::new("x".repeat(LONGEST + 1));
        assert!(matches!(secrets.keep_login(&at, Some(giant)), Err(SecretsError::Login(_))));
        secrets.keep_login(&at, Some(Value::new("tok-0123456789".to_owned()))).expect("kept");
        secrets.protect(&Value::new("open sesame".to_owned())).expect("protected");
        let locked = Secrets::new(home.path());
        assert!(matches!(locked.login(&at), Err(SecretsError::Seal(SealError::Locked))));
        assert!(locked.login(&server("other", "https://a.example:443")).expect("read").is_none());
        locked.unlock(&Value::new("open sesame".to_owned())).expect("unlocked");
        assert!(locked.login(&at).expect("read").is_some());
        // A file that is not what was sealed is not taken for it.
        std::fs::write(home.path().join(FILE), b"holm-secrets-2\n").expect("written");
        assert!(Secrets::new(home.path()).login(&at).is_err());
    }
}
