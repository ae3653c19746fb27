//! Asks for what makes the driver panic, at once and after it waited: an error for this process, and nothing
//! for any other.

use hostile::storage::{Access, Bucket};

fn main() {
    let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
    for key in ["panic/x", "late-panic/x", "panic/x", "late-panic/x"] {
        println!("get {}", bucket.get(key).map_err(|error| hostile::storage_word(&error)).expect_err("it fails"));
        println!("put {}", bucket.put(key, b"").map_err(|error| hostile::storage_word(&error)).expect_err("it fails"));
    }
    bucket.put("fine", b"yes").expect("the driver works");
    println!("{:?}", bucket.get("fine").expect("it is there").expect("it is there").value);
}
