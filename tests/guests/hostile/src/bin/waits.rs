//! Waits in one kind of system call until it is killed: `waits KIND`.

use hostile::storage::{Access, Bucket};
use std::io::Read;

fn main() {
    println!("it begins");
    let kind = hostile::argument(1);
    match kind.as_str() {
        "get" => drop(bucket().get("gate/x")),
        "put" => drop(bucket().put("gate/x", b"x")),
        "list" => drop(bucket().list("gate/", None, 10)),
        "poll" => hostile::clocks::monotonic_clock::subscribe_duration(u64::MAX).block(),
        "spawn" => drop(hostile::again(&["poll"], None, None).expect("a child").wait()),
        "any" => {
            let child = hostile::again(&["poll"], None, None).expect("a child");
            drop(hostile::spawn::wait_any(&[&child]));
        }
        "mail" => drop(hostile::again(&["parent"], None, None).expect("a child").wait()),
        "parent" => drop(hostile::spawn::Parent::open().expect("it has a parent").wait()),
        "tool" => drop(hostile::tool::call("deputy/sleep", "{}")),
        "stdin" => drop(std::io::stdin().read(&mut [0])),
        "file" => loop {
            std::fs::read(hostile::argument(2)).expect("the file is granted");
        },
        other => panic!("no such call: {other}"),
    }
    println!("{kind} returned");
}

fn bucket() -> Bucket {
    Bucket::open("notes", Access::Write).expect("the bucket is granted")
}
