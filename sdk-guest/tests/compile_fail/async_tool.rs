/// Fetches.
#[holm::tool]
async fn fetch(address: String) -> String {
    address
}

fn main() {}
