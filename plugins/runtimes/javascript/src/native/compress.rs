//! gzip, deflate and what is packed by them, by flate2.

use crate::values::{Bytes, failed};
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder, GzEncoder, MultiGzDecoder, ZlibDecoder, ZlibEncoder};
use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result};
use std::io::{ErrorKind, Read};

/// Bytes that may come out of one piece: a small one could otherwise fill all memory, and end the process where
/// an error tells more.
const UNPACKED: usize = 256 << 20;

pub(super) fn add(native: &Object<'_>) -> Result<()> {
    native.set("pack", Func::from(pack))?;
    native.set("unpack", Func::from(unpack))?;
    native.set("crc32", Func::from(crc32))?;
    Ok(())
}

fn pack(ctx: Ctx<'_>, bytes: Bytes, form: String, level: i32) -> Result<Bytes> {
    let level = u32::try_from(level).map_or_else(|_| Compression::default(), |level| Compression::new(level.min(9)));
    let bytes = bytes.0.as_slice();
    let mut packed = Vec::new();
    let done = match form.as_str() {
        "gzip" => GzEncoder::new(bytes, level).read_to_end(&mut packed),
        "deflate" => ZlibEncoder::new(bytes, level).read_to_end(&mut packed),
        _ => DeflateEncoder::new(bytes, level).read_to_end(&mut packed),
    };
    done.map(|_| Bytes(packed)).map_err(|error| failed(&ctx, "Z_STREAM_ERROR", &error.to_string()))
}

fn unpack(ctx: Ctx<'_>, bytes: Bytes, form: String) -> Result<Bytes> {
    let bytes = bytes.0.as_slice();
    let form = match (form.as_str(), bytes) {
        ("unzip", [0x1f, 0x8b, ..]) => "gunzip",
        ("unzip", _) => "inflate",
        (form, _) => form,
    };
    let whole = |reader: &mut dyn Read| {
        let mut out = Vec::new();
        reader.take(UNPACKED as u64 + 1).read_to_end(&mut out).map(|_| out)
    };
    if form == "gunzip" && !bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(failed(&ctx, "Z_DATA_ERROR", "incorrect header check"));
    }
    let unpacked = match form {
        "gunzip" => whole(&mut MultiGzDecoder::new(bytes)),
        "inflate" => whole(&mut ZlibDecoder::new(bytes)),
        _ => whole(&mut DeflateDecoder::new(bytes)),
    };
    match unpacked {
        Ok(unpacked) if unpacked.len() > UNPACKED => Err(failed(&ctx, "ERR_BUFFER_TOO_LARGE", "")),
        Ok(unpacked) => Ok(Bytes(unpacked)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Err(failed(&ctx, "Z_BUF_ERROR", "unexpected end of file"))
        }
        Err(_) => Err(failed(&ctx, "Z_DATA_ERROR", "incorrect header check")),
    }
}

fn crc32(bytes: Bytes, start: u32) -> u32 {
    let mut sum = flate2::Crc::new();
    if start == 0 {
        sum.update(&bytes.0);
        return sum.sum();
    }
    // Continued as the sum of the whole would be.
    let mut state = !start;
    for byte in bytes.0 {
        state ^= u32::from(byte);
        for _ in 0..8 {
            state = if state & 1 == 1 { (state >> 1) ^ 0xedb8_8320 } else { state >> 1 };
        }
    }
    !state
}
