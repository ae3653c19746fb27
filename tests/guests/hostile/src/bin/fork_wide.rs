//! Starts itself until it may not.

fn main() {
    if hostile::argument(1) == "child" {
        hostile::sleep();
    }
    let mut children = Vec::new();
    let error = loop {
        match hostile::again(&["child"], None, Some(1_000_000)) {
            Ok(child) => children.push(child),
            Err(error) => break error,
        }
    };
    println!("{} children, then {}", children.len(), hostile::spawn_word(&error));
}
