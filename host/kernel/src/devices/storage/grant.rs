//! Rights to buckets: `notes:rw`, `cache-*:rw`, `shared/team:ro`.

use std::{fmt, str::FromStr};

use crate::syscall::{
    grant::{Access, Rule, RuleError},
    pattern::Pattern,
};

/// Buckets whose names match. `*` does not reach shared buckets: `shared/*` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageRule {
    pattern: Pattern,
    access: Access,
}

/// A bucket that a call wants to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageWant {
    /// Its name, checked by [`bucket_name`].
    pub bucket: String,
    /// Whether it would write.
    pub access: Access,
}

/// Buckets with this prefix are shared between plugins.
pub const SHARED: &str = "shared/";

fn shared(name: &str) -> bool {
    name.starts_with(SHARED)
}

impl Rule for StorageRule {
    type Want = StorageWant;

    fn admits(&self, want: &StorageWant) -> bool {
        want.access <= self.access
            && shared(self.pattern.as_str()) == shared(&want.bucket)
            && self.pattern.admits(&want.bucket)
    }

    fn covers(&self, other: &Self) -> bool {
        other.access <= self.access
            && shared(self.pattern.as_str()) == shared(other.pattern.as_str())
            && self.pattern.covers(&other.pattern)
    }
}

/// Checks the name of a bucket: 1 to 128 bytes of `[a-z0-9._-]`, with `shared/` before it or not.
pub fn bucket_name(text: &str) -> Option<&str> {
    let name = text.strip_prefix(SHARED).unwrap_or(text);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    ((1..=128).contains(&name.len()) && name.bytes().all(plain)).then_some(text)
}

impl FromStr for StorageRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "a bucket and `:ro` or `:rw`, like `notes:rw`";
        let (pattern, access) = Access::split(text);
        let name = pattern.replace('*', "x");
        bucket_name(&name).ok_or_else(|| RuleError::new(text, expected))?;
        Ok(StorageRule { pattern: pattern.parse()?, access })
    }
}

impl fmt::Display for StorageRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.pattern, self.access)
    }
}

impl fmt::Display for StorageWant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.bucket, self.access)
    }
}
