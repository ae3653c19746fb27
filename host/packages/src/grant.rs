//! Grants as a person types them, to a plugin or to one run: checked and settled, given and taken.

use std::path::{Path, PathBuf};

use holm_kernel::{
    devices::{self, Grants},
    program::ProgramError,
};

use crate::{grants_file::GrantsFileError, plan::anchored, protected::Protected};

/// Why nothing was granted or revoked.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// The plugin is not installed, or was changed.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A line does not parse.
    #[error(transparent)]
    Line(#[from] devices::GrantError),
    /// It is more than the plugin's author asked for.
    #[error("`{name}` does not ask for {}; its ceiling is {}", .beyond.join(", "), shown(.ceiling))]
    Beyond {
        /// The plugin.
        name: String,
        /// What lies beyond.
        beyond: Vec<String>,
        /// What may be granted.
        ceiling: Vec<String>,
    },
    /// All files at once.
    #[error("`fs={0}` would grant every file there is: name a file or folder, like `fs=./data:ro`")]
    Everything(String),
    /// It would open Holm itself.
    #[error("`fs={rule}` reaches `{place}`, which is Holm's own and granted to nobody: name folders beside it")]
    Protected {
        /// What was asked.
        rule: String,
        /// What it would have touched.
        place: PathBuf,
    },
    /// Nothing to take away.
    #[error("`{name}` holds no grant that `{line}` covers; it holds {}", shown(.granted))]
    NotGranted {
        /// The plugin.
        name: String,
        /// The line.
        line: String,
        /// What it holds.
        granted: Vec<String>,
    },
    /// The file of grants.
    #[error(transparent)]
    File(#[from] GrantsFileError),
}

fn shown(lines: &[String]) -> String {
    if lines.is_empty() { "nothing".into() } else { lines.join(", ") }
}

/// The rules of these lines, made absolute from `directory`, none of them beyond the ceiling
/// or within what is Holm's own.
///
/// # Errors
/// A line does not parse, is beyond the ceiling, or reaches what is Holm's own.
pub fn settle(
    name: &str,
    lines: &[String],
    directory: &Path,
    ceiling: &Grants,
    protected: &Protected,
) -> Result<Grants, GrantError> {
    let mut grants = Grants::default();
    lines.iter().try_for_each(|line| grants.add(line))?;
    let grants = grants.anchored(directory).map_err(devices::GrantError::from)?;
    for rule in grants.fs.iter() {
        let Some(path) = rule.path() else { return Err(GrantError::Everything(rule.to_string())) };
        if let Some(place) = protected.touched_by(path) {
            return Err(GrantError::Protected { rule: rule.to_string(), place: place.to_owned() });
        }
    }
    let ceiling = anchored(ceiling);
    match ceiling.beyond(&grants) {
        beyond if beyond.is_empty() => Ok(grants),
        beyond => Err(GrantError::Beyond { name: name.to_owned(), beyond, ceiling: ceiling.lines() }),
    }
}

/// Takes away what a line covers: a capability, or `capability=rule`. Without `:ro` or `:rw`
/// it covers both. How many rules went.
///
/// # Errors
/// The line does not parse.
pub fn take(grants: &mut Grants, line: &str, directory: &Path) -> Result<usize, GrantError> {
    let Some((capability, rule)) = line.split_once('=') else { return Ok(grants.remove(line)?) };
    let both = ["fs", "memory", "storage"].contains(&capability)
        && ![":ro", ":rw", ":append"].iter().any(|access| rule.ends_with(access));
    let mut given = Grants::default();
    given.add(&if both { format!("{line}:rw") } else { line.to_owned() })?;
    let mut taken = 0;
    let anchored = given.clone().anchored(directory).map_err(devices::GrantError::from)?;
    for line in given.lines().iter().chain(&anchored.lines()) {
        taken += grants.remove(line)?;
    }
    Ok(taken)
}
