//! Asks for a new thing in each call, each denied and recorded: `audit_flood TIMES`.

use hostile::storage::{Access, Bucket};

fn main() {
    let times: u32 = hostile::argument(1).parse().expect("a number");
    for number in 0..times {
        assert!(Bucket::open(&format!("secret{number}"), Access::Read).is_err());
    }
}
