//! Writes without end to a pipe that its parent never reads: it waits, and can be killed.

use hostile::spawn::{Child, Options, Stdio};

fn main() {
    if hostile::argument(1) == "child" {
        loop {
            println!("{}", "x".repeat(1000));
        }
    }
    let options = Options {
        plugin: None,
        arguments: vec!["child".into()],
        environment: Vec::new(),
        directory: None,
        stdin: Stdio::Piped,
        stdout: Stdio::Piped,
        stderr: Stdio::Null,
        grants: None,
        fuel: None,
        memory: None,
        tokens: None,
        money: None,
        nice: 0,
    };
    let child = Child::start(&options).expect("a child");
    // Once it burns no more, it waits for room.
    let mut before = 0;
    loop {
        hostile::clocks::monotonic_clock::subscribe_duration(50_000_000).block();
        let now = child.usage().expect("it is there").fuel;
        if now == before && now > 0 {
            break;
        }
        before = now;
    }
    println!("{:?}", child.status().expect("it is there").is_none());
    child.kill().expect("it is there");
    println!("{}", hostile::exit_word(&child.wait().expect("it ends")));
}
