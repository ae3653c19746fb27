//! Asks for what makes the driver panic: an error for this process, and nothing for any other.

use hostile::storage::{Access, Bucket};

fn main() {
    let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
    for _ in 0..3 {
        println!("get {}", bucket.get("panic/x").map_err(|error| hostile::storage_word(&error)).expect_err("it fails"));
        println!(
            "put {}",
            bucket.put("panic/x", b"").map_err(|error| hostile::storage_word(&error)).expect_err("it fails")
        );
    }
    bucket.put("fine", b"yes").expect("the driver works");
    println!("{:?}", bucket.get("fine").expect("it is there").expect("it is there").value);
}
