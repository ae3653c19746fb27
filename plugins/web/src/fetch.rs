//! One page over the network, redirects within its origin followed, as text.

use encoding_rs::{Encoding, UTF_8};
use holm::http::{self, Response};
use holm::{Error, Result};
use std::io::Read;
use url::Url;

/// Redirects that are followed. Stops servers that lead round for ever.
const HOPS: usize = 10;

/// Bytes of a page that are read. Stops pages that never end.
const BYTES: u64 = 16 << 20;

/// A page as it came.
pub(crate) struct Fetched {
    /// Where it came from in the end.
    pub(crate) url: Url,
    pub(crate) status: u16,
    /// Like `text/html`; empty where the server tells none.
    pub(crate) kind: String,
    pub(crate) text: String,
    /// There was more of it.
    pub(crate) cut: bool,
}

pub(crate) fn fetch(address: &str) -> Result<Fetched> {
    let mut url = Url::parse(address).map_err(|error| Error::arguments(format!("{address} is no address: {error}")))?;
    for _ in 0..=HOPS {
        let response = http::get(url.as_str()).header("accept", "text/html, text/*;q=0.9, */*;q=0.1").send()?;
        match redirect(&response, &url)? {
            Some(next) => url = next,
            None => return read(response, url),
        }
    }
    Err(Error::new(format!("{address} redirects more than {HOPS} times")))
}

/// Where it leads on, if it does. To another origin it is not followed: whoever may call this for one
/// address (`tool=web/fetch?url=…`) would be led to all that this plugin itself is granted.
fn redirect(response: &Response, from: &Url) -> Result<Option<Url>> {
    if !matches!(response.status(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.header("location") else { return Ok(None) };
    let next = from.join(location).map_err(|error| Error::new(format!("{from} redirects to {location}: {error}")))?;
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err(Error::new(format!("{from} redirects to {next}, where anybody could read along")));
    }
    if next.origin() != from.origin() {
        return Err(Error::new(format!("{from} redirects to {next}, which is another place: ask for that itself")));
    }
    Ok(Some(next))
}

fn read(mut response: Response, url: Url) -> Result<Fetched> {
    let content_type = response.header("content-type").unwrap_or_default().to_owned();
    let (kind, parameters) = content_type.split_once(';').unwrap_or((&content_type, ""));
    let kind = kind.trim().to_ascii_lowercase();
    if !is_text(&kind) {
        return Err(Error::new(format!("{url} is {kind}, and no text")));
    }
    let mut bytes = Vec::new();
    (&mut response).take(BYTES).read_to_end(&mut bytes)?;
    let cut = bytes.len() as u64 == BYTES;
    let label = charset(parameters).or_else(|| declared(&bytes));
    let encoding = label.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(UTF_8);
    let text = encoding.decode(&bytes).0.into_owned();
    Ok(Fetched { url, status: response.status(), kind, text, cut })
}

fn is_text(kind: &str) -> bool {
    let applications = ["json", "xml", "javascript", "yaml", "toml", "x-ndjson"];
    let application = kind.strip_prefix("application/").is_some_and(|subtype| {
        applications.iter().any(|text| subtype == *text || subtype.ends_with(&format!("+{text}")))
    });
    kind.is_empty() || kind.starts_with("text/") || application
}

/// `charset=…` among a header's parameters, or in a `<meta>`.
fn charset(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (_, value) = lower.split_once("charset=")?;
    let value = value.trim_start_matches(['"', '\'']);
    let end = value.find(|char: char| !char.is_ascii_alphanumeric() && !"-_:.".contains(char)).unwrap_or(value.len());
    Some(value[..end].to_owned())
}

/// What a page says of itself in its first kilobyte, where browsers look too.
fn declared(bytes: &[u8]) -> Option<String> {
    charset(&String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]))
}

#[cfg(test)]
mod tests {
    use super::{charset, declared, is_text};

    #[test]
    fn character_sets_are_found() {
        assert_eq!(charset(" charset=UTF-8"), Some("utf-8".to_owned()));
        assert_eq!(charset("charset=\"iso-8859-1\"; x=y"), Some("iso-8859-1".to_owned()));
        assert_eq!(charset("boundary=x"), None);
        assert_eq!(declared(b"<html><meta charset='windows-1252'>"), Some("windows-1252".to_owned()));
    }

    #[test]
    fn text_is_told_from_the_rest() {
        for kind in ["", "text/html", "application/xhtml+xml", "application/json", "application/ld+json"] {
            assert!(is_text(kind), "{kind}");
        }
        for kind in ["image/png", "application/pdf", "application/octet-stream", "video/mp4"] {
            assert!(!is_text(kind), "{kind}");
        }
    }
}
