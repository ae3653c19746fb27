//! Passes handles that it does not hold: `forged_handle forged|dropped|other`.

use hostile::storage::{Access, Bucket};

fn main() {
    let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
    let number = match hostile::argument(1).as_str() {
        "forged" => 12345,
        "dropped" => {
            let number = bucket.handle();
            drop(bucket);
            number
        }
        // A handle it holds, of another kind.
        "other" => {
            let pollable = hostile::clocks::monotonic_clock::subscribe_duration(1);
            let number = pollable.handle();
            std::mem::forget(pollable);
            number
        }
        other => panic!("no such forgery: {other}"),
    };
    // SAFETY: there is none to break: the kernel checks handles, which is what is tried here.
    let forged = unsafe { Bucket::from_handle(number) };
    println!("it went through: {:?}", forged.get("key").is_ok());
}
