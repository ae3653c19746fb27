//! Keeps what dead children have written: each fills a pipe to its parent and ends, and none of it is read.

use std::io::Write;

use hostile::spawn::{Child, Options, Stdio};

/// A little less than a pipe holds.
const BYTES: usize = 900 << 10;

fn start() -> (Child, String) {
    let options = Options { stdout: Stdio::Piped, stderr: Stdio::Piped, ..hostile::options(&["child"]) };
    let child = Child::start(&options).expect("a child");
    let ended = hostile::exit_word(&child.wait().expect("it ends"));
    (child, ended)
}

fn main() {
    if hostile::argument(1) == "child" {
        let written = std::io::stdout().write_all(&vec![b'x'; BYTES]).and_then(|()| std::io::stdout().flush());
        std::process::exit(i32::from(written.is_err()));
    }
    let mut dead = Vec::new();
    let bounded = loop {
        let (child, ended) = start();
        if ended != "code 0" {
            // What it wrote before that goes with it.
            println!("{ended}");
            break true;
        }
        dead.push(child);
        if dead.len() == 64 {
            break false;
        }
    };
    println!("bounded: {bounded}");
    // What the dead have written is there, and makes room once it is read.
    let first = dead.remove(0).stdout().expect("the handle is good").expect("it was piped");
    let mut read = 0;
    while let Ok(bytes) = first.blocking_read(64 << 10) {
        read += bytes.len();
    }
    println!("read all: {}", read == BYTES);
    println!("again: {}", start().1);
    // And once it is let go of.
    drop(dead);
    println!("and again: {} {}", start().1, start().1);
}
