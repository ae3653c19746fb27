//! Makes files until it may make no more, then lets a child go on: `many_files_family DIRECTORY`.

use std::fs::File;

fn main() {
    let directory = hostile::argument(1);
    let name = hostile::argument(2);
    let mut made = 0;
    while File::create(format!("{directory}/{name}{made}")).is_ok() {
        made += 1;
    }
    // A second try must leave nothing behind either.
    assert!(File::create(format!("{directory}/{name}{}", made + 1)).is_err());
    println!("{made} files");
    if name.is_empty() {
        let child = hostile::again(&[&directory, "child"], None, None).expect("a child");
        println!("{}", hostile::exit_word(&child.wait().expect("it ends")));
    }
}
