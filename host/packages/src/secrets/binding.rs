//! Where a secret goes, and as what: a plugin, an origin with paths and methods, a header.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD};
use holm_kernel::devices::net::NetRule;
use serde::{Deserialize, Serialize};

use super::value::Value;

/// One place that a secret goes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// Whose requests carry it.
    pub plugin: String,
    /// Which of them: `https`, one host, one port.
    #[serde(with = "text")]
    pub rule: NetRule,
    /// As what.
    #[serde(with = "text")]
    pub header: Template,
}

/// A header with a place for the secret: `authorization: Bearer {}`, `authorization: Basic {base64}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// In lower case.
    name: String,
    before: String,
    after: String,
    base64: bool,
}

/// Why a secret cannot be bound so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// Without TLS, or to more than one server.
    #[error("`{0}` is no place for a secret: name one host over https, like `https://api.example.com/v1/*:get`")]
    Place(String),
    /// It is no header, or has no place for the secret.
    #[error(
        "`{0}` is no header with a place for a secret: write it like `authorization: Bearer {{}}` or `authorization: Basic {{base64}}`"
    )]
    Template(String),
    /// The kernel writes it, or it is of the connection.
    #[error("the header `{0}` is not a request's own")]
    Header(String),
}

/// Headers that say where a request goes and how it is sent.
const NOT_ITS_OWN: [&str; 10] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "accept-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "proxy-authorization",
];
const TEMPLATE_BYTES: usize = 256;

impl Binding {
    /// Checks where a secret is to go.
    ///
    /// # Errors
    /// It is not one origin over TLS, or no header.
    pub fn new(plugin: String, rule: &str, header: &str) -> Result<Self, BindingError> {
        let place = || BindingError::Place(rule.to_owned());
        let rule: NetRule = rule.parse().map_err(|_| place())?;
        if !rule.is_secure_origin() {
            return Err(place());
        }
        Ok(Self { plugin, rule, header: header.parse()? })
    }
}

impl Template {
    /// The header's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The header's value, with a secret in it.
    pub fn fill(&self, secret: &Value) -> Value {
        let secret = secret.expose();
        let Self { before, after, base64, .. } = self;
        Value::new(match base64 {
            true => format!("{before}{}{after}", STANDARD.encode(secret)),
            false => format!("{before}{secret}{after}"),
        })
    }
}

impl FromStr for Template {
    type Err = BindingError;

    fn from_str(text: &str) -> Result<Self, BindingError> {
        let wrong = || BindingError::Template(text.to_owned());
        let (name, value) = text.split_once(':').ok_or_else(wrong)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) || text.len() > TEMPLATE_BYTES {
            return Err(wrong());
        }
        if NOT_ITS_OWN.contains(&name.as_str()) {
            return Err(BindingError::Header(name));
        }
        let (before, after, base64) = match (value.split_once("{base64}"), value.split_once("{}")) {
            (Some((before, after)), None) => (before, after, true),
            (None, Some((before, after))) => (before, after, false),
            _ => return Err(wrong()),
        };
        let plain = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"{}".contains(&byte));
        if !plain(before) || !plain(after) {
            return Err(wrong());
        }
        Ok(Self { name, before: before.to_owned(), after: after.to_owned(), base64 })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, before, after, base64 } = self;
        let place = if *base64 { "{base64}" } else { "{}" };
        write!(f, "{name}: {before}{place}{after}")
    }
}

/// Kept as it is written.
mod text {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_one_place_for_a_secret() {
        for text in ["authorization: Bearer {}", "x-api-key: {}", "authorization: Basic {base64}"] {
            assert_eq!(text.parse::<Template>().expect("a header").to_string(), text);
        }
        let filled = |text: &str| text.parse::<Template>().expect("a header").fill(&Value::new("me:secret".into()));
        assert_eq!(filled("Authorization:Bearer {}").expose(), "Bearer me:secret");
        assert_eq!(filled("authorization: Basic {base64}").expose(), "Basic bWU6c2VjcmV0");
        for text in [
            "",
            "authorization",
            "authorization: x",
            "a b: {}",
            "a: {} {}",
            "a: {}{base64}",
            "a: {x}",
            "a: {}\r\nb: c",
            "host: {}",
        ] {
            assert!(text.parse::<Template>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_place_is_one_host_over_tls() {
        let bound = |rule: &str| Binding::new("web".into(), rule, "a: {}").is_ok();
        for rule in ["https://a.example", "https://a.example/v1/*:get", "https://a.example:8443/", "https://127.0.0.1"]
        {
            assert!(bound(rule), "{rule}");
        }
        for rule in
            ["http://a.example", "*://a.example", "https://*", "https://*.a.example", "https://a.example:*", "x"]
        {
            assert!(!bound(rule), "{rule}");
        }
    }
}
