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

use super::super::Net;
use crate::{
    devices::wasi_trap,
    syscall::{Entered, Op, Syscall, device::fuel_for_bytes},
};

static LOOK: Op = Op::query("http-value", 300);
static FIELDS: Op = Op::query("http-fields", 1_000);

/// What wasmtime-wasi-http works on.
pub(super) fn view<'a>(call: &'a mut Entered<'_, Net>) -> WasiHttpCtxView<'a> {
    let (session, table) = call.wasi();
    WasiHttpCtxView { hooks: &mut session.hooks, table, ctx: &mut session.http }
}

/// Enters, and lets wasmtime-wasi-http answer.
macro_rules! delegate {
    ($interface:ident, $op:ident: $(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => { $(
        fn $name(&mut self, $($argument: $type),*) -> wasmtime::Result<$result> {
            let mut call = self.enter_now(&$op).map_err(wasi_trap)?;
            types::$interface::$name(&mut view(&mut call), $($argument),*)
        }
    )* };
}

/// Gives a value back: free, and always allowed.
macro_rules! release {
    ($type:ty) => {
        fn drop(&mut self, value: Resource<$type>) -> wasmtime::Result<()> {
            self.wasi_table().delete(value)?;
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
    /// Enters to change fields by so many bytes.
    fn changing(&mut self, bytes: usize) -> HeaderResult<Entered<'_, Net>> {
        let mut call = self.enter_now(&FIELDS).map_err(|refusal| HeaderError::trap(wasi_trap(refusal)))?;
        call.charge(fuel_for_bytes(bytes as u64));
        Ok(call)
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
        let mut call = self.changing(entries.iter().map(|(name, value)| name.len() + value.len()).sum())?;
        types::HostFields::from_list(&mut view(&mut call), entries)
    }

    fn set(&mut self, fields: Resource<FieldMap>, name: String, values: Vec<Vec<u8>>) -> HeaderResult<()> {
        let mut call = self.changing(name.len() + values.iter().map(Vec::len).sum::<usize>())?;
        types::HostFields::set(&mut view(&mut call), fields, name, values)
    }

    fn append(&mut self, fields: Resource<FieldMap>, name: String, value: Vec<u8>) -> HeaderResult<()> {
        let mut call = self.changing(name.len() + value.len())?;
        types::HostFields::append(&mut view(&mut call), fields, name, value)
    }

    fn delete(&mut self, fields: Resource<FieldMap>, name: String) -> HeaderResult<()> {
        let mut call = self.changing(name.len())?;
        types::HostFields::delete(&mut view(&mut call), fields, name)
    }

    release!(FieldMap);
}

impl types::HostOutgoingRequest for Syscall<'_, Net> {
    delegate! { HostOutgoingRequest, LOOK:
        fn new(headers: Resource<FieldMap>) -> Resource<HostOutgoingRequest>;
        fn body(request: Resource<HostOutgoingRequest>) -> Answer<Resource<HostOutgoingBody>>;
        fn method(request: Resource<HostOutgoingRequest>) -> Method;
        fn set_method(request: Resource<HostOutgoingRequest>, method: Method) -> Answer<()>;
        fn path_with_query(request: Resource<HostOutgoingRequest>) -> Option<String>;
        fn set_path_with_query(request: Resource<HostOutgoingRequest>, path: Option<String>) -> Answer<()>;
        fn scheme(request: Resource<HostOutgoingRequest>) -> Option<Scheme>;
        fn set_scheme(request: Resource<HostOutgoingRequest>, scheme: Option<Scheme>) -> Answer<()>;
        fn authority(request: Resource<HostOutgoingRequest>) -> Option<String>;
        fn set_authority(request: Resource<HostOutgoingRequest>, authority: Option<String>) -> Answer<()>;
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
        let mut call = self.enter_now(&LOOK).map_err(|refusal| HttpError::trap(wasi_trap(refusal)))?;
        types::HostOutgoingBody::finish(&mut view(&mut call), body, trailers)
    }

    /// Unfinished: the request breaks off.
    fn drop(&mut self, body: Resource<HostOutgoingBody>) -> wasmtime::Result<()> {
        let mut hooks = super::send::Hooks::default();
        let mut ctx = wasmtime_wasi_http::WasiHttpCtx::new();
        let mut view = WasiHttpCtxView { hooks: &mut hooks, table: self.wasi_table(), ctx: &mut ctx };
        types::HostOutgoingBody::drop(&mut view, body)
    }
}

impl types::HostFutureIncomingResponse for Syscall<'_, Net> {
    delegate! { HostFutureIncomingResponse, LOOK:
        fn subscribe(response: Resource<HostFutureIncomingResponse>) -> Resource<DynPollable>;
    }

    fn get(
        &mut self,
        response: Resource<HostFutureIncomingResponse>,
    ) -> wasmtime::Result<Option<Answer<Result<Resource<HostIncomingResponse>, ErrorCode>>>> {
        let mut call = self.enter_now(&LOOK).map_err(wasi_trap)?;
        super::send::explain(&mut call);
        types::HostFutureIncomingResponse::get(&mut view(&mut call), response)
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
    delegate! { HostOutgoingResponse, LOOK:
        fn new(headers: Resource<FieldMap>) -> Resource<HostOutgoingResponse>;
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
