//! Every process starts itself, wide and deep at once, until it may not; then it stays.

/// What the first process gives to each, so that it has enough itself to go on to the end.
const SHARE: u64 = 1_000_000_000;

fn main() {
    if hostile::argument(1) == "child" {
        // Three each, at all depths: more than may be long before fuel is short.
        let _children: Vec<_> = (0..3).map_while(|_| hostile::again(&["child"], None, None).ok()).collect();
        hostile::sleep();
    }
    let mut children = Vec::new();
    let error = loop {
        match hostile::again(&["child"], None, Some(SHARE)) {
            Ok(child) => children.push(child),
            Err(error) => break error,
        }
    };
    println!("{}", hostile::spawn_word(&error));
}
