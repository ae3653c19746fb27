//! Addresses of the web that are written in a text.

use std::sync::LazyLock;

use regex::Regex;
use url::{Host, Url};

use super::{Lines, MAXIMUM_MENTION_BYTES, Mention};

#[expect(clippy::expect_used, reason = "the expression is the same every time")]
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i)\bhttps?://[^\s"'`<>\\{}()$|^]+"#).expect("it is an expression"));

/// Names of formats, and what stands for any address: nobody goes there.
const NEVER_REACHED: [&str; 15] = [
    "www.w3.org",
    "schemas.openxmlformats.org",
    "schemas.microsoft.com",
    "purl.org",
    "ns.adobe.com",
    "json-schema.org",
    "www.apache.org",
    "opensource.org",
    "docs.oasis-open.org",
    "xmlns.com",
    "openoffice.org",
    "example.com",
    "example.org",
    "example.net",
    "schemas.xmlsoap.org",
];

/// The addresses as far as their hosts and ports. Where the host is computed there is none.
pub(super) fn find(text: &str) -> Vec<Mention> {
    let mut lines = Lines::new(text);
    ADDRESS
        .find_iter(text)
        .filter_map(|found| {
            let what = origin(found.as_str(), text[found.end()..].chars().next())?;
            Some(Mention { what, line: lines.of(found.start()) })
        })
        .collect()
}

fn origin(address: &str, next: Option<char>) -> Option<String> {
    // `https://{host}/` and `https://api.$DOMAIN` name no host.
    let in_host = !address.splitn(3, '/').nth(2)?.contains('/');
    if in_host && matches!(next, Some('{' | '$' | '(' | '<' | '\\')) {
        return None;
    }
    let url = Url::parse(address.trim_end_matches(['.', ',', ';', ':', '*', '!', '?'])).ok()?;
    let name = match url.host()? {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            let labels = name.split('.').all(|label| (1..=63).contains(&label.len()));
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
            let words = name.contains('.') || name == "localhost";
            let known =
                |never: &str| name.strip_suffix(never).is_some_and(|above| above.is_empty() || above.ends_with('.'));
            if !labels || !plain || !words || name.starts_with("your") || NEVER_REACHED.into_iter().any(known) {
                return None;
            }
            name.to_owned()
        }
        address => address.to_string(),
    };
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    let origin = format!("{}://{name}{port}", url.scheme());
    (origin.len() <= MAXIMUM_MENTION_BYTES).then_some(origin)
}
