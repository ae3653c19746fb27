//! The real `holm` with a home of its own, and transcripts of what it says.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses a part; what cannot be set up fails the test"
)]

pub mod fetch;
pub mod skills;

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use expect_test::Expect;

/// A home, a working directory, and the kernel that the first command starts there.
pub struct Holm {
    folder: tempfile::TempDir,
}

impl Holm {
    pub fn new() -> Self {
        Self::within(&std::env::temp_dir())
    }

    /// Where a run's own folder would hide it, it has to lie elsewhere.
    pub fn within(folder: &Path) -> Self {
        let holm = Self { folder: tempfile::tempdir_in(folder).unwrap() };
        std::fs::create_dir(holm.work()).unwrap();
        // A test that is killed leaves no kernel behind for long.
        holm.configure("[kernel]\nidle-shutdown = \"20s\"\n");
        holm
    }

    pub fn configure(&self, text: &str) {
        std::fs::create_dir_all(self.home()).unwrap();
        std::fs::write(self.home().join("config.toml"), text).unwrap();
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Writes a file into the working directory.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.work().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Puts a guest into the working directory.
    pub fn guest(&self, guest: &str) {
        self.file(&format!("{guest}.wasm"), component(guest));
    }

    /// Puts a plugin into the working directory: a guest with a manifest.
    pub fn plugin(&self, name: &str, guest: &str, ceiling: &str) {
        let manifest = format!(
            "name = \"{name}\"\nversion = \"0.1.0\"\ndescription = \"A guest of the tests\"\n\
             component = \"{name}.wasm\"\n\n[ceiling]\n{ceiling}\n"
        );
        self.file(&format!("{name}/plugin.toml"), manifest);
        self.file(&format!("{name}/{name}.wasm"), component(guest));
    }

    /// Puts a plugin there and installs it.
    pub fn install(&self, name: &str, guest: &str, ceiling: &str) {
        self.plugin(name, guest, ceiling);
        self.run(&["install", "--yes", name]).succeeds();
    }

    /// Installs one of the plugins that come with Holm, with grants.
    pub fn install_real(&self, name: &str, grants: &[&str]) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
        let component = root.join("target/wasm32-wasip2/release").join(name.replace('-', "_")).with_extension("wasm");
        let component = std::fs::read(&component)
            .unwrap_or_else(|error| panic!("{}: {error}; build the plugins with `just plugins`", component.display()));
        self.file(&format!("{name}/plugin.toml"), std::fs::read(root.join(name).join("plugin.toml")).unwrap());
        self.file(&format!("{name}/{name}.wasm"), component);
        let grants = grants.iter().flat_map(|grant| ["--grant", grant]);
        let command: Vec<&str> = ["install", "--yes", name].into_iter().chain(grants).collect();
        self.run(&command).succeeds();
    }

    /// The command, nothing typed, no terminal.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holm"));
        command
            .args(arguments)
            .current_dir(self.work())
            .env("HOLM_HOME", self.home())
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.said(arguments, self.command(arguments).output().unwrap())
    }

    /// Runs a command to its end with this on its standard input.
    pub fn feed(&self, arguments: &[&str], input: &[u8]) -> Said {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writing = std::thread::spawn(move || {
            // A program need not read to the end.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writing.join().unwrap();
        self.said(arguments, output)
    }

    /// Starts a command that goes on.
    pub fn start(&self, arguments: &[&str]) -> Going {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Going { child, lines }
    }

    /// Runs commands one after the other and compares all that they say.
    pub fn check(&self, commands: &[&[&str]], expected: Expect) {
        let said: Vec<String> = commands.iter().map(|command| self.run(command).transcript()).collect();
        expected.assert_eq(&said.join("\n"));
    }

    /// The processes, as `holm ps --json` tells them.
    pub fn processes(&self) -> Vec<serde_json::Value> {
        self.run(&["ps", "--json"]).json().as_array().unwrap().clone()
    }

    /// Waits until the processes are as they should be.
    pub fn until(&self, what: &str, ready: impl Fn(&[serde_json::Value]) -> bool) -> Vec<serde_json::Value> {
        let start = Instant::now();
        loop {
            let processes = self.processes();
            if ready(&processes) {
                return processes;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{what} never came true: {processes:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn said(&self, arguments: &[&str], output: std::process::Output) -> Said {
        let folder = self.folder.path().canonicalize().unwrap().to_string_lossy().into_owned();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let place = |line: &str| match line.split_once(" panicked at ") {
            Some((who, _)) => format!("{who} panicked\n"),
            None => line.to_owned(),
        };
        let hide = |text: &str| -> String {
            hide_digests(&text.replace(&folder, "[TEST]")).split_inclusive('\n').map(place).collect()
        };
        Said {
            command: hide(&arguments.join(" ")),
            plain: hide(&stdout),
            talk: hide(&stderr),
            stdout,
            code: output.status.code().unwrap_or(-1),
        }
    }
}

impl Drop for Holm {
    fn drop(&mut self) {
        let _ = self.command(&["shutdown"]).output();
    }
}

/// What a command said, and how it ended.
pub struct Said {
    command: String,
    pub stdout: String,
    /// stdout without what differs from run to run.
    pub plain: String,
    /// stderr without what differs from run to run.
    pub talk: String,
    pub code: i32,
}

impl Said {
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.transcript());
        self
    }

    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.ends(0)
    }

    /// stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.transcript()))
    }

    pub fn transcript(&self) -> String {
        let mut text = format!("$ holm {}\n{}", self.command, self.plain);
        text.extend(self.talk.lines().map(|line| format!("! {line}").trim_end().to_owned() + "\n"));
        if self.code != 0 {
            text.push_str(&format!("? {}\n", self.code));
        }
        text
    }
}

/// A command that goes on.
pub struct Going {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Going {
    /// Waits for a line that it writes.
    #[track_caller]
    pub fn shows(&mut self, expected: &str) {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), expected);
    }

    /// The next line that it writes; none at its end.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let taken = self.lines.read_line(&mut line).unwrap();
        (taken > 0).then(|| line.trim_end().to_owned())
    }

    pub fn types(&mut self, line: &str) {
        writeln!(self.child.stdin.as_ref().unwrap(), "{line}").unwrap();
    }

    /// Closes its input.
    pub fn closes(&mut self) {
        self.child.stdin = None;
    }

    /// Sends a signal, as Ctrl-C does.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end: the rest of what it wrote, what it said, its exit code.
    pub fn ends(mut self) -> (String, String, i32) {
        self.closes();
        let (mut rest, mut talk) = (String::new(), String::new());
        self.lines.read_to_string(&mut rest).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut talk).unwrap();
        let status = self.child.wait().unwrap();
        (rest, talk, status.code().unwrap_or(-1))
    }
}

/// The bytes of a guest.
pub fn component(guest: &str) -> Vec<u8> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests/target/wasm32-wasip2/release");
    let path = guests.join(guest).with_extension("wasm");
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; build the guests with `just guests`", path.display()))
}

/// What differs with each compiler and each run: digests, sizes of components, times.
fn hide_digests(text: &str) -> String {
    let mut hidden = String::new();
    let mut word = String::new();
    let end = |word: &mut String, hidden: &mut String| {
        let is_digest = [12, 16, 64].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_time = word.len() == 20 && word.ends_with('Z') && word.as_bytes()[10] == b'T';
        let is_size = word.contains('.') && word.ends_with("KiB");
        match (is_digest, is_time, is_size) {
            (true, ..) => hidden.push_str("[DIGEST]"),
            (_, true, _) => hidden.push_str("[TIME]"),
            (.., true) => hidden.push_str("[SIZE]"),
            _ => hidden.push_str(word),
        }
        word.clear();
    };
    for char in text.chars() {
        if char.is_ascii_alphanumeric() || ".:-".contains(char) {
            word.push(char);
        } else {
            end(&mut word, &mut hidden);
            hidden.push(char);
        }
    }
    end(&mut word, &mut hidden);
    hidden
}
