//! Text as bytes and back, in the encodings of Node's buffers.

use crate::values::{Bytes, Text, failed};
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result};

/// Node reads base64 with and without padding, in both alphabets.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

pub(super) fn add(native: &Object<'_>) -> Result<()> {
    native.set("encode", Func::from(encode))?;
    native.set("decode", Func::from(decode))?;
    native.set("isUtf8", Func::from(|bytes: Bytes| std::str::from_utf8(&bytes.0).is_ok()))?;
    Ok(())
}

fn encode(ctx: Ctx<'_>, text: Text, encoding: String) -> Result<Bytes> {
    let text = text.0;
    Ok(Bytes(match encoding.as_str() {
        "utf8" => text.into_bytes(),
        #[allow(clippy::cast_possible_truncation, reason = "the lower half of a unit is what Node keeps")]
        "latin1" | "ascii" => text.encode_utf16().map(|unit| unit as u8).collect(),
        "utf16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "hex" => from_hex(text.as_bytes()),
        "base64" | "base64url" => from_base64(&text),
        _ => return Err(failed(&ctx, "ERR_UNKNOWN_ENCODING", &encoding)),
    }))
}

fn decode(ctx: Ctx<'_>, bytes: Bytes, encoding: String) -> Result<String> {
    let bytes = bytes.0;
    Ok(match encoding.as_str() {
        "utf8" => {
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        }
        "latin1" => bytes.into_iter().map(char::from).collect(),
        "ascii" => bytes.into_iter().map(|byte| char::from(byte & 0x7f)).collect(),
        "utf16le" => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        "hex" => {
            let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
            bytes.into_iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
        }
        "base64" => STANDARD.encode(bytes),
        "base64url" => URL_SAFE_NO_PAD.encode(bytes),
        _ => return Err(failed(&ctx, "ERR_UNKNOWN_ENCODING", &encoding)),
    })
}

/// As far as there are pairs of digits.
fn from_hex(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.chunks_exact(2).map_while(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// Up to the padding, without whatever is no digit.
fn from_base64(text: &str) -> Vec<u8> {
    let digits = text.bytes().take_while(|byte| *byte != b'=').filter_map(|byte| match byte {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        b'+' | b'/' => Some(byte),
        byte => byte.is_ascii_alphanumeric().then_some(byte),
    });
    let mut digits: Vec<u8> = digits.collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    LENIENT.decode(digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{from_base64, from_hex};

    #[test]
    fn as_node_reads_them() {
        assert_eq!(from_hex(b"00ffz0"), [0, 255]);
        assert_eq!(from_hex(b"abc"), [0xab]);
        assert_eq!(from_base64("aGk="), b"hi");
        assert_eq!(from_base64("aG\nk"), b"hi");
        assert_eq!(from_base64("-_-_"), [0xfb, 0xff, 0xbf]);
        assert_eq!(from_base64("a"), b"");
    }
}
