//! How well memory recalls, and how fast: `just bench-memory [locomo [FILE]]`, `just bench-memory scale [RECORDS]`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark prints, and ends where it cannot go on"
)]

mod embedders;
mod locomo;
mod scale;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.first().map(String::as_str) {
        Some("scale") => scale::run(arguments.get(1).map_or(100_000, |records| records.parse().unwrap())),
        Some("locomo") => locomo::run(arguments.get(1).cloned()),
        other => locomo::run(other.map(str::to_owned)),
    }
}
