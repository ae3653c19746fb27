//! The operator of a process tree: told of denials, and asked where they want to be.

use futures_core::future::BoxFuture;

use crate::process::Pid;

/// A grant that a process lacks.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Question {
    /// The process that asks.
    pub pid: Pid,
    /// Whether its operator started it, and not another process.
    pub root: bool,
    /// Its plugin.
    pub plugin: String,
    /// The capability, like `fs`.
    pub capability: String,
    /// What would be granted, like `./data:ro`.
    pub resource: String,
    /// The rule that denied it.
    pub rule: String,
    /// Whether a grant of the operator's would allow it. If not, it is told, not asked.
    pub grantable: bool,
    /// It is no lack of a grant: one call that a rule wants to be asked about.
    #[serde(default)]
    pub approval: Option<Approval>,
}

/// What its operator is shown of a call that they are asked about.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Approval {
    /// What it would do: its arguments, on one line, nothing hidden in them, and not endlessly long.
    /// A guest wrote them.
    pub detail: String,
}

/// A longer text is cut where its operator is shown it.
const SHOWN_BYTES: usize = 2_000;

impl Approval {
    /// Shows this of a call: its beginning, if it is long.
    pub fn new(text: &str) -> Self {
        let cut = text.floor_char_boundary(SHOWN_BYTES);
        let mut detail = plain(&text[..cut]);
        if cut < text.len() {
            detail.push_str(&format!("… ({} bytes more)", text.len() - cut));
        }
        Self { detail }
    }
}

/// The text on one line, with nothing hidden in it.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for char in text.chars() {
        if is_hidden(char) { plain.extend(char.escape_unicode()) } else { plain.push(char) }
    }
    plain
}

/// The operator's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Answer {
    /// Denied, this time and until the process ends.
    Deny,
    /// Allowed until the process ends.
    Once,
}

/// Who runs a process tree. Only they answer: no guest, tool or model can.
pub trait Operator: Send + Sync + 'static {
    /// Told of a denial; asked, if a grant would allow it. Where nobody can be asked, [`Answer::Deny`].
    fn denied(&self, question: Question) -> BoxFuture<'_, Answer>;

    /// Told of a denial that no grant would have helped against, where nobody can be waited for: it comes
    /// before whatever its process does next. Must not block.
    fn told(&self, question: Question);

    /// Asked about one call ([`Question::approval`]), at each of them. Where nobody can be asked, no.
    fn approve(&self, question: Question) -> BoxFuture<'_, bool>;

    /// Told that a call waits until it is answered by this number ([`crate::Kernel::answer`]).
    fn deferred(&self, question: Question, id: u64) -> BoxFuture<'_, ()>;
}

/// Control characters, and those that reorder or hide the text around them. The joiners that
/// scripts and emoji need are none of them.
pub fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{ffa0}'
            | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_hides_nothing_and_ends() {
        assert_eq!(Approval::new("x\u{1b}[2J\u{202e}y\u{9b}z").detail, "x\\u{1b}[2J\\u{202e}y\\u{9b}z");
        let long = Approval::new(&"ü".repeat(50_000)).detail;
        assert!(long.len() < SHOWN_BYTES + 40 && long.ends_with("bytes more)"));
    }
}
