//! Starts itself with grants that it lacks: each of its arguments is tried alone.

fn main() {
    if hostile::argument(1) == "child" {
        println!("STARTED");
        return;
    }
    for line in std::env::args().skip(1) {
        match hostile::again(&["child"], Some(&[&line]), None) {
            Ok(child) => println!("{line}: {}", hostile::exit_word(&child.wait().expect("it ends"))),
            Err(error) => println!("{line}: {}", hostile::spawn_word(&error)),
        }
    }
}
