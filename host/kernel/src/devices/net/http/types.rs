//! `wasi:http/types`, delegated to wasmtime-wasi-http behind the door: values to build requests of
//! and to read responses from. None of them reaches anything; that is `send`'s.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable};
use wasmtime_wasi_http::{
    FieldMap, RequestOptions, WasiHttpCtxView,
    p2::{
        HeaderError, HeaderResult, HttpError, HttpResult,
        bindings::http::types::{self, ErrorCode, Method, Scheme, StatusCode},
        body::{HostFutureTrailers, HostIncomingBody, HostOutgoingBody},
        types::{
            HostFutureIncomingResponse, HostIncomingRequest, HostIncomingResponse, HostOutgoingRequest,
            HostOutgoingResponse, HostResponseOutparam,
        },
    },
};

use super::{super::Net, passed::Passed};
use crate::{
    account::Level,
    devices::wasi_trap,
    syscall::{Entered, Op, Syscall, device::fuel_for_bytes},
};

static LOOK: Op = Op::query("http-value", 300);
static FIELDS: Op = Op::query("http-fields", 1_000);

/// Fuel for each field of a set that is changed: where it is shared, all of it is copied first.
const FIELD: u64 = 50;

/// Longer methods are refused; no rule names one. Stops four megabytes that each request keeps.
const METHOD_BYTES: usize = 16;
/// Longer authorities are refused: a name has 253 bytes, a port six. Stops the same.
const AUTHORITY_BYTES: usize = 300;

/// What wasmtime-wasi-http works on.
pub(super) fn view<'a>(call: &'a mut Entered<'_, Net>) -> WasiHttpCtxView<'a> {
    let (session, table) = call.wasi();
    WasiHttpCtxView { hooks: &mut session.hooks, table, ctx: &mut session.http }
}

/// An error that can be a trap.
trait Trap {
    fn of(error: wasmtime::Error) -> Self;
}

impl Trap for wasmtime::Error {
    fn of(error: wasmtime::Error) -> Self {
        error
    }
}

impl Trap for HeaderError {
    fn of(error: wasmtime::Error) -> Self {
        HeaderError::trap(error)
    }
}

impl Trap for HttpError {
    fn of(error: wasmtime::Error) -> Self {
        HttpError::trap(error)
    }
}

impl Syscall<'_, Net> {
    /// Enters with so many bytes of arguments, does one thing, and charges for what comes of it.
    /// The handle that is made holds its memory until it is given back.
    fn look<T: Passed, E: Trap>(
        &mut self,
        op: &'static Op,
        bytes: u64,
        look: impl FnOnce(&mut Entered<'_, Net>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut call = self.enter_now(op).map_err(|refusal| E::of(wasi_trap(refusal)))?;
        call.charge(fuel_for_bytes(bytes));
        super::send::explain(&mut call);
        let hold = match T::HOLDS {
            0 => None,
            bytes => {
                let held = call.account().hold(Level::Memory, bytes);
                Some(held.map_err(|exceeded| E::of(wasi_trap(call.over(exceeded))))?)
            }
        };
        let made = look(&mut call)?;
        call.charge(fuel_for_bytes(made.bytes()));
        if let (Some(place), Some(hold)) = (made.place(), hold) {
            call.session.held.insert(place, hold);
        }
        Ok(made)
    }
}

/// Enters, and lets wasmtime-wasi-http answer.
macro_rules! delegate {
    ($interface:ident, $op:ident: $(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => { $(
        fn $name(&mut self, $($argument: $type),*) -> wasmtime::Result<$result> {
            let bytes = 0 $(+ $argument.bytes())*;
            self.look(&$op, bytes, |call| types::$interface::$name(&mut view(call), $($argument),*))
        }
    )* };
}

/// Gives a value back: free, and always allowed.
macro_rules! release {
    ($type:ty) => {
        fn drop(&mut self, value: Resource<$type>) -> wasmtime::Result<()> {
            let place = value.rep();
            self.wasi_table().delete(value)?;
            self.wasi_session().held.remove(&place);
            Ok(())
        }
    };
}

type Answer<T> = Result<T, ()>;

impl types::Host for Syscall<'_, Net> {
    fn convert_error_code(&mut self, error: HttpError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn convert_header_error(&mut self, error: HeaderError) -> wasmtime::Result<types::HeaderError> {
        error.downcast()
    }

    delegate! { Host, LOOK:
        fn http_error_code(error: Resource<types::IoError>) -> Option<ErrorCode>;
    }
}

impl Syscall<'_, Net> {
    /// Enters to change fields.
    fn change<T: Passed>(
        &mut self,
        fields: &Resource<FieldMap>,
        bytes: u64,
        change: impl FnOnce(&mut Entered<'_, Net>) -> HeaderResult<T>,
    ) -> HeaderResult<T> {
        self.look(&FIELDS, bytes, |call| {
            let count = call.wasi().1.get(fields)?.len() as u64;
            call.charge(count * FIELD);
            change(call)
        })
    }
}

impl types::HostFields for Syscall<'_, Net> {
    delegate! { HostFields, FIELDS:
        fn new() -> Resource<FieldMap>;
        fn get(fields: Resource<FieldMap>, name: String) -> Vec<Vec<u8>>;
        fn has(fields: Resource<FieldMap>, name: String) -> bool;
        fn entries(fields: Resource<FieldMap>) -> Vec<(String, Vec<u8>)>;
        fn clone(fields: Resource<FieldMap>) -> Resource<FieldMap>;
    }

    fn from_list(&mut self, entries: Vec<(String, Vec<u8>)>) -> HeaderResult<Resource<FieldMap>> {
        self.look(&FIELDS, entries.bytes(), |call| types::HostFields::from_list(&mut view(call), entries))
    }

    fn set(&mut self, fields: Resource<FieldMap>, name: String, values: Vec<Vec<u8>>) -> HeaderResult<()> {
        let (own, bytes) = (Resource::new_borrow(fields.rep()), name.bytes() + values.bytes());
        self.change(&own, bytes, |call| types::HostFields::set(&mut view(call), fields, name, values))
    }

    fn append(&mut self, fields: Resource<FieldMap>, name: String, value: Vec<u8>) -> HeaderResult<()> {
        let (own, bytes) = (Resource::new_borrow(fields.rep()), name.bytes() + value.bytes());
        self.change(&own, bytes, |call| types::HostFields::append(&mut view(call), fields, name, value))
    }

    fn delete(&mut self, fields: Resource<FieldMap>, name: String) -> HeaderResult<()> {
        let (own, bytes) = (Resource::new_borrow(fields.rep()), name.bytes());
        self.change(&own, bytes, |call| types::HostFields::delete(&mut view(call), fields, name))
    }

    release!(FieldMap);
}

impl types::HostOutgoingRequest for Syscall<'_, Net> {
    fn new(&mut self, headers: Resource<FieldMap>) -> wasmtime::Result<Resource<HostOutgoingRequest>> {
        self.look(&LOOK, 0, |call| {
            call.session.held.remove(&headers.rep());
            types::HostOutgoingRequest::new(&mut view(call), headers)
        })
    }

    fn set_method(&mut self, request: Resource<HostOutgoingRequest>, method: Method) -> wasmtime::Result<Answer<()>> {
        self.look(&LOOK, method.bytes(), |call| match &method {
            Method::Other(other) if other.len() > METHOD_BYTES => Ok(Err(())),
            _ => types::HostOutgoingRequest::set_method(&mut view(call), request, method),
        })
    }

    fn set_authority(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        authority: Option<String>,
    ) -> wasmtime::Result<Answer<()>> {
        self.look(&LOOK, authority.bytes(), |call| match &authority {
            Some(authority) if authority.len() > AUTHORITY_BYTES => Ok(Err(())),
            _ => types::HostOutgoingRequest::set_authority(&mut view(call), request, authority),
        })
    }

    delegate! { HostOutgoingRequest, LOOK:
        fn body(request: Resource<HostOutgoingRequest>) -> Answer<Resource<HostOutgoingBody>>;
        fn method(request: Resource<HostOutgoingRequest>) -> Method;
        fn path_with_query(request: Resource<HostOutgoingRequest>) -> Option<String>;
        fn set_path_with_query(request: Resource<HostOutgoingRequest>, path: Option<String>) -> Answer<()>;
        fn scheme(request: Resource<HostOutgoingRequest>) -> Option<Scheme>;
        fn set_scheme(request: Resource<HostOutgoingRequest>, scheme: Option<Scheme>) -> Answer<()>;
        fn authority(request: Resource<HostOutgoingRequest>) -> Option<String>;
        fn headers(request: Resource<HostOutgoingRequest>) -> Resource<FieldMap>;
    }

    release!(HostOutgoingRequest);
}

impl types::HostRequestOptions for Syscall<'_, Net> {
    delegate! { HostRequestOptions, LOOK:
        fn new() -> Resource<RequestOptions>;
        fn connect_timeout(options: Resource<RequestOptions>) -> Option<u64>;
        fn set_connect_timeout(options: Resource<RequestOptions>, nanoseconds: Option<u64>) -> Answer<()>;
        fn first_byte_timeout(options: Resource<RequestOptions>) -> Option<u64>;
        fn set_first_byte_timeout(options: Resource<RequestOptions>, nanoseconds: Option<u64>) -> Answer<()>;
        fn between_bytes_timeout(options: Resource<RequestOptions>) -> Option<u64>;
        fn set_between_bytes_timeout(options: Resource<RequestOptions>, nanoseconds: Option<u64>) -> Answer<()>;
    }

    release!(RequestOptions);
}

impl types::HostOutgoingBody for Syscall<'_, Net> {
    delegate! { HostOutgoingBody, LOOK:
        fn write(body: Resource<HostOutgoingBody>) -> Answer<Resource<DynOutputStream>>;
    }

    fn finish(&mut self, body: Resource<HostOutgoingBody>, trailers: Option<Resource<FieldMap>>) -> HttpResult<()> {
        self.look(&LOOK, 0, |call| {
            for place in [body.place(), trailers.place()].into_iter().flatten() {
                call.session.held.remove(&place);
            }
            types::HostOutgoingBody::finish(&mut view(call), body, trailers)
        })
    }

    /// Unfinished: the request breaks off.
    fn drop(&mut self, body: Resource<HostOutgoingBody>) -> wasmtime::Result<()> {
        self.wasi_session().held.remove(&body.rep());
        let mut hooks = super::send::Hooks::default();
        let mut ctx = wasmtime_wasi_http::WasiHttpCtx::new();
        let mut view = WasiHttpCtxView { hooks: &mut hooks, table: self.wasi_table(), ctx: &mut ctx };
        types::HostOutgoingBody::drop(&mut view, body)
    }
}

impl types::HostFutureIncomingResponse for Syscall<'_, Net> {
    delegate! { HostFutureIncomingResponse, LOOK:
        fn subscribe(response: Resource<HostFutureIncomingResponse>) -> Resource<DynPollable>;
        fn get(
            response: Resource<HostFutureIncomingResponse>
        ) -> Option<Answer<Result<Resource<HostIncomingResponse>, ErrorCode>>>;
    }

    release!(HostFutureIncomingResponse);
}

impl types::HostIncomingResponse for Syscall<'_, Net> {
    delegate! { HostIncomingResponse, LOOK:
        fn status(response: Resource<HostIncomingResponse>) -> StatusCode;
        fn headers(response: Resource<HostIncomingResponse>) -> Resource<FieldMap>;
        fn consume(response: Resource<HostIncomingResponse>) -> Answer<Resource<HostIncomingBody>>;
    }

    release!(HostIncomingResponse);
}

impl types::HostIncomingBody for Syscall<'_, Net> {
    delegate! { HostIncomingBody, LOOK:
        fn stream(body: Resource<HostIncomingBody>) -> Answer<Resource<DynInputStream>>;
        fn finish(body: Resource<HostIncomingBody>) -> Resource<HostFutureTrailers>;
    }

    release!(HostIncomingBody);
}

impl types::HostFutureTrailers for Syscall<'_, Net> {
    delegate! { HostFutureTrailers, LOOK:
        fn subscribe(trailers: Resource<HostFutureTrailers>) -> Resource<DynPollable>;
        fn get(
            trailers: Resource<HostFutureTrailers>
        ) -> Option<Answer<Result<Option<Resource<FieldMap>>, ErrorCode>>>;
    }

    release!(HostFutureTrailers);
}

// A guest serves nobody: no request comes in, and what would answer one has nobody to go to.

impl types::HostIncomingRequest for Syscall<'_, Net> {
    delegate! { HostIncomingRequest, LOOK:
        fn method(request: Resource<HostIncomingRequest>) -> Method;
        fn path_with_query(request: Resource<HostIncomingRequest>) -> Option<String>;
        fn scheme(request: Resource<HostIncomingRequest>) -> Option<Scheme>;
        fn authority(request: Resource<HostIncomingRequest>) -> Option<String>;
        fn headers(request: Resource<HostIncomingRequest>) -> Resource<FieldMap>;
        fn consume(request: Resource<HostIncomingRequest>) -> Answer<Resource<HostIncomingBody>>;
    }

    release!(HostIncomingRequest);
}

impl types::HostOutgoingResponse for Syscall<'_, Net> {
    fn new(&mut self, headers: Resource<FieldMap>) -> wasmtime::Result<Resource<HostOutgoingResponse>> {
        self.look(&LOOK, 0, |call| {
            call.session.held.remove(&headers.rep());
            types::HostOutgoingResponse::new(&mut view(call), headers)
        })
    }

    delegate! { HostOutgoingResponse, LOOK:
        fn body(response: Resource<HostOutgoingResponse>) -> Answer<Resource<HostOutgoingBody>>;
        fn status_code(response: Resource<HostOutgoingResponse>) -> StatusCode;
        fn set_status_code(response: Resource<HostOutgoingResponse>, status: StatusCode) -> Answer<()>;
        fn headers(response: Resource<HostOutgoingResponse>) -> Resource<FieldMap>;
    }

    release!(HostOutgoingResponse);
}

impl types::HostResponseOutparam for Syscall<'_, Net> {
    delegate! { HostResponseOutparam, LOOK:
        fn set(param: Resource<HostResponseOutparam>, response: Result<Resource<HostOutgoingResponse>, ErrorCode>) -> ();
    }

    fn send_informational(
        &mut self,
        _param: Resource<HostResponseOutparam>,
        _status: u16,
        _headers: Resource<FieldMap>,
    ) -> HttpResult<()> {
        Err(ErrorCode::HttpProtocolError.into())
    }

    release!(HostResponseOutparam);
}
