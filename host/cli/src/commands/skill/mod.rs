//! `holm skill`: community skills, folders with a SKILL.md.

mod check;
mod install;
mod look;

use std::path::PathBuf;

use crate::{error::Result, session::Session};

const ABOUT: &str = "\
A skill is a folder with a SKILL.md, written for any agent. Installed, it is the plugin
`skill/NAME`: it may do nothing until `holm grant skill/NAME …` allows it, its text is its
author's word and no instruction of yours, and its scripts run as they are, in a sandbox:

  holm run skill/NAME -- scripts/convert.py report.md

An agent that is granted its tools reads it, and has its scripts run under the skill's own rights:

  holm grant agent 'tool=skill/NAME/*'";

/// Install and look at community skills: folders with a SKILL.md
#[derive(clap::Args)]
#[command(after_help = ABOUT)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Install a skill, or all skills of a folder or a repository; none of them is granted anything
    Install(install::Arguments),
    /// Check skills that are not installed: by the standard's letter, and as clients read them
    Check(check::Arguments),
    /// List the installed skills
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show an installed skill: its text, its files, what it seems to need
    Show {
        /// Its name
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Find installed skills by what they are for
    Search {
        /// Words
        #[arg(required = true)]
        words: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        match self.command {
            Command::Install(arguments) => arguments.run(session).await,
            Command::Check(arguments) => arguments.run(),
            Command::List { json } => look::list(session, json).await,
            Command::Show { name, json } => look::show(session, &name, json).await,
            Command::Search { words, json } => look::search(session, &words.join(" "), json).await,
        }
    }
}

/// A skill's name as a plugin.
fn plugin(name: &str) -> String {
    let name = name.strip_prefix(holm_kernel::SKILL).unwrap_or(name);
    format!("{}{name}", holm_kernel::SKILL)
}

/// A description as lists show it.
fn short(description: &str) -> String {
    let text = holm_packages::printable(description);
    match text.char_indices().nth(DESCRIPTION) {
        None => text,
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// Characters of a description in a list.
const DESCRIPTION: usize = 120;

/// The folders of skills at or below these paths.
fn folders(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(install::find(path)?);
    }
    Ok(all)
}
