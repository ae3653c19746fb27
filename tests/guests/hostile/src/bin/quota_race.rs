//! Writes as much as its plugin may keep, at the same time as another process of its plugin.

use hostile::storage::{Access, Bucket};

fn main() {
    let bucket = Bucket::open(&hostile::argument(1), Access::Write).expect("the bucket is granted");
    let bytes: usize = hostile::argument(2).parse().expect("a number");
    match bucket.put(&hostile::argument(3), &vec![1; bytes]) {
        Ok(_) => println!("won"),
        Err(error) => println!("{}", hostile::storage_word(&error)),
    }
}
