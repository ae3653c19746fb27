//! Registries of components, by OCI's distribution protocol: what the operator installs comes from there.
//!
//! Everything goes through the one network: names are resolved once, inner addresses refused, TLS by the
//! system's roots. Plain http is spoken to this machine alone.

mod challenge;
mod client;

pub use client::{Login, Registry, RegistryError, Repository};
