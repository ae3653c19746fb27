//! Skills in other languages than Rust, from nothing to a tool and an agent under grants.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "../common/mod.rs"]
mod common;

use std::{io::Write, path::Path, process::Command};

use common::Holm;

const MODEL: &str = "[kernel]\nidle-shutdown = \"20s\"\n[providers.script]\nkind = \"scripted\"\n\
                     script = \"replies.toml\"\n[models.smart]\ntargets = [\"script/any\"]\n";

/// What the part of the tests uses besides.
const CEILING: &str = "fs = [\"*:ro\"]\nstorage = [\"*:rw\"]\nllm = [\"*\"]\ntool = [\"*/*\"]\nspawn = [\"self\"]";

/// What builds is kept from run to run.
fn holm() -> Holm {
    let holm = Holm::new();
    holm.configure(MODEL);
    std::fs::write(holm.home().join("replies.toml"), "[[reply]]\ntext = \"well\"\n").unwrap();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("toolchains");
    std::fs::create_dir_all(&kept).unwrap();
    std::os::unix::fs::symlink(kept, holm.home().join("toolchains")).unwrap();
    holm
}

/// Whether these commands succeed; who cannot build is told, and loudly.
fn can_build(language: &str, commands: &[&[&str]]) -> bool {
    let works = |command: &&[&str]| {
        Command::new(command[0]).args(&command[1..]).output().is_ok_and(|output| output.status.success())
    };
    let Some(missing) = commands.iter().find(|command| !works(command)) else { return true };
    let required = std::env::var_os("HOLM_TEST_SERVERS").is_some_and(|value| value == "required");
    assert!(!required, "{language}: {missing:?}");
    // Not by a macro: the harness would keep it to itself.
    let told = format!("SKIPPED: skills in {language} are not built here: {missing:?} does not work\n");
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    false
}

/// Changes a file of the skill.
fn edit(holm: &Holm, path: &str, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(holm.work().join(path)).unwrap();
    holm.file(path, change(text));
}

/// The new skill builds, refuses what does not fit, is denied, says why, is granted and works; and so do its calls.
fn works(holm: &Holm, name: &str, tool: &str) {
    let word_count = format!("{name}/{tool}");
    edit(holm, &format!("{name}/plugin.toml"), |text| text.replace("fs = [\"*:ro\"]", CEILING));
    holm.run(&["build", name]).succeeds();
    holm.run(&["install", "--yes", name]).succeeds();
    let listed = holm.run(&["tool", "list", name]).succeeds().stdout;
    assert!(listed.contains("Counts the words of a text."), "{listed}");
    assert_eq!(holm.run(&["tool", "call", &word_count, "--arg", "text= one two  three"]).succeeds().stdout, "3\n");
    let wrong = holm.run(&["tool", "call", &word_count, "{\"wrong\": 1}"]).ends(2).talk;
    assert!(wrong.contains("wrong") || wrong.contains("text: is missing"), "{wrong}");
    holm.run(&["tool", "call", &format!("{name}/nothing")]).ends(4);

    holm.file("text.md", "the cat sat on the mat\n");
    let denied = holm.run(&["run", name, "text.md"]).ends(1).talk;
    assert!(denied.contains("error: denied: fs=") && denied.contains("(not granted)"), "{denied}");
    let command = denied.lines().find_map(|line| line.split("to allow it: holm ").nth(1)).unwrap();
    assert_eq!(command, format!("grant {name} fs=./text.md:ro"));
    holm.run(&command.split(' ').collect::<Vec<_>>()).succeeds();
    assert_eq!(holm.run(&["run", name, "text.md"]).succeeds().stdout, "6 text.md\n");
    assert!(holm.run(&["run", name]).ends(1).talk.contains("error: name the files to count"));

    let path = holm.work().canonicalize().unwrap().join("text.md");
    let arguments = serde_json::json!({ "path": path, "grants": [format!("fs={}:ro", path.display())] }).to_string();
    let tour = ["tool", "call", &format!("{name}/tour"), &arguments];
    let denied = holm.run(&tour).ends(1).talk;
    assert!(denied.contains("denied: storage=notes:rw (not granted)"), "{denied}");
    holm.run(&["grant", name, "storage=notes:rw", "llm=smart", &format!("tool={word_count}"), "spawn=self"]).succeeds();
    let said = holm.run(&tour).succeeds();
    let seen = said.json();
    assert!(seen["storage"].as_str().unwrap().starts_with("sun"), "{seen}");
    assert!(seen["storage"] != "sun and what is not there", "{seen}");
    assert!(seen["refused"].as_str().unwrap().contains("not granted"), "{seen}");
    assert_eq!((&seen["llm"], &seen["tool"]), (&"well".into(), &"4".into()), "{seen}");
    assert!(seen["spawn"].as_str().unwrap().ends_with("exit code 0"), "{seen}");
    assert!(said.talk.contains("on tour"), "{}", said.talk);
}

#[test]
fn python() {
    if !can_build("Python", &[&["python3", "-c", "import sys, venv, ensurepip; assert sys.version_info >= (3, 10)"]]) {
        return;
    }
    let holm = holm();
    holm.run(&["new", "--lang", "python", "python"]).succeeds();
    edit(&holm, "python/skill.py", |text| text + include_str!("more.py"));
    works(&holm, "python", "word_count");
}

#[test]
fn javascript() {
    if !can_build(
        "JavaScript",
        &[&["node", "-e", "process.exit(Number(parseInt(process.versions.node) < 18))"], &["npm", "--version"]],
    ) {
        return;
    }
    let holm = holm();
    holm.run(&["new", "--lang", "js", "js"]).succeeds();
    edit(&holm, "js/skill.js", |text| text + include_str!("more.js"));
    works(&holm, "js", "word_count");
}

#[test]
fn c() {
    if !can_build(
        "C",
        &[&["clang", "--version"], &["wasm-ld", "--version"], &["ls", "/usr/include/wasm32-wasi/stdio.h"]],
    ) {
        return;
    }
    let holm = holm();
    holm.run(&["new", "--lang", "c", "c"]).succeeds();
    let run = "  /// Counts the words of files";
    edit(&holm, "c/skill.wit", |text| text.replace(run, &format!("{}{run}", include_str!("more.wit"))));
    edit(&holm, "c/skill.c", |text| text + include_str!("more.c"));
    works(&holm, "c", "word-count");
}

/// What builds Python and C would read and run the author's code in reach of what is ours.
#[test]
fn a_build_sees_no_file_of_its_users() {
    let holm = holm();
    let landlock = holm.run(&["doctor", "--json"]).json();
    let landlock =
        landlock.as_array().unwrap().iter().any(|check| check["name"] == "landlock" && check["state"] == "good");
    let ready = can_build("C", &[&["clang", "--version"], &["ls", "/usr/include/wasm32-wasi/stdio.h"]]);
    if !(landlock && ready) {
        return;
    }
    let secret = holm.work().join("secret.h");
    holm.file("secret.h", "#define SECRET 1\n");
    holm.run(&["new", "--lang", "c", "nosy"]).succeeds();
    edit(&holm, "nosy/skill.c", |text| format!("#include \"{}\"\n{text}", secret.display()));
    let said = holm.run(&["build", "nosy"]).ends(5).talk;
    assert!(said.contains("secret.h") && said.contains("the build failed"), "{said}");
    let said = holm.run(&["build", "--unconfined", "nosy"]).succeeds().talk;
    assert!(said.contains("built"), "{said}");
}

/// Locks name packages of a registry by hash. What else pip and npm would take from them runs code.
#[test]
fn a_lock_names_nothing_but_packages() {
    let holm = holm();
    holm.run(&["new", "--lang", "python", "sly"]).succeeds();
    holm.file("sly/packages.txt", "-e ./mine\n");
    assert!(holm.run(&["build", "sly"]).ends(2).talk.contains("packages.txt: `-e ./mine` is no pin"));
    holm.file("sly/tools.txt", "");
    assert!(holm.run(&["build", "sly"]).ends(2).talk.contains("tools.txt pins nothing"));
    holm.run(&["new", "--lang", "js", "slyer"]).succeeds();
    let lock = std::fs::read_to_string(holm.work().join("slyer/package-lock.json")).unwrap();
    let bad = [
        r#""node_modules/mine": { "resolved": "mine", "link": true }"#,
        r#""node_modules/mine": { "version": "1.0.0", "resolved": "git+ssh://git@example.com/mine.git", "integrity": "sha512-x" }"#,
        r#""node_modules/mine": { "version": "file:../mine", "integrity": "sha512-x" }"#,
        r#""node_modules/mine": { "version": "1.0.0" }"#,
        r#""node_modules/../../mine": { "version": "1.0.0", "integrity": "sha512-x" }"#,
        r#""mine": { "version": "1.0.0" }"#,
    ];
    for entry in bad {
        let changed = lock.replacen("\"packages\": {", &format!("\"packages\": {{ {entry},"), 1);
        assert_ne!(changed, lock);
        holm.file("slyer/package-lock.json", changed);
        let said = holm.run(&["build", "slyer"]).ends(2).talk;
        assert!(said.contains("mine` by no address and hash"), "{entry}: {said}");
    }
    holm.file(
        "slyer/package-lock.json",
        lock.replace("\"componentize-qjs\": \"0.4.5\"", "\"componentize-qjs\": \"file:../mine\""),
    );
    assert!(holm.run(&["build", "slyer"]).ends(2).talk.contains("wants a package by a place"));
}

#[test]
fn a_folder_is_of_one_language() {
    let holm = holm();
    holm.run(&["new", "--lang", "go", "gopher"]).succeeds();
    assert!(holm.run(&["build", "gopher"]).ends(2).talk.contains("gopher/README.md has the commands"));
    holm.file("gopher/skill.py", "import holm\n");
    assert!(holm.run(&["build", "gopher"]).ends(2).talk.contains("it has skill.py and go.mod"));
    for file in ["skill.py", "go.mod"] {
        std::fs::remove_file(holm.work().join("gopher").join(file)).unwrap();
    }
    let said = holm.run(&["build", "gopher"]).ends(2).talk;
    assert!(said.contains("a skill has one of Cargo.toml, skill.py, skill.js, skill.c, go.mod"), "{said}");
}
