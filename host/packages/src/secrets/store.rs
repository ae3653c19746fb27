//! The secrets and where each goes, in one sealed file.

use std::{
    collections::BTreeMap,
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
    binding::{Binding, BindingError},
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
}

type All = BTreeMap<String, Kept>;

/// A secret as anybody may see it: without its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub bindings: Vec<Binding>,
}

/// The secrets of a home.
pub struct Secrets {
    path: PathBuf,
    key: PathBuf,
    /// As last read or written: the home has one kernel.
    all: Mutex<Option<Arc<All>>>,
}

impl Secrets {
    /// The secrets of a home. There need be none.
    pub fn new(home: &Path) -> Self {
        Self { path: home.join("secrets"), key: home.join("secrets.key"), all: Mutex::default() }
    }

    /// All of them, without their values.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn list(&self) -> Result<Vec<Secret>, SecretsError> {
        let all = self.read(&mut self.all.lock())?;
        Ok(all.iter().map(|(name, kept)| Secret { name: name.clone(), bindings: kept.bindings.clone() }).collect())
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
                None => drop(all.insert(name.to_owned(), Kept { value, bindings: Vec::new() })),
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
        if self.list()?.iter().all(|secret| secret.bindings.iter().all(|binding| binding.plugin != plugin)) {
            return Ok(());
        }
        self.change(|all| {
            all.values_mut().for_each(|kept| kept.bindings.retain(|binding| binding.plugin != plugin));
            Ok(())
        })
    }

    /// The secrets that a plugin's request carries, and as what.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn carried(&self, plugin: &str, want: &NetWant) -> Result<Vec<(Binding, Value)>, SecretsError> {
        let all = self.read(&mut self.all.lock())?;
        let bound = all.values().flat_map(|kept| kept.bindings.iter().map(move |binding| (binding, &kept.value)));
        let carried = bound.filter(|(binding, _)| binding.plugin == plugin && binding.rule.admits(want));
        Ok(carried.map(|(binding, value)| (binding.clone(), value.clone())).collect())
    }

    /// A secret itself, for what its user's own settings say by `${secret:NAME}`. No guest's word leads here.
    ///
    /// # Errors
    /// There is no such secret, or the file cannot be read.
    pub fn value(&self, name: &str) -> Result<Value, SecretsError> {
        let all = self.read(&mut self.all.lock())?;
        let kept = all.get(name).ok_or_else(|| SecretsError::NotFound(name.to_owned()))?;
        Ok(kept.value.clone())
    }

    fn read(&self, known: &mut Option<Arc<All>>) -> Result<Arc<All>, SecretsError> {
        if let Some(all) = known {
            return Ok(all.clone());
        }
        let all = match seal::read(&self.path, &self.key)? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(|_| SealError::Broken(self.path.clone()))?,
            None => All::default(),
        };
        Ok(known.insert(Arc::new(all)).clone())
    }

    fn change(&self, change: impl FnOnce(&mut All) -> Result<(), SecretsError>) -> Result<(), SecretsError> {
        let mut known = self.all.lock();
        let mut all = (*self.read(&mut known)?).clone();
        change(&mut all)?;
        let bytes = Zeroizing::new(serde_json::to_vec(&all).unwrap_or_default());
        seal::write(&self.path, &self.key, &bytes)?;
        *known = Some(Arc::new(all));
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
