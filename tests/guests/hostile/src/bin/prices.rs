//! Tells what calls cost that move many bytes: `prices FILE LONG-LINK SHORT-LINK`.

use hostile::{
    filesystem::{
        preopens,
        types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags},
    },
    log,
    storage::{Access, Bucket},
};

fn cost(call: impl FnOnce()) -> u64 {
    let before = log::usage().fuel;
    call();
    log::usage().fuel - before
}

fn links(root: &Descriptor, path: &str) -> u64 {
    let path = path.trim_start_matches('/');
    // The allocator's first work is no price of the call.
    root.readlink_at(path).expect("it is a link");
    cost(|| (0..100).for_each(|_| drop(root.readlink_at(path))))
}

fn main() {
    let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
    let version = bucket.put("large", &vec![1; 1 << 20]).expect("put");
    let mut found = None;
    println!("get-version {}", cost(|| found = bucket.get_version("large", version).expect("it is kept")));
    assert_eq!(found.map(|value| value.len()), Some(1 << 20));
    let root = preopens::get_directories().remove(0).0;
    let path = hostile::argument(1);
    let path = path.trim_start_matches('/');
    let file = root.open_at(PathFlags::empty(), path, OpenFlags::empty(), DescriptorFlags::READ).expect("granted");
    let stream = file.read_via_stream(0).expect("a stream");
    let mut skipped = 0;
    let skip = || {
        while skipped < 1 << 20 {
            skipped += stream.blocking_skip(1 << 20).expect("there is more");
        }
    };
    println!("skip {}", cost(skip));
    let (long, short) = (links(&root, &hostile::argument(2)), links(&root, &hostile::argument(3)));
    println!("readlink {}", long.saturating_sub(short));
}
