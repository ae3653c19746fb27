//! Every process starts itself until it may not, and then stays: wide and deep at once.

fn main() {
    let mut children = Vec::new();
    let error = loop {
        match hostile::again(&["child"], None, None) {
            Ok(child) => children.push(child),
            Err(error) => break error,
        }
    };
    if hostile::argument(1) == "child" {
        hostile::sleep();
    }
    println!("{}", hostile::spawn_word(&error));
}
