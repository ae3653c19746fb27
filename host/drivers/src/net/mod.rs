//! Requests of guests, over connections of their own: nothing is shared between two of them, no
//! proxy is asked, no redirect followed, nothing unpacked.

mod body;
mod dial;
mod resolve;

use std::sync::Arc;

use futures_core::future::BoxFuture;
use holm_kernel::net::{Body, Driver, Failure, Request};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;

pub use resolve::{Resolve, System};

/// Why there is no network.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct OpenError(#[from] rustls::Error);

/// The network, as guests have it.
#[derive(Clone)]
pub struct Network {
    resolve: Arc<dyn Resolve>,
    tls: Arc<ClientConfig>,
}

impl Network {
    /// The network, with names from `resolve`, and TLS by the system's roots.
    ///
    /// # Errors
    /// The system has no roots that can be used.
    pub fn new(resolve: Arc<dyn Resolve>) -> Result<Self, OpenError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        Ok(Self { resolve, tls: Arc::new(tls) })
    }
}

impl Driver for Network {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<http::Response<Body>, Failure>> {
        let network = self.clone();
        Box::pin(async move { dial::send(&network, request).await })
    }
}
