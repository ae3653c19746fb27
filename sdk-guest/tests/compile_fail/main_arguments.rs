#[holm::main]
fn run(first: String, second: String) {}

fn main() {}
