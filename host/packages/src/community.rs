//! Community skills: a folder with a `SKILL.md` and scripts, and nothing of Holm's. What is made out of one.

use std::path::PathBuf;

use holm_kernel::{
    SKILL,
    devices::Grants,
    program::{Mount, Source, ToolDescription},
};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{folder::Folder, skill::SkillHead, text::printable};

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
    text: &[u8],
    folder_name: &str,
    folder: &Folder,
    kept: Option<Community>,
) -> Result<(String, Version, Community), String> {
    let head = SkillHead::parse(&String::from_utf8_lossy(text)).ok_or("it does not begin with a head of YAML")?;
    let name = head.name.unwrap_or_else(|| folder_name.to_owned());
    let description = head.description.ok_or("its head has no `description`")?;
    let community = match kept {
        Some(kept) => kept,
        None => {
            let mut ceiling = Grants::default();
            for line in ["fs=*:rw", "exec=*", "net=*://*"] {
                ceiling.add(line).map_err(|error| error.to_string())?;
            }
            let has = |extensions: &[&str]| {
                folder.files.iter().any(|file| {
                    std::path::Path::new(&file.path)
                        .extension()
                        .is_some_and(|found| extensions.iter().any(|extension| found == *extension))
                })
            };
            let all: [(&[&str], &[&str]); 3] = [
                (&["py"], &["python", "python3"]),
                (&["js", "mjs", "cjs", "ts", "mts"], &["node", "tsx"]),
                (&["sh", "bash"], &["sh", "bash"]),
            ];
            let interpreters = all.iter().filter(|(extensions, _)| has(extensions)).flat_map(|(_, commands)| *commands);
            let interpreters = interpreters.map(|command| (*command).to_owned()).collect();
            Community { description, ceiling, interpreters, proposed: Vec::new() }
        }
    };
    Ok((crate::package::name_from(&name), Version::new(0, 0, 0), community))
}

/// The name of a plugin that is a community skill.
pub(crate) fn plugin_name(skill: &str) -> String {
    format!("{SKILL}{skill}")
}
