//! What each server told of its tools, and what its user accepted of that: a file for each in Holm's home.
//!
//! A tool that tells anything else than what was accepted is not called, and not shown to any guest, until
//! its user has looked.

use std::{
    collections::BTreeMap,
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    sync::Arc,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::told::Tool;

/// A longer file is none of ours.
const FILE_BYTES: u64 = 256 << 20;

/// What is known of one server's tools.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Catalogue {
    /// What it calls itself, and in which version.
    pub calls_itself: String,
    /// The revision of the protocol that was spoken.
    pub protocol: String,
    /// What its user accepted.
    pub accepted: BTreeMap<String, Tool>,
    /// What it told last, where that is something else: changed tools, and new ones.
    pub differs: BTreeMap<String, Tool>,
    /// Tools that were accepted, and that it told of no longer.
    pub gone: Vec<String>,
    /// Tools that are not taken, and why.
    pub refused: BTreeMap<String, String>,
}

/// How a tool stands with its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As it was accepted.
    Accepted,
    /// Its description or schema is another.
    Changed,
    /// Nobody accepted it yet.
    New,
    /// It cannot be accepted.
    Refused,
    /// Nothing is known of it.
    Unknown,
}

/// What one look at a server's tools came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    pub(super) calls_itself: String,
    pub(super) protocol: String,
    pub(super) tools: BTreeMap<String, Tool>,
    pub(super) refused: BTreeMap<String, String>,
}

/// The disk, or what is in a file.
#[derive(Debug, thiserror::Error)]
#[error("`{path}`: {source}")]
pub struct PinsError {
    path: PathBuf,
    source: io::Error,
}

/// The catalogues of all servers.
pub struct Pins {
    folder: PathBuf,
    known: Mutex<BTreeMap<String, Arc<Catalogue>>>,
}

impl Catalogue {
    /// How a tool stands.
    pub fn standing(&self, tool: &str) -> Standing {
        match (self.accepted.contains_key(tool), self.differs.contains_key(tool)) {
            (true, false) => Standing::Accepted,
            (true, true) => Standing::Changed,
            (false, true) => Standing::New,
            (false, false) if self.refused.contains_key(tool) => Standing::Refused,
            (false, false) => Standing::Unknown,
        }
    }

    /// What guests may know of: accepted, and not another by now.
    pub fn usable(&self) -> impl Iterator<Item = &Tool> {
        self.accepted.iter().filter(|(name, _)| self.standing(name) == Standing::Accepted).map(|(_, tool)| tool)
    }

    /// Takes in what a server tells now.
    fn look(&mut self, look: Look) {
        let Look { calls_itself, protocol, tools, refused } = look;
        (self.calls_itself, self.protocol) = (calls_itself, protocol);
        let same = |tool: &Tool| self.accepted.get(tool.name()).is_some_and(|known| known.digest == tool.digest);
        self.gone = self.accepted.keys().filter(|name| !tools.contains_key(*name)).cloned().collect();
        self.differs = tools.into_iter().filter(|(_, tool)| !same(tool)).collect();
        self.refused = refused;
    }

    /// Accepts what it told last of the tools that are meant, and forgets those that are gone of them.
    fn accept(&mut self, meant: impl Fn(&str) -> bool) -> Vec<String> {
        let names: Vec<String> = self.differs.keys().filter(|name| meant(name)).cloned().collect();
        for name in &names {
            if let Some(tool) = self.differs.remove(name) {
                self.accepted.insert(name.clone(), tool);
            }
        }
        for gone in self.gone.extract_if(.., |name| meant(name)) {
            self.accepted.remove(&gone);
        }
        names
    }
}

impl Pins {
    /// The catalogues in a folder, which is made with the first of them.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, known: Mutex::default() }
    }

    /// What is known of a server. One whose file cannot be read has nothing accepted.
    pub fn of(&self, server: &str) -> Arc<Catalogue> {
        self.read(&mut self.known.lock(), server)
    }

    /// Takes in what a server tells now; what is known of it then.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(super) fn look(&self, server: &str, look: Look) -> Result<Arc<Catalogue>, PinsError> {
        self.change(server, |catalogue| catalogue.look(look)).map(|(catalogue, ())| catalogue)
    }

    /// Accepts what a server told last of the tools that are meant; which were not accepted before.
    ///
    /// # Errors
    /// It cannot be kept. Nothing is accepted then.
    pub fn accept(&self, server: &str, meant: impl Fn(&str) -> bool) -> Result<Vec<String>, PinsError> {
        self.change(server, |catalogue| catalogue.accept(meant)).map(|(_, names)| names)
    }

    /// Forgets a server: who comes by its name is somebody else.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn forget(&self, server: &str) -> Result<(), PinsError> {
        let mut known = self.known.lock();
        known.remove(server);
        match std::fs::remove_file(self.path(server)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(server, error)),
            _ => Ok(()),
        }
    }

    fn change<T>(
        &self,
        server: &str,
        change: impl FnOnce(&mut Catalogue) -> T,
    ) -> Result<(Arc<Catalogue>, T), PinsError> {
        let mut known = self.known.lock();
        let before = self.read(&mut known, server);
        let mut catalogue = Catalogue::clone(&before);
        let done = change(&mut catalogue);
        if catalogue != *before {
            self.write(server, &catalogue).map_err(|error| self.failed(server, error))?;
        }
        let catalogue = Arc::new(catalogue);
        known.insert(server.to_owned(), catalogue.clone());
        Ok((catalogue, done))
    }

    fn read(&self, known: &mut BTreeMap<String, Arc<Catalogue>>, server: &str) -> Arc<Catalogue> {
        if let Some(catalogue) = known.get(server) {
            return catalogue.clone();
        }
        let read = || -> io::Result<Catalogue> {
            let mut bytes = Vec::new();
            File::open(self.path(server))?.take(FILE_BYTES).read_to_end(&mut bytes)?;
            Ok(serde_json::from_slice(&bytes)?)
        };
        let catalogue = read().unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::error!(server, %error, "what was accepted of a server's tools cannot be read: nothing is");
            }
            Catalogue::default()
        });
        let catalogue = Arc::new(catalogue);
        known.insert(server.to_owned(), catalogue.clone());
        catalogue
    }

    /// Whole, or not at all.
    fn write(&self, server: &str, catalogue: &Catalogue) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let new = self.folder.join(format!("{server}.new"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec_pretty(catalogue)?)?;
        file.sync_all()?;
        std::fs::rename(&new, self.path(server))?;
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self, server: &str) -> PathBuf {
        self.folder.join(format!("{server}.json"))
    }

    fn failed(&self, server: &str, source: io::Error) -> PinsError {
        PinsError { path: self.path(server), source }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn look(tools: &[(&str, &str)]) -> Look {
        let tool =
            |name: &str, text: &str| Tool::of(name, None, text.to_owned(), json!({}), None, None).expect("taken");
        let tools = tools.iter().map(|(name, text)| ((*name).to_owned(), tool(name, text))).collect();
        Look { tools, ..Look::default() }
    }

    #[test]
    fn nothing_counts_before_it_is_accepted_and_nothing_else_after() {
        let folder = tempfile::tempdir().expect("a folder");
        let pins = Pins::new(folder.path().join("servers"));
        let usable = |pins: &Pins| pins.of("s").usable().map(|tool| tool.name().to_owned()).collect::<Vec<_>>();
        assert_eq!(pins.of("s").standing("a"), Standing::Unknown);
        pins.look("s", look(&[("a", "one"), ("b", "two"), ("c", "three")])).expect("kept");
        assert!(usable(&pins).is_empty());
        assert_eq!(pins.accept("s", |name| name != "c").expect("kept"), ["a", "b"]);
        assert_eq!(usable(&pins), ["a", "b"]);
        // It tells something else of one, and of one no more.
        let known = pins.look("s", look(&[("a", "other"), ("c", "three")])).expect("kept");
        assert_eq!((known.standing("a"), known.standing("c")), (Standing::Changed, Standing::New));
        assert_eq!((usable(&pins), &known.gone), (vec!["b".to_owned()], &vec!["b".to_owned()]));
        // It says again what was accepted.
        pins.look("s", look(&[("a", "one")])).expect("kept");
        assert_eq!(pins.of("s").standing("a"), Standing::Accepted);
        pins.look("s", look(&[("a", "other")])).expect("kept");
        // Another kernel finds it the same.
        let again = Pins::new(folder.path().join("servers"));
        assert_eq!(again.of("s"), pins.of("s"));
        assert_eq!(again.accept("s", |_| true).expect("kept"), ["a"]);
        assert_eq!(usable(&again), ["a"]);
        again.forget("s").expect("gone");
        assert_eq!(*Pins::new(folder.path().join("servers")).of("s"), Catalogue::default());
    }

    #[test]
    fn a_file_that_is_none_accepts_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("s.json"), "{\"accepted\": 7}").expect("written");
        assert_eq!(*Pins::new(folder.path().to_owned()).of("s"), Catalogue::default());
    }
}
