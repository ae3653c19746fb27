//! Requests to the network: the host dials, speaks TLS, and asks the grants.

use super::process::duration;
use crate::values::{Bytes, Text, failed};
use holm::http::{Error, Request};
use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result};
use std::io::Read;

pub(super) fn add(native: &Object<'_>) -> Result<()> {
    native.set("request", Func::from(request))
}

/// Sends a request and takes the whole response: its status, headers and body.
fn request<'js>(
    ctx: Ctx<'js>,
    method: String,
    address: Text,
    headers: Vec<Vec<String>>,
    body: Bytes,
    timeout: f64,
) -> Result<Object<'js>> {
    let mut request = Request::new(method, address.0).body(body.0);
    for header in headers {
        if let [name, value] = header.as_slice() {
            request = request.header(name, value.as_bytes());
        }
    }
    if timeout > 0.0 {
        request = request.timeout(duration(timeout));
    }
    let mut response = request.send().map_err(|error| match error {
        Error::Denied(denial) => failed(&ctx, "EACCES", &denial.to_string()),
        Error::Malformed(text) => failed(&ctx, "ERR_INVALID_ARG_VALUE", &text),
        Error::Failed(text) => failed(&ctx, failure(&text), &text),
    })?;
    let mut bytes = Vec::new();
    response.read_to_end(&mut bytes).map_err(|error| failed(&ctx, "ECONNRESET", &error.to_string()))?;
    let lossy = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers: Vec<Vec<String>> =
        response.headers().iter().map(|(name, value)| vec![name.clone(), lossy(value)]).collect();
    let answer = Object::new(ctx)?;
    answer.set("status", response.status())?;
    answer.set("headers", headers)?;
    answer.set("body", Bytes(bytes))?;
    Ok(answer)
}

/// Node's code of a failure that WASI names.
fn failure(text: &str) -> &'static str {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        text if text.contains("dns") => "ENOTFOUND",
        text if text.contains("refused") => "ECONNREFUSED",
        text if text.contains("timeout") || text.contains("timed") => "ETIMEDOUT",
        text if text.contains("tls") || text.contains("certificate") => "ERR_TLS_CERT_ALTNAME_INVALID",
        _ => "ECONNRESET",
    }
}
