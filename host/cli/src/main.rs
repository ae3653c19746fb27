//! `holm`.
fn main() {}
