//! Starts itself with a megabyte of environment, with half a million empty arguments, and in a directory
//! whose name has four thousand bytes and one.

use hostile::spawn::{Child, Error, Options};

fn main() {
    let argument = "x".repeat((1 << 20) + 1);
    let told = |done: Result<Child, Error>| match done {
        Ok(_) => "STARTED".to_owned(),
        Err(error) => hostile::spawn_word(&error),
    };
    println!("{}", told(hostile::again(&[&argument], None, None)));
    println!("{}", told(hostile::again(&vec![""; 100_000], None, None)));
    for bytes in [4_097, 3 << 20] {
        let directory = Some(format!("/{}", "x".repeat(bytes - 1)));
        println!("{}", told(Child::start(&Options { directory, ..hostile::options(&[]) })));
    }
}
