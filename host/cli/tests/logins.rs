//! Logins at servers, on the command line: a browser that comes back, one on another machine, and what is kept.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;
#[path = "../../drivers/tests/logins/world.rs"]
mod world;

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Stdio},
};

use common::Holm;
use world::{Evil, World, browse, get};

fn holm(world: &World) -> Holm {
    let holm = Holm::new();
    let url = world.url();
    holm.configure(&format!("[kernel]\nidle-shutdown = \"60s\"\n[mcp-servers.notes]\nurl = \"{url}\"\n"));
    holm.install("caller", "tool_ok", "tool = [\"*/*\"]");
    holm
}

/// A login under way.
struct Login {
    child: Child,
    talk: BufReader<std::process::ChildStderr>,
    address: String,
    said: String,
}

impl Login {
    fn begin(holm: &Holm) -> Self {
        let mut command = holm.command(&["server", "login", "notes", "--no-browser"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let talk = BufReader::new(child.stderr.take().unwrap());
        let mut login = Self { child, talk, address: String::new(), said: String::new() };
        while !login.address.contains("/authorize?") {
            login.address.clear();
            assert!(login.talk.read_line(&mut login.address).unwrap() > 0, "{}", login.said);
            login.said.push_str(&login.address);
        }
        login.address = login.address.trim().to_owned();
        login
    }

    fn ends(mut self) -> (i32, String) {
        self.talk.read_to_string(&mut self.said).unwrap();
        (self.child.wait().unwrap().code().unwrap(), self.said)
    }
}

/// All that is in a folder.
fn everything(folder: &Path) -> Vec<u8> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let parts = entries.map(|path| match path.is_dir() {
        true => everything(&path),
        false => std::fs::read(&path).unwrap_or_default(),
    });
    parts.collect::<Vec<_>>().concat()
}

#[test]
fn a_browser_logs_in_and_nobody_sees_what_it_gave() {
    let world = World::start(Evil::Nothing);
    let holm = holm(&world);
    let said = holm.run(&["server", "test", "notes"]).ends(5);
    assert!(said.talk.contains("holm server login notes"), "{}", said.transcript());
    let login = Login::begin(&holm);
    let back = browse(&login.address).unwrap();
    // Whoever else comes by is not believed, and holds nothing up.
    let page = back.split_once('?').unwrap().0;
    for stranger in [format!("{page}?code=x&state=x"), format!("{page}?error=access_denied"), format!("{page}x")] {
        assert!(get(&stranger).starts_with("HTTP/1.1 400"), "{stranger}");
    }
    assert!(get(&back).starts_with("HTTP/1.1 200"));
    let (code, said) = login.ends();
    assert!(code == 0 && said.contains("logged in at notes: tools"), "{said}");

    holm.run(&["grant", "caller", "tool=notes/*"]).succeeds();
    let called = holm.run(&["run", "caller", "call", "notes/echo", "{}"]).succeeds();
    assert_eq!(called.stdout, "\"for ***: tools\"\n", "{}", called.transcript());
    // More than was granted is asked for by name.
    let refused = holm.run(&["run", "caller", "call", "notes/admin", "{}"]);
    assert!(refused.transcript().contains("holm server login notes"), "{}", refused.transcript());
    let shown = holm.run(&["server", "show", "notes"]).succeeds();
    assert!(shown.stdout.contains("login"), "{}", shown.transcript());
    // Another kernel finds it where it was kept.
    holm.run(&["shutdown"]).succeeds();
    let called = holm.run(&["run", "caller", "call", "notes/echo", "{}"]).succeeds();
    assert_eq!(called.stdout, "\"for ***: tools\"\n", "{}", called.transcript());
    let kept = everything(&holm.home());
    let kept = String::from_utf8_lossy(&kept);
    for secret in ["access-token-", "refresh-token-", "code-1"] {
        assert!(!kept.contains(secret) && !said.contains(secret), "{secret}");
    }
    holm.run(&["server", "logout", "notes"]).succeeds();
    holm.run(&["server", "logout", "notes"]).ends(4);
    let refused = holm.run(&["run", "caller", "call", "notes/echo", "{}"]);
    assert!(refused.transcript().contains("holm server login notes"), "{}", refused.transcript());
}

#[test]
fn a_browser_on_another_machine_is_read_to() {
    let world = World::start(Evil::Nothing);
    let holm = holm(&world);
    let mut login = Login::begin(&holm);
    let back = browse(&login.address).unwrap();
    writeln!(login.child.stdin.take().unwrap(), "{back}").unwrap();
    let (code, said) = login.ends();
    assert!(code == 0 && said.contains("logged in"), "{said}");
    // What is given is of this login, or it is for nothing.
    let mut login = Login::begin(&holm);
    writeln!(login.child.stdin.take().unwrap(), "{back}").unwrap();
    let (code, said) = login.ends();
    assert!(code != 0 && said.contains("http://127.0.0.1:"), "{said}");
    for (name, why) in [("none", "no server"), ("native", "a program on this machine")] {
        let native = "[mcp-servers.native]\ncommand = \"true\"\n";
        holm.configure(&format!("[mcp-servers.notes]\nurl = \"{}\"\n{native}", world.url()));
        holm.run(&["shutdown"]);
        let said = holm.run(&["server", "login", name, "--no-browser"]);
        assert!(said.code != 0 && said.talk.contains(why), "{}", said.transcript());
    }
}
