//! Who is let in over HTTP: by the tokens and profiles as they are now.

use std::{
    collections::{BTreeMap, HashMap},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use holm_adapters::mcp::{Client, Gate, Profile};
use holm_packages::{Token, Tokens, whose};
use parking_lot::Mutex;

use crate::settings::{self, PROFILE, Settings};

/// Lets in who shows a token.
pub(super) struct Doorkeeper {
    home: PathBuf,
    tokens: Tokens,
    /// Who shows none and what they are offered, where those are let in.
    open: Option<(&'static str, String)>,
    known: Mutex<Known>,
}

/// What the files said when they were last read.
#[derive(Default)]
struct Known {
    stamps: Option<[Stamp; 2]>,
    tokens: BTreeMap<String, Token>,
    profiles: HashMap<String, Arc<Profile>>,
}

/// Tells versions of a file apart.
type Stamp = Option<(u64, u64, SystemTime)>;

fn stamp(path: &Path) -> Stamp {
    let file = std::fs::metadata(path).ok()?;
    Some((file.ino(), file.size(), file.modified().ok()?))
}

impl Doorkeeper {
    pub(super) fn new(home: PathBuf, open: Option<(&'static str, String)>) -> Self {
        Self { tokens: Tokens::new(&home), home, open, known: Mutex::default() }
    }

    /// Whether nobody has a token.
    pub(super) fn is_empty(&self) -> bool {
        self.tokens.list().is_ok_and(|tokens| tokens.is_empty())
    }
}

impl Known {
    /// Reads the files anew where they changed. What cannot be read lets nobody in.
    fn refresh(&mut self, home: &Path, tokens: &Tokens) {
        let stamps = [stamp(tokens.path()), stamp(&home.join(settings::FILE))];
        if self.stamps == Some(stamps) {
            return;
        }
        *self = Self { stamps: Some(stamps), ..Self::default() };
        match tokens.list() {
            Ok(tokens) => self.tokens = tokens,
            Err(error) => crate::ui::warn(format_args!("nobody is let in: {error}")),
        }
    }

    fn profile(&mut self, home: &Path, name: &str) -> Option<Arc<Profile>> {
        if let Some(profile) = self.profiles.get(name) {
            return Some(profile.clone());
        }
        match Settings::read(home).and_then(|settings| settings.profile(name)) {
            Ok(profile) => {
                let profile = Arc::new(profile);
                self.profiles.insert(name.to_owned(), profile.clone());
                Some(profile)
            }
            Err(error) => {
                crate::ui::warn(format_args!("a client is not let in: {}", error.message));
                None
            }
        }
    }
}

impl Gate for Doorkeeper {
    fn admit(&self, token: Option<&str>) -> Option<Client> {
        let mut known = self.known.lock();
        known.refresh(&self.home, &self.tokens);
        let (name, profile) = match (token, &self.open) {
            // A token that is no longer one lets nobody in, open or not.
            (Some(text), _) => {
                let (name, token) = whose(&known.tokens, text)?;
                (format!("token {name}"), token.profile.clone().unwrap_or_else(|| PROFILE.to_owned()))
            }
            (None, Some((name, profile))) => ((*name).to_owned(), profile.clone()),
            (None, None) => return None,
        };
        let profile = known.profile(&self.home, &profile)?;
        Some(Client { name, profile })
    }
}
