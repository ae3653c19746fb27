//! Community skills: a folder with a `SKILL.md` and scripts, and nothing of Holm's. What is made out of one.

use std::{collections::BTreeSet, path::PathBuf};

use cap_std::fs::Dir;
use holm_kernel::{
    SKILL,
    devices::Grants,
    program::{Mount, Source, ToolDescription},
};
use holm_skills::{Proposal, Provided, Scripts, Skill, Value, Wish};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::text::printable;

/// The command of the runtime that serves a skill: it reads its files, and has its scripts run.
pub const RUNNER: &str = "holm-skill";

/// Where a skill finds its folder.
pub const FOLDER: &str = "/skill";
/// Where it finds its run's own: what it writes lies there, until the run is over.
pub const WORK: &str = "/work";
/// Where it finds what others call the system's: its run's own as well.
pub const TEMPORARY: &str = "/tmp";

/// What was made out of a skill when it was installed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Community {
    /// What it is for.
    pub description: String,
    /// What it may ever be granted.
    pub ceiling: Grants,
    /// What may run its own scripts, needs no grant: commands of runtimes.
    #[serde(default)]
    pub interpreters: Vec<String>,
    /// What it seems to need, as a grant each, and why. Nobody granted it.
    #[serde(default)]
    pub proposed: Vec<Proposed>,
    /// Commands that it seems to need and that no runtime offered when it was installed.
    #[serde(default)]
    pub absent: Vec<String>,
}

/// A grant that a skill seems to need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// As `holm grant` takes it.
    pub grant: String,
    /// What it was made out of.
    pub reason: String,
}

impl Community {
    /// What it has without a grant.
    pub(crate) fn own(&self) -> Grants {
        let mut own = Grants::default();
        for command in &self.interpreters {
            // Each is the name of a command, or it is left out.
            let _ = own.add(&format!("exec={command}"));
        }
        own
    }

    /// Says of the tools of whoever serves it what the skill is for: its author's word, and marked so.
    pub(crate) fn describe(&self, tools: &mut [ToolDescription]) {
        let said = printable(&self.description);
        for tool in tools {
            tool.summary = format!("{} Its author says of it: {said}", tool.summary);
            tool.description = format!("{}\n\nThe skill's author says of it: {said}", tool.description);
        }
    }

    /// What its processes find mounted; `folder` is where it lies.
    pub(crate) fn mounts(folder: PathBuf) -> Vec<Mount> {
        let scratch = |at: &str| Mount { at: at.into(), from: Source::Scratch };
        vec![Mount { at: FOLDER.into(), from: Source::Folder(folder) }, scratch(WORK), scratch(TEMPORARY)]
    }
}

/// What a `SKILL.md` and the files beside it say: the skill's name, its version, and what is made out of them.
/// `kept` was made out of them before, and holds.
pub(crate) fn look(
    text: &str,
    folder_name: &str,
    dir: &Dir,
    commands: &BTreeSet<String>,
    kept: Option<Community>,
) -> Result<(String, Version, Community), String> {
    let skill = Skill::load(text, folder_name).map_err(|error| error.to_string())?;
    let community = match kept {
        Some(kept) => kept,
        None => made(&skill, text, dir, commands)?,
    };
    let version = skill.others.iter().find_map(|(key, value)| version(key, value));
    Ok((skill.name, version.unwrap_or(Version::new(0, 0, 0)), community))
}

fn version(key: &str, value: &Value) -> Option<Version> {
    match (key, value) {
        ("version", Value::Text(text)) => Version::parse(text).ok(),
        ("metadata", Value::Map(entries)) => entries.iter().find_map(|(key, value)| version(key, value)),
        _ => None,
    }
}

/// Modules by which scripts reach the network, also where they name no address.
const NETWORK: &[&str] =
    &["aiohttp", "axios", "ftplib", "http", "https", "httpx", "requests", "smtplib", "socket", "urllib", "urllib3"];

fn made(skill: &Skill, text: &str, dir: &Dir, commands: &BTreeSet<String>) -> Result<Community, String> {
    let scripts = Scripts::look(dir, text).map_err(|error| format!("its scripts cannot be read: {error}"))?;
    let provided = Provided { commands: commands.clone(), ..Provided::default() };
    let proposal = Proposal::new(skill, &scripts, &provided);
    let mut interpreters: Vec<String> = proposal.interpreters.iter().map(|wish| wish.what.clone()).collect();
    for same in SAME {
        if interpreters.iter().any(|command| same.contains(&command.as_str())) {
            interpreters.extend(same.iter().map(|command| (*command).to_owned()));
        }
    }
    interpreters.sort();
    interpreters.dedup();
    let wishes = |capability: &str| proposal.grants.iter().any(|wish| wish.what.starts_with(capability));
    let mut ceiling = Grants::default();
    let imports = scripts.scripts.iter().flat_map(|script| &script.imports);
    let reaches =
        imports.into_iter().any(|import| NETWORK.contains(&import.module.split('.').next().unwrap_or_default()));
    let runs = scripts.scripts.iter().any(|script| !script.commands.is_empty()) || !skill.allowed_tools.is_empty();
    for (line, asked) in [
        ("fs=*:rw", true),
        ("exec=*", runs || wishes("exec=") || !proposal.absent.is_empty()),
        ("net=*://*", reaches || wishes("net=")),
    ] {
        if asked {
            ceiling.add(line).map_err(|error| error.to_string())?;
        }
    }
    let reason = |wish: &Wish| wish.reasons.first().map(ToString::to_string).unwrap_or_default();
    // What runs its scripts is its own.
    let own = |wish: &&Wish| {
        wish.what.strip_prefix("exec=").is_some_and(|command| interpreters.iter().any(|own| own == command))
    };
    let proposed = proposal
        .grants
        .iter()
        .filter(|wish| !own(wish))
        .map(|wish| Proposed { grant: wish.what.clone(), reason: reason(wish) })
        .collect();
    let absent = proposal.absent.iter().map(|wish| wish.what.clone()).collect();
    Ok(Community { description: skill.description.clone(), ceiling, interpreters, proposed, absent })
}

/// Commands that stand for one another.
const SAME: &[&[&str]] = &[&["python", "python3"], &["node", "tsx"], &["bash", "sh"]];

/// The name of a plugin that is a community skill.
pub(crate) fn plugin_name(skill: &str) -> String {
    format!("{SKILL}{skill}")
}
