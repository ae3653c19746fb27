//! Runs the scripts of a community skill as they are, and reads its files.

/// Placeholder until the tools follow.
#[holm::main]
fn main(_arguments: Vec<String>) -> u8 {
    0
}
