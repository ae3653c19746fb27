/// Counts.
#[holm::tool(name = "Word Count")]
fn count(text: String) -> usize {
    text.len()
}

fn main() {}
