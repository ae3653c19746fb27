//! Goes on with what it opened, after its operator took the right away: `revoked KIND`.
//! Says `ready`, waits for a line, and tries again.

use hostile::{
    filesystem::{
        preopens::get_directories,
        types::{DescriptorFlags, OpenFlags, PathFlags},
    },
    storage::{Access, Bucket},
};
use std::io::{Read, stdin};

fn main() {
    match hostile::argument(1).as_str() {
        "bucket" => {
            let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
            bucket.put("key", b"x").expect("it is granted");
            wait();
            println!(
                "put {}",
                bucket.put("key", b"y").map_err(|error| hostile::storage_word(&error)).expect_err("revoked")
            );
            println!("get {}", bucket.get("key").map_err(|error| hostile::storage_word(&error)).expect_err("revoked"));
        }
        "blocked" => {
            let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
            println!("ready");
            println!(
                "get {}",
                bucket.get("gate/x").map_err(|error| hostile::storage_word(&error)).expect_err("revoked")
            );
        }
        "file" => {
            let mut file = std::fs::File::open(hostile::argument(2)).expect("the file is granted");
            let mut part = [0; 16];
            file.read_exact(&mut part).expect("it is granted");
            wait();
            println!("read {:?}", file.read(&mut part).map_err(|error| error.kind()));
            println!("because {}", hostile::last_denial());
        }
        // Without the C library, which asks for more than the entries.
        "directory" => {
            let root = get_directories().remove(0).0;
            let (follow, path) = (PathFlags::SYMLINK_FOLLOW, hostile::argument(2));
            let path = path.trim_start_matches('/');
            let directory =
                root.open_at(follow, path, OpenFlags::DIRECTORY, DescriptorFlags::READ).expect("it is granted");
            let entries = directory.read_directory().expect("it is granted");
            assert!(entries.read_directory_entry().expect("it is granted").is_some());
            wait();
            println!("list {}", entries.read_directory_entry().expect_err("revoked").name());
        }
        "pollable" => {
            let child = hostile::again(&["sleeper"], None, None).expect("a child");
            let (end, mail) = (child.subscribe(), child.mail());
            println!("ready");
            end.block();
            mail.block();
            println!("wait {}", child.wait().map_err(|error| hostile::spawn_word(&error)).expect_err("revoked"));
        }
        "any" => {
            let child = hostile::again(&["sleeper"], None, None).expect("a child");
            println!("ready");
            let any = hostile::spawn::wait_any(&[&child]);
            println!("wait-any {}", any.map_err(|error| hostile::spawn_word(&error)).expect_err("revoked"));
        }
        "tool" => {
            println!("ready");
            let slept = hostile::tool::call("deputy/sleep", "{}");
            println!("call {}", slept.map_err(|error| hostile::tool_word(&error)).expect_err("revoked"));
        }
        "sleeper" => hostile::sleep(),
        other => panic!("no such thing: {other}"),
    }
}

fn wait() {
    println!("ready");
    stdin().read_line(&mut String::new()).expect("stdin is readable");
}
