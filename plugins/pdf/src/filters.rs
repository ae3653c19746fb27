//! What a stream becomes, within a bound: the reader that we use inflates without one.

use flate2::read::{DeflateDecoder, ZlibDecoder};
use hayro_syntax::Filter;
use std::io::{self, Read, Write};
use weezl::{BitOrder, decode::Decoder};

/// More than the bound.
#[derive(Debug, PartialEq)]
pub(crate) struct TooMuch;

/// How many bytes a stream becomes; what is broken becomes what it had become until then.
pub(crate) fn size(raw: &[u8], filters: &[Filter], limit: usize) -> Result<usize, TooMuch> {
    if filters.len() > crate::limits::FILTERS {
        return Err(TooMuch);
    }
    let Some((first, rest)) = filters.split_first() else { return Ok(raw.len()) };
    if *first == Filter::FlateDecode && rest.is_empty() {
        // The usual case takes no memory.
        return match count(ZlibDecoder::new(raw), limit)? {
            0 => count(DeflateDecoder::new(raw), limit),
            size => Ok(size),
        };
    }
    match expand(raw, *first, limit)? {
        // No filter of text: a picture, which nobody looks into.
        None => Ok(0),
        Some(next) => Ok(size(&next, rest, limit)?.max(next.len())),
    }
}

fn count(reader: impl Read, limit: usize) -> Result<usize, TooMuch> {
    let mut reader = reader.take(limit as u64 + 1);
    // Broken or cut: what there is counts.
    drop(io::copy(&mut reader, &mut io::sink()));
    let size = limit as u64 + 1 - reader.limit();
    if size > limit as u64 { Err(TooMuch) } else { Ok(size as usize) }
}

fn expand(raw: &[u8], filter: Filter, limit: usize) -> Result<Option<Vec<u8>>, TooMuch> {
    Ok(Some(match filter {
        Filter::FlateDecode => inflate(raw, limit)?,
        Filter::LzwDecode => {
            let mut out = Bounded { bytes: Vec::new(), limit, full: false };
            let mut decoder = Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
            drop(decoder.into_stream(&mut out).decode_all(raw).status);
            if out.full {
                return Err(TooMuch);
            }
            out.bytes
        }
        Filter::RunLengthDecode => runs(raw, limit)?,
        Filter::Ascii85Decode => ascii_85(raw),
        Filter::AsciiHexDecode => ascii_hex(raw),
        Filter::Crypt => raw.to_vec(),
        _ => return Ok(None),
    }))
}

/// Inflates, as far as it goes.
pub(crate) fn inflate(raw: &[u8], limit: usize) -> Result<Vec<u8>, TooMuch> {
    let zlib = read(ZlibDecoder::new(raw), limit)?;
    // The reader tries this too.
    if zlib.is_empty() { read(DeflateDecoder::new(raw), limit) } else { Ok(zlib) }
}

fn read(reader: impl Read, limit: usize) -> Result<Vec<u8>, TooMuch> {
    let mut bytes = Vec::new();
    // Broken or cut: what there is counts.
    let full = matches!(reader.take(limit as u64 + 1).read_to_end(&mut bytes), Err(error) if error.kind() == io::ErrorKind::OutOfMemory);
    if full || bytes.len() > limit { Err(TooMuch) } else { Ok(bytes) }
}

struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            self.full = true;
            return Err(io::Error::other("over the limit"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn runs(raw: &[u8], limit: usize) -> Result<Vec<u8>, TooMuch> {
    let mut out = Vec::new();
    let mut rest = raw;
    while let Some((length, after)) = rest.split_first() {
        match *length {
            128 => break,
            length @ 0..128 => {
                let (now, later) = after.split_at((usize::from(length) + 1).min(after.len()));
                out.extend_from_slice(now);
                rest = later;
            }
            length => {
                let Some((byte, later)) = after.split_first() else { break };
                out.resize(out.len() + 257 - usize::from(length), *byte);
                rest = later;
            }
        }
        if out.len() > limit {
            return Err(TooMuch);
        }
    }
    Ok(out)
}

fn ascii_85(raw: &[u8]) -> Vec<u8> {
    let (mut out, mut group) = (Vec::new(), Vec::new());
    let mut flush = |group: &mut Vec<u8>| {
        let missing = 5 - group.len();
        group.resize(5, 84);
        let number = group.iter().fold(0_u64, |number, digit| number * 85 + u64::from(*digit));
        out.extend_from_slice(&(number as u32).to_be_bytes()[..4 - missing.min(4)]);
        group.clear();
    };
    for byte in raw {
        match byte {
            b'!'..=b'u' => group.push(byte - b'!'),
            b'z' if group.is_empty() => group.extend([0; 5]),
            b'~' => break,
            _ => {}
        }
        if group.len() == 5 {
            flush(&mut group);
        }
    }
    if !group.is_empty() {
        flush(&mut group);
    }
    out
}

fn ascii_hex(raw: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = raw
        .iter()
        .take_while(|byte| **byte != b'>')
        .filter_map(|byte| char::from(*byte).to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)).collect()
}

#[cfg(test)]
mod tests {
    use super::{TooMuch, ascii_85, ascii_hex, runs, size};
    use flate2::{Compression, write::ZlibEncoder};
    use hayro_syntax::Filter;
    use std::io::Write;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("finished")
    }

    #[test]
    fn filters_of_text() {
        assert_eq!(ascii_hex(b"48 65 6C6c 6F>00"), b"Hello");
        assert_eq!(ascii_85(b"87cURD]i,\"Ebo80~>"), b"Hello World!");
        assert_eq!(ascii_85(b"z~>"), [0; 4]);
        assert_eq!(runs(b"\x02abc\xfex\x80more", 100), Ok(b"abcxxx".to_vec()));
        assert_eq!(runs(&[129, 0].repeat(10), 1_000), Err(TooMuch));
    }

    #[test]
    fn sizes() {
        let flate = Filter::FlateDecode;
        let bomb = deflated(&vec![0; 1_000_000]);
        assert_eq!(size(&bomb, &[flate], 1_000_000), Ok(1_000_000));
        assert_eq!(size(&bomb, &[flate], 999_999), Err(TooMuch));
        // The first stage is small; the second is not.
        let twice = deflated(&bomb);
        assert!(twice.len() < bomb.len());
        assert_eq!(size(&twice, &[flate, flate], 999_999), Err(TooMuch));
        assert_eq!(size(&bomb[..bomb.len() / 2], &[flate], 999_999).map(|size| size > 1_000), Ok(true));
        assert_eq!(size(b"x", &[Filter::AsciiHexDecode; 9], 100), Err(TooMuch));
        assert_eq!(size(b"x", &[Filter::DctDecode], 100), Ok(0));
        let mut encoder = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
        let lzw = encoder.encode(&vec![7; 500_000]).expect("encoded");
        assert_eq!(size(&lzw, &[Filter::LzwDecode], 500_000), Ok(500_000));
        assert_eq!(size(&lzw, &[Filter::LzwDecode], 499_999), Err(TooMuch));
    }
}
