/// Counts.
#[holm::tool]
fn count(text: String) -> usize {
    text.len()
}

/// Counts otherwise.
#[holm::tool(name = "count")]
fn other(text: String) -> usize {
    text.len()
}

holm::export_tools![count, other];

fn main() {}
