//! Rights to what is kept under a name: `notes:rw`, `cache-*:rw`, `shared/team:ro`.

use std::{fmt, str::FromStr};

use super::{
    grant::{Access, Rule, RuleError},
    pattern::Pattern,
};

/// How much may be done with it. A greater one allows what the lesser ones do.
pub trait Degree: Copy + Ord + fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// What a rule looks like, for who wrote another.
    const EXPECTED: &'static str;

    /// Splits a rule into its name and the degree behind it, if it names one: to look otherwise.
    fn split(text: &str) -> (&str, Self);
}

impl Degree for Access {
    const EXPECTED: &'static str = "a bucket and `:ro` or `:rw`, like `notes:rw`";

    fn split(text: &str) -> (&str, Self) {
        Access::split(text)
    }
}

/// What is kept under names that match. `*` does not reach what is shared: `shared/*` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRule<A> {
    pattern: Pattern,
    access: A,
}

/// What a call wants to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptWant<A> {
    /// Its name, checked by [`kept_name`].
    pub name: String,
    /// What is to be done.
    pub access: A,
}

/// What has this prefix is shared between plugins.
pub(crate) const SHARED: &str = "shared/";

fn shared(name: &str) -> bool {
    name.starts_with(SHARED)
}

impl<A: Degree> Rule for KeptRule<A> {
    type Want = KeptWant<A>;

    fn admits(&self, want: &KeptWant<A>) -> bool {
        want.access <= self.access
            && shared(self.pattern.as_str()) == shared(&want.name)
            && self.pattern.admits(&want.name)
    }

    fn covers(&self, other: &Self) -> bool {
        other.access <= self.access
            && shared(self.pattern.as_str()) == shared(other.pattern.as_str())
            && self.pattern.covers(&other.pattern)
    }
}

/// Checks a name: 1 to 128 bytes of `[a-z0-9._-]`, with `shared/` before it or not.
pub(crate) fn kept_name(text: &str) -> Option<&str> {
    let name = text.strip_prefix(SHARED).unwrap_or(text);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    ((1..=128).contains(&name.len()) && name.bytes().all(plain)).then_some(text)
}

impl<A: Degree> FromStr for KeptRule<A> {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pattern, access) = A::split(text);
        let name = pattern.replace('*', "x");
        kept_name(&name).ok_or_else(|| RuleError::new(text, A::EXPECTED))?;
        Ok(Self { pattern: pattern.parse()?, access })
    }
}

impl<A: Degree> fmt::Display for KeptRule<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.pattern, self.access)
    }
}

impl<A: Degree> fmt::Display for KeptWant<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.access)
    }
}
