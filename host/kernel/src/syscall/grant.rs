//! Grants as data: rules that admit what a call wants, and cover narrower rules.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One line of a grant, as its user writes it: `./data:ro`, `notes-*:rw`, `jq/*`.
pub trait Rule:
    FromStr<Err = RuleError> + fmt::Display + Clone + fmt::Debug + PartialEq + Send + Sync + 'static
{
    /// What a call asks for. Its text is what would have to be granted.
    type Want: fmt::Display + Clone + Send + Sync + 'static;

    /// Whether this rule allows what is wanted.
    fn admits(&self, want: &Self::Want) -> bool;

    /// Whether this rule allows all that the other allows. Never wrongly yes.
    fn covers(&self, other: &Self) -> bool;

    /// The rule that would allow what is wanted, and little else, to who has this ceiling and these
    /// grants; none where no rule can say it.
    fn spelled(want: &Self::Want, ceiling: &Rules<Self>, granted: &Rules<Self>) -> Option<String> {
        let _ = (ceiling, granted);
        Some(want.to_string())
    }
}

/// The text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no rule of this capability: write {expected}")]
pub struct RuleError {
    text: String,
    expected: &'static str,
}

impl RuleError {
    /// Says what was expected in place of `text`.
    pub fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.to_owned(), expected }
    }
}

/// All rules of one capability. Empty allows nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules<R>(Vec<R>);

impl<R> Default for Rules<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: Rule> Rules<R> {
    /// The rules that allow what is wanted.
    pub fn admitting<'a>(&'a self, want: &'a R::Want) -> impl Iterator<Item = &'a R> {
        self.0.iter().filter(move |rule| rule.admits(want))
    }

    /// Whether a rule covers `rule`.
    pub fn covers(&self, rule: &R) -> bool {
        self.0.iter().any(|own| own.covers(rule))
    }

    /// Adds a rule; one that is there already is not added again.
    pub fn add(&mut self, rule: R) {
        if !self.0.contains(&rule) {
            self.0.push(rule);
        }
    }

    /// Removes each rule that `rule` covers; how many there were.
    pub fn remove(&mut self, rule: &R) -> usize {
        let before = self.0.len();
        self.0.retain(|own| !rule.covers(own));
        before - self.0.len()
    }

    /// The rules as they were written.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.0.iter()
    }

    /// Whether nothing is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// At most this many rules in one capability: each open asks them all.
const MAXIMUM_RULES: usize = 256;

impl<R: Rule> Serialize for Rules<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}

impl<'de, R: Rule> Deserialize<'de> for Rules<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<R>(PhantomData<R>);
        impl<'de, R: Rule> de::Visitor<'de> for Visitor<R> {
            type Value = Rules<R>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of rules")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Rules<R>, A::Error> {
                let mut rules = Rules::default();
                while let Some(text) = list.next_element::<String>()? {
                    if rules.0.len() == MAXIMUM_RULES {
                        return Err(de::Error::custom(format!("more than {MAXIMUM_RULES} rules")));
                    }
                    rules.add(text.parse().map_err(de::Error::custom)?);
                }
                Ok(rules)
            }
        }
        deserializer.deserialize_seq(Visitor(PhantomData))
    }
}

/// Reading and writing, or reading alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// `ro`
    Read,
    /// `rw`
    Write,
}

impl Access {
    /// Splits `name:rw` into both parts; a name alone is read-only.
    pub fn split(text: &str) -> (&str, Access) {
        match text.rsplit_once(':') {
            Some((name, "rw")) => (name, Access::Write),
            Some((name, "ro")) => (name, Access::Read),
            _ => (text, Access::Read),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Read => "ro",
            Access::Write => "rw",
        })
    }
}
