//! `$HOLM_HOME/policies.toml`: which policies their user set over which plugins. Written by operator
//! commands only. Unlike grants they hold for every version: an update must not shake them off.

use std::{
    collections::BTreeMap,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use holm_kernel::program::ProgramError;
use toml_edit::{DocumentMut, value};

use crate::{
    files,
    manifest::{check_any_name, check_name},
    text::{At, Text, TextError},
};

/// Stands for every plugin, also for programs that are not installed.
pub const EVERYONE: &str = "*";

/// Policies over one plugin. Each call would start that many processes.
const MAXIMUM_POLICIES: usize = 8;

/// More than anybody sets.
const MAXIMUM_FILE_BYTES: u64 = 1 << 20;

const HEAD: &str = "\
# Which policies judge what each plugin does; \"*\" is every plugin. `holm policy` writes this file.
";

/// Why a policy was not set or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// There is nothing to take away.
    #[error("no policy is set over `{0}`; `holm policy list` shows what is")]
    NoneSet(String),
    /// A plugin is not installed, or was changed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// It judges nothing.
    #[error("`{0}` is no policy: it exports no `holm:sys/policy`; `holm inspect {0}` shows what it is")]
    NoPolicy(String),
    /// There would be too many.
    #[error("{0} policies over one plugin: at most {MAXIMUM_POLICIES} are asked")]
    TooMany(usize),
    /// The file is no TOML, or not of this shape.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A value is not allowed.
    #[error("{at}: {reason}")]
    Value {
        /// Where.
        at: At,
        /// What is wrong.
        reason: String,
    },
    /// Others could write to it.
    #[error("`{0}` can be written to by others: `chmod 600` it, and look whether its policies are yours")]
    Exposed(PathBuf),
    /// The disk, or the rights to it.
    #[error("`{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The policies over each plugin, by name.
pub type Policies = BTreeMap<String, Vec<String>>;

/// The file of policies.
#[derive(Debug)]
pub(crate) struct PoliciesFile(PathBuf);

impl PoliciesFile {
    /// The file in Holm's home. It need not exist: nothing is judged then.
    pub(crate) fn new(home: &Path) -> Self {
        Self(home.join("policies.toml"))
    }

    /// All that is set.
    pub(crate) fn read(&self) -> Result<Policies, PolicyError> {
        self.parse(&self.text()?)
    }

    fn parse(&self, text: &str) -> Result<Policies, PolicyError> {
        let path = self.0.to_string_lossy();
        let source = Text { path: &path, text };
        let refuse = |span, reason| PolicyError::Value { at: source.at(Some(span)), reason };
        let table = source.table()?;
        for name in table.keys().filter(|name| name.get_ref() != EVERYONE) {
            check_any_name(name.get_ref())
                .map_err(|reason| refuse(name.span(), format!("the plugin's name {reason}")))?;
        }
        let policies: Policies = source.values()?;
        for (name, value) in &table {
            let named = policies.get(&**name.get_ref()).map_or(&[][..], Vec::as_slice);
            if named.len() > MAXIMUM_POLICIES {
                return Err(PolicyError::TooMany(named.len()));
            }
            for policy in named {
                check_name(policy).map_err(|reason| refuse(value.span(), format!("the policy's name {reason}")))?;
            }
        }
        Ok(policies)
    }

    /// Sets exactly these over a plugin; none takes it out of the file.
    pub(crate) fn set(&self, plugin: &str, policies: &[String]) -> Result<Policies, PolicyError> {
        if policies.len() > MAXIMUM_POLICIES {
            return Err(PolicyError::TooMany(policies.len()));
        }
        let text = self.text()?;
        self.parse(&text)?;
        let mut file: DocumentMut = text.parse().map_err(|error| self.io(io::Error::other(error)))?;
        match policies.is_empty() {
            true => drop(file.remove(plugin)),
            false => file[plugin] = value(toml_edit::Array::from_iter(policies)),
        }
        let after = file.to_string();
        // What is written can be read again, or the old file stays.
        let policies = self.parse(&after)?;
        let head = if text.is_empty() { HEAD } else { "" };
        files::replace(&self.0, format!("{head}{after}").as_bytes()).map_err(|error| self.io(error))?;
        Ok(policies)
    }

    fn text(&self) -> Result<String, PolicyError> {
        let file = match files::open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            file => file.map_err(|error| self.io(error))?,
        };
        if file.metadata().map_err(|error| self.io(error))?.mode() & 0o022 != 0 {
            return Err(PolicyError::Exposed(self.0.clone()));
        }
        let bytes = files::read_from(file, MAXIMUM_FILE_BYTES).map_err(|error| self.io(error))?;
        String::from_utf8(bytes).map_err(|error| self.io(io::Error::other(error)))
    }

    fn io(&self, source: io::Error) -> PolicyError {
        PolicyError::Io { path: self.0.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_is_set_is_read_again_and_comments_stay() {
        let home = tempfile::tempdir().expect("a home");
        let file = PoliciesFile::new(home.path());
        assert_eq!(file.read().expect("read"), Policies::new());
        file.set("agent", &names(&["guard", "night"])).expect("set");
        let text = std::fs::read_to_string(&file.0).expect("read");
        std::fs::write(&file.0, format!("{text}# mine\n")).expect("written");
        let set = file.set(EVERYONE, &names(&["guard"])).expect("set");
        assert_eq!((set["agent"].len(), set[EVERYONE].len()), (2, 1));
        assert!(std::fs::read_to_string(&file.0).expect("read").contains("# mine"));
        file.set("agent", &[]).expect("cleared");
        assert_eq!(file.read().expect("read").keys().collect::<Vec<_>>(), [EVERYONE]);
    }

    #[test]
    fn a_broken_file_is_refused_and_stays_as_it_is() {
        let home = tempfile::tempdir().expect("a home");
        let file = PoliciesFile::new(home.path());
        let many = format!("agent = [{}]", "\"guard\",".repeat(9));
        for text in ["agent = 3", "Agent = [\"guard\"]", "agent = [\"../guard\"]", "agent = [", &many] {
            std::fs::write(&file.0, text).expect("written");
            assert!(file.read().is_err(), "{text}");
            assert!(file.set("agent", &names(&["guard"])).is_err(), "{text}");
            assert_eq!(std::fs::read_to_string(&file.0).expect("read"), text);
        }
    }
}
