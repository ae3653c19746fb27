//! Opens things without end and lets go of none: `million_handles buckets|pollables|descriptors|files`.

use hostile::storage::{Access, Bucket};

fn main() {
    let mut count = 0;
    match hostile::argument(1).as_str() {
        "buckets" => {
            let mut held = Vec::new();
            let error = loop {
                match Bucket::open("notes", Access::Read) {
                    Ok(bucket) => held.push(bucket),
                    Err(error) => break error,
                }
            };
            let count = held.len();
            // To print takes handles too. What was refused took nothing.
            held.truncate(count - 10);
            println!("{count} buckets, then {}", hostile::storage_word(&error));
            assert!(Bucket::open("notes", Access::Read).is_ok());
        }
        "files" => {
            let mut held = Vec::new();
            let error = loop {
                match std::fs::File::open(hostile::argument(2)) {
                    Ok(file) => held.push(file),
                    Err(error) => break error,
                }
            };
            println!("{} files, then {:?}", held.len(), error.kind());
        }
        // WASI gives these calls no error to return.
        "pollables" => loop {
            std::mem::forget(hostile::clocks::monotonic_clock::subscribe_duration(1));
            count += 1;
            assert!(count <= 1_000_000);
        },
        "descriptors" => loop {
            std::mem::forget(hostile::filesystem::preopens::get_directories());
            count += 1;
            assert!(count <= 1_000_000);
        },
        other => panic!("no such handle: {other}"),
    }
}
