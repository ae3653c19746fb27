//! Writes to a child's stdin without ever asking how much it may: nothing is taken without a promise.

use hostile::spawn::{Child, Options, Stdio};

fn main() {
    if hostile::argument(1) == "child" {
        // Never reads.
        hostile::clocks::monotonic_clock::subscribe_duration(u64::MAX).block();
        return;
    }
    let options = Options {
        plugin: None,
        arguments: vec!["child".into()],
        environment: Vec::new(),
        directory: None,
        stdin: Stdio::Piped,
        stdout: Stdio::Null,
        stderr: Stdio::Null,
        grants: None,
        fuel: None,
        memory: None,
        tokens: None,
        money: None,
        nice: 0,
    };
    let child = Child::start(&options).expect("a child");
    let stdin = child.stdin().expect("piped").expect("not taken yet");
    let chunk = vec![0; 64 << 10];
    loop {
        if stdin.write(&chunk).is_err() {
            return;
        }
    }
}
