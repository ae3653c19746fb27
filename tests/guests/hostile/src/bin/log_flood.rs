//! Writes a hundred thousand lines of log: `log_flood BYTES_PER_LINE`.

use hostile::log::{Level, write};

fn main() {
    let line = "x".repeat(hostile::argument(1).parse().expect("a number"));
    let mut written = 0;
    let mut refused = 0;
    let mut last = String::new();
    for _ in 0..100_000 {
        match write(Level::Info, &line) {
            Ok(()) => written += 1,
            Err(error) => (refused, last) = (refused + 1, hostile::word(&error)),
        }
    }
    println!("{written} written, {refused} refused: {last}");
}
