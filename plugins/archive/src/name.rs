//! An entry's name, once it is known to stay inside the directory.

use crate::refusal::Refusal;

/// Bytes of a name: what file systems take, about, and a bound on what we remember of each entry.
const BYTES: usize = 1_024;

/// Levels of a name, against trees that no program can delete again.
const LEVELS: usize = 64;

/// A name that stays inside: its components, none of them `.`, `..` or empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(Vec<String>);

impl Name {
    /// Reads a name as the archive has it. None for the directory itself (`./`).
    pub(crate) fn parse(raw: &[u8]) -> Result<Option<Self>, Refusal> {
        if raw.len() > BYTES {
            return Err(Refusal::LongName);
        }
        let text = str::from_utf8(raw).map_err(|_| Refusal::UnreadableName)?;
        if text.starts_with('/') || is_drive(text) {
            return Err(Refusal::Absolute);
        }
        if text.contains(|c: char| c == '\\' || c.is_control()) {
            return Err(Refusal::UnreadableName);
        }
        let mut components = Vec::new();
        for component in text.split('/') {
            match component {
                "" | "." => {}
                ".." => return Err(Refusal::ParentDirectory),
                component => components.push(component.to_owned()),
            }
        }
        match components.len() {
            0 if text.is_empty() => Err(Refusal::UnreadableName),
            0 => Ok(None),
            levels if levels > LEVELS => Err(Refusal::LongName),
            _ => Ok(Some(Self(components))),
        }
    }

    /// The directories above it, outermost first.
    pub(crate) fn parents(&self) -> impl Iterator<Item = Self> + '_ {
        (1..self.0.len()).map(|length| Self(self.0[..length].to_vec()))
    }

    /// Whether it is `other` or lies below it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    pub(crate) fn components(&self) -> &[String] {
        &self.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// `C:`, which another system takes for a place of its own.
fn is_drive(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::Name;

    fn parse(raw: &[u8]) -> String {
        match Name::parse(raw) {
            Ok(Some(name)) => name.to_string(),
            Ok(None) => "itself".to_owned(),
            Err(refusal) => refusal.code().to_owned(),
        }
    }

    #[test]
    fn names_that_stay_inside() {
        assert_eq!(parse(b"a/b.txt"), "a/b.txt");
        assert_eq!(parse(b"./a//./b/"), "a/b");
        assert_eq!(parse(b"..a/b..c/..."), "..a/b..c/...");
        assert_eq!(parse(b"./"), "itself");
    }

    #[test]
    fn names_that_do_not() {
        assert_eq!(parse(b"../a"), "parent-directory");
        assert_eq!(parse(b"a/../b"), "parent-directory");
        assert_eq!(parse(b"a/.."), "parent-directory");
        assert_eq!(parse(b"/etc/passwd"), "absolute-name");
        assert_eq!(parse(b"//a"), "absolute-name");
        assert_eq!(parse(b"C:\\a"), "absolute-name");
        assert_eq!(parse(b"c:a"), "absolute-name");
        assert_eq!(parse(b"..\\a"), "unreadable-name");
        assert_eq!(parse(b"a\0b"), "unreadable-name");
        assert_eq!(parse(b"a\x1b[2Jb"), "unreadable-name");
        assert_eq!(parse(b"a\xff"), "unreadable-name");
        assert_eq!(parse(b""), "unreadable-name");
        assert_eq!(parse(&[b'a'; 1_025]), "long-name");
        assert_eq!(parse("a/".repeat(65).as_bytes()), "long-name");
    }
}
