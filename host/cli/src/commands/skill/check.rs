//! `holm skill check`: what is wrong with skills, by the standard's letter and by the way clients read them.

use std::path::{Path, PathBuf};

use cap_std::{ambient_authority, fs::Dir};
use holm_packages::printable;
use holm_skills::{load, strict};
use serde::Serialize;

use super::folders;
use crate::{
    error::{CommandError, GUEST, Result},
    ui,
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Folders: a skill's own, or those that hold skills
    #[arg(value_name = "DIR", required = true)]
    paths: Vec<PathBuf>,
    /// Fail where the standard's reference validator would, not only where a client cannot load it
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What there is to say about one skill.
#[derive(Serialize)]
struct Checked {
    folder: PathBuf,
    /// In the words of the reference validator; none where it is valid.
    strict: Vec<String>,
    /// Why no client loads it.
    unusable: Option<String>,
    /// What a client that loads it warns of.
    warnings: Vec<String>,
}

impl Arguments {
    pub(super) fn run(self) -> Result<()> {
        let checked = folders(&self.paths)?.into_iter().map(check).collect::<Result<Vec<_>>>()?;
        let fails = |it: &&Checked| it.unusable.is_some() || (self.strict && !it.strict.is_empty());
        let failed = checked.iter().filter(fails).count();
        if self.json {
            ui::json(&checked)?;
        } else {
            checked.iter().try_for_each(show)?;
        }
        let valid = checked.iter().filter(|it| it.strict.is_empty()).count();
        let loaded = checked.iter().filter(|it| it.unusable.is_none()).count();
        let all = ui::count(checked.len(), "skill");
        ui::talk(format_args!("{all}: {valid} valid by the standard's letter, {loaded} can be loaded"));
        match failed {
            0 => Ok(()),
            failed => Err(CommandError::new(GUEST, format!("{} not as they should be", ui::count(failed, "skill is")))),
        }
    }
}

fn check(folder: PathBuf) -> Result<Checked> {
    let failed = |error| CommandError::usage(format!("`{}`: {error}", folder.display()));
    let name = folder.canonicalize().map_err(failed)?.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let dir = Dir::open_ambient_dir(&folder, ambient_authority()).map_err(failed)?;
    let strict = strict::validate_folder(&dir, &name).iter().map(|it| printable(&it.to_string())).collect();
    let (unusable, warnings) = match load(&dir, &name) {
        Ok(skill) => (None, skill.warnings.iter().map(|it| printable(&it.to_string())).collect()),
        Err(error) => (Some(printable(&error.to_string())), Vec::new()),
    };
    Ok(Checked { folder, strict, unusable, warnings })
}

fn show(checked: &Checked) -> Result<()> {
    let folder: &Path = &checked.folder;
    let verdict = match (&checked.unusable, checked.strict.is_empty()) {
        (Some(_), _) => ui::alert("cannot be loaded"),
        (None, false) => "can be loaded, and is not valid".to_owned(),
        (None, true) => ui::good("valid"),
    };
    ui::data(format_args!("{}  {verdict}", printable(&folder.to_string_lossy())))?;
    checked
        .unusable
        .iter()
        .chain(&checked.strict)
        .chain(&checked.warnings)
        .try_for_each(|line| ui::data(format_args!("  - {line}")))
}
