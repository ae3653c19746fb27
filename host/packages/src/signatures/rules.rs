//! `[signatures]`: which plugins have to be signed, and by whom. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::registry::canonical_rule;

/// Which plugins have to be signed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SignatureRules {
    /// Whether all have to be, by a key that was added.
    pub require: bool,
    /// By whom: keys by names of plugins, or by references like `oci://ghcr.io/owner/*`.
    pub from: BTreeMap<String, Vec<String>>,
}

/// A plugin is not signed as its user wants it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not signed by {wanted}, as [signatures] of config.toml wants it ({found})")]
pub struct SignatureError {
    /// The plugin.
    pub name: String,
    wanted: String,
    found: String,
}

impl SignatureRules {
    /// Checks who signed a plugin: names of keys. `origin` is the registry and repository it comes from,
    /// like `ghcr.io/owner/name`.
    ///
    /// # Errors
    /// Nobody did whom a rule wants.
    pub fn check(&self, name: &str, origin: Option<&str>, signed_by: &[String]) -> Result<(), SignatureError> {
        let refuse = |wanted: String| {
            let found = match signed_by {
                [] => "no known key signed it; `holm key add` adds one".to_owned(),
                keys => format!("it is signed by {}", keys.join(", ")),
            };
            Err(SignatureError { name: name.to_owned(), wanted, found })
        };
        if self.require && signed_by.is_empty() {
            return refuse("any key".to_owned());
        }
        let origin = origin.map(|origin| format!("oci://{origin}"));
        let meant = |pattern: &str| {
            let spelt = canonical_rule(pattern);
            let pattern = spelt.as_deref().unwrap_or(pattern);
            fits(pattern, name) || origin.as_deref().is_some_and(|it| fits(pattern, it))
        };
        for (_, keys) in self.from.iter().filter(|(pattern, _)| meant(pattern)) {
            if !keys.iter().any(|key| signed_by.contains(key)) {
                return refuse(match &keys[..] {
                    [] => "anybody: its rule names no key".to_owned(),
                    keys => keys.join(" or "),
                });
            }
        }
        Ok(())
    }
}

/// A star at the end stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == text, |head| text.starts_with(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_that_fits_has_to_be_satisfied() {
        let rules: SignatureRules =
            toml::from_str("[from]\n\"oci://ghcr.io/acme/*\" = [\"acme\", \"acme-old\"]\njq = [\"me\"]\nnobody = []\n")
                .expect("rules");
        let check = |name: &str, origin: Option<&str>, keys: &[&str]| {
            let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
            rules.check(name, origin, &keys).map_err(|error| error.to_string())
        };
        assert_eq!(check("x", None, &[]), Ok(()));
        assert_eq!(check("x", Some("ghcr.io/acme/x"), &["acme-old"]), Ok(()));
        assert_eq!(check("x", Some("ghcr.io/acmee/x"), &[]), Ok(()));
        assert_eq!(
            check("x", Some("ghcr.io/acme/x"), &["me"]).expect_err("refused"),
            "`x` is not signed by acme or acme-old, as [signatures] of config.toml wants it (it is signed by me)"
        );
        assert_eq!(check("jq", Some("ghcr.io/acme/jq"), &["acme", "me"]), Ok(()));
        // Whoever wrote the rule with another spelling of its registry meant the same.
        let other: SignatureRules =
            toml::from_str("[from]\n\"oci://index.docker.io/acme/*\" = [\"acme\"]\n").expect("rules");
        assert!(other.check("x", Some("docker.io/acme/x"), &[]).is_err());
        assert!(check("jq", Some("ghcr.io/acme/jq"), &["acme"]).is_err());
        assert!(check("jq", None, &[]).expect_err("refused").contains("holm key add"));
        assert!(check("nobody", None, &["me"]).is_err());
        let all = SignatureRules { require: true, ..SignatureRules::default() };
        assert!(all.check("x", None, &[]).is_err() && all.check("x", None, &["me".to_owned()]).is_ok());
    }
}
