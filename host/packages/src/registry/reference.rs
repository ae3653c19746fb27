//! `oci://ghcr.io/owner/name:tag@sha256:…`: where a component lies. Pure.

use std::{fmt, str::FromStr};

use holm_kernel::{devices::net::law::Target, program::Digest};

use crate::{digest, text::printable};

/// Before each reference.
const SCHEME: &str = "oci://";
const MAXIMUM_BYTES: usize = 512;

/// A component in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its host in its one spelling, with a port where that is not the usual one.
    pub registry: String,
    /// The repository there.
    pub repository: String,
    /// Which version, by a name that may move.
    pub tag: Option<String>,
    /// Which version, for certain.
    pub digest: Option<Digest>,
}

/// A text that is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {reason}: write it like oci://ghcr.io/owner/name:1.0.0, or with @sha256:… behind it")]
pub struct ReferenceError {
    text: String,
    reason: &'static str,
}

impl Reference {
    /// Whether a text is meant as a reference.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// Registry and repository, without a version: what signatures and policies speak of.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// The same, with this digest.
    #[must_use]
    pub fn pinned(&self, digest: Digest) -> Self {
        Self { digest: Some(digest), ..self.clone() }
    }

    /// The same, without a digest where it has a tag: what may have moved since.
    #[must_use]
    pub fn loose(&self) -> Self {
        let digest = self.digest.filter(|_| self.tag.is_none());
        Self { digest, ..self.clone() }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |reason| ReferenceError { text: printable(text), reason };
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| wrong("is no reference"))?;
        if text.len() > MAXIMUM_BYTES {
            return Err(wrong("is longer than any"));
        }
        let (rest, digest) = match rest.split_once('@') {
            None => (rest, None),
            Some((rest, pinned)) => {
                let pinned = pinned.strip_prefix("sha256:").and_then(digest::parse);
                (rest, Some(pinned.ok_or_else(|| wrong("has a digest that is no sha256"))?))
            }
        };
        let (registry, rest) = rest.split_once('/').ok_or_else(|| wrong("names no repository"))?;
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (rest, None),
        };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let host = |byte: u8| plain(byte) || b".-:[]".contains(&byte);
        // A registry is always named: none is asked because nothing was written.
        let is_host = registry == "localhost" || registry.contains(['.', ':']);
        if !is_host || !registry.bytes().all(host) || registry.starts_with('-') {
            return Err(wrong("names no registry by its host"));
        }
        let registry = canonical(registry).ok_or_else(|| wrong("names no registry by its host"))?;
        let segment = |segment: &str| {
            let ends = [segment.bytes().next(), segment.bytes().last()];
            ends.iter().all(|byte| byte.is_some_and(plain))
                && segment.bytes().all(|byte| plain(byte) || b"._-".contains(&byte))
                && !segment.contains("..")
        };
        if !repository.split('/').all(segment) {
            return Err(wrong("has a repository that is none"));
        }
        let word = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_tag =
            |tag: &str| (1..=128).contains(&tag.len()) && tag.bytes().all(word) && !tag.starts_with(['.', '-']);
        if !tag.is_none_or(is_tag) {
            return Err(wrong("has a tag that is none"));
        }
        let tag = tag.map(str::to_owned);
        let tag = if digest.is_none() { Some(tag.unwrap_or_else(|| "latest".to_owned())) } else { tag };
        Ok(Self { registry, repository: repository.to_owned(), tag, digest })
    }
}

/// The one spelling of a registry: who writes it otherwise means the same, and no rule is dodged by that.
fn canonical(registry: &str) -> Option<String> {
    let target = Target::parse(&format!("https://{registry}/")).ok()?;
    Some(match target.authority() {
        docker if ["registry-1.docker.io", "index.docker.io"].contains(&&*docker) => "docker.io".to_owned(),
        other => other,
    })
}

/// A rule about references, like `oci://ghcr.io/owner/*`, with its registry as references spell it.
pub(crate) fn canonical_rule(rule: &str) -> Option<String> {
    let (registry, rest) = rule.strip_prefix(SCHEME)?.split_once('/')?;
    Some(format!("{SCHEME}{}/{rest}", canonical(registry)?))
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.registry, self.repository)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@sha256:{digest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_they_are_written() {
        let digest = "a".repeat(64);
        for text in [
            "oci://ghcr.io/owner/name:1.0.0".to_owned(),
            "oci://127.0.0.1:5000/jq:latest".to_owned(),
            format!("oci://ghcr.io/owner/sub/name@sha256:{digest}"),
            format!("oci://localhost/na.me-x_y:v1@sha256:{digest}"),
        ] {
            assert_eq!(text.parse::<Reference>().map(|reference| reference.to_string()), Ok(text));
        }
        let plain: Reference = "oci://ghcr.io/owner/name".parse().expect("a reference");
        assert_eq!((plain.tag.as_deref(), plain.name().as_str()), (Some("latest"), "ghcr.io/owner/name"));
        let pinned = plain.pinned(Digest::of(b""));
        assert_eq!(pinned.loose(), plain);
        for wrong in [
            "ghcr.io/owner/name",
            "oci://owner/name",
            "oci://ghcr.io",
            "oci://ghcr.io/",
            "oci://ghcr.io/Owner/name",
            "oci://ghcr.io/owner//name",
            "oci://ghcr.io/owner/../name",
            "oci://ghcr.io/owner/name:",
            "oci://ghcr.io/owner/name:a b",
            "oci://ghcr.io/owner/name@sha256:abc",
            "oci://ghcr.io/owner/name@md5:abc",
            "oci://user:pass@ghcr.io/owner/name",
            "oci://ghcr.io/owner/name\u{202e}",
        ] {
            assert!(wrong.parse::<Reference>().is_err(), "{wrong}");
        }
        assert!(format!("oci://ghcr.io/{}", "a".repeat(600)).parse::<Reference>().is_err());
    }

    #[test]
    fn a_registry_has_one_spelling() {
        for (given, meant) in [
            ("ghcr.io:443", "ghcr.io"),
            ("ghcr.io:0443", "ghcr.io"),
            ("ghcr.io.", "ghcr.io"),
            ("ghcr.io.:443", "ghcr.io"),
            ("ghcr.io:5000", "ghcr.io:5000"),
            ("registry-1.docker.io", "docker.io"),
            ("index.docker.io:443", "docker.io"),
            ("docker.io.", "docker.io"),
            ("127.1:5000", "127.0.0.1:5000"),
        ] {
            let read = format!("oci://{given}/owner/name").parse::<Reference>().map(|reference| reference.name());
            assert_eq!(read, Ok(format!("{meant}/owner/name")), "{given}");
            assert_eq!(canonical_rule(&format!("oci://{given}/owner/*")), Some(format!("oci://{meant}/owner/*")));
        }
        for wrong in ["ghcr.io:", "ghcr.io..", "ghcr.io:70000", "a..b", ".:5"] {
            let read = format!("oci://{wrong}/owner/name").parse::<Reference>();
            assert!(read.is_err() || wrong == "ghcr.io:", "{wrong}");
        }
    }
}
