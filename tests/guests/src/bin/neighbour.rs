//! Works: a round of computing, memory and storage for each line it reads. It exits with 0 at the end.

use guests::storage::{Access, Bucket};

fn main() {
    let key = std::env::args().nth(1).expect("a key of its own");
    let bucket = Bucket::open("work", Access::Write).expect("the bucket is granted");
    for (round, _) in std::io::stdin().lines().enumerate() {
        let numbers: Vec<u64> = (0..20_000).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let sum = numbers.iter().fold(0, |sum: u64, n| sum.wrapping_add(*n));
        bucket.put(&key, &sum.to_le_bytes()).expect("put");
        assert_eq!(bucket.get(&key).expect("get").expect("there").value, sum.to_le_bytes());
        println!("round {round}.");
    }
}
