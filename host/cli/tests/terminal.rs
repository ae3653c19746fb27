//! Questions on the terminal itself: the real command, on a pseudo terminal.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use std::process::Command;

use common::Holm;
use nix::sys::wait::WaitStatus;
use rexpect::session::PtySession;

/// A run that hangs fails the test.
const PATIENCE: u64 = 30_000;

/// What the run asks, one after the other, and how it may be answered.
const READ: &str = "reader may not read ./text (fs=";
const WRITE: &str = "reader may not write ./out/loud (fs=";
const LIST: &str = "reader may not read ./out (fs=";
const ALLOW: &str = "allow it? [once/always/never] ";

/// A home with a plugin that reads a file and writes another, and no grants.
fn holm() -> Holm {
    let holm = Holm::new();
    holm.install("reader", "fs_ok", "fs = [\"*:rw\"]");
    holm.file("text", "words");
    std::fs::create_dir(holm.work().join("out")).unwrap();
    holm
}

/// Starts a shell's command on a terminal of its own, which does not echo.
fn terminal(holm: &Holm, script: &str) -> PtySession {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).current_dir(holm.work());
    shell.env("HOLM_HOME", holm.home()).env("HOLM", env!("CARGO_BIN_EXE_holm"));
    rexpect::session::spawn_command(shell, Some(PATIENCE)).unwrap()
}

/// Starts the run on a terminal.
fn run(holm: &Holm) -> PtySession {
    terminal(holm, "exec \"$HOLM\" run reader text out/loud")
}

#[track_caller]
fn answers(session: &mut PtySession, question: &str, answer: &str) {
    session.exp_string(question).unwrap();
    session.exp_string(ALLOW).unwrap();
    session.send_line(answer).unwrap();
}

/// Waits for the end: the rest of what was shown, and the exit code.
#[track_caller]
fn ends(mut session: PtySession) -> (String, i32) {
    let shown = session.exp_eof().unwrap();
    match session.process().wait().unwrap() {
        WaitStatus::Exited(_, code) => (shown, code),
        other => panic!("it ended otherwise: {other:?}: {shown}"),
    }
}

#[test]
fn once_holds_for_the_run() {
    let holm = holm();
    for _ in 0..2 {
        let mut session = run(&holm);
        answers(&mut session, READ, "once");
        answers(&mut session, WRITE, "o");
        answers(&mut session, LIST, "ONCE");
        let (shown, code) = ends(session);
        assert!(code == 0 && shown.contains("[\"loud\"]"), "{code}: {shown}");
    }
    assert_eq!(holm.run(&["inspect", "reader", "--json"]).succeeds().json()["grants"], serde_json::json!([]));
}

#[test]
fn always_is_a_grant() {
    let holm = holm();
    let mut session = run(&holm);
    answers(&mut session, READ, "always");
    // What is none of the choices is asked again.
    answers(&mut session, WRITE, "perhaps");
    session.exp_string("please answer one of once, always, never").unwrap();
    answers(&mut session, WRITE, "always");
    answers(&mut session, LIST, "always");
    let (shown, code) = ends(session);
    assert!(code == 0 && shown.contains("[\"loud\"]"), "{code}: {shown}");
    let work = holm.work().canonicalize().unwrap();
    let expected = ["text:ro", "out/loud:rw", "out:ro"].map(|place| format!("fs={}/{place}", work.display()));
    let grants = holm.run(&["inspect", "reader", "--json"]).succeeds().json()["grants"].clone();
    assert_eq!(grants, serde_json::json!(expected));
    // Nobody is asked now.
    holm.run(&["run", "reader", "text", "out/loud"]).succeeds();
}

#[test]
fn never_denies_and_so_does_an_empty_line() {
    let holm = holm();
    for answer in ["never", ""] {
        let mut session = run(&holm);
        answers(&mut session, READ, answer);
        let (shown, code) = ends(session);
        assert_eq!(code, 5, "{shown}");
        assert!(shown.contains("to allow it: holm grant reader fs=./text:ro"), "{shown}");
    }
    assert_eq!(holm.run(&["inspect", "reader", "--json"]).succeeds().json()["grants"], serde_json::json!([]));
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let holm = holm();
    // The command starts once the terminal holds what was pasted; nobody reads it for the guest.
    let script = "until [ -e pasted ]; do sleep 0.05; done; exec \"$HOLM\" run reader text out/loud </dev/null";
    let mut session = terminal(&holm, script);
    for line in ["always", "once", "always", "always"] {
        session.send_line(line).unwrap();
    }
    holm.file("pasted", "");
    answers(&mut session, READ, "never");
    let (shown, code) = ends(session);
    assert_eq!(code, 5, "{shown}");
    assert!(!holm.work().join("out/loud").exists());
    assert_eq!(holm.run(&["inspect", "reader", "--json"]).succeeds().json()["grants"], serde_json::json!([]));
}

/// What an agent says that looks at notes first; the script differs by what its user said meanwhile.
const STEERED: &str = r#"
[[reply]]
turn = 1
contains = "in French"
text = "Bonjour. "

[[reply]]
turn = 0
contains = "greet"
text = "I look, slowly, word by word by word by word by word. "
pace = "300ms"
tool-calls = [{ name = "files__list", arguments = { path = "./notes" } }]

[[reply]]
contains = "and now"
text = "Now this. "

[[reply]]
contains = "wait"
text = "One two three four five six seven eight nine ten eleven. "
pace = "300ms"
"#;

/// A conversation on a terminal, and how the terminal is afterwards.
fn chat() -> (Holm, PtySession) {
    let holm = Holm::new();
    holm.configure(
        "[kernel]\nidle-shutdown = \"20s\"\n[providers.script]\nkind = \"scripted\"\nscript = \"replies.toml\"\n\
         [models.smart]\ntargets = [\"script/any\"]\n",
    );
    std::fs::write(holm.home().join("replies.toml"), STEERED).unwrap();
    holm.file("notes/a.md", "words");
    holm.install_real("files", &["fs=./notes:ro"]);
    holm.install_real("agent", &["llm=smart", "tool=files/*"]);
    let script = "stty echo; \"$HOLM\" chat; echo \"code $?\"; stty -a | tr ';' ' '";
    let session = terminal(&holm, script);
    (holm, session)
}

/// The end of a conversation: the exit code, and a terminal that is as it was.
#[track_caller]
fn is_over(mut session: PtySession, code: i32) -> String {
    let before = session.exp_string(&format!("code {code}")).unwrap();
    let (modes, _) = ends(session);
    assert!([" icanon", " echo "].iter().all(|mode| modes.contains(mode)), "{modes}");
    before
}

#[test]
fn what_is_typed_while_the_agent_works_is_told_to_it() {
    let (_holm, mut session) = chat();
    session.exp_string("> ").unwrap();
    session.send_line("greet me").unwrap();
    session.exp_string("I look, ").unwrap();
    session.send("in Fr").unwrap();
    session.flush().unwrap();
    session.exp_string("+ ").unwrap();
    session.send_line("ench").unwrap();
    // What the agent said meanwhile comes after the line, and the word before its next step.
    session.exp_string("word. ").unwrap();
    session.exp_string("files/list").unwrap();
    session.exp_string("Bonjour. ").unwrap();
    session.exp_string("2 steps").unwrap();
    session.send_control('d').unwrap();
    let rest = is_over(session, 0);
    assert!(!rest.contains("step"), "it was no task of its own: {rest}");
}

#[test]
fn a_word_that_comes_too_late_is_the_next_task() {
    let (_holm, mut session) = chat();
    session.exp_string("> ").unwrap();
    session.send_line("wait for it").unwrap();
    session.exp_string("One ").unwrap();
    session.send_line("and now").unwrap();
    session.exp_string("+ ").unwrap();
    session.exp_string("eleven. ").unwrap();
    session.exp_string("1 step").unwrap();
    session.exp_string("Now this. ").unwrap();
    session.exp_string("1 step").unwrap();
    session.send_control('d').unwrap();
    is_over(session, 0);
}

#[test]
fn ctrl_d_while_it_works_ends_the_conversation_with_the_task() {
    let (_holm, mut session) = chat();
    session.exp_string("> ").unwrap();
    session.send_line("wait for it").unwrap();
    session.exp_string("One ").unwrap();
    session.send_control('d').unwrap();
    session.exp_string("the conversation ends with this task").unwrap();
    session.exp_string("eleven. ").unwrap();
    is_over(session, 0);
}

#[test]
fn ctrl_c_in_a_line_stops_the_task() {
    let (_holm, mut session) = chat();
    session.exp_string("> ").unwrap();
    session.send_line("wait for it").unwrap();
    session.exp_string("One ").unwrap();
    session.send("half a li").unwrap();
    session.flush().unwrap();
    session.exp_string("+ ").unwrap();
    session.send_control('c').unwrap();
    session.exp_string("stopping").unwrap();
    session.exp_string("> ").unwrap();
    session.send_line("wait for more").unwrap();
    session.exp_string("One ").unwrap();
    session.send_line("/quit").unwrap();
    let rest = is_over(session, 0);
    assert!(!rest.contains("eleven"), "{rest}");
}

#[test]
fn a_call_that_asks_is_asked_each_time() {
    let holm = Holm::new();
    holm.install("clerk", "deputy", "storage = [\"notes:rw\"]\nspawn = [\"*\"]");
    holm.run(&["grant", "clerk", "storage=notes:rw"]).succeeds();
    holm.install("caller", "confused_deputy", "tool = [\"clerk/*\"]");
    holm.run(&["grant", "caller", "tool=clerk/*?it=mine/*:ask"]).succeeds();
    let run = "run caller clerk/get mine/./a clerk/get mine/b clerk/get yours";
    let mut session = terminal(&holm, &format!("exec \"$HOLM\" {run}"));
    for (path, answer) in [("mine/a", "yes"), ("mine/b", "no")] {
        session.exp_string(&format!("holm: caller wants to call clerk/get with {{\"it\":\"{path}\"}}")).unwrap();
        session.exp_string("(`clerk/*?it=mine/*:ask`); allow it? [yes/no] ").unwrap();
        session.send_line(answer).unwrap();
    }
    // Beyond the rule: the narrowest grant that would do.
    session.exp_string("caller may not call clerk/get?it=yours").unwrap();
    session.exp_string(ALLOW).unwrap();
    session.send_line("never").unwrap();
    let (shown, code) = ends(session);
    assert!(code == 0 && shown.contains("to allow it: holm grant caller 'tool=clerk/get?it=yours'"), "{shown}");
    // Nobody to ask is a no, which is said.
    let said = holm.run(&["run", "caller", "clerk/get", "mine/a"]).succeeds();
    let denied =
        "holm: denied: caller may not call clerk/get (`clerk/*?it=mine/*:ask` asks, and there is nobody to ask)";
    assert!(said.talk.contains(denied), "{}", said.talk);
}

#[test]
fn processes_are_watched_and_ended() {
    let holm = Holm::new();
    holm.guest("waits");
    holm.run(&["run", "--detach", "waits.wasm", "poll"]).succeeds();
    let mut top = terminal(&holm, "stty cols 110 rows 10; exec \"$HOLM\" top --every 100ms");
    top.exp_string("CALLING").unwrap();
    top.exp_string("waits").unwrap();
    top.exp_string("io.poll").unwrap();
    top.send("s").unwrap();
    top.flush().unwrap();
    holm.until("stopped", |processes| processes.iter().all(|process| process["state"] == "stopped"));
    // Without a yes it goes on.
    for key in ["k", "n", "k"] {
        top.send(key).unwrap();
        top.flush().unwrap();
    }
    top.exp_string("and all its descendants?").unwrap();
    assert_eq!(holm.processes().len(), 1);
    top.send("y").unwrap();
    top.flush().unwrap();
    holm.until("gone", <[_]>::is_empty);
    top.send("q").unwrap();
    top.flush().unwrap();
    assert!(matches!(top.process().wait().unwrap(), WaitStatus::Exited(_, 0)));
}

#[test]
fn a_tool_asks_for_a_form_on_the_terminal() {
    let holm = Holm::new();
    holm.install("suite", "conformance", "");
    let call = |tool: &str| terminal(&holm, &format!("exec \"$HOLM\" tool call suite/{tool}"));
    let mut session = call("test_elicitation_sep1034_defaults");
    session.exp_string("holm: suite asks:").unwrap();
    session.exp_string("  | Please review and update the form fields with defaults").unwrap();
    session.exp_string("holm: answer? [yes/no] ").unwrap();
    session.send_line("yes").unwrap();
    for (asked, line) in [
        ("  | age", "many"),
        ("  | age", "7"),
        ("  | name", "Ada"),
        ("  | score", ""),
        ("  | 3: pending", "9"),
        ("  | 3: pending", "2"),
        ("  | verified", "no"),
    ] {
        session.exp_string("holm: suite wants to know:").unwrap();
        session.exp_string(asked).unwrap();
        session.exp_string("holm: answer> ").unwrap();
        session.send_line(line).unwrap();
    }
    let (shown, code) = ends(session);
    assert_eq!(code, 0, "{shown}");
    let fields = ["\\\"age\\\":7", "\\\"name\\\":\\\"Ada\\\"", "\\\"status\\\":\\\"inactive\\\""];
    assert!(fields.iter().all(|field| shown.contains(field)), "{shown}");
    // No is no, and an empty line neither.
    for (line, action) in [("no", "action=decline"), ("", "action=cancel")] {
        let mut session = call("test_elicitation_sep1034_defaults");
        session.exp_string("holm: answer? [yes/no] ").unwrap();
        session.send_line(line).unwrap();
        let (shown, _) = ends(session);
        assert!(shown.contains(action), "{shown}");
    }
}

#[test]
fn a_tool_that_is_called_in_a_run_asks_whoever_runs_it() {
    let holm = Holm::new();
    holm.install("asker", "asker", "tool = [\"*/*\"]");
    holm.install("caller", "confused_deputy", "tool = [\"*/*\"]");
    let mut session = terminal(&holm, "exec \"$HOLM\" run --grant 'tool=asker/*' caller asker/ask x asker/escapes x");
    session.exp_string("holm: asker, which it called, asks:").unwrap();
    session.exp_string("  | May I?").unwrap();
    session.exp_string("holm: answer? [yes/no] ").unwrap();
    session.send_line("yes").unwrap();
    session.exp_string("  | ok").unwrap();
    session.exp_string("holm: answer> ").unwrap();
    session.send_line("no").unwrap();
    let (shown, code) = ends(session);
    assert!(code == 0 && shown.contains("Accepted") && shown.contains("false"), "{code}: {shown}");
    // What hides something is not even asked.
    assert!(shown.contains("hidden characters") && !shown.contains("Allow everything"), "{shown}");
    // Without a terminal there is nobody.
    let alone = holm.run(&["run", "--grant", "tool=asker/*", "caller", "asker/ask", "x"]).succeeds();
    assert!(alone.stdout.contains("Nobody"), "{}", alone.stdout);
}
