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

use super::{config::Server, told::Tool};

/// A longer file is none of ours.
const FILE_BYTES: u64 = 256 << 20;

/// What is known of one server's tools.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Catalogue {
    /// Whose tools they are: [`Server::identity`]. Who comes by its name later has nothing accepted.
    pub identity: String,
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
    /// Held by who changes one, also while that is written: whoever only asks waits for no disk.
    changing: Mutex<()>,
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

    /// Accepts each of these tools if it still tells what it told when it had this digest; an empty one stands
    /// for a tool that is gone, and is forgotten. Which of them are now as they were seen.
    fn accept(&mut self, seen: &BTreeMap<String, String>) -> Vec<String> {
        let mut done = Vec::new();
        for (name, digest) in seen {
            let is_gone = self.gone.iter().position(|gone| gone == name);
            let is_same = |tool: &Tool| tool.digest == *digest;
            let is_seen = match (self.differs.get(name).map(is_same), is_gone) {
                (Some(true), _) => {
                    self.accepted.extend(self.differs.remove_entry(name));
                    true
                }
                (None, Some(at)) if digest.is_empty() => {
                    self.gone.remove(at);
                    self.accepted.remove(name);
                    true
                }
                (None, None) => self.accepted.get(name).is_some_and(is_same),
                _ => false,
            };
            if is_seen {
                done.push(name.clone());
            }
        }
        done
    }
}

impl Pins {
    /// The catalogues in a folder, which is made with the first of them.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, known: Mutex::default(), changing: Mutex::default() }
    }

    /// What is known of a server. One whose file cannot be read has nothing accepted, nor has one that is
    /// somebody else by now. Reads a file the first time.
    pub fn of(&self, name: &str, server: &Server) -> Arc<Catalogue> {
        let known = self.read(name);
        if known.identity == server.identity() { known } else { Arc::default() }
    }

    /// Takes in what a server tells now; what is known of it then.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(super) fn look(&self, name: &str, server: &Server, look: Look) -> Result<Arc<Catalogue>, PinsError> {
        self.change(name, server, |catalogue| catalogue.look(look)).map(|(catalogue, ())| catalogue)
    }

    /// Accepts each of these tools of a server if it still tells what it told when it had this digest, and
    /// forgets those with an empty one if they are gone. Which of them are now as they were seen. It waits for
    /// the disk.
    ///
    /// # Errors
    /// It cannot be kept. Nothing is accepted then.
    pub fn accept(
        &self,
        name: &str,
        server: &Server,
        seen: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, PinsError> {
        self.change(name, server, |catalogue| catalogue.accept(seen)).map(|(_, names)| names)
    }

    /// Forgets a server: who comes by its name is somebody else.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn forget(&self, server: &str) -> Result<(), PinsError> {
        let _alone = self.changing.lock();
        self.known.lock().remove(server);
        match std::fs::remove_file(self.path(server)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(server, error)),
            _ => Ok(()),
        }
    }

    fn change<T>(
        &self,
        name: &str,
        server: &Server,
        change: impl FnOnce(&mut Catalogue) -> T,
    ) -> Result<(Arc<Catalogue>, T), PinsError> {
        let _alone = self.changing.lock();
        let before = self.of(name, server);
        let mut catalogue = Catalogue { identity: server.identity(), ..Catalogue::clone(&before) };
        let done = change(&mut catalogue);
        if catalogue == *before {
            return Ok((before, done));
        }
        self.write(name, &catalogue).map_err(|error| self.failed(name, error))?;
        let catalogue = Arc::new(catalogue);
        self.known.lock().insert(name.to_owned(), catalogue.clone());
        Ok((catalogue, done))
    }

    fn read(&self, server: &str) -> Arc<Catalogue> {
        if let Some(catalogue) = self.known.lock().get(server) {
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
        // Somebody may have changed it meanwhile: that is what counts.
        self.known.lock().entry(server.to_owned()).or_insert_with(|| Arc::new(catalogue)).clone()
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

    fn server(command: &str) -> Server {
        Server { command: Some(command.to_owned()), ..Server::new() }
    }

    /// Each of these tools as it is told now.
    fn seen(pins: &Pins, names: &[&str]) -> BTreeMap<String, String> {
        let known = pins.of("s", &server("x"));
        let digest = |name: &str| known.differs.get(name).map_or_else(String::new, |tool| tool.digest.clone());
        names.iter().map(|name| ((*name).to_owned(), digest(name))).collect()
    }

    #[test]
    fn nothing_counts_before_it_is_accepted_and_nothing_else_after() {
        let folder = tempfile::tempdir().expect("a folder");
        let pins = Pins::new(folder.path().join("servers"));
        let it = server("x");
        let usable = |pins: &Pins| pins.of("s", &it).usable().map(|tool| tool.name().to_owned()).collect::<Vec<_>>();
        assert_eq!(pins.of("s", &it).standing("a"), Standing::Unknown);
        pins.look("s", &it, look(&[("a", "one"), ("b", "two"), ("c", "three")])).expect("kept");
        assert!(usable(&pins).is_empty());
        assert_eq!(pins.accept("s", &it, &seen(&pins, &["a", "b"])).expect("kept"), ["a", "b"]);
        assert_eq!(usable(&pins), ["a", "b"]);
        // It tells something else of one, and of one no more.
        let known = pins.look("s", &it, look(&[("a", "other"), ("c", "three")])).expect("kept");
        assert_eq!((known.standing("a"), known.standing("c")), (Standing::Changed, Standing::New));
        assert_eq!((usable(&pins), &known.gone), (vec!["b".to_owned()], &vec!["b".to_owned()]));
        // It says again what was accepted.
        pins.look("s", &it, look(&[("a", "one")])).expect("kept");
        assert_eq!(pins.of("s", &it).standing("a"), Standing::Accepted);
        pins.look("s", &it, look(&[("a", "other")])).expect("kept");
        // Another kernel finds it the same.
        let again = Pins::new(folder.path().join("servers"));
        assert_eq!(again.of("s", &it), pins.of("s", &it));
        assert_eq!(again.accept("s", &it, &seen(&pins, &["a", "b"])).expect("kept"), ["a", "b"]);
        assert_eq!(usable(&again), ["a"]);
        again.forget("s").expect("gone");
        assert_eq!(*Pins::new(folder.path().join("servers")).of("s", &it), Catalogue::default());
    }

    #[test]
    fn only_what_was_seen_is_accepted() {
        let folder = tempfile::tempdir().expect("a folder");
        let (pins, it) = (Pins::new(folder.path().to_owned()), server("x"));
        pins.look("s", &it, look(&[("a", "one"), ("b", "two")])).expect("kept");
        let seen = seen(&pins, &["a", "nobody"]);
        // It tells something else before its user says yes.
        pins.look("s", &it, look(&[("a", "evil"), ("b", "two"), ("c", "new")])).expect("kept");
        assert!(pins.accept("s", &it, &seen).expect("kept").is_empty());
        assert_eq!(pins.of("s", &it).usable().count(), 0);
        pins.look("s", &it, look(&[("a", "one"), ("b", "two"), ("c", "new")])).expect("kept");
        assert_eq!(pins.accept("s", &it, &seen).expect("kept"), ["a"]);
        assert_eq!(pins.of("s", &it).usable().map(Tool::name).collect::<Vec<_>>(), ["a"]);
        // What came back is not forgotten, and what is gone is not accepted.
        let gone = BTreeMap::from([("a".to_owned(), String::new())]);
        assert!(pins.accept("s", &it, &gone).expect("kept").is_empty());
        pins.look("s", &it, look(&[])).expect("kept");
        assert!(pins.accept("s", &it, &seen).expect("kept").is_empty());
        assert_eq!(pins.accept("s", &it, &gone).expect("kept"), ["a"]);
    }

    #[test]
    fn who_comes_by_the_name_of_another_has_nothing_accepted() {
        let folder = tempfile::tempdir().expect("a folder");
        let (pins, it, other) = (Pins::new(folder.path().to_owned()), server("x"), server("y"));
        let told = [("a", "one")];
        pins.look("s", &it, look(&told)).expect("kept");
        let seen = seen(&pins, &["a"]);
        pins.accept("s", &it, &seen).expect("kept");
        assert_eq!(*pins.of("s", &other), Catalogue::default());
        assert!(pins.accept("s", &other, &seen).expect("kept").is_empty());
        let known = pins.look("s", &other, look(&told)).expect("kept");
        assert_eq!((known.standing("a"), known.usable().count()), (Standing::New, 0));
    }

    #[test]
    fn a_file_that_is_none_accepts_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("s.json"), "{\"accepted\": 7}").expect("written");
        assert_eq!(*Pins::new(folder.path().to_owned()).of("s", &server("x")), Catalogue::default());
    }
}
