//! `holm skill install`: one skill or hundreds, each shown, none granted anything unasked.

use std::path::{Path, PathBuf};

use holm_adapters::control::{Input, Installed, Planned, Reply, Request, Role, Source};
use holm_packages::printable;
use serde::Serialize;

use super::folders;
use crate::{
    error::{CONFLICT, CommandError, Result},
    session::{Session, answer, directory, unexpected},
    terminal::Terminal,
    ui,
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Folders: a skill's own, or those that hold skills
    #[arg(value_name = "DIR", required = true)]
    paths: Vec<PathBuf>,
    /// Do it without asking; nothing is granted
    #[arg(long, short)]
    yes: bool,
    /// Put another version in the place of what is installed; its grants end
    #[arg(long)]
    update: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What came of one folder.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Outcome {
    folder: PathBuf,
    #[serde(flatten)]
    installed: Option<Installed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let folders = folders(&self.paths)?;
        let terminal = if self.yes { None } else { Terminal::open() };
        if (folders.len() > 1 || self.update) && !self.yes {
            let question = format!("install {}?", ui::count(folders.len(), "skill"));
            let nobody = || CommandError::new(CONFLICT, "nothing was installed: there is no terminal to ask on");
            let terminal = terminal.as_ref().ok_or_else(|| nobody().hint("say --yes"))?;
            if !terminal.confirm(&question)? {
                return Err(CommandError::new(CONFLICT, "nothing was installed"));
            }
        }
        let mut outcomes = Vec::new();
        for folder in folders {
            let outcome = match self.one(session, &folder, terminal.as_ref()).await {
                Ok(installed) => Outcome { folder, installed: Some(installed), problem: None },
                Err(error) => {
                    let (place, why) = (printable(&folder.to_string_lossy()), printable(&error.message));
                    ui::warn(format_args!("{place} is not installed: {why}"));
                    Outcome { folder, installed: None, problem: Some(error.message) }
                }
            };
            outcomes.push(outcome);
        }
        if self.json {
            ui::json(&outcomes)?;
        }
        let failed = outcomes.iter().filter(|outcome| outcome.installed.is_none()).count();
        let done = outcomes.len() - failed;
        ui::talk(format_args!("{} {}", ui::good("installed"), ui::count(done, "skill")));
        match failed {
            0 => Ok(()),
            failed => Err(CommandError::new(CONFLICT, format!("{} not installed", ui::count(failed, "skill is")))),
        }
    }

    async fn one(&self, session: &Session, folder: &Path, terminal: Option<&Terminal>) -> Result<Installed> {
        let source = Source::Path(std::path::absolute(folder).map_err(CommandError::usage)?);
        let (update, directory) = (self.update, directory()?);
        let request = Request::Install { source, update, role: Role::Skill, grants: Vec::new(), directory };
        let mut connection = session.connect().await?;
        connection.send(&request).await?;
        let plan = match answer(&mut connection).await? {
            Reply::Planned(plan) => plan,
            reply => return unexpected(&reply).map(|()| unreachable(folder)),
        };
        show(&plan);
        connection.send(&Input::Proceed { keep_grants: false }).await?;
        let mut installed = match answer(&mut connection).await? {
            Reply::Installed(installed) => installed,
            reply => return unexpected(&reply).map(|()| unreachable(folder)),
        };
        if let (Some(terminal), false) = (terminal, plan.plugin.proposed.is_empty() || plan.same_files) {
            installed.grants = propose(session, &plan, terminal).await?.unwrap_or(installed.grants);
        }
        Ok(installed)
    }
}

/// `unexpected` always fails.
fn unreachable(folder: &Path) -> Installed {
    let name = folder.display().to_string();
    Installed { name, version: String::new(), digest: String::new(), grants: Vec::new() }
}

/// Asks whether it is granted what it seems to need.
async fn propose(session: &Session, plan: &Planned, terminal: &Terminal) -> Result<Option<Vec<String>>> {
    if !terminal.confirm(&format!("grant {} what it seems to need?", plan.plugin.name))? {
        return Ok(None);
    }
    let lines = plan.plugin.proposed.iter().map(|proposed| proposed.grant.clone()).collect();
    let request = Request::Grant { plugin: plan.plugin.name.clone(), lines, directory: directory()? };
    match session.ask(&request).await? {
        Reply::Grants(grants) => Ok(Some(grants)),
        reply => unexpected(&reply).map(|()| None),
    }
}

fn show(plan: &Planned) {
    let plugin = &plan.plugin;
    let before = if plan.version_before.is_some() { " (installed already)" } else { "" };
    let description = super::short(&plugin.description);
    ui::talk(format_args!("{}{before}  {description}", ui::bold(&plugin.name)));
    for proposed in &plugin.proposed {
        let (grant, reason) = (printable(&proposed.grant), printable(&proposed.reason));
        ui::talk(format_args!("  seems to need {grant}  {}", ui::dim(reason)));
    }
    if !plugin.absent.is_empty() {
        ui::talk(format_args!("  nobody offers {}", printable(&plugin.absent.join(", "))));
    }
    for line in &plan.asks {
        if plan.version_before.is_some() && !plan.same_files {
            ui::talk(format_args!("  newly asks {}", printable(line)));
        }
    }
}

/// Folders below a folder that are looked at, and how deep. Stops trees without an end.
const FOLDERS: usize = 2_000;
const DEPTH: usize = 6;

/// The folders of skills at or below a path; no link is followed.
pub(super) fn find(path: &Path) -> Result<Vec<PathBuf>> {
    let is_skill = |folder: &Path| folder.join("SKILL.md").symlink_metadata().is_ok_and(|found| found.is_file());
    let (mut found, mut seen, mut left) = (Vec::new(), 0, vec![(path.to_owned(), 0)]);
    while let Some((folder, depth)) = left.pop() {
        seen += 1;
        if is_skill(&folder) {
            found.push(folder);
            continue;
        }
        if depth == DEPTH || seen > FOLDERS {
            continue;
        }
        let entries = folder.read_dir();
        let shown = printable(&folder.to_string_lossy());
        let entries = entries.map_err(|error| CommandError::usage(format!("`{shown}`: {error}")))?;
        let mut inner: Vec<_> = entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter(|entry| ![".git", "node_modules"].iter().any(|skipped| entry.file_name() == *skipped))
            .map(|entry| (entry.path(), depth + 1))
            .collect();
        inner.sort_by(|one, other| other.0.cmp(&one.0));
        left.extend(inner);
    }
    match found.is_empty() {
        true => {
            let error = CommandError::usage(format!("there is no SKILL.md in `{}` or below it", path.display()));
            Err(error.hint("a skill is a folder with a file of exactly this name"))
        }
        false => Ok(found),
    }
}
