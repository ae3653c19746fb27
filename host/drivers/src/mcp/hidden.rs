//! What a server was sent and must not pass on: taken out of what it says, in the forms it comes back in.

use crate::forms::{SHORTEST, forms};

/// What is taken out, longest first. Does not print.
#[derive(Clone, Default)]
pub(super) struct Hidden(Vec<String>);

impl Hidden {
    pub(super) fn new(secrets: &[String]) -> Self {
        let secrets = secrets.iter().map(|secret| secret.trim()).filter(|secret| secret.len() >= SHORTEST);
        let mut words: Vec<String> = secrets.flat_map(forms).filter(|word| word.len() >= SHORTEST).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        Self(words)
    }

    /// The text without them.
    pub(super) fn text(&self, text: String) -> String {
        let found = self.0.iter().filter(|word| text.contains(word.as_str()));
        let found: Vec<_> = found.collect();
        found.into_iter().fold(text, |text, word| text.replace(word.as_str(), "***"))
    }
}
