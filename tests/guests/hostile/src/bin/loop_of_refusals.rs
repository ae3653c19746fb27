//! Passes megabytes to calls that refuse them at once, without end: what is refused is paid for too.

use hostile::storage::{Access, Bucket, Error};

fn main() {
    let key = "k".repeat(3 << 20);
    let call = hostile::argument(1);
    let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
    loop {
        match call.as_str() {
            "get" => assert!(matches!(bucket.get(&key), Err(Error::TooLarge(_)))),
            "open" => assert!(Bucket::open(&key, Access::Write).is_err()),
            "tool" => assert!(hostile::tool::call(&key, "{}").is_err()),
            "log" => assert!(hostile::log::write(hostile::log::Level::Info, &key).is_ok()),
            other => panic!("no such call: {other}"),
        }
    }
}
