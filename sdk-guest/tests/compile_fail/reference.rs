/// Counts.
#[holm::tool]
fn count(text: &str) -> usize {
    text.len()
}

fn main() {}
