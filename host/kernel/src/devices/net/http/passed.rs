//! What passes between a guest and `wasi:http/types`: how much work it is, and how much memory the
//! host keeps for the handle that is made of it.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable};
use wasmtime_wasi_http::{
    FieldMap, RequestOptions,
    p2::{
        bindings::http::types::{ErrorCode, HeaderError, IoError, Method, Scheme},
        body::{HostFutureTrailers, HostIncomingBody, HostOutgoingBody},
        types::{
            HostFutureIncomingResponse, HostIncomingRequest, HostIncomingResponse, HostOutgoingRequest,
            HostOutgoingResponse, HostResponseOutparam,
        },
    },
};

/// Bytes of one set of header fields, as they lie in memory, those of a response included. Stops
/// thirty thousand headers.
pub(in crate::devices::net) const FIELDS: usize = 32 << 10;
/// Bytes of one piece of a request's body. Two of them are kept before anybody reads, also of
/// requests that are never sent.
pub(super) const CHUNK: usize = 64 << 10;

/// What a handle holds of `memory`: the most that it can come to. Stops four thousand handles of
/// megabytes each that nobody is charged for.
pub(super) trait Held {
    const BYTES: u64 = 0;
}

impl Held for FieldMap {
    // A map has room for twice as many as it has.
    const BYTES: u64 = 2 * FIELDS as u64;
}

impl Held for HostOutgoingRequest {
    // Its fields, and a path as long as the address of a request can be.
    const BYTES: u64 = FieldMap::BYTES + (64 << 10);
}

impl Held for HostOutgoingResponse {
    const BYTES: u64 = FieldMap::BYTES;
}

impl Held for HostIncomingResponse {
    const BYTES: u64 = FieldMap::BYTES;
}

impl Held for HostOutgoingBody {
    const BYTES: u64 = 2 * CHUNK as u64;
}

macro_rules! small {
    ($($type:ty),*) => { $(impl Held for $type {})* };
}

// What they stand for is bounded by `requests`, or holds nothing.
small!(RequestOptions, HostFutureIncomingResponse, HostFutureTrailers, HostIncomingBody, HostIncomingRequest);
small!(HostResponseOutparam, DynInputStream, DynOutputStream, DynPollable, IoError);

/// An argument or a result.
pub(super) trait Passed {
    /// What the handle in it holds of `memory`.
    const HOLDS: u64 = 0;
    /// Bytes that are copied, and about as many more for each piece.
    fn bytes(&self) -> u64 {
        0
    }
    /// The place of the handle in it, in the table.
    fn place(&self) -> Option<u32> {
        None
    }
}

/// What one string or list costs beside its bytes.
const PIECE: u64 = 32;

impl<T: Held + 'static> Passed for Resource<T> {
    const HOLDS: u64 = T::BYTES;
    fn place(&self) -> Option<u32> {
        Some(self.rep())
    }
}

impl Passed for String {
    fn bytes(&self) -> u64 {
        PIECE + self.len() as u64
    }
}

impl Passed for Vec<u8> {
    fn bytes(&self) -> u64 {
        PIECE + self.len() as u64
    }
}

impl Passed for (String, Vec<u8>) {
    fn bytes(&self) -> u64 {
        self.0.bytes() + self.1.bytes()
    }
}

impl Passed for Vec<Vec<u8>> {
    fn bytes(&self) -> u64 {
        self.iter().map(Passed::bytes).sum()
    }
}

impl Passed for Vec<(String, Vec<u8>)> {
    fn bytes(&self) -> u64 {
        self.iter().map(Passed::bytes).sum()
    }
}

impl Passed for Method {
    fn bytes(&self) -> u64 {
        if let Method::Other(method) = self { method.bytes() } else { 0 }
    }
}

impl Passed for Scheme {
    fn bytes(&self) -> u64 {
        if let Scheme::Other(scheme) = self { scheme.bytes() } else { 0 }
    }
}

impl<T: Passed> Passed for Option<T> {
    const HOLDS: u64 = T::HOLDS;
    fn bytes(&self) -> u64 {
        self.as_ref().map_or(0, Passed::bytes)
    }
    fn place(&self) -> Option<u32> {
        self.as_ref().and_then(Passed::place)
    }
}

impl<T: Passed, E> Passed for Result<T, E> {
    const HOLDS: u64 = T::HOLDS;
    fn bytes(&self) -> u64 {
        self.as_ref().map_or(0, Passed::bytes)
    }
    fn place(&self) -> Option<u32> {
        self.as_ref().ok().and_then(Passed::place)
    }
}

macro_rules! plain {
    ($($type:ty),*) => { $(impl Passed for $type {})* };
}

plain!((), bool, u16, u64, ErrorCode, HeaderError);
