fn count(text: String) -> usize {
    text.len()
}

holm::export_tools![count];

fn main() {}
