//! MCP servers behind plugins: those that others wrote, and those that mean harm.
//!
//! The servers come from npm and PyPI into `target/servers`. Where that fails the tests say so and are
//! skipped; with `HOLM_TEST_SERVERS=required` they fail.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[expect(dead_code, reason = "it is asked over a pipe alone")]
#[path = "../mcp/client.rs"]
mod client;
#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod install;

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use common::{Holm, Said};
use install::{program, script};
use serde_json::{Value, json};

/// A home with servers, and a plugin `caller` that may be granted all their tools.
fn holm(servers: &str) -> Holm {
    let holm = Holm::new();
    holm.configure(&format!("[kernel]\nidle-shutdown = \"60s\"\n{servers}"));
    holm.install("caller", "tool_ok", "tool = [\"*/*\"]");
    holm
}

/// The settings of a native server.
fn native(name: &str, command: &[&str], rest: &str) -> String {
    let [command, arguments @ ..] = command else { panic!("it needs a command") };
    format!("[mcp-servers.{name}]\ncommand = {command:?}\nargs = {arguments:?}\n{rest}\n")
}

/// What the plugin is told, a line for each of its calls.
fn calls(holm: &Holm, calls: &[(&str, Value)]) -> Said {
    let calls: Vec<String> =
        calls.iter().flat_map(|(name, value)| ["call".to_owned(), (*name).to_owned(), value.to_string()]).collect();
    let arguments: Vec<&str> = ["run", "caller"].into_iter().chain(calls.iter().map(String::as_str)).collect();
    holm.run(&arguments)
}

fn lines(said: &Said) -> Vec<&str> {
    said.stdout.lines().collect()
}

/// Waits until something is true of a server.
fn until(holm: &Holm, name: &str, ready: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let servers = holm.run(&["server", "list", "--json"]).json();
        let server = servers.as_array().unwrap().iter().find(|server| server["name"] == name).cloned().unwrap();
        if ready(&server) {
            return server;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "it never came true: {server:#}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[test]
fn a_narrow_grant_is_a_narrow_grant() {
    let Some(time) = program("mcp-server-time") else { return };
    let holm = holm(&native("time", &[&time, "--local-timezone", "UTC"], ""));
    // Nothing is known of it, and nothing starts it by itself.
    assert_eq!(holm.run(&["tool", "list"]).succeeds().stdout, "");
    assert_eq!(until(&holm, "time", |_| true)["running"], 0);
    let granted = holm.run(&["grant", "caller", "tool=time/get_*"]).succeeds();
    assert!(granted.talk.contains("accepted 1 tool of the server time"), "{}", granted.transcript());
    assert!(granted.talk.contains("get_current_time"), "{}", granted.transcript());

    let now = ("time/get_current_time", json!({"timezone": "UTC"}));
    let convert =
        ("time/convert_time", json!({"source_timezone": "UTC", "target_timezone": "Asia/Tokyo", "time": "12:00"}));
    let said = calls(&holm, &[now.clone(), convert.clone()]);
    let told: Value = serde_json::from_str(lines(&said)[0]).unwrap_or_else(|_| panic!("{}", said.transcript()));
    assert_eq!(told["timezone"], "UTC");
    assert!(lines(&said)[1].starts_with("denied: not granted"), "{}", said.transcript());
    // The line that would allow it does.
    let help = said.talk.lines().find_map(|line| line.split("to allow it: holm ").nth(1)).unwrap();
    assert_eq!(help, "grant caller tool=time/convert_time");
    holm.run(&help.split(' ').collect::<Vec<_>>()).succeeds();
    let said = calls(&holm, &[convert]);
    assert!(lines(&said)[0].contains("21:00"), "{}", said.transcript());

    // It ran for that run alone, in the present era, and confined.
    let server = until(&holm, "time", |server| server["running"] == 0);
    assert_eq!(server["protocol"], "2026-07-28");
    assert_eq!(server["confinement"], "landlock, seccomp, no network");
    // What is listed is what was accepted and granted.
    let said = holm.run(&["run", "caller", "list", ""]).succeeds();
    assert_eq!(said.stdout, "time/convert_time time/get_current_time\n");
    // Terms and predicates hold as for plugins.
    holm.run(&["revoke", "caller", "tool"]).succeeds();
    holm.run(&["grant", "caller", "tool=time/get_*?timezone=Europe/*:calls=1/run"]).succeeds();
    let paris = ("time/get_current_time", json!({"timezone": "Europe/Paris"}));
    let said = calls(&holm, &[now, paris.clone(), paris]);
    let lines = lines(&said);
    assert!(lines[0].starts_with("denied") && lines[1].contains("Europe/Paris"), "{}", said.transcript());
    assert!(lines[2].contains("Quota"), "{}", said.transcript());
    let records = holm.run(&["audit", "--json"]).succeeds().stdout;
    assert!(records.contains("time/get_current_time"), "{records}");
}

#[test]
fn git_sees_the_repository_that_it_is_given() {
    let Some(git) = program("mcp-server-git") else { return };
    let given = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@x.example"];
        let done = Command::new("git").args(identity).args(arguments).current_dir(given.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    run(&["init", "-q", "."]);
    std::fs::write(given.path().join("a.txt"), "hello").unwrap();
    run(&["add", "a.txt"]);
    run(&["commit", "-q", "-m", "The first"]);
    let path = given.path().canonicalize().unwrap();
    let place = path.display().to_string();
    // Whose repository it is, git asks of its own settings; ours are not its.
    let holm = holm(&native("git", &[&git, "--repository", &place], &format!("fs = [\"{place}:rw\"]")));
    holm.run(&["grant", "caller", &format!("tool=git/git_log?repo_path={place}"), "tool=git/git_status"]).succeeds();
    let said = calls(
        &holm,
        &[
            ("git/git_log", json!({"repo_path": place})),
            ("git/git_log", json!({"repo_path": "/"})),
            ("git/git_status", json!({"repo_path": "/"})),
            ("git/git_commit", json!({"repo_path": place, "message": "no"})),
        ],
    );
    let told = lines(&said);
    assert!(told[0].contains("The first"), "{}", said.transcript());
    assert!(told[1].starts_with("denied"), "{}", said.transcript());
    assert!(told[2].contains("Failed"), "{}", said.transcript());
    assert!(told[3].starts_with("denied"), "{}", said.transcript());
}

#[test]
fn files_and_memory_of_the_era_before() {
    let (Some(files), Some(memory)) = (script("filesystem"), script("memory")) else { return };
    let given = tempfile::tempdir().unwrap();
    let place = given.path().canonicalize().unwrap();
    std::fs::write(place.join("a.txt"), "hello").unwrap();
    let place = place.display().to_string();
    // It means all places, and is given one.
    let settings = native("files", &["node", &files, &place, "/tmp"], &format!("fs = [\"{place}:ro\"]"));
    let holm = holm(
        &(settings + &native("memory", &["node", &memory], "env = { MEMORY_FILE_PATH = \"${home}/memory.jsonl\" }")),
    );
    holm.run(&["grant", "caller", "tool=files/*", "tool=memory/*"]).succeeds();
    let entity = json!({"entities": [{"name": "Ada", "entityType": "person", "observations": ["writes programs"]}]});
    let said = calls(
        &holm,
        &[
            ("files/read_text_file", json!({"path": format!("{place}/a.txt")})),
            ("files/write_file", json!({"path": format!("{place}/b.txt"), "content": "x"})),
            ("files/read_text_file", json!({"path": "/etc/passwd"})),
            ("memory/create_entities", entity),
            ("memory/search_nodes", json!({"query": "Ada"})),
        ],
    );
    let told = lines(&said);
    assert_eq!(told[0], "{\"content\":\"hello\"}", "{}", said.transcript());
    // Readable, and no more; the server's own rule is the second.
    assert!(told[1].contains("Failed"), "{}", said.transcript());
    assert!(!given.path().join("b.txt").exists());
    assert!(told[2].contains("Failed"), "{}", said.transcript());
    assert!(told[4].contains("writes programs"), "{}", said.transcript());
    for name in ["files", "memory"] {
        assert_eq!(until(&holm, name, |server| server["running"] == 0)["protocol"], "2025-11-25");
    }
    // What it remembers lies in its own folder.
    assert!(holm.home().join("servers/memory/memory.jsonl").is_file());
}

#[test]
fn everything_over_both_transports() {
    let Some(everything) = script("everything") else { return };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("node");
    command.args([&everything, "streamableHttp"]).env("PORT", port.to_string());
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _running = Running(child);
    let start = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never listens");
        std::thread::sleep(Duration::from_millis(50));
    }
    let remote = format!("[mcp-servers.there]\ntype = \"http\"\nurl = \"http://127.0.0.1:{port}/mcp\"\n");
    let holm = holm(&(native("here", &["node", &everything, "stdio"], "") + &remote));
    for name in ["here", "there"] {
        holm.run(&["grant", "caller", &format!("tool={name}/*")]).succeeds();
        let said = calls(
            &holm,
            &[
                (&format!("{name}/echo"), json!({"message": "hi"})),
                (&format!("{name}/get-tiny-image"), json!({})),
                (&format!("{name}/get-structured-content"), json!({"location": "Chicago"})),
                (&format!("{name}/trigger-long-running-operation"), json!({"duration": 1, "steps": 4})),
                (&format!("{name}/resources.list"), json!({})),
                (&format!("{name}/prompts.list"), json!({})),
                (&format!("{name}/prompts.get"), json!({"name": "simple-prompt"})),
                (&format!("{name}/echo"), json!({})),
                (&format!("{name}/nothing"), json!({})),
            ],
        );
        let told = lines(&said);
        assert_eq!(told[0], "\"Echo: hi\"", "{}", said.transcript());
        let image: Value = serde_json::from_str(told[1]).unwrap();
        let blocks = image["content"].as_array().unwrap();
        assert!(blocks.iter().any(|block| block["type"] == "image"), "{}", said.transcript());
        let weather: Value = serde_json::from_str(told[2]).unwrap();
        assert!(weather["temperature"].is_number(), "{}", said.transcript());
        assert!(told[3].contains("completed"), "{}", said.transcript());
        let resources: Value = serde_json::from_str(told[4]).unwrap();
        let uri = resources["resources"][0]["uri"].as_str().unwrap_or_else(|| panic!("{}", said.transcript()));
        assert!(told[5].contains("simple-prompt") && told[6].contains("messages"), "{}", said.transcript());
        assert!(told[7].contains("Failed") || told[7].contains("InvalidArguments"), "{}", said.transcript());
        assert!(told[8].contains("NoSuchTool"), "{}", said.transcript());
        let said = calls(&holm, &[(&format!("{name}/resources.read"), json!({"uri": uri}))]);
        assert!(!lines(&said)[0].is_empty() && !said.stdout.contains("Failed"), "{}", said.transcript());
        assert_eq!(until(&holm, name, |server| server["running"] == 0)["protocol"], "2025-11-25");
    }
}

/// A server that is killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn servers_come_and_go_while_the_kernel_runs() {
    let Some(time) = program("mcp-server-time") else { return };
    let holm = holm("# mine\n[mcp-servers.other] # kept\ncommand = \"true\"\n");
    holm.run(&["server", "add", "time", "--", &time, "--local-timezone", "UTC"]).succeeds();
    holm.run(&["server", "add", "time", "--", &time]).ends(6);
    holm.run(&["server", "add", "caller", "--", &time]).ends(2);
    holm.run(&["server", "add", "Time", "--", &time]).ends(2);
    holm.run(&["server", "add", "none"]).ends(2);
    let config = std::fs::read_to_string(holm.home().join("config.toml")).unwrap();
    assert!(
        config.contains("# mine\n[mcp-servers.other] # kept\n") && !config.contains("[mcp-servers.caller]"),
        "{config}"
    );
    holm.run(&["server", "remove", "other"]).succeeds();
    // A plugin is not called like a server.
    holm.plugin("time", "tool_ok", "tool = [\"*/*\"]");
    let said = holm.run(&["install", "--yes", "time"]).ends(6);
    assert!(said.talk.contains("one name means one thing"), "{}", said.transcript());
    let tested = holm.run(&["server", "test", "time"]).succeeds();
    assert!(tested.plain.contains("MCP 2026-07-28"), "{}", tested.transcript());
    let now = ["tool", "call", "time/get_current_time", "{\"timezone\":\"UTC\"}"];
    assert!(holm.run(&now).ends(3).talk.contains("holm server accept time"));
    holm.run(&["server", "accept", "time"]).ends(6);
    holm.run(&["server", "accept", "--yes", "time", "get_current_time"]).succeeds();
    assert!(holm.run(&now).succeeds().stdout.contains("UTC"));
    holm.run(&["tool", "call", "time/convert_time"]).ends(3);
    assert_eq!(holm.run(&["tool", "list", "time", "--json"]).json()[0]["name"], "time/get_current_time");
    holm.run(&["server", "show", "time"]).succeeds();
    holm.run(&["server", "remove", "time"]).succeeds();
    holm.run(&["server", "show", "time"]).ends(4);
    // What was accepted goes with it.
    holm.run(&["server", "add", "time", "--", &time, "--local-timezone", "UTC"]).succeeds();
    holm.run(&now).ends(3);
}

#[test]
fn other_clients_servers_are_taken_over() {
    let holm = holm("");
    holm.file(
        "claude.json",
        r#"{"mcpServers":{
            "Git Hub":{"command":"npx","args":["-y","x"],"env":{"TOKEN":"abc"}},
            "remote":{"type":"http","url":"https://x.example/mcp","headers":{"authorization":"Bearer ${X}"}},
            "old":{"type":"sse","url":"https://x.example/sse"}}}"#,
    );
    holm.run(&["server", "import", "--variable", "X", "claude.json"]).ends(6);
    // No variable goes anywhere by somebody's file alone.
    let said = holm.run(&["server", "import", "--variable", "X", "--yes", "claude.json"]).succeeds();
    assert!(
        said.talk.contains("`old` is left out") && said.talk.contains("imported 2 servers"),
        "{}",
        said.transcript()
    );
    let said = holm.run(&["server", "import", "--yes", "claude.json"]).succeeds();
    assert!(said.talk.contains("nothing to import"), "{}", said.transcript());
    let said = holm.run(&["server", "list", "--json"]).succeeds();
    let names: Vec<Value> = said.json().as_array().unwrap().iter().map(|server| server["name"].clone()).collect();
    assert_eq!(names, ["git-hub", "remote"]);
    // No value of an environment or a header is told.
    assert!(!said.stdout.contains("abc") && !said.stdout.contains("Bearer"), "{}", said.stdout);
    holm.file("none.json", "{}");
    holm.run(&["server", "import", "none.json"]).ends(2);
}

#[test]
fn a_server_elsewhere_is_within_the_networks_law() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let taken = stream.read(&mut head).unwrap();
        // To a place that its user did not name.
        let to = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(to.as_bytes()).unwrap();
        String::from_utf8_lossy(&head[..taken]).into_owned()
    });
    let holm = holm(&format!(
        "[mcp-servers.here]\nurl = \"http://127.0.0.1:{port}/mcp\"\nheaders = {{ x-key = \"${{secret:key}}\" }}\n\
         [mcp-servers.plain]\nurl = \"http://x.example/mcp\"\n\
         [mcp-servers.user]\nurl = \"https://a:b@x.example/mcp\"\n\
         [mcp-servers.unset]\nurl = \"https://x.example/mcp\"\nheaders = {{ x-key = \"${{secret:none}}\" }}\n\
         [mcp-servers.inner]\nurl = \"https://localtest.invalid/mcp\"\n"
    ));
    holm.feed(&["secret", "set", "key"], b"sesame-opens-the-door").succeeds();
    // Nothing goes there because a line of settings says so.
    let said = holm.run(&["server", "test", "here"]).ends(5);
    assert!(said.talk.contains("holm secret bind key server:here"), "{}", said.transcript());
    holm.run(&["secret", "bind", "key", "server:here"]).succeeds();
    for (name, why) in [("plain", "use `https`"), ("user", "refused"), ("unset", "none"), ("inner", "")] {
        let said = holm.run(&["server", "test", name]).ends(5);
        assert!(said.talk.contains(why), "{}", said.transcript());
    }
    let said = holm.run(&["server", "test", "here"]).ends(5);
    let head = answers.join().unwrap();
    assert!(head.contains("x-key: sesame-opens-the-door"), "{head}");
    assert!(!said.transcript().contains("sesame"), "{}", said.transcript());
}

/// Whether a process is there, and no zombie.
fn lives(pid: &str) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid).join("status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}
