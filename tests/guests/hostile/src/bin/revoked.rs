//! Goes on with what it opened, after its operator took the right away: `revoked KIND`.
//! Says `ready`, waits for a line, and tries again.

use hostile::storage::{Access, Bucket};
use std::io::{Read, stdin};

fn main() {
    match hostile::argument(1).as_str() {
        "bucket" => {
            let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
            bucket.put("key", b"x").expect("it is granted");
            wait();
            println!("put {}", bucket.put("key", b"y").map_err(|error| hostile::storage_word(&error)).expect_err("revoked"));
            println!("get {}", bucket.get("key").map_err(|error| hostile::storage_word(&error)).expect_err("revoked"));
        }
        "blocked" => {
            let bucket = Bucket::open("notes", Access::Write).expect("the bucket is granted");
            println!("ready");
            println!("get {}", bucket.get("gate/x").map_err(|error| hostile::storage_word(&error)).expect_err("revoked"));
        }
        "file" => {
            let mut file = std::fs::File::open(hostile::argument(2)).expect("the file is granted");
            let mut part = [0; 16];
            file.read_exact(&mut part).expect("it is granted");
            wait();
            println!("read {:?}", file.read(&mut part).map_err(|error| error.kind()));
            println!("because {}", hostile::last_denial());
        }
        "directory" => {
            let mut entries = std::fs::read_dir(hostile::argument(2)).expect("the directory is granted");
            wait();
            // The C library reads ahead: what it has not asked for yet is denied.
            println!("list {:?}", entries.find_map(Result::err).map(|error| error.kind()));
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
