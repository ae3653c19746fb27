//! Processes: seen, stopped, ended, and topped up.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use common::Holm;
use expect_test::expect;
use rustix::process::Signal;

/// The pid of the only process.
fn pid(processes: &[serde_json::Value]) -> String {
    assert_eq!(processes.len(), 1, "{processes:#?}");
    processes[0]["pid"].as_str().unwrap().to_owned()
}

#[test]
fn a_program_has_its_arguments_streams_and_exit_code() {
    let holm = Holm::new();
    holm.guest("program_ok");
    let said = holm.feed(&["run", "program_ok.wasm", "--env", "A=b c", "--", "--flag", "x"], b"hello\n");
    expect![[r#"
        $ holm run program_ok.wasm --env A=b c -- --flag x
        arguments ["--flag", "x"]
        stdin "hello\n"
        environment [("A", "b c")]
        directory Ok("/")
        ! to stderr
        ? 1
    "#]]
    .assert_eq(&said.transcript());
}

#[test]
fn a_process_is_seen_stopped_and_killed() {
    let holm = Holm::new();
    holm.guest("loop_without_calls");
    let run = holm.start(&["run", "loop_without_calls.wasm", "--nice", "5"]);
    let processes = holm.until("a burning process", |all| all.iter().any(|one| one["fuel"].as_u64() > Some(0)));
    let pid = pid(&processes);
    assert_eq!(processes[0]["nice"], 5);
    let table = holm.run(&["ps"]).succeeds().stdout;
    assert!(table.starts_with("PID  PPID  PLUGIN "), "{table}");
    holm.run(&["stop", &pid]).succeeds();
    let stopped = holm.until("stopped", |all| all[0]["state"] == "stopped")[0]["fuel"].as_u64();
    assert_eq!(holm.processes()[0]["fuel"].as_u64(), stopped, "a stopped process burned fuel");
    holm.run(&["renice", "-5", &pid]).succeeds();
    holm.run(&["continue", &pid]).succeeds();
    holm.until("going on", |all| all[0]["fuel"].as_u64() > stopped && all[0]["nice"] == -5);
    holm.run(&["kill", &pid, "77"]).ends(4);
    let (_, talk, code) = run.ends();
    assert_eq!((talk.as_str(), code), ("error: loop_without_calls.wasm was killed by its operator\n", 137));
    holm.until("nobody", <[_]>::is_empty);
    // Its slot is used again, its pid is not.
    holm.run(&["kill", &pid]).ends(4);
}

#[test]
fn an_interruption_ends_the_process() {
    let holm = Holm::new();
    holm.guest("loop_without_calls");
    let run = holm.start(&["run", "loop_without_calls.wasm"]);
    holm.until("a process", |all| all.len() == 1);
    run.signal(Signal::INT);
    assert_eq!(run.ends(), (String::new(), String::new(), 130));
    assert!(holm.processes().is_empty());
}

#[test]
fn a_client_that_is_gone_takes_its_process_along() {
    let holm = Holm::new();
    holm.guest("loop_without_calls");
    let run = holm.start(&["run", "loop_without_calls.wasm"]);
    holm.until("a process", |all| all.len() == 1);
    run.signal(Signal::KILL);
    holm.until("nobody", <[_]>::is_empty);
}

#[test]
fn a_detached_process_goes_on_alone() {
    let holm = Holm::new();
    holm.guest("loop_without_calls");
    let printed = holm.run(&["run", "--detach", "loop_without_calls.wasm"]).succeeds().stdout;
    assert_eq!(pid(&holm.processes()), printed.trim());
    holm.run(&["kill", printed.trim()]).succeeds();
    holm.until("nobody", <[_]>::is_empty);
}

#[test]
fn a_process_without_fuel_ends_or_waits_for_more() {
    let holm = Holm::new();
    holm.guest("loop_without_calls");
    holm.check(
        &[&["run", "--fuel", "5M", "loop_without_calls.wasm"]],
        expect![[r#"
        $ holm run --fuel 5M loop_without_calls.wasm
        ! error: loop_without_calls.wasm was ended: out-of-fuel: it burned all the fuel it was given
        ! hint: more fuel with --fuel, or --on-empty stop and `holm topup`; its limits: `holm inspect`
        ? 5
    "#]],
    );
    let run = holm.start(&["run", "--fuel", "5M", "--on-empty", "stop", "loop_without_calls.wasm"]);
    let empty = holm.until("stopped", |all| all.len() == 1 && all[0]["state"] == "stopped");
    let pid = pid(&empty);
    holm.run(&["topup", "20M", &pid]).succeeds();
    holm.until("stopped once more", |all| all[0]["state"] == "stopped" && all[0]["fuel"].as_u64() >= Some(25_000_000));
    holm.run(&["kill", &pid]).succeeds();
    assert_eq!(run.ends().2, 137);
}

#[test]
fn much_goes_in_and_out() {
    let holm = Holm::new();
    holm.guest("program_ok");
    let input = "x".repeat(3 << 20);
    let said = holm.feed(&["run", "program_ok.wasm"], input.as_bytes()).succeeds();
    assert!(said.stdout.contains(&format!("stdin \"{input}\"")), "{} bytes came back", said.stdout.len());
}

#[test]
fn a_kernel_within_the_command_needs_no_other() {
    let holm = Holm::new();
    holm.guest("program_ok");
    holm.run(&["--in-process", "run", "program_ok.wasm"]).succeeds();
    assert!(!holm.home().join("kernel.log").exists(), "it started a kernel");
    holm.run(&["list"]).succeeds();
    holm.check(
        &[&["--in-process", "run", "program_ok.wasm"]],
        expect![[r#"
        $ holm --in-process run program_ok.wasm
        ! error: a kernel is running in `[TEST]/home` already
        ! hint: `holm shutdown` ends it; or leave out --in-process
        ? 6
    "#]],
    );
}

#[test]
fn what_does_not_compile_is_refused() {
    let holm = Holm::new();
    holm.file("cut.wasm", b"\0asm\x0d\0\x01\0\x04\x20\0");
    holm.file("module.wasm", b"\0asm\x01\0\0\0");
    holm.file("text.wasm", "no component");
    holm.file("foreign.wasm", wat::parse_str("(component (import \"other:thing/api@1.0.0\" (instance)))").unwrap());
    // Its types are right, and its code is not: found by the compiler, in a process of its own.
    holm.file("code.wasm", wat::parse_str("(component (core module (func (result i32))))").unwrap());
    holm.check(
        &[
            &["run", "cut.wasm"],
            &["run", "module.wasm"],
            &["run", "text.wasm"],
            &["run", "foreign.wasm"],
            &["run", "code.wasm"],
        ],
        expect![[r#"
            $ holm run cut.wasm
            ! error: `[TEST]/work/cut.wasm`: the component is malformed: unexpected end-of-file (at offset 0xa); build or download it anew
            ? 5

            $ holm run module.wasm
            ! error: `[TEST]/work/module.wasm`: this is a core module, not a component: build for `wasm32-wasip2`, or run `holm build`
            ? 5

            $ holm run text.wasm
            ! error: `[TEST]/work/text.wasm`: this is no WebAssembly file: name the `.wasm` file that your build made
            ? 5

            $ holm run foreign.wasm
            ! error: `[TEST]/work/foreign.wasm`: the component asks for an interface Holm does not offer: `other:thing/api@1.0.0`
            ? 5

            $ holm run code.wasm
            ! error: the component does not compile: failed to compile: wasm[0]::function[0]: WebAssembly translation error: Invalid input WebAssembly code at offset 34: type mismatch: expected i32 but nothing on stack
            ? 5
        "#]],
    );
}
