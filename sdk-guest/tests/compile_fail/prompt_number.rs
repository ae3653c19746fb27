//! What is filled in in a prompt is text.

/// Asks for a review.
#[holm::prompt]
fn review(times: u32) -> String {
    times.to_string()
}

fn main() {}
