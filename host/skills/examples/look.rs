//! Shows what the skills below folders may want, with the reasons: `look DIR…`. Commands that are there
//! already are named by `HOLM_COMMANDS`, with spaces between.

use std::{io::Write, path::Path};

use cap_std::{ambient_authority, fs::Dir};
use holm_skills::{Bounds, Catalogue, Proposal, Provided, Scripts, SkillFile, Wish};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    let commands = std::env::var("HOLM_COMMANDS").unwrap_or_default();
    let commands = commands.split_whitespace().map(str::to_owned).collect();
    let provided = Provided { commands, ..Provided::default() };
    for root in std::env::args().skip(1) {
        let dir = Dir::open_ambient_dir(&root, ambient_authority())?;
        let name = Path::new(&root).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let catalogue = Catalogue::find(&dir, &name, Bounds { folders: 100_000, ..Bounds::default() })?;
        for found in &catalogue.found {
            let skill = match &found.skill {
                Ok(skill) => skill,
                Err(error) => {
                    writeln!(out, "{root}/{}: {error}", found.path)?;
                    continue;
                }
            };
            let inner = if found.path.is_empty() { dir.try_clone()? } else { dir.open_dir(&found.path)? };
            let text = SkillFile::read(&inner)?;
            let scripts = Scripts::look(&inner, &text.text())?;
            let entries = scripts.scripts.iter().filter(|script| script.entry).count();
            writeln!(
                out,
                "{root}/{}: {}, {} scripts, {entries} started",
                found.path,
                skill.name,
                scripts.scripts.len()
            )?;
            let proposal = Proposal::new(skill, &scripts, &provided);
            let kinds: [(&str, &[Wish]); 4] = [
                ("grant", &proposal.grants),
                ("absent", &proposal.absent),
                ("package", &proposal.packages),
                ("optional package", &proposal.optional_packages),
            ];
            for (kind, wishes) in kinds {
                for wish in wishes {
                    let reasons: Vec<String> = wish.reasons.iter().map(ToString::to_string).collect();
                    writeln!(out, "  {kind} {}: {}", wish.what, reasons.join("; "))?;
                }
            }
            for note in &proposal.notes {
                writeln!(out, "  note: {note}")?;
            }
        }
        for (name, paths) in catalogue.clashes() {
            writeln!(out, "  {name} is the name of {}", paths.join(", "))?;
        }
        for place in &catalogue.left_out {
            writeln!(out, "  left out: {place}")?;
        }
    }
    Ok(())
}
