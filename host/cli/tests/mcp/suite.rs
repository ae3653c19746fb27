//! What others wrote, as clients: the official conformance suite, the official SDKs of Python and TypeScript (both
//! of its generations), and the inspector.
//!
//! They come from npm and PyPI into `target/servers`. Where that fails the tests say so and are skipped; with
//! `HOLM_TEST_SERVERS=required` they fail.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

use serde_json::json;

use crate::{
    client::{Client, Served},
    common::Holm,
};

const SUITE: &str = "@modelcontextprotocol/conformance@0.2.0-alpha.12";
/// The suite wants a newer one than many machines have; this one comes as a package.
const NODE: &str = "node@24.21.0";
const SDK: &str = "mcp==2.3.0";
/// The two generations of the SDK that are in use, and the inspector.
const TYPESCRIPT: [&str; 3] = [
    "@modelcontextprotocol/sdk@1.32.2",
    "@modelcontextprotocol/client@2.4.0",
    "@modelcontextprotocol/inspector@2.12.0",
];

fn installed(name: &str, found: &str, install: impl FnOnce(&Path) -> Result<(), String>) -> Option<PathBuf> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../servers").join(name);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    // Tests that run beside this one may want it, too: half of it is not there for them.
    let lock = std::fs::File::create(place.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if place.join(found).exists() {
        return Some(place);
    }
    std::fs::create_dir_all(&place).unwrap();
    match install(&place) {
        Ok(()) => Some(place),
        Err(why) => {
            assert!(std::env::var_os("HOLM_TEST_SERVERS").is_none_or(|value| value != "required"), "{name}: {why}");
            // Not by a macro: the harness would keep it to itself.
            let told = format!("SKIPPED: {name} is not installed, its tests did not run: {why}\n");
            std::io::stderr().write_all(told.as_bytes()).unwrap();
            None
        }
    }
}

fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(output),
        false => Err(format!("{command:?}: {}\n{}", said(&output.stdout), said(&output.stderr))),
    }
}

static CONFORMANCE: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    installed("conformance", "node_modules/@modelcontextprotocol/conformance/dist/index.js", |place| {
        let quiet = ["install", "--no-audit", "--no-fund", "--prefix"];
        run(Command::new("npm").args(quiet).arg(place).args([NODE, SUITE])).map(drop)
    })
});

static NPM: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    installed("typescript", "node_modules/@modelcontextprotocol/inspector/package.json", |place| {
        let quiet = ["install", "--no-audit", "--no-fund", "--prefix"];
        run(Command::new("npm").args(quiet).arg(place).arg(NODE).args(TYPESCRIPT)).map(drop)
    })
});

static PYTHON: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    installed("mcp", "bin/mcp", |place| {
        run(Command::new("python3").args(["-m", "venv"]).arg(place))?;
        run(Command::new(place.join("bin/pip")).args(["install", "--quiet", SDK])).map(drop)
    })
});

/// A home whose profile `suite` offers the fixture plugin, by the names that the suite knows.
fn fixture() -> Holm {
    let holm = Holm::new();
    holm.configure(
        "[kernel]\nidle-shutdown = \"20s\"\n[profiles.suite]\ntools = [\"conformance/*\"]\nown-names = true\nresources = true\nprompts = true\nsampling = true\nroots = true\n",
    );
    holm.install("conformance", "conformance", "");
    holm
}

/// Runs what a revision requires of servers. What fails and is not in the list fails the test, and so does what
/// is in it and passes.
fn conforms(revision: &str, more: &[&str]) {
    let Some(place) = CONFORMANCE.as_ref() else { return };
    let holm = fixture();
    let served = Served::start(&holm, &["--open", "--profile", "suite"]);
    let url = format!("http://127.0.0.1:{}/mcp", served.port);
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/mcp/expected-{revision}.yml"));
    let results = holm.work().join("results");
    let suite = |arguments: &[&str]| {
        let mut command = Command::new(place.join("node_modules/node/bin/node"));
        command.arg(place.join("node_modules/@modelcontextprotocol/conformance/dist/index.js"));
        command.args(["server", "--url", &url, "-o"]).arg(&results).arg("--expected-failures").arg(&expected);
        run(command.args(arguments).current_dir(holm.work()))
    };
    let said = suite(&["--requirements", revision]).unwrap_or_else(|said| panic!("{said}"));
    // It did run them.
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("tools-call-simple-text"), "{said}");
    for scenario in more {
        suite(&["--scenario", scenario]).unwrap_or_else(|said| panic!("{scenario}: {said}"));
    }
    // Nothing it asked for is left behind but what waits for its answer, and that is bounded.
    assert!(holm.processes().len() <= 64, "{:#?}", holm.processes());
}

#[test]
fn who_watches_a_resource_hears_that_another_plugin_holds_it() {
    let holm = fixture();
    let uri = "test://watched-resource";
    let mut legacy = Client::legacy(&holm, &["--profile", "suite"], json!({}));
    let mut modern = Client::modern(&holm, &["--profile", "suite"], &json!({}));
    assert_eq!(legacy.ask("resources/subscribe", json!({ "uri": uri }))["result"], json!({}));
    assert!(legacy.ask("resources/subscribe", json!({ "uri": "test://none" }))["error"].is_object());
    let listening = modern.send("subscriptions/listen", json!({ "notifications": { "resourceSubscriptions": [uri] } }));
    let told = modern.until("notifications/subscriptions/acknowledged");
    assert_eq!(told["params"]["notifications"]["resourceSubscriptions"], json!([uri]), "{told}");
    // Whoever listened has looked at what there is: another component counts from now on.
    modern.ask("resources/list", json!({}));
    let other = |name: u8| {
        let path = holm.work().join("conformance/conformance.wasm");
        // A section that says nothing.
        let bytes = [std::fs::read(&path).unwrap(), vec![0, 3, 1, name, 0]].concat();
        std::fs::write(&path, bytes).unwrap();
        holm.run(&["update", "--yes", "./conformance"]).succeeds();
    };
    other(b'a');
    assert_eq!(legacy.until("notifications/resources/updated")["params"]["uri"], uri);
    let told = modern.until("notifications/resources/updated");
    assert_eq!(told["params"]["uri"], uri, "{told}");
    assert_eq!(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], listening, "{told}");
    // Who takes one back hears of the others alone.
    legacy.ask("resources/subscribe", json!({ "uri": "test://static-text" }));
    assert_eq!(legacy.ask("resources/unsubscribe", json!({ "uri": uri }))["result"], json!({}));
    other(b'b');
    assert_eq!(legacy.until("notifications/resources/updated")["params"]["uri"], "test://static-text");
    legacy.ask("resources/list", json!({}));
    assert!(legacy.quiet("notifications/resources/updated"));
}

#[test]
fn the_conformance_suite_of_2025_11_25() {
    conforms("2025-11-25", &[]);
}

#[test]
fn the_conformance_suite_of_2026_07_28() {
    conforms(
        "2026-07-28",
        &[
            "tasks-lifecycle",
            "tasks-capability-negotiation",
            "tasks-wire-fields",
            "tasks-request-state-removal",
            "tasks-mrtr-input",
            "tasks-request-headers",
            "tasks-dispatch-and-envelope",
            "tasks-mrtr-composition",
        ],
    );
}

/// Calls a tool by the official SDK: over a pipe, or HTTP, in the era that the two agree on.
const PROGRAM: &str = r#"
import asyncio, json, sys
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main():
    where = sys.argv[1]
    target = where if where.startswith("http") else stdio_client(StdioServerParameters(command=where, args=sys.argv[2:]))
    async with Client(target) as client:
        tools = await client.list_tools()
        result = await client.call_tool("test_simple_text", {})
        greeted = await client.call_tool("greet", {"name": "Ada"})
        failed = await client.call_tool("test_error_handling", {})
        image = await client.call_tool("test_image_content", {})
        prompt = await client.get_prompt("test_simple_prompt")
        resource = await client.read_resource("test://static-text")
        print(json.dumps({
            "version": client.protocol_version,
            "tools": len(tools.tools),
            "text": result.content[0].text,
            "greeted": greeted.content[0].text,
            "failed": failed.is_error,
            "image": image.content[0].type,
            "prompt": prompt.messages[0].content.text,
            "resource": resource.contents[0].text,
        }))

asyncio.run(main())
"#;

#[test]
fn the_python_sdk_is_a_client() {
    let Some(place) = PYTHON.as_ref() else { return };
    let holm = fixture();
    let served = Served::start(&holm, &["--open", "--profile", "suite"]);
    let url = format!("http://127.0.0.1:{}/mcp", served.port);
    let program = env!("CARGO_BIN_EXE_holm");
    let home = holm.home().to_str().unwrap().to_owned();
    for arguments in [vec![url.as_str()], vec![program, "--home", &home, "mcp", "--profile", "suite"]] {
        let mut command = Command::new(place.join("bin/python"));
        let said = run(command.args(["-c", PROGRAM]).args(&arguments).current_dir(holm.work()));
        let said = said.unwrap_or_else(|said| panic!("{said}"));
        let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!(said["version"], "2026-07-28", "{said}");
        assert!(said["tools"].as_u64().unwrap() > 20 && said["failed"] == true, "{said}");
        assert_eq!(said["text"], "This is a simple text response for testing.", "{said}");
        assert_eq!((&said["greeted"], &said["image"]), (&"Hello, Ada!".into(), &"image".into()), "{said}");
        assert_eq!(said["resource"], "This is the content of the static text resource.", "{said}");
    }
}

/// The same by the official SDK for TypeScript: of the first generation, or the second.
const SCRIPT: &str = r#"
const [generation, where, ...rest] = process.argv.slice(2);
const path = (first, second) => import(generation === "2" ? second : first);
const of = "@modelcontextprotocol";
const { Client } = await path(`${of}/sdk/client/index.js`, `${of}/client`);
const pipe = await path(`${of}/sdk/client/stdio.js`, `${of}/client/stdio`);
const http = await path(`${of}/sdk/client/streamableHttp.js`, `${of}/client`);
const transport = where.startsWith("http")
    ? new http.StreamableHTTPClientTransport(new URL(where))
    : new pipe.StdioClientTransport({ command: where, args: rest });
const client = new Client({ name: "test", version: "1" }, { capabilities: {} });
await client.connect(transport);
const { tools } = await client.listTools();
const greeted = await client.callTool({ name: "greet", arguments: { name: "Ada" } });
const failed = await client.callTool({ name: "test_error_handling", arguments: {} });
const prompt = await client.getPrompt({ name: "test_simple_prompt" });
const resource = await client.readResource({ uri: "test://static-text" });
console.log(JSON.stringify({
    tools: tools.length,
    greeted: greeted.content[0].text,
    failed: failed.isError,
    prompt: prompt.messages.length,
    resource: resource.contents[0].text,
}));
await client.close();
"#;

#[test]
fn the_typescript_sdk_is_a_client_and_so_is_the_inspector() {
    let Some(place) = NPM.as_ref() else { return };
    let holm = fixture();
    let served = Served::start(&holm, &["--open", "--profile", "suite"]);
    let url = format!("http://127.0.0.1:{}/mcp", served.port);
    let home = holm.home().to_str().unwrap().to_owned();
    let pipe = [env!("CARGO_BIN_EXE_holm"), "--home", &home, "mcp", "--profile", "suite"];
    // It finds its packages where it lies.
    let script = place.join("client.mjs");
    std::fs::write(&script, SCRIPT).unwrap();
    let node = |arguments: &[&str]| {
        let mut command = Command::new(place.join("node_modules/node/bin/node"));
        let said = run(command.args(arguments).current_dir(holm.work()));
        let said = said.unwrap_or_else(|said| panic!("{said}"));
        serde_json::from_slice::<serde_json::Value>(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"))
    };
    for generation in ["1", "2"] {
        for ways in [&[url.as_str()][..], &pipe] {
            let said = node(&[&[script.to_str().unwrap(), generation], ways].concat());
            assert!(said["tools"].as_u64().unwrap() > 20 && said["failed"] == true, "{said}");
            assert_eq!((&said["greeted"], &said["prompt"]), (&"Hello, Ada!".into(), &1.into()), "{said}");
            assert_eq!(said["resource"], "This is the content of the static text resource.", "{said}");
        }
    }
    let inspector = place.join("node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js");
    let call = ["--method", "tools/call", "--tool-name", "greet", "--tool-arg", "name=Ada"];
    for ways in [&[url.as_str()][..], &pipe] {
        let said = node(&[&[inspector.to_str().unwrap(), "--cli"], ways, &call].concat());
        assert_eq!(said["content"][0]["text"], "Hello, Ada!", "{said}");
    }
}
