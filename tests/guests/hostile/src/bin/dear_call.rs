//! Makes a call that costs more than it has left: it ends, or stops, before the call is made.

use hostile::storage::{Access, Bucket};

fn main() {
    let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
    let mut puts: u64 = 0;
    loop {
        bucket.put("count", &puts.to_le_bytes()).expect("it is granted");
        puts += 1;
        println!("{puts}");
    }
}
