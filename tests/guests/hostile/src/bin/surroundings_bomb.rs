//! Starts itself with a megabyte of environment, and with half a million empty arguments.

fn main() {
    let argument = "x".repeat((1 << 20) + 1);
    let told = |done: Result<hostile::spawn::Child, hostile::spawn::Error>| match done {
        Ok(_) => "STARTED".to_owned(),
        Err(error) => hostile::spawn_word(&error),
    };
    println!("{}", told(hostile::again(&[&argument], None, None)));
    println!("{}", told(hostile::again(&vec![""; 100_000], None, None)));
}
