//! Keeps the mail of dead children: each fills its parent's mailbox and ends, and none of it is read.

use hostile::spawn::Parent;

/// The most messages that one child sends.
const MESSAGES: usize = 15;

fn main() {
    if hostile::argument(1) == "child" {
        let parent = Parent::open().expect("it has a parent");
        let message = vec![7; 64 << 10];
        for _ in 0..MESSAGES {
            if let Err(error) = parent.send(&message) {
                println!("{}", hostile::spawn_word(&error));
                std::process::exit(1);
            }
        }
        return;
    }
    let mut dead = Vec::new();
    for _ in 0..64 {
        let child = hostile::again(&["child"], None, None).expect("a child");
        let ended = hostile::exit_word(&child.wait().expect("it ends"));
        dead.push(child);
        if ended != "code 0" {
            println!("{ended}");
            break;
        }
    }
    println!("bounded: {}", dead.len() < 64);
    // What the dead have sent is there, and makes room once it is read.
    let mut read = 0;
    for child in &dead {
        while child.receive().expect("the handle is good").is_some() {
            read += 1;
        }
    }
    println!("read all: {}", read >= (dead.len() - 1) * MESSAGES);
    let child = hostile::again(&["child"], None, None).expect("a child");
    println!("again: {}", hostile::exit_word(&child.wait().expect("it ends")));
    // To the dead nothing is sent.
    println!("{}", child.send(&[1]).map_or_else(|error| hostile::spawn_word(&error), |()| "SENT".to_owned()));
}
