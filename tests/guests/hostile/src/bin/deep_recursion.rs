//! Calls itself without end.

fn main() {
    let end = std::env::args().count() as u64 + (1 << 40);
    println!("{}", deeper(1, end));
}

/// No loop: each call still has to turn what the next one gives back.
fn deeper(n: u64, end: u64) -> u64 {
    if n == end { n } else { deeper(n + 1, end).rotate_left(7) ^ n }
}
