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
        let Self { name, description } = serde_saphyr::from_str(&head).unwrap_or_else(|_| Self::guess(&head));
        let line = |text: String| printable(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        let read = Self { name: name.map(line), description: description.map(line) };
        (read != Self::default()).then_some(read)
    }

    /// Many are no YAML for a colon in their description.
    fn guess(head: &str) -> Self {
        let value = |key: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?.trim();
            let plain = line.trim_matches(['"', '\'']);
            (!plain.is_empty() && !plain.starts_with(['[', '{', '&', '*', '|', '>'])).then(|| plain.to_owned())
        };
        Self { name: value("name"), description: value("description") }
    }
}
