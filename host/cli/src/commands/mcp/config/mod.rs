//! `holm mcp config`: the entry in a client's own settings that starts `holm mcp`.

mod client;
mod edit;
mod write;

use std::path::{Path, PathBuf};

use holm_packages::printable;

use self::{client::Name, edit::Entry};
use crate::{
    denial::words,
    error::{CONFLICT, CommandError, Result},
    session::{Session, directory},
    settings::Settings,
    terminal::Terminal,
    ui,
};

/// Write the entry for Holm into a client's settings, after a look at it
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Which client
    #[arg(value_enum)]
    client: Name,
    /// What it is offered [default: `default`]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Write into the settings of the project in this folder, not into its user's
    #[arg(long)]
    project: bool,
    /// Write without asking
    #[arg(long)]
    yes: bool,
    /// Print the entry, and write nothing
    #[arg(long, conflicts_with = "yes")]
    print: bool,
}

impl Arguments {
    pub(super) fn run(self, session: &Session) -> Result<()> {
        let home = session.open_home()?;
        if let Some(profile) = &self.profile {
            Settings::read(home.path())?.profile(profile)?;
        }
        let entry = self.entry(home.path())?;
        if self.print {
            return ui::data(self.client.alone(&entry)?.trim_end());
        }
        let project = self.project.then(directory).transpose()?;
        let path = self.client.path(project.clone())?;
        if let Some(project) = &project {
            stays(&path, project)?;
        }
        let file = write::File::read(path)?;
        let after = self.client.edited(&file.text, &entry).map_err(|reason| {
            let error = CommandError::new(
                CONFLICT,
                format!("`{}`: {reason}; it was not changed", printable(&file.path.display().to_string())),
            );
            error.hint(format!("to add the entry by hand: holm mcp config {} --print", self.client.word()))
        })?;
        if after == file.text {
            ui::talk(format_args!("{} has the entry already", printable(&file.path.display().to_string())));
            return Ok(());
        }
        ui::talk(ui::bold(printable(&file.path.display().to_string())));
        edit::difference(&file.text, &after).iter().for_each(ui::talk);
        if !self.yes {
            let nobody = || {
                let again = words(&["holm", "mcp", "config", &self.client.word(), "--yes"]);
                CommandError::new(CONFLICT, "nothing was written: there is no terminal to ask on").hint(again)
            };
            if !Terminal::open().ok_or_else(nobody)?.confirm("write it?")? {
                return Err(CommandError::new(CONFLICT, "nothing was written"));
            }
        }
        file.replace(&after)?;
        ui::talk(format_args!("{}; {}", ui::good("written"), self.client.next()));
        Ok(())
    }

    /// How a client starts Holm: by its whole path, for few clients have the user's `PATH`.
    fn entry(&self, home: &std::path::Path) -> Result<Entry> {
        let program = std::env::current_exe().map_err(CommandError::internal)?;
        let text = |path: &std::path::Path| {
            let text = path.to_str().map(str::to_owned);
            text.ok_or_else(|| CommandError::usage(format!("`{}` cannot be written as text", path.display())))
        };
        let mut arguments = Vec::new();
        if std::env::home_dir().map(|user| user.join(".holm")).as_deref() != Some(home) {
            arguments.extend(["--home".to_owned(), text(home)?]);
        }
        arguments.push("mcp".to_owned());
        if let Some(profile) = &self.profile {
            arguments.extend(["--profile".to_owned(), profile.clone()]);
        }
        Ok(Entry { command: text(&program)?, arguments })
    }
}

/// A project's settings lie in it: whoever made its folder does not choose which other file is written.
fn stays(path: &Path, project: &Path) -> Result<()> {
    let project = project.canonicalize()?;
    // Of what is not there yet, the folder that is.
    let there = path.ancestors().find_map(|part| part.symlink_metadata().is_ok().then(|| part.canonicalize()));
    match there {
        Some(Ok(there)) if there.starts_with(&project) => Ok(()),
        _ => {
            let path = printable(&path.display().to_string());
            Err(CommandError::new(CONFLICT, format!("`{path}` is a link that leads out of the project")))
        }
    }
}

/// Where a user's settings lie.
fn user() -> Result<PathBuf> {
    std::env::home_dir().ok_or_else(|| CommandError::usage("there is no home directory"))
}
