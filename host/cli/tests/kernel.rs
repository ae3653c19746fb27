//! The resident kernel: one for all commands, started when it is needed, gone when it is not.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use std::{
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    time::{Duration, Instant},
};

use common::Holm;
use expect_test::expect;

/// What the guest `revoked` imports.
const REVOKED: &str = "storage = [\"notes:rw\"]\nspawn = [\"self\"]\ntool = [\"deputy/*\"]";

/// The process that serves the home.
fn process(holm: &Holm) -> String {
    let checks = holm.run(&["doctor", "--json"]).json();
    let kernel = checks.as_array().unwrap().iter().find(|check| check["name"] == "kernel").unwrap();
    let text = kernel["text"].as_str().unwrap();
    text.split("process ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or("none").to_owned()
}

#[test]
fn two_commands_at_once_and_a_revocation_from_a_third() {
    let holm = Holm::new();
    holm.install("keeper", "neighbour", "storage = [\"work:rw\"]");
    holm.install("other", "revoked", REVOKED);
    holm.run(&["grant", "keeper", "storage=work:rw"]).succeeds();
    holm.run(&["grant", "other", "storage=notes:rw"]).succeeds();
    let mut keeper = holm.start(&["run", "keeper", "key"]);
    let mut other = holm.start(&["run", "other", "bucket"]);
    keeper.types("go");
    keeper.shows("round 0.");
    other.shows("ready");
    holm.run(&["revoke", "other", "storage"]).succeeds();
    other.types("go on");
    let (rest, _, code) = other.ends();
    assert_eq!(rest, "put denied storage=notes:rw: revoked\nget denied storage=notes:rw: revoked\n");
    assert_eq!(code, 0);
    // Nothing was taken from its neighbour.
    keeper.types("go");
    keeper.shows("round 1.");
    assert_eq!(keeper.ends(), (String::new(), String::new(), 0));
}

#[test]
fn a_detached_run_holds_no_connection() {
    let holm = Holm::new();
    holm.guest("waits");
    let detach = || holm.run(&["run", "--detach", "waits.wasm", "poll"]).succeeds();
    detach();
    let folder = format!("/proc/{}/fd", process(&holm));
    let sockets = || {
        let links = std::fs::read_dir(&folder).unwrap().filter_map(|entry| entry.unwrap().path().read_link().ok());
        links.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
    };
    // The listener, and what the runtime has of its own: as many as after the first.
    let before = sockets();
    (0..4).for_each(|_| drop(detach()));
    assert_eq!(holm.processes().len(), 5);
    let start = Instant::now();
    while sockets() > before {
        assert!(start.elapsed() < Duration::from_secs(10), "{} sockets, {before} before", sockets());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_grant_of_one_run_is_revoked_too() {
    let holm = Holm::new();
    holm.install("other", "revoked", REVOKED);
    let mut other = holm.start(&["run", "--grant", "storage=notes:rw", "other", "bucket"]);
    other.shows("ready");
    holm.run(&["revoke", "other", "storage"]).succeeds();
    other.types("go on");
    assert_eq!(other.ends().0, "put denied storage=notes:rw: revoked\nget denied storage=notes:rw: revoked\n");
}

#[test]
fn many_who_come_at_once_get_one_kernel() {
    let holm = Holm::new();
    let starting: Vec<_> = (0..6).map(|_| holm.command(&["list"]).spawn().unwrap()).collect();
    for child in starting {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let log = std::fs::read_to_string(holm.home().join("kernel.log")).unwrap();
    assert_eq!(log.matches("the kernel serves").count(), 1, "{log}");
}

#[test]
fn a_kernel_that_was_killed_leaves_nothing_in_the_way() {
    let holm = Holm::new();
    holm.run(&["list"]).succeeds();
    let first = process(&holm);
    let pid = rustix::process::Pid::from_raw(first.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    holm.run(&["list"]).succeeds();
    assert_ne!(process(&holm), first);
    holm.check(
        &[&["shutdown"], &["shutdown"], &["ps"]],
        expect![[r#"
            $ holm shutdown

            $ holm shutdown
            ! no kernel is running

            $ holm ps
            PID  PPID  PLUGIN  STATE  NICE  FUEL  BUDGET  MEM  SYSCALLS  TOKENS  TIME  CALLING
        "#]],
    );
    assert_eq!(process(&holm), "none");
}

#[test]
fn an_idle_kernel_ends() {
    let holm = Holm::new();
    holm.configure("[kernel]\nidle-shutdown = \"300ms\"\n");
    holm.run(&["list"]).succeeds();
    let start = Instant::now();
    while holm.home().join("kernel.sock").exists() {
        assert!(start.elapsed() < Duration::from_secs(10), "it is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
    holm.run(&["list"]).succeeds();
}

#[test]
fn nobody_else_comes_in_and_nonsense_does_no_harm() {
    let holm = Holm::new();
    holm.run(&["list"]).succeeds();
    let mode = |name: &str| holm.home().join(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(""), mode("kernel.sock"), mode("kernel.log"), mode("audit/000001.jsonl")),
        (0o700, 0o600, 0o600, 0o600)
    );
    let kernel = process(&holm);
    let nonsense: [&[u8]; 5] =
        [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff\xff\xff\xff\xff", b"\0\0\0\x04\xc1\xc1\xc1\xc1", &[0; 4096]];
    for bytes in nonsense {
        let mut socket = UnixStream::connect(holm.home().join("kernel.sock")).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        // It may hang up in the middle.
        let _ = socket.write_all(bytes);
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let _ = socket.read_to_end(&mut Vec::new());
    }
    assert_eq!(process(&holm), kernel, "it did not survive");
}

#[test]
fn what_is_wrong_with_the_settings_is_said() {
    let holm = Holm::new();
    holm.configure("[kernel]\nworker = 2\n");
    holm.check(
        &[&["list"]],
        expect![[r#"
        $ holm list
        ! error: `[TEST]/home/config.toml`: TOML parse error at line 2, column 1
        !   |
        ! 2 | worker = 2
        !   | ^^^^^^
        ! unknown field `worker`, expected one of `workers`, `capacity`, `idle-shutdown`
        ? 2
    "#]],
    );
    holm.configure("[storage]\ndriver = \"floppy\"\n");
    let said = holm.run(&["list"]).ends(70).talk;
    assert!(said.contains("kernel does not start") && said.contains("no storage driver is called"), "{said}");
}

/// A component of so many functions, each of six hundred thousand instructions that depend on each other: they
/// take a compiler eleven seconds, and 700 MB.
fn dear(functions: u8) -> Vec<u8> {
    fn sized(id: &[u8], content: &[u8]) -> Vec<u8> {
        let mut all = id.to_vec();
        let mut rest = content.len();
        while rest >= 0x80 {
            all.push((rest % 0x80) as u8 | 0x80);
            rest /= 0x80;
        }
        all.push(rest as u8);
        [all.as_slice(), content].concat()
    }
    // One local, x = x * x + load(x), again and again; it is what the function returns.
    let mut body = vec![1, 1, 0x7f];
    body.extend([0x20, 0, 0x20, 0, 0x6c, 0x20, 0, 0x28, 2, 0, 0x6a, 0x21, 0].repeat(100_000));
    body.extend([0x20, 0, 0x0b]);
    let code = sized(&[], &body).repeat(functions.into());
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        sized(&[1], &[1, 0x60, 0, 1, 0x7f]),
        sized(&[3], &[&[functions][..], &vec![0; functions.into()]].concat()),
        sized(&[5], &[1, 0, 1]),
        sized(&[10], &[&[functions][..], &code].concat()),
    ];
    [b"\0asm\x0d\0\x01\0".to_vec(), sized(&[1], &module.concat())].concat()
}

#[test]
fn a_compiler_that_takes_too_much_is_ended() {
    for (bounds, said) in [
        // By its own time or, where others keep the processors busy, by the clock on the wall.
        ("time = \"1s\"", "took more than 1 s"),
        ("memory = \"300 MiB\"", "took more than 120 s of processor time or 300MiB of memory"),
    ] {
        let holm = Holm::new();
        holm.configure(&format!("[kernel]\nidle-shutdown = \"20s\"\n[compiler]\n{bounds}\n"));
        holm.file("dear.wasm", dear(8));
        let refused = holm.run(&["run", "dear.wasm"]).ends(5).talk;
        assert!(refused.contains(said) && refused.contains("it is refused"), "{refused}");
        // The kernel goes on.
        assert_ne!(process(&holm), "none");
        holm.run(&["list"]).succeeds();
    }
}

#[test]
fn without_address_space_for_a_pool_instances_are_made_on_demand() {
    let holm = Holm::new();
    let engine = |holm: &Holm| -> (String, String) {
        let checks = holm.run(&["doctor", "--json"]).json();
        let check = checks.as_array().unwrap().iter().find(|check| check["name"] == "engine").unwrap().clone();
        (check["state"].as_str().unwrap().to_owned(), check["text"].as_str().unwrap().to_owned())
    };
    holm.guest("fs_denied");
    holm.run(&["run", "fs_denied.wasm", "/etc/passwd"]).succeeds();
    assert_eq!(engine(&holm).0, "good");
    holm.run(&["shutdown"]).succeeds();
    // The kernel that this starts has 16 GiB of addresses: enough for a guest, and not for thousands.
    let limited = format!("ulimit -v 16777216; exec {:?} run fs_denied.wasm /etc/passwd", env!("CARGO_BIN_EXE_holm"));
    for _ in 0..2 {
        let mut shell = std::process::Command::new("sh");
        let shell = shell.args(["-c", &limited]).current_dir(holm.work()).env("HOLM_HOME", holm.home());
        let output = shell.stdin(std::process::Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let (state, text) = engine(&holm);
    assert!(state == "warning" && text.contains("on demand"), "{text}");
}
