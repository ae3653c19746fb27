//! An agent that does one thing many times, named by its first argument; none does nothing.

use std::{hint::black_box, io::Read};

use holm::sys::{
    log,
    storage::{Access, Bucket},
};

wit_bindgen::generate!({
    path: "../../../wit",
    world: "agent",
    generate_all,
});

struct Bench;

export!(Bench);

impl Guest for Bench {
    fn run(arguments: Vec<String>) -> u8 {
        let count = arguments.get(1).and_then(|count| count.parse().ok()).unwrap_or(0);
        match arguments.first().map(String::as_str) {
            None => {}
            Some("calls") => calls(count),
            Some("spin") => spin(count),
            Some("get") => get(count),
            Some("put") => put(count),
            Some("park") => park(),
            Some(_) => return 2,
        }
        0
    }
}

/// System calls that do nothing.
fn calls(count: u64) {
    for _ in 0..count {
        black_box(log::usage());
    }
}

/// Instructions and no calls.
fn spin(count: u64) {
    let mut x = 1u64;
    for i in 0..count {
        x = x.wrapping_mul(6364136223846793005).wrapping_add(i);
    }
    black_box(x);
}

fn get(count: u64) {
    let bucket = Bucket::open("bench", Access::Read).expect("the bucket is granted");
    for number in 0..count {
        bucket.get(&key(number)).expect("get").expect("it was put");
    }
}

fn put(count: u64) {
    let bucket = Bucket::open("bench", Access::Write).expect("the bucket is granted");
    for number in 0..count {
        bucket.put(&key(number), &[7; 512]).expect("put");
    }
}

/// The keys the host's side of the bench uses too.
fn key(number: u64) -> String {
    format!("key-{}", number % 64)
}

/// Waits for input that never comes.
fn park() {
    let _ = std::io::stdin().read(&mut [0]);
}
