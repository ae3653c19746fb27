//! Starts itself, which starts itself, and so on.

fn main() {
    let depth: u32 = hostile::argument(1).parse().unwrap_or_default();
    match hostile::again(&[&(depth + 1).to_string()], None, None) {
        Ok(child) => assert!(matches!(child.wait(), Ok(hostile::spawn::Exit::Code(0)))),
        Err(error) => println!("at depth {depth}: {}", hostile::spawn_word(&error)),
    }
}
