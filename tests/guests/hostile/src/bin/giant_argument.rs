//! Passes five megabytes in one call, or so many bytes: `giant_argument put|log|tool|commit|argv [BYTES]`.

use hostile::storage::{Access, Bucket, Change, Expected};

fn main() {
    let giant = "x".repeat(hostile::argument(2).parse().unwrap_or(5 << 20));
    match hostile::argument(1).as_str() {
        "put" => {
            let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
            drop(bucket.put("key", giant.as_bytes()));
        }
        "commit" => {
            let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
            let change = Change { key: String::new(), value: None, expected: Expected::Anything };
            drop(bucket.commit(&vec![change; 200_000]));
        }
        "log" => drop(hostile::log::write(hostile::log::Level::Info, &giant)),
        "tool" => drop(hostile::tool::call("deputy/read", &giant)),
        "argv" => drop(hostile::again(&[&giant], None, None)),
        other => panic!("no such call: {other}"),
    }
    println!("it went through");
}
