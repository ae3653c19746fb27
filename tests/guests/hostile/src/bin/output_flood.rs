//! Writes a hundred megabytes to stdout: `output_flood LIMIT`. What is over the limit is refused.

use std::io::Write;

fn main() {
    let limit: usize = hostile::argument(1).parse().expect("a number");
    let chunk = [b'x'; 4096];
    let mut out = std::io::stdout();
    let mut written = 0;
    for _ in 0..(100 << 20) / chunk.len() {
        match out.write(&chunk) {
            Ok(bytes) => written += bytes,
            Err(_) => break,
        }
    }
    // Where its reader is slow, one write may have been a part of a chunk, and the last is refused whole.
    std::process::exit(i32::from(written > limit || limit - written >= chunk.len()));
}
