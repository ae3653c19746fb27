//! The smallest program: what starting a process costs, and nothing else.

fn main() {}
