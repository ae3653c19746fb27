//! Makes one call many times, so that its price can be compared with what it takes: `price_list CALL COUNT PATH`.

use hostile::{
    argument,
    filesystem::{
        preopens,
        types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags},
    },
    log, random,
    storage::{Access, Bucket},
};

const MIB: usize = 1 << 20;

fn keep<T>(value: T) {
    std::hint::black_box(value);
}

fn main() {
    let count: usize = argument(2).parse().expect("a count");
    let root = preopens::get_directories().remove(0).0;
    let path = argument(3);
    let path = path.trim_start_matches('/');
    let open = |flags: OpenFlags, how: DescriptorFlags| {
        root.open_at(PathFlags::empty(), path, flags, how).expect("it is granted")
    };
    let file = || open(OpenFlags::empty(), DescriptorFlags::READ);
    let directory = || open(OpenFlags::DIRECTORY, DescriptorFlags::READ);
    let bucket = || Bucket::open("notes", Access::Write).expect("the bucket is granted");
    match &*argument(1) {
        "usage" => (0..count).for_each(|_| keep(log::usage())),
        "open" => (0..count).for_each(|_| drop(file())),
        "stat" => {
            (0..count).for_each(|_| keep(root.stat_at(PathFlags::SYMLINK_FOLLOW, path).expect("it is granted")));
        }
        // As long as a path may be, and looked up part by part: names alone do not shorten it.
        "stat-deep" => {
            let (directory, path) = (directory(), "many/../".repeat(500));
            (0..count).for_each(|_| keep(directory.stat_at(PathFlags::empty(), &path).expect("it is there")));
        }
        "stat-open" => {
            let file = file();
            (0..count).for_each(|_| keep(file.stat().expect("it is open")));
        }
        "readlink" => (0..count).for_each(|_| drop(root.readlink_at(path).expect("it is a link"))),
        // The first entry, and no more of what was read ahead.
        "list-first" => {
            let directory = directory();
            (0..count).for_each(|_| drop(directory.read_directory().expect("it is a directory")));
        }
        "list" => {
            let directory = directory();
            for _ in 0..count {
                let listing = directory.read_directory().expect("it is a directory");
                while listing.read_directory_entry().expect("it is read").is_some() {}
            }
        }
        "read" => {
            let file = file();
            (0..count).for_each(|_| read(&file, MIB));
        }
        "read-little" => {
            let file = file();
            (0..count).for_each(|_| read(&file, 1));
        }
        "skip" => {
            let file = file();
            for _ in 0..count {
                let stream = file.read_via_stream(0).expect("a stream");
                let mut skipped = 0;
                while skipped < MIB as u64 {
                    skipped += stream.blocking_skip(MIB as u64 - skipped).expect("there is more");
                }
            }
        }
        "write" => {
            let file = open(OpenFlags::empty(), DescriptorFlags::READ | DescriptorFlags::WRITE);
            let bytes = vec![7; MIB];
            for _ in 0..count {
                let mut written = 0;
                while written < MIB {
                    written += file.write(&bytes[written..], written as u64).expect("it is granted") as usize;
                }
            }
        }
        // Moved, and refused: no bucket has such a key.
        "moved" => {
            let (bucket, key) = (bucket(), "x".repeat(3 * MIB));
            (0..count).for_each(|_| assert!(bucket.get(&key).is_err()));
        }
        "random" => (0..count).for_each(|_| drop(random::random::get_random_bytes(64 << 10))),
        "put" => {
            let (bucket, value) = (bucket(), vec![7; MIB]);
            (0..count).for_each(|_| keep(bucket.put("large", &value).expect("there is room")));
        }
        "get" => {
            let bucket = bucket();
            bucket.put("large", &vec![7; MIB]).expect("there is room");
            (0..count).for_each(|_| drop(bucket.get("large").expect("it is there")));
        }
        other => panic!("no such call: {other}"),
    }
}

/// Reads so much of a file, in as many calls as it takes.
fn read(file: &Descriptor, length: usize) {
    let mut read = 0;
    while read < length {
        read += file.read((length - read) as u64, read as u64).expect("it is open").0.len();
    }
}
