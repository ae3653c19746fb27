//! What dials. The kernel admits a request, counts its bytes and ends it with its process or its
//! right; a driver resolves, checks the addresses by the law, connects and speaks.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_core::future::BoxFuture;
use http_body_util::combinators::UnsyncBoxBody;
pub use wasmtime_wasi_http::Error as HttpError;

use super::super::law::{Target, Unreachable};
use crate::{account::Hold, process::Pid};

/// Of a request or a response, as it comes.
pub type Body = UnsyncBoxBody<Bytes, HttpError>;

/// One request that was admitted.
#[derive(Debug)]
pub struct Request {
    /// Whose request it is: secrets are bound to a plugin.
    pub plugin: Arc<str>,
    /// Where it goes, and nowhere else: no redirect is followed, no proxy asked.
    pub target: Target,
    /// Method, headers and body. Its address is as the guest wrote it; a driver sends `target`.
    pub head: http::Request<Body>,
    /// How long is waited.
    pub timeouts: Timeouts,
    /// Its place among the requests of its tree.
    pub place: Place,
}

/// A place among the `requests` of a tree, taken for as long as anything holds it: work that goes on
/// after its request was dropped holds it too.
#[derive(Clone, Debug)]
pub struct Place {
    tree: Pid,
    _hold: Arc<Hold>,
}

impl Place {
    /// The place that is held, of a tree with this root.
    pub fn new(tree: Pid, hold: Hold) -> Self {
        Self { tree, _hold: Arc::new(hold) }
    }

    /// The root of its tree.
    pub fn tree(&self) -> Pid {
        self.tree
    }
}

/// How long a driver waits. A guest may ask for less, never for more.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For names and connections.
    pub connect: Duration,
    /// For the head of the response, once connected. Stops headers that drip for ever.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub between_bytes: Duration,
}

impl Timeouts {
    /// The longest.
    pub const LONGEST: Self = Self {
        connect: Duration::from_secs(15),
        first_byte: Duration::from_secs(60),
        between_bytes: Duration::from_secs(30),
    };
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The law forbids where the name leads.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Anything else.
    #[error("{0}")]
    Http(HttpError),
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Failure::Http(error)
    }
}

/// What dials.
pub trait Driver: Send + Sync + 'static {
    /// Sends one request. Dropping the future, or the body it gave, ends the connection.
    ///
    /// # Errors
    /// The law forbids the addresses; or what `wasi:http` calls it.
    fn send(&self, request: Request) -> BoxFuture<'static, Result<http::Response<Body>, Failure>>;

    /// What it calls the secrets that it adds to such a request, for the record. It reads no disk.
    fn carries(&self, plugin: &str, target: &Target, method: &str) -> Vec<String>;
}

/// For kernels without a network: each request is denied.
impl Driver for () {
    fn send(&self, _: Request) -> BoxFuture<'static, Result<http::Response<Body>, Failure>> {
        Box::pin(async { Err(HttpError::HttpRequestDenied.into()) })
    }

    fn carries(&self, _: &str, _: &Target, _: &str) -> Vec<String> {
        Vec::new()
    }
}
