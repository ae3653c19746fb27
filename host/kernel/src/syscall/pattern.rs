//! Patterns of names: `*` stands for any text, everything else for itself.

use std::{fmt, str::FromStr};

use super::grant::RuleError;

/// A name with `*` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// No grant needs longer names.
const MAXIMUM_BYTES: usize = 512;

impl Pattern {
    /// Whether `name` is meant.
    pub fn admits(&self, name: &str) -> bool {
        matches(&self.0, name)
    }

    /// Whether all that `other` means is meant. A `*` of `other` is covered by a `*` only,
    /// so the answer is never wrongly yes.
    pub(crate) fn covers(&self, other: &Pattern) -> bool {
        matches(&self.0, &other.0)
    }

    /// The pattern as it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Each text between stars is found as early as it can be: linear in both lengths.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last)
}

impl FromStr for Pattern {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = !text.is_empty() && text.len() <= MAXIMUM_BYTES && !text.chars().any(char::is_control);
        fits.then(|| Pattern(text.to_owned())).ok_or_else(|| RuleError::new(text, "a name, like `notes` or `notes-*`"))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        let check = |pattern: &str, name: &str| Pattern(pattern.into()).admits(name);
        assert!(check("a*c", "abc") && check("*", "") && check("a*b*c", "a-b-b-c") && check("x", "x"));
        assert!(check("a*a", "aa") && check("*a*", "bab") && check("**", "") && check("a*bc*c", "abcbcc"));
        assert!(!check("a*c", "abd") && !check("", "x") && !check("a*b*c", "acb") && !check("x", "xy"));
        assert!(!check("a*a", "a") && !check("ab*bc", "abc") && !check("*a*a", "ba"));
    }

    #[test]
    fn covering_is_never_wrongly_yes() {
        let covers = |wide: &str, narrow: &str| Pattern(wide.into()).covers(&Pattern(narrow.into()));
        assert!(covers("*", "a*") && covers("a*", "ab*") && covers("a*", "a"));
        assert!(!covers("a*", "*") && !covers("a", "a*") && !covers("a*b", "a*"));
    }
}
