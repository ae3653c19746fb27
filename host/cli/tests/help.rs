//! What the command line says about itself, and to who mistypes.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use common::Holm;
use expect_test::{expect, expect_file};

const VERBS: &[&str] = &[
    "new",
    "build",
    "install",
    "update",
    "uninstall",
    "list",
    "inspect",
    "grant",
    "revoke",
    "secret",
    "secret set",
    "secret list",
    "secret bind",
    "secret unbind",
    "secret delete",
    "key",
    "key add",
    "key list",
    "key remove",
    "server",
    "server list",
    "server show",
    "server import",
    "server add",
    "server remove",
    "server accept",
    "server login",
    "server logout",
    "server test",
    "policy",
    "policy set",
    "policy clear",
    "policy list",
    "pending",
    "answer",
    "run",
    "skill",
    "skill install",
    "skill check",
    "skill list",
    "skill show",
    "skill search",
    "runtime",
    "runtime install",
    "runtime list",
    "tool",
    "tool list",
    "tool search",
    "tool call",
    "resource",
    "resource list",
    "resource read",
    "memory",
    "memory list",
    "memory conversations",
    "memory search",
    "memory show",
    "memory block",
    "memory export",
    "memory import",
    "memory forget",
    "prompt",
    "prompt list",
    "prompt get",
    "mcp",
    "mcp config",
    "mcp token",
    "mcp token new",
    "mcp token list",
    "mcp token revoke",
    "ask",
    "chat",
    "model",
    "model list",
    "model test",
    "model pull",
    "ps",
    "top",
    "kill",
    "stop",
    "continue",
    "renice",
    "topup",
    "audit",
    "metrics",
    "doctor",
    "kernel",
    "shutdown",
];

#[test]
fn help() {
    let holm = Holm::new();
    let mut all = holm.run(&["--help"]).succeeds().transcript();
    for verb in VERBS {
        let mut words: Vec<&str> = verb.split(' ').collect();
        words.push("--help");
        all.push('\n');
        all.push_str(&holm.run(&words).succeeds().transcript());
    }
    expect_file!["help.txt"].assert_eq(&all);
}

#[test]
fn every_verb_is_in_the_help() {
    let help = Holm::new().run(&["--help"]).stdout;
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let known: Vec<&str> = VERBS.iter().filter(|verb| !verb.contains(' ')).copied().collect();
    assert_eq!(listed, known);
}

#[test]
fn mistakes() {
    Holm::new().check(
        &[
            &["instal"],
            &["kill"],
            &["kill", "seven"],
            &["renice", "20", "1"],
            &["run", "--on-empty", "wait", "jq"],
            &["run", "x.wasm", "--grant", "files=x"],
            &["tool", "call", "jq"],
            &["tool", "call", "jq/query", "[1]"],
            &["run", "nowhere"],
            &["run", "./nowhere.wasm"],
            &["new", "Not a Name"],
        ],
        expect![[r#"
            $ holm instal
            ! error: unrecognized subcommand 'instal'
            !
            !   tip: some similar subcommands exist: 'list', 'uninstall', 'install'
            !
            ! Usage: holm [OPTIONS] <COMMAND>
            !
            ! For more information, try '--help'.
            ? 2

            $ holm kill
            ! error: the following required arguments were not provided:
            !   <PID>...
            !
            ! Usage: holm kill <PID>...
            !
            ! For more information, try '--help'.
            ? 2

            $ holm kill seven
            ! error: invalid value 'seven' for '<PID>...': `seven` is no process id: write it as `holm ps` does, like 7 or 7.2
            !
            ! For more information, try '--help'.
            ? 2

            $ holm renice 20 1
            ! error: invalid value '20' for '<NICE>': `20` is no nice value: give a whole number from -20 (favoured) to 19 (last)
            !
            ! For more information, try '--help'.
            ? 2

            $ holm run --on-empty wait jq
            ! error: invalid value 'wait' for '--on-empty <end|stop>': write `end` or `stop`
            !
            ! For more information, try '--help'.
            ? 2

            $ holm run x.wasm --grant files=x
            ! error: there is no capability `files`: there are llm, fs, memory, storage, spawn, exec, tool, net
            ? 2

            $ holm tool call jq
            ! error: `jq` is no tool: write PLUGIN/TOOL
            ! hint: `holm tool list` shows what there is
            ? 2

            $ holm tool call jq/query [1]
            ! error: the arguments are no JSON object
            ! hint: write {"name": value}, or --arg name=value
            ? 2

            $ holm run nowhere
            ! error: no plugin `nowhere` is installed
            ! hint: `holm list` shows what is installed
            ? 4

            $ holm run ./nowhere.wasm
            ! error: `[TEST]/work/nowhere.wasm` cannot be read: No such file or directory (os error 2)
            ? 4

            $ holm new Not a Name
            ! error: `Not a Name` is no name for a skill
            ! hint: write 1 to 64 of a-z, 0-9 and -, with a letter or digit at both ends
            ? 2
        "#]],
    );
}
