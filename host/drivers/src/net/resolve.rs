//! Names to addresses, asked once for each request.

use std::net::IpAddr;

use futures_core::future::BoxFuture;

/// Answers for names. Behind a trait, so that a test can be the name service that lies.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of a name; none where there is no answer.
    fn resolve(&self, name: String) -> BoxFuture<'static, Vec<IpAddr>>;
}

/// The system's own resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

/// More answers than this are not looked at.
const ADDRESSES: usize = 64;

impl Resolve for System {
    fn resolve(&self, name: String) -> BoxFuture<'static, Vec<IpAddr>> {
        Box::pin(async move {
            // Port 0: only the addresses are wanted.
            match tokio::net::lookup_host((name.as_str(), 0)).await {
                Ok(addresses) => addresses.map(|address| address.ip()).take(ADDRESSES).collect(),
                Err(_) => Vec::new(),
            }
        })
    }
}
