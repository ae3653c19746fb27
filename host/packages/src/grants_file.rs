//! `$HOLM_HOME/grants.toml`: what its user granted to each plugin. Written by operator commands only.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use holm_kernel::{
    devices::{Grants, fs::FsRule},
    program::Digest,
};
use serde::Deserialize;
use toml::de::DeTable;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::{
    digest, files,
    manifest::{check_any_name, is_unsettled},
    policies::PolicyError,
    protected::Protected,
    text::{At, Text, TextError, printable},
};

/// More than anybody grants.
const MAXIMUM_FILE_BYTES: u64 = 4 << 20;

const HEAD: &str = "\
# What each plugin may do. `holm grant` and `holm revoke` write this file; nothing a plugin
# or a model does ever does. A grant holds for the files with this digest only.
";

/// Why the file of grants cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum GrantsFileError {
    /// The file of policies beside it, which is read with it.
    #[error(transparent)]
    Policies(#[from] Box<PolicyError>),
    /// It is no TOML, has an unknown key, or a rule that is none.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A value is of the right kind, but not allowed.
    #[error("{at}: {reason}")]
    Value {
        /// Where.
        at: At,
        /// What is wrong.
        reason: String,
    },
    /// Others could write to it.
    #[error("`{0}` can be written to by others: `chmod 600` it, and look whether its grants are yours")]
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

/// What is granted to one plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted {
    /// The files it is granted to.
    pub digest: Digest,
    /// The rules.
    pub grants: Grants,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(with = "digest")]
    digest: Digest,
    #[serde(default)]
    grants: Grants,
}

/// The file of grants.
#[derive(Debug)]
pub struct GrantsFile {
    path: PathBuf,
    protected: Protected,
}

impl GrantsFile {
    /// The file in Holm's home. It need not exist: nothing is granted then. A grant in it that
    /// reaches what is protected is refused as it is read, whoever wrote it.
    pub fn new(home: &Path, protected: Protected) -> Self {
        Self { path: home.join("grants.toml"), protected }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All grants, by plugin.
    ///
    /// # Errors
    /// It cannot be read, is no file of grants, or others may write to it.
    pub fn read(&self) -> Result<BTreeMap<String, Granted>, GrantsFileError> {
        self.parse(&self.text()?)
    }

    fn parse(&self, text: &str) -> Result<BTreeMap<String, Granted>, GrantsFileError> {
        let path = self.path.to_string_lossy();
        let source = Text { path: &path, text };
        let refuse = |span, reason| GrantsFileError::Value { at: source.at(Some(span)), reason };
        let table = source.table()?;
        for (name, entry) in &table {
            check_any_name(name.get_ref())
                .map_err(|reason| refuse(name.span(), format!("the plugin's name {reason}")))?;
            let not_table = || refuse(name.span(), format!("`{}` has to be a table", name.get_ref()));
            let entry = entry.get_ref().as_table().ok_or_else(not_table)?;
            source.known(entry, &["digest", "grants"], "in a plugin's grants")?;
            if let Some(grants) = entry.get("grants").and_then(|grants| grants.get_ref().as_table()) {
                source.known(grants, Grants::CAPABILITIES, "in `grants`")?;
            }
        }
        let raw: BTreeMap<String, Raw> = source.values()?;
        for (name, entry) in &table {
            self.check_files(name.get_ref(), entry.get_ref().as_table())
                .map_err(|(span, reason)| refuse(span, reason))?;
        }
        Ok(raw.into_iter().map(|(name, Raw { digest, grants })| (name, Granted { digest, grants })).collect())
    }

    /// Refuses file rules that the commands would not have written: they write absolute paths, none
    /// of them to what is Holm's own. What is wrong, and where.
    fn check_files(&self, name: &str, entry: Option<&DeTable<'_>>) -> Result<(), (Range<usize>, String)> {
        let grants = entry.and_then(|entry| entry.get("grants")?.get_ref().as_table());
        let rules = grants.and_then(|grants| grants.get("fs")?.get_ref().as_array());
        for text in rules.into_iter().flat_map(|rules| rules.iter()) {
            let Some(rule) = text.get_ref().as_str().and_then(|text| text.parse::<FsRule>().ok()) else { continue };
            let shown = printable(&rule.to_string());
            let Some(path) = rule.path().filter(|path| !is_unsettled(path)) else {
                return Err((text.span(), format!("`fs={shown}` of `{name}` has to name an absolute path")));
            };
            if let Some(place) = self.protected.touched_by(path) {
                let place = printable(&place.to_string_lossy());
                let reason = format!(
                    "`fs={shown}` of `{name}` reaches `{place}`, which is Holm's own and granted to nobody: \
                     take this rule out, or name folders beside it"
                );
                return Err((text.span(), reason));
            }
        }
        Ok(())
    }

    /// Grants exactly this to a plugin. Comments and the order of the file stay.
    ///
    /// # Errors
    /// The file cannot be read or replaced.
    pub fn set(&self, name: &str, granted: &Granted) -> Result<(), GrantsFileError> {
        self.edit(|file| {
            let entry = file.entry(name).or_insert_with(|| Item::Table(Table::new()));
            if !entry.is_table_like() {
                *entry = Item::Table(Table::new());
            }
            entry["digest"] = value(granted.digest.to_string());
            let rules = toml_edit::ser::to_document(&granted.grants);
            let rules = rules.map_err(|error| self.io(io::Error::other(error)))?;
            merge(&mut entry["grants"], rules.as_table());
            Ok(())
        })
    }

    /// Takes everything from a plugin.
    ///
    /// # Errors
    /// The file cannot be read or replaced.
    pub fn remove(&self, name: &str) -> Result<(), GrantsFileError> {
        self.edit(|file| {
            file.remove(name);
            Ok(())
        })
    }

    fn edit(
        &self,
        change: impl FnOnce(&mut DocumentMut) -> Result<(), GrantsFileError>,
    ) -> Result<(), GrantsFileError> {
        let text = self.text()?;
        self.parse(&text)?;
        let mut file: DocumentMut = text.parse().map_err(|error| self.io(io::Error::other(error)))?;
        change(&mut file)?;
        let after = file.to_string();
        // What is written can be read again, or the old file stays.
        self.parse(&after)?;
        let head = if text.is_empty() { HEAD } else { "" };
        files::replace(&self.path, format!("{head}{after}").as_bytes()).map_err(|error| self.io(error))
    }

    fn text(&self) -> Result<String, GrantsFileError> {
        let file = match files::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            file => file.map_err(|error| self.io(error))?,
        };
        if file.metadata().map_err(|error| self.io(error))?.mode() & 0o022 != 0 {
            return Err(GrantsFileError::Exposed(self.path.clone()));
        }
        let bytes = files::read_from(file, MAXIMUM_FILE_BYTES).map_err(|error| self.io(error))?;
        String::from_utf8(bytes).map_err(|error| self.io(io::Error::other(error)))
    }

    fn io(&self, source: io::Error) -> GrantsFileError {
        GrantsFileError::Io { path: self.path.clone(), source }
    }
}

/// Puts the rules in, capability by capability; one that did not change keeps its layout and comments.
fn merge(entry: &mut Item, rules: &Table) {
    if !entry.is_table_like() {
        *entry = Item::Table(Table::new());
    }
    let Some(table) = entry.as_table_like_mut() else { return };
    for capability in Grants::CAPABILITIES {
        let texts = |item: Option<&Item>| -> Vec<String> {
            let array = item.and_then(Item::as_array).into_iter().flatten();
            array.filter_map(|rule| rule.as_str().map(str::to_owned)).collect()
        };
        let (old, new) = (texts(table.get(capability)), texts(rules.get(capability)));
        match (new.is_empty(), table.get_mut(capability).and_then(Item::as_array_mut)) {
            (true, _) => {
                table.remove(capability);
            }
            (false, Some(array)) => {
                array.retain(|rule| rule.as_str().is_some_and(|rule| new.iter().any(|new| new == rule)));
                new.iter().filter(|rule| !old.contains(rule)).for_each(|rule| array.push(rule));
            }
            (false, None) => {
                table.insert(capability, value(toml_edit::Array::from_iter(new)));
            }
        }
    }
}
