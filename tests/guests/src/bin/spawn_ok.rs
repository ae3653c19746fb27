//! Starts itself as a child in every way: streams, mail, waiting, killing.

use guests::spawn::{self, Child, Exit, Options, Parent, Stdio};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("echo") => echo(),
        Some("sleep") => std::thread::sleep(std::time::Duration::from_secs(600)),
        Some("code") => std::process::exit(1),
        _ => parent(),
    }
}

fn start(argument: &str) -> Child {
    Child::start(&Options {
        plugin: None,
        arguments: vec![argument.to_owned()],
        environment: vec![("GREETING".to_owned(), "hello".to_owned())],
        directory: None,
        stdin: Stdio::Piped,
        stdout: Stdio::Piped,
        stderr: Stdio::Inherit,
        grants: Some(Vec::new()),
        fuel: Some(1_000_000_000),
        memory: None,
        tokens: None,
        money: None,
        nice: 1,
    })
    .expect("it may start itself")
}

fn parent() {
    let child = start("echo");
    child.send(b"ping").expect("it has a mailbox");
    let stdin = child.stdin().expect("piped").expect("not taken yet");
    stdin.blocking_write_and_flush(b"through the pipe").expect("it reads");
    drop(stdin);
    assert!(matches!(child.wait().expect("it ends"), Exit::Code(0)));
    let stdout = child.stdout().expect("piped").expect("not taken yet");
    let text = stdout.blocking_read(1024).expect("it wrote");
    assert_eq!(String::from_utf8_lossy(&text), "hello through the pipe\n");
    assert_eq!(child.receive().expect("mail"), Some(b"pong".to_vec()));
    let usage = child.usage().expect("it was measured");
    assert!(usage.fuel > 0 && usage.syscalls > 0, "{usage:?}");

    let (sleeper, quick) = (start("sleep"), start("code"));
    assert_eq!(spawn::wait_any(&[&sleeper, &quick]).expect("one ends"), 1);
    assert!(matches!(quick.status().expect("it ended"), Some(Exit::Code(1))));
    assert!(sleeper.status().expect("it lives").is_none());
    sleeper.kill().expect("it is ours");
    let ended = sleeper.subscribe();
    ended.block();
    assert!(matches!(sleeper.status().expect("it ended"), Some(Exit::Killed)));
}

fn echo() {
    let parent = Parent::open().expect("it was spawned");
    assert_eq!(parent.wait().expect("mail"), b"ping");
    let mut input = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut input).expect("stdin is readable");
    println!("{} {input}", std::env::var("GREETING").expect("passed on"));
    parent.send(b"pong").expect("there is room");
}
