//! A tool called through `holm mcp`, each time in a fresh sandboxed process, beside the same tool of a plain
//! Python server that stays warm: one client, over pipes, in turns.
//!
//! `just bench-mcp` prints a table. The Python SDK comes from PyPI into `target/servers`; without it only
//! Holm is measured. `HOLM_BENCH_QUICK=1` counts little: it shows that the bench works.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a bench prints what it measured, and ends where it cannot measure"
)]

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use holm_adapters::control::{self, Call, Connection, Greeting, Home, Intent, PROTOCOL, Reply, Request, Target, Terms};
use serde_json::{Value, json};

/// The same tool as the fixture's: a greeting.
const PYTHON: &str = r#"
from mcp.server import MCPServer
server = MCPServer("plain")

@server.tool()
def greet(name: str) -> str:
    """Greets somebody."""
    return f"Hello, {name}!"

server.run()
"#;

/// Plugins with the tools of the fixture, for a list of a thousand.
const PLUGINS: usize = 31;

fn main() {
    let rounds = if std::env::var_os("HOLM_BENCH_QUICK").is_some() { 20 } else { 2_000 };
    let machine = Machine::new();
    let mut mcp = Server::start(&mut machine.holm(&["mcp", "--profile", "suite"]));
    let mut plain = python().map(|python| Server::start(Command::new(python).args(["-c", PYTHON])));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut socket = runtime.block_on(machine.connect());
    let (mut through, mut beside, mut kernel, mut process) = (vec![], vec![], vec![], vec![]);
    for round in 0..rounds + rounds / 10 {
        let warm = round >= rounds / 10;
        let keep = |times: &mut Vec<Duration>, time: Duration| {
            if warm {
                times.push(time);
            }
        };
        keep(&mut through, mcp.greet());
        if let Some(plain) = &mut plain {
            keep(&mut beside, plain.greet());
        }
        let (took, own) = runtime.block_on(direct(&mut socket));
        keep(&mut kernel, took);
        keep(&mut process, own);
    }
    println!("| a tool call | p50 | p99 |\n|---|---:|---:|");
    row("through `holm mcp`, a fresh sandboxed process", &mut through);
    row("the same over the kernel's socket", &mut kernel);
    row("the process itself, from start to end", &mut process);
    row("a plain Python server that stays warm", &mut beside);
    let mut lists = Vec::new();
    for at in 0..PLUGINS {
        machine.install(&format!("many-{at}"));
    }
    let mut many = Server::start(&mut machine.holm(&["mcp"]));
    let mut tools = 0;
    for _ in 0..rounds.min(50) {
        let begun = Instant::now();
        tools = many.list();
        lists.push(begun.elapsed());
    }
    assert!(tools >= 1_000, "{tools} tools");
    row(&format!("{tools} tools listed, in pages"), &mut lists);
    if plain.is_none() {
        eprintln!("the Python SDK is not installed: `cargo test --test mcp` installs it");
    }
}

fn row(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let Some(last) = times.len().checked_sub(1) else { return };
    let at = |part: usize| times[last * part / 100].as_secs_f64() * 1e3;
    println!("| {what} | {:.2} ms | {:.2} ms |", at(50), at(99));
}

fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../servers/mcp/bin/python");
    python.exists().then_some(python)
}

/// A home with the fixture plugin, and the kernel that serves it.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        let home = machine.home();
        std::fs::create_dir(&home).unwrap();
        let config = "[profiles.suite]\ntools = [\"conformance/*\"]\nown-names = true\n";
        std::fs::write(home.join("config.toml"), config).unwrap();
        machine.install("conformance");
        machine
    }

    fn home(&self) -> PathBuf {
        self.0.path().join("home")
    }

    fn holm(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holm"));
        command.arg("--home").arg(self.home()).args(arguments).current_dir(self.0.path());
        command
    }

    fn install(&self, name: &str) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests");
        let folder = self.0.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let component = root.join("target/wasm32-wasip2/release/conformance.wasm");
        std::fs::copy(component, folder.join("plugin.wasm")).unwrap();
        let manifest =
            format!("name = \"{name}\"\nversion = \"0.1.0\"\ndescription = \"A guest\"\ncomponent = \"plugin.wasm\"\n");
        std::fs::write(folder.join("plugin.toml"), manifest).unwrap();
        let done = self.holm(&["install", "--yes"]).arg(folder).stderr(Stdio::null()).status().unwrap();
        assert!(done.success(), "{name} cannot be installed");
    }

    async fn connect(&self) -> Connection {
        let greeting = Greeting {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build: String::new(),
            intent: Intent::Session,
            refusal: None,
        };
        control::connect(&Home::open(&self.home()).unwrap(), &greeting).await.unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.holm(&["shutdown"]).stderr(Stdio::null()).status();
    }
}

/// A call over the kernel's socket: how long it took, and its process.
async fn direct(connection: &mut Connection) -> (Duration, Duration) {
    let call = Call {
        target: Target::Installed("conformance".to_owned()),
        tool: "greet".to_owned(),
        arguments: "{\"name\":\"Ada\"}".to_owned(),
        servers: false,
        hears: true,
        terms: Terms { directory: "/".into(), ..Terms::default() },
    };
    let begun = Instant::now();
    connection.send(&Request::Call(call)).await.unwrap();
    loop {
        match connection.next().await.unwrap() {
            Reply::Answered { result, exit } => {
                let took = begun.elapsed();
                assert!(result.unwrap().contains("Hello, Ada!"));
                return (took, exit.wall);
            }
            Reply::Failed(failure) => panic!("{failure}"),
            _ => {}
        }
    }
}

/// A server of MCP at the other end of a pipe.
struct Server {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    next: u64,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut server = Self { child, stdin, stdout, next: 0 };
        let hello = json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" },
        });
        server.ask("initialize", &hello);
        server.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        server
    }

    fn write(&mut self, message: &Value) {
        self.stdin.write_all(format!("{message}\n").as_bytes()).unwrap();
        self.stdin.flush().unwrap();
    }

    fn ask(&mut self, method: &str, params: &Value) -> String {
        self.next += 1;
        self.write(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        let id = format!("\"id\":{}", self.next);
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the server ended");
            if line.contains(&id) {
                return line;
            }
        }
    }

    fn greet(&mut self) -> Duration {
        let params = json!({ "name": "greet", "arguments": { "name": "Ada" } });
        let begun = Instant::now();
        let said = self.ask("tools/call", &params);
        let took = begun.elapsed();
        assert!(said.contains("Hello, Ada!"), "{said}");
        took
    }

    /// All tools, page by page; how many.
    fn list(&mut self) -> usize {
        let (mut count, mut params) = (0, json!({}));
        loop {
            let page: Value = serde_json::from_str(&self.ask("tools/list", &params)).unwrap();
            count += page["result"]["tools"].as_array().unwrap().len();
            match page["result"]["nextCursor"].as_str() {
                Some(cursor) => params = json!({ "cursor": cursor }),
                None => return count,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
