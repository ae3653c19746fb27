//! Fills its buckets: new keys, then new versions of one key, then empty values under long names.

use hostile::storage::{Access, Bucket};

fn main() {
    let mut last = String::new();
    for (bucket, versions) in [("a", false), ("b", true)] {
        let bucket = Bucket::open(bucket, Access::Write).expect("the bucket is granted");
        let mut written = 0;
        while written < 10_000 {
            let key = if versions { "same".to_owned() } else { format!("{written:01000}") };
            match bucket.put(&key, b"") {
                Ok(_) => written += 1,
                Err(error) => {
                    last = hostile::storage_word(&error);
                    break;
                }
            }
        }
        println!("{written} written, then {last}");
    }
}
