#[holm::tool]
fn count(text: String) -> usize {
    text.len()
}

fn main() {}
