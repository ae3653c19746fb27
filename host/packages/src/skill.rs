//! The head of a `SKILL.md`: its name and what it is for, as far as they can be made out.

use serde::{Deserialize, Serialize};

use crate::text::printable;

/// More than any head has to be.
const MAXIMUM_HEAD_BYTES: usize = 64 << 10;

/// What a `SKILL.md` says about itself, for people to read. Nothing is decided by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillHead {
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
}

impl SkillHead {
    /// Reads the YAML between the first two lines of `---`. None if there is none that can be read.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let body = text.strip_prefix("---")?.trim_start_matches([' ', '\t', '\r']).strip_prefix('\n')?;
        let mut bytes = 0;
        let head = body.split_inclusive('\n').take_while(|line| line.trim_end() != "---").inspect(|line| {
            bytes += line.len();
        });
        let head: String = head.collect();
        if bytes > MAXIMUM_HEAD_BYTES || head.len() == body.len() {
            return None;
        }
        let Self { name, description } = serde_saphyr::from_str(&head).ok()?;
        Some(Self { name: name.as_deref().map(printable), description: description.as_deref().map(printable) })
    }
}
