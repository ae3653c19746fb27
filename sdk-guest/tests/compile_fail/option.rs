/// Counts.
#[holm::tool(title = "Count")]
fn count(text: String) -> usize {
    text.len()
}

fn main() {}
