//! The law of the network, for every part of Holm that dials: pure, no socket, no clock.
//!
//! A [`Target`] is what a request would reach, in one spelling. A rule ([`super::NetRule`]) admits
//! targets. Whoever dials a name resolves it once, asks [`reachable`] of every address, and
//! connects to those very addresses: a name that changes its mind meanwhile changes nothing.

mod address;
mod target;

use core::net::IpAddr;

pub use address::{Class, class};
pub use target::{Host, Target, TargetError};
pub(in crate::devices::net) use target::{default_port, host};

/// Why an answer of the name service is not dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// It has no address: that is a denial too, and nothing else is tried.
    #[error("the name has no address")]
    Nowhere,
    /// One of its addresses lies inside some network.
    #[error("the name leads to {}, {}", address, class.name())]
    Inside {
        /// The address.
        address: IpAddr,
        /// What it is for.
        class: Class,
    },
}

/// Whether a host that was admitted may be dialled at these addresses, which are all it has. What
/// a grant names literally is dialled as it is; behind a name, one inner address refuses them all.
///
/// # Errors
/// There is none, or one that is not public.
pub fn reachable(host: &Host, addresses: &[IpAddr]) -> Result<(), Unreachable> {
    if addresses.is_empty() {
        return Err(Unreachable::Nowhere);
    }
    let inner = |address: &&IpAddr| class(**address) != Class::Public && *host != Host::Address(**address);
    match addresses.iter().find(inner) {
        Some(address) => Err(Unreachable::Inside { address: *address, class: class(*address) }),
        None => Ok(()),
    }
}
