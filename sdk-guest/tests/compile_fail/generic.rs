/// Counts.
#[holm::tool]
fn count<T: ToString>(value: T) -> usize {
    value.to_string().len()
}

fn main() {}
