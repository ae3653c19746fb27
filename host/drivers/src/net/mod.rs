//! Requests of guests, over connections of their own: nothing is shared between two of them, no
//! proxy is asked, no redirect followed, nothing unpacked.

mod body;
mod dial;
mod echo;
mod resolve;
mod secret;

use std::sync::Arc;

use futures_core::future::BoxFuture;
use holm_kernel::{
    devices::net::law::Target,
    net::{Body, Driver, Failure, Request},
};
use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier,
    client::{Resumption, WantsClientCert},
};
use rustls_platform_verifier::BuilderVerifierExt;

pub use resolve::{Resolve, System};
pub use secret::{Credential, Secrets, Unreadable};

/// Why there is no network.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct OpenError(#[from] rustls::Error);

/// The network, as guests have it.
#[derive(Clone)]
pub struct Network {
    resolve: Arc<dyn Resolve>,
    secrets: Arc<dyn Secrets>,
    tls: Arc<ClientConfig>,
}

impl Network {
    /// The network, with names from `resolve`, credentials from `secrets`, and TLS by the system's roots.
    ///
    /// # Errors
    /// The system has no roots that can be used.
    pub fn new(resolve: Arc<dyn Resolve>, secrets: Arc<dyn Secrets>) -> Result<Self, OpenError> {
        Ok(Self::with(resolve, secrets, tls()?.with_platform_verifier()?))
    }

    /// The network, with TLS by these roots alone.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn trusting(
        resolve: Arc<dyn Resolve>,
        secrets: Arc<dyn Secrets>,
        roots: RootCertStore,
    ) -> Result<Self, OpenError> {
        Ok(Self::with(resolve, secrets, tls()?.with_root_certificates(roots)))
    }

    fn with(
        resolve: Arc<dyn Resolve>,
        secrets: Arc<dyn Secrets>,
        tls: ConfigBuilder<ClientConfig, WantsClientCert>,
    ) -> Self {
        let mut tls = tls.with_no_client_auth();
        // A session that goes on would tell a server that two plugins are on one machine.
        tls.resumption = Resumption::disabled();
        Self { resolve, secrets, tls: Arc::new(tls) }
    }
}

fn tls() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

impl Driver for Network {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<http::Response<Body>, Failure>> {
        let network = self.clone();
        Box::pin(async move { dial::send(&network, request).await })
    }

    fn carries(&self, plugin: &str, target: &Target, method: &str) -> Vec<String> {
        secret::names(&*self.secrets, plugin, target, method)
    }
}
