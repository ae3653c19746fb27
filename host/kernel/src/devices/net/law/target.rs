//! What a request would reach, in the one spelling that rules are compared with.

use core::net::IpAddr;
use std::fmt;

use url::{Host as UrlHost, Url};

/// Longer addresses are refused before they are looked at: matching a path costs its length times
/// its rule's.
const MAXIMUM_BYTES: usize = 8_192;

/// A host, read as browsers read it: `0x7f.1` and `2130706433` are addresses, `Ｅxample.com` a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// In lower case and Punycode, without a last dot.
    Name(String),
    /// Written as an address.
    Address(IpAddr),
}

/// Scheme, host, port and path of a request. The path has no dot segments and its percent signs
/// stand for what cannot be written plainly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `https`, `http`, `tcp`, `udp` or `dns`.
    pub scheme: &'static str,
    /// Whom it reaches.
    pub host: Host,
    /// Where.
    pub port: u16,
    /// With its leading slash. This spelling is sent, too: what was checked is what arrives.
    pub path: String,
    /// What follows the `?`. No rule looks at it.
    pub query: Option<String>,
}

/// Why a request has no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It does not parse.
    #[error("it is no address of the web")]
    Malformed,
    /// Neither `https` nor `http`.
    #[error("only https and http are spoken")]
    Scheme,
    /// `https://user:secret@host`, where readers disagree which is the host.
    #[error("a user's name and password before the host are refused")]
    User,
    /// `%2f`, `%5c` and `%252f`, which one server takes for a slash and the next does not.
    #[error("its path hides a slash or a null byte")]
    HiddenSlash,
    /// `..;a` and `%252e%252e`, which some servers take for the folder above.
    #[error("its path hides a step to another folder")]
    HiddenStep,
    /// It is too long.
    #[error("it is longer than {MAXIMUM_BYTES} bytes")]
    Length,
}

impl Target {
    /// Reads the address of a request.
    ///
    /// # Errors
    /// Nothing that a rule could be compared with for certain.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.len() > MAXIMUM_BYTES {
            return Err(TargetError::Length);
        }
        // The parser takes these out; what was written is then not what is read.
        if text.chars().any(|char| char.is_control() || char.is_whitespace() || char == '\\') {
            return Err(TargetError::Malformed);
        }
        let url = Url::parse(text).map_err(|_| TargetError::Malformed)?;
        let (scheme, default) = match url.scheme() {
            "https" => ("https", 443),
            "http" => ("http", 80),
            _ => return Err(TargetError::Scheme),
        };
        // Without its two slashes it would still be read; nobody else must.
        if !text.get(scheme.len()..).is_some_and(|rest| rest.starts_with("://") && !rest.starts_with(":///")) {
            return Err(TargetError::Malformed);
        }
        let authority = text.split(['/', '?', '#']).nth(2).unwrap_or_default();
        if authority.contains('@') {
            return Err(TargetError::User);
        }
        let host = url.host().and_then(host).ok_or(TargetError::Malformed)?;
        let path = normal_path(url.path())?;
        let query = url.query().map(str::to_owned);
        Ok(Self { scheme, host, port: url.port().unwrap_or(default), path, query })
    }

    /// Host and port, as the `Host` header has them.
    pub fn authority(&self) -> String {
        match default_port(self.scheme) {
            Some(port) if port == self.port => self.host.to_string(),
            _ => format!("{}:{}", self.host, self.port),
        }
    }

    /// The path as rules see it: a star or colon of its own is no star or colon of a rule.
    pub(in crate::devices::net) fn matched(&self) -> String {
        self.path.replace('*', "%2A").replace(':', "%3A")
    }

    /// A socket, in WASI's interfaces of them.
    pub(crate) fn socket(scheme: &'static str, host: &str) -> Self {
        let host: String = host.chars().filter(|char| !char.is_control() && *char != ' ').take(253).collect();
        Self { scheme, host: Host::Name(host), port: 0, path: String::new(), query: None }
    }
}

/// The port that a scheme means where none is written.
pub(in crate::devices::net) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    }
}

/// A host as the URL parser reads it. A last dot names the same host, and is gone.
pub(in crate::devices::net) fn host(host: UrlHost<&str>) -> Option<Host> {
    match host {
        UrlHost::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            let labels = name.split('.').all(|label| !label.is_empty() && label.len() <= 63);
            (labels && name.len() <= 253 && !name.contains('*')).then(|| Host::Name(name.to_owned()))
        }
        UrlHost::Ipv4(address) => Some(Host::Address(address.into())),
        UrlHost::Ipv6(address) => Some(Host::Address(address.into())),
    }
}

/// Decodes what needs no percent sign, writes the rest in capitals, and takes dot segments out
/// again, since `%2e%2e` may have become one.
fn normal_path(path: &str) -> Result<String, TargetError> {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        if byte != b'%' {
            normal.push(char::from(byte));
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(*digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(TargetError::Malformed) };
        match u8::try_from(high * 16 + low).unwrap_or_default() {
            0 | b'/' | b'\\' => return Err(TargetError::HiddenSlash),
            plain if plain.is_ascii_alphanumeric() || b"-._~".contains(&plain) => normal.push(char::from(plain)),
            b'%' => match rest.as_slice() {
                // Behind a server that decodes twice.
                [b'2', b'f' | b'F', ..] | [b'5', b'c' | b'C', ..] => return Err(TargetError::HiddenSlash),
                [b'2', b'e' | b'E', ..] | [b'2', b'5', ..] => return Err(TargetError::HiddenStep),
                _ => normal.push_str("%25"),
            },
            other => normal.push_str(&format!("%{other:02X}")),
        }
    }
    // Servers that cut off what follows a semicolon see the dots alone.
    let step = |segment: &str| {
        let plain = segment.split("%3B").next().unwrap_or_default();
        let name = plain.split(';').next().unwrap_or_default();
        name.len() < segment.len() && (name == "." || name == "..")
    };
    if normal.split('/').any(step) {
        return Err(TargetError::HiddenStep);
    }
    if !normal.split('/').any(|segment| segment == "." || segment == "..") {
        return Ok(normal);
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut folder = false;
    for segment in normal.split('/').skip(1) {
        folder = segment == "." || segment == "..";
        match segment {
            ".." => drop(kept.pop()),
            "." => {}
            _ => kept.push(segment),
        }
    }
    Ok(format!("/{}{}", kept.join("/"), if folder && !kept.is_empty() { "/" } else { "" }))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V4(address)) => address.fmt(f),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if self.port != 0 && default_port(self.scheme) != Some(self.port) {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.matched())
    }
}
