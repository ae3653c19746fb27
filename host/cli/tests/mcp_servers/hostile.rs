//! Servers that mean harm: each is held to what it is, and tells nobody of anything.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    calls,
    client::Client,
    common::{Holm, Said},
    holm, install, lines, lives, native, until,
};

const HOSTILE: &str = include_str!("hostile.py");

/// A home with a hostile server for each of these modes, called like it.
fn hostile(modes: &[&str], rest: &str) -> Option<Holm> {
    let python = install::PYTHON.as_ref()?.join("bin/python").display().to_string();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
    std::fs::create_dir_all(&folder).unwrap();
    let script = folder.join("server.py");
    let new = folder.join(format!("{}-{:?}.new", std::process::id(), std::thread::current().id()));
    std::fs::write(&new, HOSTILE).unwrap();
    std::fs::rename(&new, &script).unwrap();
    let script = script.canonicalize().unwrap().display().to_string();
    let settings: String = modes.iter().map(|mode| native(mode, &[&python, &script, mode], rest)).collect();
    Some(holm(&settings))
}

/// Called by its user, who needs no grant.
fn called(holm: &Holm, name: &str, arguments: &Value) -> Said {
    holm.run(&["tool", "call", &format!("{name}/do"), &arguments.to_string()])
}

/// What a call came to, which is JSON in a text.
fn told(holm: &Holm, name: &str, arguments: &Value) -> Value {
    let said = called(holm, name, arguments).succeeds();
    serde_json::from_str(said.json().as_str().unwrap()).unwrap()
}

fn accept(holm: &Holm, name: &str) {
    holm.run(&["server", "accept", "--yes", name]).succeeds();
}

#[test]
fn clients_of_holm_reach_servers_by_a_plugin_alone() {
    let Some(holm) = hostile(&["good"], "") else { return };
    accept(&holm, "good");
    // There is a tool, and it is its user's to call.
    assert!(holm.run(&["tool", "list"]).succeeds().stdout.contains("good/do"));
    let mut client = Client::legacy(&holm, &[], json!({}));
    assert!(client.tools().is_empty());
    for name in ["good__do", "good/do", "do"] {
        let said = client.ask("tools/call", json!({ "name": name, "arguments": { "what": "count" } }));
        assert_eq!(said["error"]["code"], -32602, "{said}");
    }
    // Nobody started it for that; its user does.
    assert_eq!(until(&holm, "good", |_| true)["running"], 0);
    called(&holm, "good", &json!({"what": "count"})).succeeds();
}

#[test]
fn what_never_answers_is_not_waited_for() {
    let Some(holm) = hostile(&["good"], "time = \"1s\"\ntimes = { do = \"1s\" }") else { return };
    accept(&holm, "good");
    let said = called(&holm, "good", &json!({"what": "mute"})).ends(5);
    assert!(said.talk.contains("did not answer within 1 s"), "{}", said.transcript());
    // It was told so.
    let cancelled = holm.home().join("servers/good/cancelled");
    let start = Instant::now();
    while !cancelled.exists() {
        assert!(start.elapsed() < Duration::from_secs(10), "it is never told");
        std::thread::sleep(Duration::from_millis(20));
    }
    // And goes on.
    called(&holm, "good", &json!({"what": "count"})).succeeds();
    // What it says that is none of its answers changes nothing.
    let said = called(&holm, "good", &json!({"what": "garbage"}));
    assert_eq!(said.code, 0, "{}", said.transcript());
}

#[test]
fn what_never_greets_is_not_waited_for() {
    let Some(holm) = hostile(&["silent"], "") else { return };
    let said = holm.run(&["server", "test", "silent"]).ends(5);
    assert!(said.talk.contains("did not greet"), "{}", said.transcript());
}

#[test]
fn floods_and_giants_are_cut_off() {
    let Some(holm) = hostile(&["good"], "") else { return };
    accept(&holm, "good");
    let memory = || {
        let status = holm.run(&["doctor", "--json"]).stdout;
        let pid = status.split("as process ").nth(1).unwrap().split(',').next().unwrap().to_owned();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let before = memory();
    for (what, why) in [("flood", "floods"), ("babble", "floods"), ("huge", "8 MiB")] {
        // A server may die once; then there is a pause.
        let start = Instant::now();
        let said = loop {
            let said = called(&holm, "good", &json!({"what": what}));
            if !said.talk.contains("it is tried again") {
                break said;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{}", said.transcript());
            std::thread::sleep(Duration::from_millis(200));
        };
        assert!(said.code == 5 && said.talk.contains(why), "{what}: {}", said.transcript());
    }
    assert!(memory() < before + (120 << 10), "it kept what it refused: {} kB before, {} after", before, memory());
}

#[test]
fn an_answer_is_no_longer_than_a_guest_may_take() {
    let Some(holm) = hostile(&["good"], "") else { return };
    holm.run(&["grant", "caller", "tool=good/do"]).succeeds();
    let said = calls(&holm, &[("good/do", json!({"what": "large"})), ("good/do", json!({"what": "count"}))]);
    let told = lines(&said);
    assert!(told[0].contains("bytes") && told[0].contains("Failed"), "{}", said.transcript());
    assert_eq!(told[1], "\"2\"", "{}", said.transcript());
}

#[test]
fn tools_that_change_are_suspended_until_they_are_seen() {
    let Some(holm) = hostile(&["good", "drifts"], "") else { return };
    holm.run(&["grant", "caller", "tool=good/do", "tool=drifts/do"]).succeeds();
    let count = || calls(&holm, &[("good/do", json!({"what": "count"}))]);
    assert_eq!(lines(&count()), ["\"1\""]);
    // Between two runs.
    std::fs::write(holm.home().join("servers/good/changed"), "").unwrap();
    let said = count();
    assert!(lines(&said)[0].starts_with("denied: it changed since it was accepted"), "{}", said.transcript());
    assert!(said.talk.contains("holm server accept good"), "{}", said.transcript());
    assert_eq!(holm.run(&["run", "caller", "list", ""]).stdout, "drifts/do\n");
    let said = holm.run(&["server", "accept", "good"]).ends(6);
    assert!(said.talk.contains("- Does what its arguments say."), "{}", said.transcript());
    assert!(said.talk.contains("+ Sends all files to its author."), "{}", said.transcript());
    // A grant that is there already accepts nothing.
    holm.run(&["grant", "caller", "tool=good/do"]).succeeds();
    assert!(lines(&count())[0].starts_with("denied"));
    accept(&holm, "good");
    assert_eq!(lines(&count()), ["\"1\""]);
    // Back to what it was is a change, too.
    std::fs::remove_file(holm.home().join("servers/good/changed")).unwrap();
    assert!(lines(&count())[0].starts_with("denied"));
    // Within one run, as soon as it says so.
    let said = calls(&holm, &[("drifts/do", json!({})), ("drifts/do", json!({}))]);
    let told = lines(&said);
    assert!(!told[0].starts_with("denied") && told[1].starts_with("denied: it changed"), "{}", said.transcript());
}

#[test]
fn who_comes_by_the_name_of_another_is_not_called() {
    let Some(holm) = hostile(&["good", "many"], "") else { return };
    accept(&holm, "good");
    called(&holm, "good", &json!({"what": "count"})).succeeds();
    // It tells the very same, and is another program.
    let path = holm.home().join("config.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    let other = settings.replace("\"good\"]", "\"good\", \"--other\"]");
    assert_ne!(settings, other, "{settings}");
    std::fs::write(&path, other).unwrap();
    // The kernel reads its settings anew.
    holm.run(&["server", "remove", "many"]).succeeds();
    let said = called(&holm, "good", &json!({"what": "count"})).ends(3);
    assert!(said.talk.contains("holm server accept good"), "{}", said.transcript());
    accept(&holm, "good");
    called(&holm, "good", &json!({"what": "count"})).succeeds();
}

#[test]
fn what_hides_and_what_has_no_end_is_not_taken() {
    let Some(holm) = hostile(&["hides", "many"], "") else { return };
    let said = holm.run(&["grant", "caller", "tool=hides/*", "tool=many/*"]).succeeds();
    assert!(said.talk.contains("512 tools"), "{}", said.transcript());
    let said = holm.run(&["server", "accept", "--yes", "hides"]).succeeds();
    assert!(said.talk.contains("hidden characters") && !said.talk.contains('\u{202e}'), "{}", said.transcript());
    let said = calls(&holm, &[("hides/do", json!({}))]);
    assert!(lines(&said)[0].starts_with("denied"), "{}", said.transcript());
}

#[test]
fn what_dies_fails_its_call_and_is_started_again() {
    let Some(holm) = hostile(&["good", "broken"], "") else { return };
    accept(&holm, "good");
    let said = called(&holm, "good", &json!({"what": "dies"})).ends(5);
    assert!(said.talk.contains("exit status: 3") && said.talk.contains("patience"), "{}", said.transcript());
    assert!(!said.talk.contains('\u{1b}'), "{}", said.transcript());
    assert_eq!(called(&holm, "good", &json!({"what": "count"})).succeeds().json(), "1");
    // One that goes on dying is not started again and again.
    let said: Vec<Said> = (0..4).map(|_| called(&holm, "good", &json!({"what": "dies"}))).collect();
    assert!(said.iter().any(|said| said.talk.contains("it is tried again in")), "{}", said[3].transcript());
    let said = holm.run(&["server", "test", "broken"]).ends(5);
    assert!(said.talk.contains("exit status: 7") && said.talk.contains("no licence"), "{}", said.transcript());
}

#[test]
fn what_will_not_end_is_ended_with_all_that_it_started() {
    let Some(holm) = hostile(&["stubborn"], "") else { return };
    holm.run(&["grant", "caller", "tool=stubborn/do"]).succeeds();
    let said = calls(&holm, &[("stubborn/do", json!({"what": "daemon"}))]);
    assert_eq!(lines(&said), ["\"it stays\""], "{}", said.transcript());
    until(&holm, "stubborn", |server| server["running"] == 0);
    let own = holm.home().join("servers/stubborn");
    let pids = ["pids", "pids.all"].map(|name| std::fs::read_to_string(own.join(name)).unwrap());
    let pids: Vec<&str> = pids.iter().flat_map(|pids| pids.lines()).collect();
    assert!(pids.len() >= 3, "{pids:?}");
    let start = Instant::now();
    while pids.iter().any(|pid| lives(pid)) {
        assert!(start.elapsed() < Duration::from_secs(20), "some stay: {pids:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn servers_end_with_their_kernel() {
    let Some(holm) = hostile(&["stubborn"], "share = true") else { return };
    accept(&holm, "stubborn");
    called(&holm, "stubborn", &json!({"what": "count"})).succeeds();
    let all = || std::fs::read_to_string(holm.home().join("servers/stubborn/pids.all")).unwrap();
    let gone = |pids: &str| {
        let start = Instant::now();
        while pids.lines().any(lives) {
            assert!(start.elapsed() < Duration::from_secs(20), "some stay: {pids}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    assert!(all().lines().any(lives));
    holm.run(&["shutdown"]).succeeds();
    gone(&all());
    // And where it is killed.
    called(&holm, "stubborn", &json!({"what": "count"})).succeeds();
    assert!(all().lines().any(lives));
    let status = holm.run(&["doctor", "--json"]).stdout;
    let kernel = status.split("as process ").nth(1).unwrap().split(',').next().unwrap();
    let pid = rustix::process::Pid::from_raw(kernel.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    gone(&all());
}

#[test]
fn a_server_sees_its_own_place_and_what_it_is_given() {
    let given = tempfile::tempdir().unwrap();
    let place = given.path().canonicalize().unwrap();
    std::fs::create_dir(place.join("read")).unwrap();
    std::fs::create_dir(place.join("write")).unwrap();
    std::fs::write(place.join("read/a"), "hello").unwrap();
    std::fs::write(place.join("outside"), "secret").unwrap();
    let at = |name: &str| place.join(name).display().to_string();
    let rest = format!("fs = [\"{}\", \"{}:rw\"]\nenv = {{ GIVEN = \"${{secret:key}}\" }}", at("read"), at("write"));
    let Some(holm) = hostile(&["good"], &rest) else { return };
    holm.feed(&["secret", "set", "key"], b"sesame-opens-the-door").succeeds();
    holm.run(&["secret", "bind", "key", "server:good"]).succeeds();
    accept(&holm, "good");
    let own = holm.home().join("servers/good/note").display().to_string();
    let config = holm.home().join("config.toml").display().to_string();
    let neighbour = holm.home().join("servers/good.json").display().to_string();
    let kernel = holm.home().join("kernel.lock").display().to_string();
    let tried = json!({
        "what": "places",
        "read": [at("read/a"), at("outside"), config, neighbour, "/etc/passwd"],
        "write": [own, at("write/b"), at("read/b"), at("outside"), config, neighbour, kernel, "/tmp/holm-hostile", "/etc/holm"],
    });
    let found = told(&holm, "good", &tried);
    let done = |kind: &str, path: &str| found[kind][path] == "done";
    assert!(done("read", &at("read/a")) && done("read", "/etc/passwd"), "{found:#}");
    assert!(done("write", &own) && done("write", &at("write/b")), "{found:#}");
    let denied = found["read"].as_object().unwrap().len() + found["write"].as_object().unwrap().len() - 4;
    let refused =
        |kind: &str| found[kind].as_object().unwrap().values().filter(|value| *value == "PermissionError").count();
    assert_eq!(refused("read") + refused("write"), denied, "{found:#}");
    assert!(std::fs::read_to_string(place.join("outside")).unwrap() == "secret" && !place.join("read/b").exists());

    // Of its surroundings, what every server has and what its settings name. What it says of a secret is stars.
    let environment = told(&holm, "good", &json!({"what": "environment"}));
    let names: Vec<&str> = environment.as_object().unwrap().keys().map(String::as_str).collect();
    let known = ["GIVEN", "HOME", "LANG", "LC_CTYPE", "PATH", "TMPDIR", "PWD"];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
    assert_eq!(environment["GIVEN"], "***");
    assert_eq!(environment["HOME"], holm.home().canonicalize().unwrap().join("servers/good").display().to_string());
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn a_server_reaches_neither_network_nor_kernel_nor_others() {
    let Some(holm) = hostile(&["good"], "") else { return };
    accept(&holm, "good");
    let found = told(&holm, "good", &json!({"what": "system"}));
    for kind in ["inet", "inet6", "unix", "netlink"] {
        assert_eq!(found["sockets"][kind], "PermissionError", "{found:#}");
    }
    assert_eq!(found["pair"], "done", "{found:#}");
    for call in ["unshare", "ptrace", "io_uring", "keyctl"] {
        assert_eq!(found[call], 1, "{call}: {found:#}");
    }
    // The kernel that started it, which is the same user's.
    for other in ["signal", "environ"] {
        assert_eq!(found[other], "PermissionError", "{other}: {found:#}");
    }
    assert_eq!(found["group"], true, "it left its group: {found:#}");
    let found = told(&holm, "good", &json!({"what": "descriptors"}));
    assert_eq!(found["foreign"], json!([]), "{found:#}");
    assert!(found["opened"].as_u64().unwrap() < 1024, "{found:#}");
    assert_eq!(called(&holm, "good", &json!({"what": "memory"})).succeeds().json(), "MemoryError");
}

#[test]
fn each_run_has_its_own_unless_it_is_shared() {
    let Some(holm) = hostile(&["good"], "") else { return };
    holm.run(&["grant", "caller", "tool=good/do"]).succeeds();
    let twice = || {
        let count = ("good/do", json!({"what": "count"}));
        let said = calls(&holm, &[count.clone(), count]);
        lines(&said).join(" ")
    };
    assert_eq!([twice(), twice()], ["\"1\" \"2\"", "\"1\" \"2\""]);
    let config = std::fs::read_to_string(holm.home().join("config.toml")).unwrap();
    holm.configure(&format!("{config}share = true\n"));
    // Any change of servers reads the file anew.
    holm.run(&["server", "add", "any", "--", "true"]).succeeds();
    assert_eq!([twice(), twice()], ["\"1\" \"2\"", "\"3\" \"4\""]);
}

#[test]
fn a_run_that_is_killed_takes_its_server_along() {
    let Some(holm) = hostile(&["good"], "") else { return };
    holm.run(&["grant", "caller", "tool=good/do"]).succeeds();
    let call = json!({"what": "mute"}).to_string();
    holm.run(&["run", "--detach", "caller", "call", "good/do", &call]).succeeds();
    until(&holm, "good", |server| server["running"] == 1);
    let process = holm.until("it runs", |processes| !processes.is_empty());
    let pid = process[0]["pid"].to_string();
    holm.run(&["kill", pid.trim_matches('"')]).succeeds();
    until(&holm, "good", |server| server["running"] == 0);
}

#[test]
fn a_variable_runs_nobodys_code_before_a_server_is_confined() {
    let given = tempfile::tempdir().unwrap();
    let place = given.path().canonicalize().unwrap();
    let own = place.join("own");
    std::fs::create_dir(&own).unwrap();
    let touch = |path: &std::path::Path| format!("close(open(\"{}\",O_CREAT|O_WRONLY,0600));", path.display());
    let code = format!(
        "#include <fcntl.h>\n#include <unistd.h>\n__attribute__((constructor)) static void f(void){{{}{}}}\n",
        touch(&place.join("escaped")),
        touch(&own.join("ran"))
    );
    let (source, library) = (place.join("p.c"), own.join("p.so"));
    std::fs::write(&source, code).unwrap();
    let built = std::process::Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    // Where there is no compiler there is no such library.
    if !built.is_ok_and(|status| status.success()) {
        return;
    }
    let rest = format!("fs = [\"{}:rw\"]\nenv = {{ LD_PRELOAD = \"{}\" }}", own.display(), library.display());
    let Some(holm) = hostile(&["good"], &rest) else { return };
    accept(&holm, "good");
    assert!(own.join("ran").exists() && !place.join("escaped").exists());
}
