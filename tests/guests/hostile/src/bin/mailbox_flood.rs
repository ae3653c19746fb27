//! Fills the mailboxes of its child and of its parent, which read nothing: `mailbox_flood BYTES`.

use hostile::spawn::{Error, Parent};

fn main() {
    if hostile::argument(2) == "sleeper" {
        hostile::sleep();
    }
    let message = vec![7; hostile::argument(1).parse().expect("a number")];
    if hostile::argument(2) == "child" {
        let parent = Parent::open().expect("it has a parent");
        println!("to the parent: {}", fill(|| parent.send(&message)));
        return;
    }
    let child = hostile::again(&[&hostile::argument(1), "child"], None, None).expect("a child");
    // The child lives while it floods; its mailbox is open until it ends, and here until it is taken.
    println!("{}", hostile::exit_word(&child.wait().expect("it ends")));
    println!("after its end: {}", fill(|| child.send(&message)));
    let sleeper = hostile::again(&["1", "sleeper"], None, None);
    match sleeper {
        Ok(sleeper) => println!("to the child: {}", fill(|| sleeper.send(&message))),
        Err(error) => println!("{}", hostile::spawn_word(&error)),
    }
    println!(
        "too long: {}",
        child.send(&vec![0; (64 << 10) + 1]).map_err(|error| hostile::spawn_word(&error)).is_err()
    );
}

fn fill(send: impl Fn() -> Result<(), Error>) -> String {
    let mut sent = 0;
    loop {
        match send() {
            Ok(()) => sent += 1,
            Err(error) => return format!("{sent} sent, then {}", hostile::spawn_word(&error)),
        }
    }
}
