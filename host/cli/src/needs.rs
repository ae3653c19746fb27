//! What a run needed, as a file: written by `holm run --record`, read by a person, applied by `holm grant --from`.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use holm_kernel::devices::Grants;

use crate::{
    error::{CommandError, Result},
    ui,
};

const HEAD: &str = "\
# What `holm run --record` saw a run need: the fewest grants that say it, each file and command by its own name.
# Nothing of it is granted. Read it, change it, then: holm grant --from FILE
";

/// A larger file was not written here.
const MAXIMUM_BYTES: u64 = 1 << 20;

/// The grants that runs needed, by plugin.
pub(crate) struct Needs {
    file: PathBuf,
    by: BTreeMap<String, Grants>,
}

impl Needs {
    /// The file that is to be written; with what it holds already, where runs are to be added to it.
    ///
    /// # Errors
    /// It cannot be read, or holds something else.
    pub(crate) fn open(file: PathBuf, learn: bool) -> Result<Self> {
        let by = match learn && file.exists() {
            true => read(&file)?,
            false => BTreeMap::new(),
        };
        Ok(Self { file, by })
    }

    /// Adds what another run needed.
    pub(crate) fn add(&mut self, needs: BTreeMap<String, Grants>) {
        for (plugin, grants) in needs {
            let held = self.by.entry(plugin).or_default();
            for line in held.beyond(&grants) {
                // It was a grant: it parses.
                let _ = held.add(&line);
            }
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self) -> Result<()> {
        let failed = |error: &dyn std::fmt::Display| CommandError::usage(format!("`{}`: {error}", self.file.display()));
        let text = toml::to_string_pretty(&self.by).map_err(|error| failed(&error))?;
        let written = OpenOptions::new().write(true).create(true).truncate(true).open(&self.file);
        written
            .and_then(|mut file| file.write_all(format!("{HEAD}\n{text}").as_bytes()))
            .map_err(|error| failed(&error))?;
        let count = self.by.values().map(|grants| grants.lines().len()).sum();
        ui::talk(format_args!("it needed {}: {}", ui::count(count, "grant"), self.file.display()));
        Ok(())
    }
}

/// The grants of such a file, by plugin.
///
/// # Errors
/// It cannot be read, or holds something else.
pub(crate) fn read(file: &Path) -> Result<BTreeMap<String, Grants>> {
    let failed = |error: &dyn std::fmt::Display| CommandError::usage(format!("`{}`: {error}", file.display()));
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(|error| failed(&error))?;
    match opened.take(MAXIMUM_BYTES).read_to_string(&mut text) {
        Err(error) if error.kind() == ErrorKind::InvalidData => return Err(failed(&"it is no text")),
        read => read.map_err(|error| failed(&error))?,
    };
    toml::from_str(&text).map_err(|error| failed(&error).hint("`holm run --record FILE` writes such files"))
}
