//! Patterns of names: `*` stands for any text, everything else for itself.

use std::{fmt, str::FromStr};

use super::grant::RuleError;

/// A name with `*` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(String);

/// No grant needs longer names; matching costs at most the product of both lengths.
const MAXIMUM_BYTES: usize = 512;

impl Pattern {
    /// Whether `name` is meant.
    pub(crate) fn admits(&self, name: &str) -> bool {
        matches(self.0.as_bytes(), name.as_bytes())
    }

    /// Whether all that `other` means is meant. A `*` of `other` is covered by a `*` only,
    /// so the answer is never wrongly yes.
    pub(crate) fn covers(&self, other: &Pattern) -> bool {
        matches(self.0.as_bytes(), other.0.as_bytes())
    }

    /// The pattern as it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Greedy matching with one point to come back to: linear space, quadratic time at worst.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern[p] == text[t] {
            (p, t) = (p + 1, t + 1);
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            (p, t) = (at + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
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
        assert!(!check("a*c", "abd") && !check("", "x") && !check("a*b*c", "acb") && !check("x", "xy"));
    }

    #[test]
    fn covering_is_never_wrongly_yes() {
        let covers = |wide: &str, narrow: &str| Pattern(wide.into()).covers(&Pattern(narrow.into()));
        assert!(covers("*", "a*") && covers("a*", "ab*") && covers("a*", "a"));
        assert!(!covers("a*", "*") && !covers("a", "a*") && !covers("a*b", "a*"));
    }
}
