//! The languages of skills: how a folder says which is its own.

use std::path::Path;

use crate::error::{CommandError, Result};

/// What a skill is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    Rust,
    Python,
    #[value(name = "js", alias = "javascript")]
    JavaScript,
    C,
    Go,
}

/// Each language's file, by which a folder is known.
const FILES: &[(&str, Language)] = &[
    ("Cargo.toml", Language::Rust),
    ("skill.py", Language::Python),
    ("skill.js", Language::JavaScript),
    ("skill.c", Language::C),
    ("go.mod", Language::Go),
];

impl Language {
    /// The language of a folder.
    ///
    /// # Errors
    /// It has the file of none, or of several.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let found: Vec<_> = FILES.iter().filter(|(file, _)| folder.join(file).is_file()).collect();
        match found.as_slice() {
            [(_, language)] => Ok(*language),
            [] => {
                let files: Vec<_> = FILES.iter().map(|(file, _)| *file).collect();
                let error = CommandError::usage(format!("`{}` has nothing to build", folder.display()));
                Err(error.hint(format!("a skill has one of {}; `holm new NAME --lang …` makes one", files.join(", "))))
            }
            several => {
                let files: Vec<_> = several.iter().map(|(file, _)| *file).collect();
                let error = format!("`{}` is of several languages: it has {}", folder.display(), files.join(" and "));
                Err(CommandError::usage(error)
                    .hint("keep the one that is the skill's; put others into folders below it"))
            }
        }
    }
}
