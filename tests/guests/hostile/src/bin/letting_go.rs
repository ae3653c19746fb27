//! Lets go of a child that waits for its mail: the child is told, and does not wait for ever.

use hostile::spawn::{Child, Options, Parent, Stdio};

fn main() {
    if hostile::argument(1) == "child" {
        let parent = Parent::open().expect("it was spawned");
        eprintln!("{:?}", parent.wait());
        return;
    }
    let options = Options {
        plugin: None,
        arguments: vec!["child".into()],
        environment: Vec::new(),
        directory: None,
        stdin: Stdio::Null,
        stdout: Stdio::Null,
        stderr: Stdio::Inherit,
        grants: None,
        fuel: None,
        memory: None,
        tokens: None,
        money: None,
        nice: 0,
    };
    let child = Child::start(&options).expect("a child");
    let ended = child.subscribe();
    drop(child);
    ended.block();
    println!("it ended");
}
