//! What goes between JavaScript and Rust: text, bytes, and errors by Node's codes.

use rquickjs::{ArrayBuffer, Ctx, Error, Exception, FromJs, IntoJs, Result, TypedArray, Value};

/// A string. Halves of surrogate pairs become U+FFFD, as Node writes them.
pub(crate) struct Text(pub(crate) String);

impl<'js> FromJs<'js> for Text {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        let string = rquickjs::String::from_js(ctx, value)?;
        match string.to_string() {
            Err(Error::Utf8(_)) => {
                let whole: rquickjs::Function = rquickjs::Value::from(string.clone())
                    .as_string()
                    .ok_or(Error::Unknown)
                    .and_then(|_| ctx.globals().get::<_, rquickjs::Object>("String"))?
                    .get::<_, rquickjs::Object>("prototype")?
                    .get("toWellFormed")?;
                whole.call::<_, rquickjs::String>((rquickjs::function::This(string),))?.to_string().map(Self)
            }
            text => text.map(Self),
        }
    }
}

/// Bytes: a `Uint8Array` (every `Buffer` is one) or an `ArrayBuffer` as they come in, an `ArrayBuffer` as they go out.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl<'js> FromJs<'js> for Bytes {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        if let Ok(array) = TypedArray::<u8>::from_value(value.clone()) {
            return Ok(Self(copied(array.as_raw())));
        }
        // Asking leaves an exception behind where the answer is no, and the next import would find it.
        ctx.catch();
        if let Some(buffer) = ArrayBuffer::from_value(value) {
            return Ok(Self(copied(buffer.as_raw())));
        }
        ctx.catch();
        Err(Exception::throw_type(ctx, "bytes were expected"))
    }
}

impl<'js> IntoJs<'js> for Bytes {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        ArrayBuffer::new(ctx.clone(), self.0).map(ArrayBuffer::into_value)
    }
}

#[allow(unsafe_code, reason = "the bytes are copied before JavaScript can run again and move them")]
fn copied(bytes: Option<std::ptr::NonNull<[u8]>>) -> Vec<u8> {
    bytes.map(|bytes| unsafe { bytes.as_ref() }.to_vec()).unwrap_or_default()
}

/// Throws an error whose message is a code of Node's (`ENOENT`) and, after a line break, what else is known.
pub(crate) fn failed(ctx: &Ctx<'_>, code: &str, why: &str) -> Error {
    Exception::throw_message(ctx, &if why.is_empty() { code.to_owned() } else { format!("{code}\n{why}") })
}
