//! A resource has an address.

/// A note.
#[holm::resource]
fn note() -> String {
    String::new()
}

fn main() {}
