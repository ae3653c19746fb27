//! Where installed plugins lie: `$HOLM_HOME/plugins/<name>/<digest>/`, and `installed.toml`
//! beside it, which says what of it holds. A crash leaves the old plugin or the new one.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use holm_kernel::{
    SKILL,
    program::{Digest, Offers, ToolDescription},
};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{
    community::Community,
    digest, files,
    folder::FolderError,
    package::Package,
    plan::Origin,
    text::{Text, TextError},
};

const RECORD: &str = "installed.toml";
const MAXIMUM_RECORD_BYTES: u64 = 8 << 20;

/// What was installed under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installed {
    /// The plugin's name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// The digest of its folder. Grants belong to it.
    #[serde(with = "digest")]
    pub digest: Digest,
    /// The digest of its component.
    #[serde(with = "digest")]
    pub component: Digest,
    /// When it was installed, as RFC 3339 writes it.
    pub installed: String,
    /// Where it was installed from: a folder, or a reference with the digest that it was resolved to.
    pub source: String,
    /// The keys that had signed it, by their names then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signed_by: Vec<String>,
    /// Its tools, as its component told of them then.
    #[serde(default)]
    pub tools: Vec<ToolDescription>,
    /// What it offers beside them, as it told of that then.
    #[serde(default, skip_serializing_if = "Offers::is_empty")]
    pub offers: Offers,
    /// The commands that it answers to as a runtime; none where it is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// What was made out of it then, where it is a community skill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<Community>,
}

/// What its component told of itself, and what its user lets it answer to.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) tools: &'a [ToolDescription],
    pub(crate) offers: &'a Offers,
    pub(crate) commands: &'a [String],
}

/// Why the store cannot do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No plugin of that name.
    #[error("no plugin `{0}` is installed; `holm list` shows what is")]
    NotFound(String),
    /// The source changed after it was checked.
    #[error("`{0}` changed after it was checked; nothing was installed: try again")]
    Changed(PathBuf),
    /// A file of the source cannot be copied.
    #[error("`{path}`: {source}")]
    Copy {
        /// The plugin's folder.
        path: PathBuf,
        /// Why.
        source: FolderError,
    },
    /// What says what is installed cannot be read.
    #[error("the record of an installed plugin is broken ({0}); install it again")]
    Record(#[from] TextError),
    /// Others could change what is installed.
    #[error("`{0}` can be written to by others: `chmod 700` it")]
    Exposed(PathBuf),
    /// The disk, or the rights to it.
    #[error("`{path}`: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Io { path: path.to_owned(), source }
}

/// The folder of all installed plugins.
#[derive(Debug)]
pub struct Store {
    plugins: PathBuf,
}

impl Store {
    /// Opens the store in Holm's home, which is made if need be, for its owner alone.
    ///
    /// # Errors
    /// It cannot be made or read, or others may write to it.
    pub fn open(home: &Path) -> Result<Self, StoreError> {
        files::make_folder(home).map_err(io_at(home))?;
        let home = home.canonicalize().map_err(io_at(home))?;
        let plugins = home.join("plugins");
        files::make_folder(&plugins).map_err(io_at(&plugins))?;
        for folder in [&home, &plugins] {
            let metadata = folder.symlink_metadata().map_err(io_at(folder))?;
            if !metadata.is_dir() || metadata.mode() & 0o022 != 0 {
                return Err(StoreError::Exposed(folder.clone()));
            }
        }
        let store = Self { plugins };
        store.sweep()?;
        Ok(store)
    }

    /// The folder that all installed plugins lie in.
    pub fn folder(&self) -> &Path {
        &self.plugins
    }

    /// The folder of an installed plugin.
    pub fn folder_of(&self, installed: &Installed) -> PathBuf {
        self.plugins.join(&installed.name).join(installed.digest.to_string())
    }

    /// What is recorded of a plugin.
    ///
    /// # Errors
    /// It is not installed, or its record cannot be read.
    pub fn find(&self, name: &str) -> Result<Installed, StoreError> {
        crate::manifest::check_any_name(name).map_err(|_| StoreError::NotFound(crate::text::printable(name)))?;
        let path = self.plugins.join(name).join(RECORD);
        let bytes = match files::read(&path, MAXIMUM_RECORD_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StoreError::NotFound(name.to_owned())),
            bytes => bytes.map_err(io_at(&path))?,
        };
        let text = String::from_utf8_lossy(&bytes);
        let installed: Installed = Text { path: &path.to_string_lossy(), text: &text }.values()?;
        match installed.name == name {
            true => Ok(installed),
            false => Err(io_at(&path)(io::Error::other("it is the record of another plugin: install this one again"))),
        }
    }

    /// A path for what is fetched and not installed yet. What is left there goes with the next start.
    pub fn incoming(&self) -> PathBuf {
        files::unique(&self.plugins, "incoming")
    }

    /// The names that have a record, sorted.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let mut names = self.names_in("")?;
        names.extend(self.names_in(SKILL)?);
        names.sort();
        Ok(names)
    }

    /// Those that begin so: community skills lie in a folder of their own.
    fn names_in(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let (mut names, folder) = (Vec::new(), self.plugins.join(prefix));
        let entries = match folder.read_dir() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            entries => entries.map_err(io_at(&folder))?,
        };
        for entry in entries {
            let entry = entry.map_err(io_at(&folder))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if crate::manifest::check_any_name(&name).is_ok() && entry.path().join(RECORD).symlink_metadata().is_ok() {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Copies a plugin into the store and records it. The copy has the digest that was checked,
    /// or nothing is installed.
    ///
    /// # Errors
    /// The source changed since, or the store cannot be written to.
    pub(crate) fn install(&self, package: &Package, told: Told<'_>, origin: &Origin) -> Result<Installed, StoreError> {
        let _alone = self.lock()?;
        let fresh = files::unique(&self.plugins, "incoming");
        let copied = files::make_folder(&fresh).map_err(io_at(&fresh)).and_then(|()| {
            let digest = package.copy_to(&fresh).map_err(|source| match source {
                FolderError::Changed(_) => StoreError::Changed(package.source.clone()),
                source => StoreError::Copy { path: package.source.clone(), source },
            })?;
            match digest == package.digest {
                true => self.record(package, told, origin, &fresh),
                false => Err(StoreError::Changed(package.source.clone())),
            }
        });
        if copied.is_err() {
            let _ = std::fs::remove_dir_all(&fresh);
        }
        copied
    }

    /// Moves the copy to its place, then makes it the one that holds.
    fn record(&self, package: &Package, told: Told<'_>, origin: &Origin, copy: &Path) -> Result<Installed, StoreError> {
        let installed = Installed {
            name: package.manifest.name.clone(),
            version: package.manifest.version.clone(),
            digest: package.digest,
            component: package.component,
            installed: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            source: origin.reference.clone().unwrap_or_else(|| package.source.to_string_lossy().into_owned()),
            signed_by: origin.signed_by.clone(),
            tools: told.tools.to_vec(),
            offers: told.offers.clone(),
            commands: told.commands.to_vec(),
            skill: package.community.clone(),
        };
        let (target, plugin) = (self.folder_of(&installed), self.plugins.join(&installed.name));
        files::make_folder(&plugin).map_err(io_at(&plugin))?;
        if target.symlink_metadata().is_ok() {
            // The same plugin once more: what is there may have been tampered with.
            self.discard(&target)?;
        }
        std::fs::rename(copy, &target).map_err(io_at(&target))?;
        files::sync_folder(&plugin).and_then(|()| files::sync_folder(&self.plugins)).map_err(io_at(&plugin))?;
        let path = plugin.join(RECORD);
        let text = toml::to_string(&installed).map_err(|error| io_at(&path)(io::Error::other(error)))?;
        files::replace(&path, text.as_bytes()).map_err(io_at(&path))?;
        // From here the new one holds. What is left of others only takes room.
        for entry in plugin.read_dir().map_err(io_at(&plugin))?.flatten() {
            if entry.path() != target && entry.file_name() != RECORD {
                let _ = self.discard(&entry.path());
            }
        }
        Ok(installed)
    }

    /// Removes a plugin.
    ///
    /// # Errors
    /// It is not installed, or cannot be removed.
    pub fn uninstall(&self, name: &str) -> Result<(), StoreError> {
        crate::manifest::check_any_name(name).map_err(|_| StoreError::NotFound(crate::text::printable(name)))?;
        let _alone = self.lock()?;
        let plugin = self.plugins.join(name);
        match plugin.symlink_metadata() {
            Err(_) => Err(StoreError::NotFound(name.to_owned())),
            Ok(_) => self.discard(&plugin),
        }
    }

    /// Takes a folder out of the way at once, and removes it at leisure.
    fn discard(&self, path: &Path) -> Result<(), StoreError> {
        let away = files::unique(&self.plugins, "outgoing");
        std::fs::rename(path, &away).map_err(io_at(path))?;
        files::sync_folder(&self.plugins).map_err(io_at(path))?;
        // If this fails, the next start sweeps it away.
        let _ = remove(&away);
        Ok(())
    }

    /// Removes what a crash left unfinished.
    fn sweep(&self) -> Result<(), StoreError> {
        let Some(_alone) = self.try_lock()? else { return Ok(()) };
        for entry in self.plugins.read_dir().map_err(io_at(&self.plugins))?.flatten() {
            if files::is_unfinished(&entry.file_name().to_string_lossy()) {
                let _ = remove(&entry.path());
            }
        }
        Ok(())
    }

    fn lock_file(&self) -> Result<(PathBuf, File), StoreError> {
        let path = self.plugins.join(".lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        file.map_err(io_at(&path)).map(|file| (path, file))
    }

    /// One command at a time changes the store; the lock ends with its file.
    fn lock(&self) -> Result<File, StoreError> {
        let (path, file) = self.lock_file()?;
        file.lock().map_err(io_at(&path))?;
        Ok(file)
    }

    fn try_lock(&self) -> Result<Option<File>, StoreError> {
        let (path, file) = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(io_at(&path)(error)),
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match path.symlink_metadata()?.is_dir() {
        true => std::fs::remove_dir_all(path),
        false => std::fs::remove_file(path),
    }
}
