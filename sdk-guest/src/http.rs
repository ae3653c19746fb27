//! Requests to the network, by grant: `net=https://api.example.com/*:get`.
//!
//! ```no_run
//! use std::io::Read;
//!
//! fn main() -> holm::Result<()> {
//!     let mut response = holm::http::get("https://example.com/data.json").header("accept", "application/json").send()?;
//!     let mut text = String::new();
//!     response.read_to_string(&mut text)?;
//!     println!("{} {text}", response.status());
//!     Ok(())
//! }
//! ```
//!
//! A redirect is a response like any other: whoever follows it makes another request, which the
//! kernel checks as it did the first. Nothing is unpacked.

use crate::Denial;
use crate::bindings::imports::wasi::http::outgoing_handler;
use crate::bindings::imports::wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use crate::log::last_denial;
use crate::streams::{Reader, Writer};
use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

/// A request that is being written.
#[derive(Clone, Debug)]
#[must_use = "it is not sent yet"]
pub struct Request {
    method: String,
    address: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    timeout: Option<Duration>,
}

/// Asks for what is at an address.
pub fn get(address: impl Into<String>) -> Request {
    Request::new("GET", address)
}

/// Sends something to an address: see [`Request::body`].
pub fn post(address: impl Into<String>) -> Request {
    Request::new("POST", address)
}

impl Request {
    /// A request of any method.
    pub fn new(method: impl Into<String>, address: impl Into<String>) -> Self {
        let (method, address) = (method.into(), address.into());
        Self { method, address, headers: Vec::new(), body: Vec::new(), timeout: None }
    }

    /// Adds a header. `host` and those of the connection are the kernel's to write.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// What is sent.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// How long to wait for the connection, for the response, and between its parts. The kernel
    /// has limits of its own; less is taken, more is not.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends it, and waits until the response begins.
    ///
    /// # Errors
    /// [`Error::Denied`] where no grant allows it, and what went wrong on the way.
    pub fn send(self) -> Result<Response, Error> {
        let refused = |what: &str| Error::Malformed(format!("{what}, in a request to {}", self.address));
        let fields = Fields::new();
        for (name, value) in &self.headers {
            fields.append(name, value).map_err(|error| refused(&format!("the header {name}: {error}")))?;
        }
        if !self.body.is_empty() {
            let length = self.body.len().to_string();
            fields.set("content-length", &[length.into_bytes()]).map_err(|error| refused(&error.to_string()))?;
        }
        let request = OutgoingRequest::new(fields);
        let (scheme, authority, path) = split(&self.address).ok_or_else(|| refused("no address of the web"))?;
        request.set_method(&method(&self.method)).map_err(|()| refused("no method"))?;
        request.set_scheme(Some(&scheme)).map_err(|()| refused("no scheme"))?;
        request.set_authority(Some(authority)).map_err(|()| refused("no host"))?;
        request.set_path_with_query(Some(path)).map_err(|()| refused("no path"))?;
        let body = request.body().map_err(|()| refused("no body"))?;
        let before = last_denial();
        let failed = |error| failed(error, before.as_ref(), authority);
        let pending = outgoing_handler::handle(request, self.timeout.map(options)).map_err(failed)?;
        let sent = send_body(body, &self.body);
        let response = loop {
            if let Some(response) = pending.get() {
                break response.map_err(|()| refused("no response"))?.map_err(failed)?;
            }
            pending.subscribe().block();
        };
        // A server may answer, and close, before it has read everything.
        match sent {
            Err(error) if response.status() < 300 => Err(error),
            _ => Response::new(response),
        }
    }
}

fn send_body(body: OutgoingBody, bytes: &[u8]) -> Result<(), Error> {
    if !bytes.is_empty() {
        let stream = body.write().map_err(|()| Error::Malformed("the body is taken".to_owned()))?;
        let mut writer = Writer(stream);
        // Each write is flushed; after the last byte of its length the body takes no more, a flush neither.
        writer.write_all(bytes).map_err(|error| Error::Failed(error.to_string()))?;
    }
    OutgoingBody::finish(body, None).map_err(|error| Error::Failed(error.to_string()))
}

/// Scheme, host with port, path with query; a fragment is never sent.
fn split(address: &str) -> Option<(Scheme, &str, &str)> {
    let address = address.split('#').next().unwrap_or_default();
    let (scheme, rest) = address.split_once("://")?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        other => Scheme::Other(other.to_owned()),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    Some((scheme, authority, if path.is_empty() { "/" } else { path }))
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "PATCH" => Method::Patch,
        "OPTIONS" => Method::Options,
        other => Method::Other(other.to_owned()),
    }
}

fn options(timeout: Duration) -> RequestOptions {
    let options = RequestOptions::new();
    let nanoseconds = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
    // Where one of them is not taken, the kernel's own holds.
    let _ = options.set_connect_timeout(Some(nanoseconds));
    let _ = options.set_first_byte_timeout(Some(nanoseconds));
    let _ = options.set_between_bytes_timeout(Some(nanoseconds));
    options
}

/// A response: its status, its headers, and its body as a [`Read`].
#[derive(Debug)]
pub struct Response {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    // Dropped in this order, as WASI wants it.
    reader: Reader,
    _body: IncomingBody,
}

impl Response {
    fn new(response: IncomingResponse) -> Result<Self, Error> {
        let taken = |()| Error::Failed("the body is taken".to_owned());
        let body = response.consume().map_err(taken)?;
        let reader = Reader(body.stream().map_err(taken)?);
        let headers = response.headers().entries();
        Ok(Self { status: response.status(), headers, reader, _body: body })
    }

    /// 200 and so on.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is of the 200s.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this name, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// All headers, as they came.
    #[must_use]
    pub fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }
}

impl Read for Response {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No grant allows it, or its name leads where none may.
    Denied(Denial),
    /// It cannot be sent as it is written.
    Malformed(String),
    /// It went out, or was to, and failed.
    Failed(String),
}

/// What went wrong with a request to this host. The last denial is its own if it is new, or says the same
/// of the same host again.
fn failed(error: ErrorCode, before: Option<&Denial>, authority: &str) -> Error {
    let denied = matches!(error, ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited);
    let host = format!("://{}", authority.to_ascii_lowercase());
    let own = |denial: &Denial| before != Some(denial) || denial.resource.contains(&host);
    match last_denial().filter(|denial| denied && denial.capability == "net" && own(denial)) {
        Some(denial) => Error::Denied(denial),
        None => Error::Failed(match error {
            ErrorCode::InternalError(Some(text)) => text,
            error => error.to_string(),
        }),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Denied(denial) => denial.fmt(f),
            Error::Malformed(text) | Error::Failed(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::{Scheme, split};

    #[test]
    fn an_address_is_split_and_not_read() {
        let parts = |address| split(address).map(|(scheme, authority, path)| (format!("{scheme:?}"), authority, path));
        assert_eq!(parts("https://a.example"), Some(("Scheme::Https".to_owned(), "a.example", "/")));
        assert_eq!(parts("HTTP://a:80/b?c#d"), Some(("Scheme::Http".to_owned(), "a:80", "/b?c")));
        assert_eq!(parts("https://a?b"), Some(("Scheme::Https".to_owned(), "a", "?b")));
        assert!(matches!(split("ftp://a"), Some((Scheme::Other(_), ..))));
        assert_eq!(parts("a.example"), None);
    }
}
