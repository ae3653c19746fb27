//! Calls itself without end.

fn main() {
    println!("{}", deeper(std::hint::black_box(1)));
}

fn deeper(n: u64) -> u64 {
    let frame = std::hint::black_box([n; 16]);
    if n == 0 { 0 } else { deeper(std::hint::black_box(n + 1)) + frame[3] }
}
