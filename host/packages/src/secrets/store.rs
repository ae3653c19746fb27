//! The secrets and where each goes, in one sealed file.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use holm_kernel::{
    devices::net::{NetRule, NetWant},
    grant::Rule,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    FILE, KEY_FILE,
    binding::{Binding, BindingError},
    key::KeyFile,
    logins::Logins,
    seal::{self, SealError},
    value::Value,
};
use crate::manifest::check_name;

/// Shorter ones are guessed, and cannot be told from other text where a server says them back.
const SHORTEST: usize = 8;
/// The longest that a header of most servers takes.
const LONGEST: usize = 4096;
/// More than anybody has.
const SECRETS: usize = 1_000;
const BINDINGS: usize = 100;

/// Why a secret is not kept, bound or found.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The place.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// A name of a secret or plugin.
    #[error("the name {0}")]
    Name(String),
    /// It cannot be sent in a header.
    #[error("a secret is one line of {SHORTEST} to {LONGEST} visible ASCII characters")]
    Value,
    /// There is no such secret.
    #[error("there is no secret `{0}`")]
    NotFound(String),
    /// It does not go there.
    #[error("the secret `{secret}` is not bound to `{plugin}`")]
    NotBound {
        /// Which secret.
        secret: String,
        /// Which plugin.
        plugin: String,
    },
    /// It is not for this server, or for another one of its name.
    #[error(
        "the secret `{secret}` is not bound to the server `{server}` as it is now; `holm secret bind {secret} server:{server}` lets it go there"
    )]
    NotForServer {
        /// Which secret.
        secret: String,
        /// Which server.
        server: String,
    },
    /// It cannot be kept.
    #[error("what the login gave has more than {0} bytes")]
    Login(usize),
    /// There are too many.
    #[error("there are {0} already")]
    TooMany(usize),
}

/// A secret as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    value: Value,
    #[serde(default)]
    bindings: Vec<Binding>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    servers: Vec<ForServer>,
}

/// A server of tools that a secret goes to: whatever else comes by its name gets nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForServer {
    /// Its name.
    pub server: String,
    /// What it is: its command, or where it listens.
    pub target: String,
}

type All = BTreeMap<String, Kept>;

/// A secret as anybody may see it: without its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub bindings: Vec<Binding>,
    /// The servers of tools that it goes to.
    #[serde(default)]
    pub servers: Vec<ForServer>,
}

/// One of them, on its way with a request.
#[derive(Clone, Debug)]
pub struct Carried {
    /// The secret's name.
    pub name: String,
    /// Why it goes with the request, and as what.
    pub binding: Binding,
    /// What it is.
    pub value: Value,
}

/// What is known of the file, as last read or written: the home has one kernel.
#[derive(Default)]
enum Known {
    #[default]
    Nothing,
    /// Only for whom there is something in it.
    Locked(Arc<BTreeSet<String>>),
    All(Arc<All>),
}

/// The secrets of a home.
pub struct Secrets {
    path: PathBuf,
    key: Arc<KeyFile>,
    known: Mutex<Known>,
    logins: Logins,
}

impl Secrets {
    /// The secrets of a home. There need be none.
    pub fn new(home: &Path) -> Self {
        let key = Arc::new(KeyFile::new(home.join(KEY_FILE)));
        Self { path: home.join(FILE), logins: Logins::new(home, key.clone()), key, known: Mutex::default() }
    }

    /// All of them, without their values.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self) -> Result<Vec<Secret>, SecretsError> {
        let all = self.read(&mut self.known.lock())?;
        let secret = |(name, kept): (&String, &Kept)| Secret {
            name: name.clone(),
            bindings: kept.bindings.clone(),
            servers: kept.servers.clone(),
        };
        Ok(all.iter().map(secret).collect())
    }

    /// Seals their key under a passphrase: from the next start of the kernel on they are locked until it is
    /// given.
    ///
    /// # Errors
    /// It is no passphrase, they are locked, or the file cannot be replaced.
    pub fn protect(&self, passphrase: &Value) -> Result<(), SecretsError> {
        let mut known = self.known.lock();
        // What does not open now would not open then.
        self.read(&mut known)?;
        Ok(self.key.wrap(passphrase)?)
    }

    /// Opens them until this kernel ends.
    ///
    /// # Errors
    /// It is not the passphrase, or there is none.
    pub fn unlock(&self, passphrase: &Value) -> Result<(), SecretsError> {
        self.key.unwrap(passphrase)?;
        self.read(&mut self.known.lock()).map(drop)
    }

    /// Lets the key lie beside them without a passphrase. It is asked for even where they are open: who finds
    /// a terminal unattended does not take it off.
    ///
    /// # Errors
    /// It is not the passphrase, there is none, or the file cannot be replaced.
    pub fn unprotect(&self, passphrase: &Value) -> Result<(), SecretsError> {
        self.unlock(passphrase)?;
        Ok(self.key.bare()?)
    }

    /// Keeps a secret, in the place of one of this name; it goes where that one went.
    ///
    /// # Errors
    /// Its name or value cannot be used, or the file cannot be replaced.
    pub fn set(&self, name: &str, value: Value) -> Result<(), SecretsError> {
        named(name)?;
        let text = value.expose();
        if !(SHORTEST..=LONGEST).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SecretsError::Value);
        }
        self.change(|all| {
            if all.len() >= SECRETS && !all.contains_key(name) {
                return Err(SecretsError::TooMany(SECRETS));
            }
            match all.get_mut(name) {
                Some(kept) => kept.value = value,
                None => drop(all.insert(name.to_owned(), Kept { value, bindings: Vec::new(), servers: Vec::new() })),
            }
            Ok(())
        })
    }

    /// Lets a secret go somewhere.
    ///
    /// # Errors
    /// There is no such secret, or the file cannot be replaced.
    pub fn bind(&self, name: &str, binding: Binding) -> Result<(), SecretsError> {
        named(&binding.plugin)?;
        self.change(|all| {
            let kept = all.get_mut(name).ok_or_else(|| SecretsError::NotFound(name.to_owned()))?;
            if kept.bindings.len() >= BINDINGS {
                return Err(SecretsError::TooMany(BINDINGS));
            }
            // One header in one place: the later word holds.
            let same = |old: &Binding| {
                old.plugin == binding.plugin && old.rule == binding.rule && old.header.name() == binding.header.name()
            };
            kept.bindings.retain(|old| !same(old));
            kept.bindings.push(binding);
            Ok(())
        })
    }

    /// Lets a secret go to a plugin's requests no longer: to those that the rule covers, or to all.
    ///
    /// # Errors
    /// It is not bound there, or the file cannot be replaced.
    pub fn unbind(&self, name: &str, plugin: &str, rule: Option<&NetRule>) -> Result<(), SecretsError> {
        self.change(|all| {
            let kept = all.get_mut(name).ok_or_else(|| SecretsError::NotFound(name.to_owned()))?;
            let before = kept.bindings.len();
            kept.bindings.retain(|old| old.plugin != plugin || rule.is_some_and(|rule| !rule.covers(&old.rule)));
            match kept.bindings.len() == before {
                true => Err(SecretsError::NotBound { secret: name.to_owned(), plugin: plugin.to_owned() }),
                false => Ok(()),
            }
        })
    }

    /// Lets a secret go to a server of tools, as long as that is this.
    ///
    /// # Errors
    /// There is no such secret, or the file cannot be replaced.
    pub fn bind_server(&self, name: &str, server: ForServer) -> Result<(), SecretsError> {
        self.change(|all| {
            let kept = all.get_mut(name).ok_or_else(|| SecretsError::NotFound(name.to_owned()))?;
            if kept.servers.len() >= BINDINGS {
                return Err(SecretsError::TooMany(BINDINGS));
            }
            kept.servers.retain(|old| old.server != server.server);
            kept.servers.push(server);
            Ok(())
        })
    }

    /// Lets a secret go to a server of tools no longer.
    ///
    /// # Errors
    /// It is not bound there, or the file cannot be replaced.
    pub fn unbind_server(&self, name: &str, server: &str) -> Result<(), SecretsError> {
        self.change(|all| {
            let kept = all.get_mut(name).ok_or_else(|| SecretsError::NotFound(name.to_owned()))?;
            let before = kept.servers.len();
            kept.servers.retain(|old| old.server != server);
            match kept.servers.len() == before {
                true => Err(SecretsError::NotForServer { secret: name.to_owned(), server: server.to_owned() }),
                false => Ok(()),
            }
        })
    }

    /// Forgets a secret.
    ///
    /// # Errors
    /// There is no such secret, or the file cannot be replaced.
    pub fn delete(&self, name: &str) -> Result<(), SecretsError> {
        self.change(|all| match all.remove(name) {
            Some(_) => Ok(()),
            None => Err(SecretsError::NotFound(name.to_owned())),
        })
    }

    /// A plugin is gone: who comes by its name later gets nothing that was bound to it.
    ///
    /// # Errors
    /// The file cannot be replaced.
    pub fn forget(&self, plugin: &str) -> Result<(), SecretsError> {
        // Asked of what is not sealed: locked secrets keep nobody else from being uninstalled.
        if !seal::names(&self.path)?.contains(plugin) {
            return Ok(());
        }
        self.change(|all| {
            all.values_mut().for_each(|kept| kept.bindings.retain(|binding| binding.plugin != plugin));
            Ok(())
        })
    }

    /// The secrets that a plugin's request carries, and as what. Once they were read or found locked, it
    /// reads no disk.
    ///
    /// # Errors
    /// The file cannot be read, or is locked and has something for this plugin.
    pub fn carried(&self, plugin: &str, want: &NetWant) -> Result<Vec<Carried>, SecretsError> {
        let mut known = self.known.lock();
        if matches!(*known, Known::Nothing) {
            // Why it cannot be read is told below.
            let _ = self.read(&mut known);
        }
        let all = match &*known {
            // Nothing of theirs is sealed: they go on.
            Known::Locked(names) if !names.contains(plugin) => return Ok(Vec::new()),
            Known::Locked(_) => return Err(SealError::Locked.into()),
            Known::Nothing => self.read(&mut known)?,
            Known::All(all) => all.clone(),
        };
        let bound = all.iter().flat_map(|(name, kept)| kept.bindings.iter().map(move |binding| (name, binding, kept)));
        let carried = bound.filter(|(_, binding, _)| binding.plugin == plugin && binding.rule.admits(want));
        let carried = carried.map(|(name, binding, kept)| Carried {
            name: name.clone(),
            binding: binding.clone(),
            value: kept.value.clone(),
        });
        Ok(carried.collect())
    }

    /// A secret itself, for what settings say by `${secret:NAME}`: they may come from others, so that its user
    /// bound it to this server. No guest's word leads here.
    ///
    /// # Errors
    /// There is no such secret, it is not for this server, or the file cannot be read.
    pub fn value(&self, name: &str, server: &ForServer) -> Result<Value, SecretsError> {
        let all = self.read(&mut self.known.lock())?;
        let kept = all.get(name).ok_or_else(|| SecretsError::NotFound(name.to_owned()))?;
        match kept.servers.contains(server) {
            true => Ok(kept.value.clone()),
            false => Err(SecretsError::NotForServer { secret: name.to_owned(), server: server.server.clone() }),
        }
    }

    /// What a login at this server of tools gave; none where nobody logged in there.
    ///
    /// # Errors
    /// The file cannot be read, or is locked and has something for this server.
    pub fn login(&self, server: &ForServer) -> Result<Option<Value>, SecretsError> {
        self.logins.of(server)
    }

    /// Keeps what a login gave, sealed, in the place of what an earlier one did; forgets it where that is none.
    ///
    /// # Errors
    /// It is too long, or the file cannot be replaced.
    pub fn keep_login(&self, server: &ForServer, login: Option<Value>) -> Result<(), SecretsError> {
        self.logins.keep(server, login)
    }

    fn read(&self, known: &mut Known) -> Result<Arc<All>, SecretsError> {
        if let Known::All(all) = known {
            return Ok(all.clone());
        }
        let all = match seal::read(&self.path, &self.key) {
            Ok(Some(bytes)) => serde_json::from_slice(&bytes).map_err(|_| SealError::Broken(self.path.clone()))?,
            Ok(None) => All::default(),
            Err(SealError::Locked) => {
                *known = Known::Locked(Arc::new(seal::names(&self.path)?));
                return Err(SealError::Locked.into());
            }
            Err(error) => return Err(error.into()),
        };
        let all = Arc::new(all);
        *known = Known::All(all.clone());
        Ok(all)
    }

    fn change(&self, change: impl FnOnce(&mut All) -> Result<(), SecretsError>) -> Result<(), SecretsError> {
        let mut known = self.known.lock();
        let mut all = (*self.read(&mut known)?).clone();
        change(&mut all)?;
        let bytes = Zeroizing::new(serde_json::to_vec(&all).unwrap_or_default());
        let bindings = all.values().flat_map(|kept| &kept.bindings);
        let names = bindings.map(|binding| binding.plugin.as_str()).collect();
        seal::write(&self.path, &self.key, &names, &bytes)?;
        *known = Known::All(Arc::new(all));
        Ok(())
    }
}

fn named(name: &str) -> Result<(), SecretsError> {
    check_name(name).map_err(SecretsError::Name)
}

#[cfg(test)]
mod tests {
    use holm_kernel::devices::net::law::Target;

    use super::*;

    fn want(address: &str) -> NetWant {
        NetWant { target: Target::parse(address).expect("an address"), method: "GET".to_owned() }
    }

    fn carried(secrets: &Secrets, plugin: &str, address: &str) -> usize {
        secrets.carried(plugin, &want(address)).expect("read").len()
    }

    fn filled(home: &Path) -> Secrets {
        let secrets = Secrets::new(home);
        secrets.set("token", Value::new("tok-0123456789".into())).expect("kept");
        let binding = Binding::new("web".into(), "https://a.example/v1/*:get", "authorization: Bearer {}");
        secrets.bind("token", binding.expect("a binding")).expect("bound");
        secrets
    }

    #[test]
    fn a_secret_goes_where_it_is_bound_and_nowhere_else() {
        let home = tempfile::tempdir().expect("a folder");
        let secrets = filled(home.path());
        assert_eq!(carried(&secrets, "web", "https://a.example/v1/x"), 1);
        for elsewhere in
            ["https://a.example/v2/x", "https://b.example/v1/x", "http://a.example/v1/x", "https://a.example:444/v1/x"]
        {
            assert_eq!(carried(&secrets, "web", elsewhere), 0, "{elsewhere}");
        }
        assert_eq!(carried(&secrets, "other", "https://a.example/v1/x"), 0);
        // To a server as it was bound, and to no other of its name.
        let server = |target: &str| ForServer { server: "web".into(), target: target.into() };
        assert!(secrets.value("token", &server("https://a.example")).is_err());
        secrets.bind_server("token", server("https://a.example")).expect("bound");
        assert!(secrets.value("token", &server("https://a.example")).is_ok());
        assert!(secrets.value("token", &server("https://b.example")).is_err());
        secrets.unbind_server("token", "web").expect("unbound");
        assert!(secrets.value("token", &server("https://a.example")).is_err());
        secrets.forget("web").expect("forgotten");
        assert_eq!(carried(&secrets, "web", "https://a.example/v1/x"), 0);
        assert!(secrets.list().expect("listed")[0].bindings.is_empty());
    }

    #[test]
    fn what_is_on_disk_tells_nothing_and_is_not_to_be_changed() {
        let home = tempfile::tempdir().expect("a folder");
        drop(filled(home.path()));
        let path = home.path().join("secrets");
        let mut bytes = std::fs::read(&path).expect("written");
        for word in ["tok-0123456789", "token", "a.example"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
        }
        assert_eq!(carried(&Secrets::new(home.path()), "web", "https://a.example/v1/x"), 1);
        *bytes.last_mut().expect("a byte") ^= 1;
        std::fs::write(&path, bytes).expect("written");
        assert!(matches!(Secrets::new(home.path()).list(), Err(SecretsError::Seal(SealError::Broken(_)))));
    }

    #[test]
    fn a_passphrase_locks_them_for_whom_they_are_bound_to_and_nobody_else() {
        let home = tempfile::tempdir().expect("a folder");
        let phrase = |text: &str| Value::new(text.to_owned());
        let secrets = filled(home.path());
        assert!(matches!(secrets.unlock(&phrase("a long phrase")), Err(SecretsError::Seal(SealError::NotProtected))));
        assert!(matches!(secrets.protect(&phrase("short")), Err(SecretsError::Seal(SealError::Passphrase))));
        let bare = std::fs::read(home.path().join(KEY_FILE)).expect("written");
        secrets.protect(&phrase("a long phrase")).expect("protected");
        let wrapped = std::fs::read(home.path().join(KEY_FILE)).expect("written");
        assert!(!wrapped.windows(bare.len()).any(|window| window == bare));
        // Who knew the passphrase goes on until the kernel ends.
        assert_eq!(carried(&secrets, "web", "https://a.example/v1/x"), 1);

        let again = Secrets::new(home.path());
        let locked = again.carried("web", &want("https://a.example/v1/x"));
        assert!(matches!(locked, Err(SecretsError::Seal(SealError::Locked))), "{locked:?}");
        assert_eq!(carried(&again, "other", "https://a.example/v1/x"), 0);
        again.forget("other").expect("nothing of theirs");
        assert!(again.set("token", phrase("0123456789")).is_err());
        assert!(again.protect(&phrase("another phrase")).is_err());
        let wrong = again.unlock(&phrase("a wrong phrase"));
        assert!(matches!(wrong, Err(SecretsError::Seal(SealError::WrongPassphrase))), "{wrong:?}");
        again.unlock(&phrase("a long phrase")).expect("unlocked");
        assert_eq!(carried(&again, "web", "https://a.example/v1/x"), 1);
        assert!(again.unprotect(&phrase("a wrong phrase")).is_err());
        again.unprotect(&phrase("a long phrase")).expect("bare again");
        assert_eq!(carried(&Secrets::new(home.path()), "web", "https://a.example/v1/x"), 1);
    }

    #[test]
    fn who_they_are_for_is_not_to_be_changed() {
        let home = tempfile::tempdir().expect("a folder");
        drop(filled(home.path()));
        let path = home.path().join(FILE);
        let bytes = std::fs::read(&path).expect("written");
        let at = bytes.windows(5).position(|window| window == b"\"web\"").expect("named");
        let mut changed = bytes.clone();
        changed[at + 1] = b'v';
        std::fs::write(&path, changed).expect("written");
        assert!(matches!(Secrets::new(home.path()).list(), Err(SecretsError::Seal(SealError::Broken(_)))));
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).expect("written");
            assert!(Secrets::new(home.path()).list().is_err(), "{length}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let secrets = filled(home.path());
        for value in ["", "short", "two lines\r\nx: y", "ünicode-0123", &"x".repeat(LONGEST + 1)] {
            assert!(secrets.set("token", Value::new(value.to_owned())).is_err(), "{value}");
        }
        assert!(secrets.set("../token", Value::new("0123456789".into())).is_err());
        assert!(matches!(secrets.unbind("token", "other", None), Err(SecretsError::NotBound { .. })));
        assert!(matches!(secrets.delete("nothing"), Err(SecretsError::NotFound(_))));
        assert!(!format!("{:?}", secrets.carried("web", &want("https://a.example/v1/x"))).contains("0123456789"));
        secrets.unbind("token", "web", None).expect("unbound");
        secrets.delete("token").expect("deleted");
        assert!(secrets.list().expect("listed").is_empty());
    }
}
