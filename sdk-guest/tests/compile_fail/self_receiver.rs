struct Counter;

impl Counter {
    /// Counts.
    #[holm::tool]
    fn count(&self) -> u32 {
        1
    }
}

fn main() {}
