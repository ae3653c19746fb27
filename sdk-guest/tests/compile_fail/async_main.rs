#[holm::main]
async fn run() {}

fn main() {}
