//! Runtimes: who answers for others is whom their user last said so of, and nobody else.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use common::{Holm, component, skills::skill};

/// A guest as a plugin that offers a command.
fn tool(holm: &Holm, description: &str) {
    let manifest = format!(
        "name = \"tool\"\nversion = \"0.1.0\"\ndescription = \"{description}\"\ncomponent = \"tool.wasm\"\n\
         commands = [\"tool\"]\n\n[ceiling]\nfs = [\"*:rw\"]\nexec = [\"*\"]\nspawn = [\"self\"]\nnet = [\"*://*\"]\n\
         storage = [\"*:rw\"]\nllm = [\"*\"]\ntool = [\"*/*\"]\n"
    );
    holm.file("tool/plugin.toml", manifest);
    holm.file("tool/tool.wasm", component("as_caller"));
}

/// What comes of executing it, by a plugin that may.
fn executed(holm: &Holm) -> String {
    holm.run(&["run", "--no-ask", "caller", "--", "exec", "tool", "name"]).succeeds().stdout
}

const ANSWERS: &str = "name: tool\nexec: code 0\n";
const NOBODY: &str = "exec: not-found\n";

/// A home where somebody may execute the tool.
fn with_caller() -> Holm {
    let holm = Holm::new();
    let ceiling = "fs = [\"*:rw\"]\nexec = [\"*\"]\nspawn = [\"self\"]\nnet = [\"*://*\"]\nstorage = [\"*:rw\"]\nllm = [\"*\"]\ntool = [\"*/*\"]";
    holm.install("caller", "as_caller", ceiling);
    holm.run(&["grant", "caller", "exec=tool"]).succeeds();
    tool(&holm, "The first");
    holm
}

#[test]
fn whom_their_user_accepted() {
    let holm = with_caller();
    // Installed as any plugin it answers for nobody.
    holm.run(&["install", "--yes", "tool"]).succeeds();
    assert_eq!(executed(&holm), NOBODY);
    holm.run(&["runtime", "install", "--yes", "tool"]).succeeds();
    assert_eq!(executed(&holm), ANSWERS);
    // The same files stay what they are; others are accepted anew, and until then answer for nobody.
    holm.run(&["update", "--yes", "tool"]).succeeds();
    assert_eq!(executed(&holm), ANSWERS);
    tool(&holm, "The second");
    holm.run(&["update", "--yes", "tool"]).succeeds();
    assert_eq!(executed(&holm), NOBODY);
    assert_eq!(holm.run(&["runtime", "list", "--json"]).succeeds().json(), serde_json::json!([]));
    holm.run(&["runtime", "install", "--yes", "tool"]).succeeds();
    assert_eq!(executed(&holm), ANSWERS);
}

#[test]
fn gone_is_gone() {
    let holm = with_caller();
    holm.run(&["runtime", "install", "--yes", "tool"]).succeeds();
    assert_eq!(executed(&holm), ANSWERS);
    // It was just found, and is not found again.
    holm.run(&["uninstall", "tool"]).succeeds();
    assert_eq!(executed(&holm), NOBODY);
    holm.run(&["runtime", "install", "--yes", "tool"]).succeeds();
    assert_eq!(executed(&holm), ANSWERS);
    // What was changed behind its user's back answers for nobody.
    let stored = holm.home().join("plugins/tool");
    let component = find(&stored, "tool.wasm");
    let mut bytes = std::fs::read(&component).unwrap();
    bytes.extend_from_slice(b"\0\x01\0");
    std::fs::write(&component, bytes).unwrap();
    holm.run(&["shutdown"]);
    assert_ne!(executed_whatever(&holm), ANSWERS);
}

fn executed_whatever(holm: &Holm) -> String {
    holm.run(&["run", "--no-ask", "caller", "--", "exec", "tool", "name"]).stdout
}

/// A file of this name at or below a folder.
fn find(folder: &std::path::Path, name: &str) -> std::path::PathBuf {
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in next.read_dir().unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => left.push(entry.path()),
                false if entry.file_name() == name => return entry.path(),
                false => {}
            }
        }
    }
    panic!("there is no {name} in {}", folder.display());
}

/// A folder that is a plugin by its own word is not installed as a skill, whatever text lies beside it; two skills of
/// one name are told apart, and none takes the other's place unasked.
#[test]
fn skills_that_are_not() {
    let holm = Holm::new();
    let runner = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/runtimes/skill");
    holm.run(&["runtime", "install", "--yes", &runner.display().to_string()]).succeeds();
    holm.plugin("greedy", "program_ok", "fs = [\"*:rw\"]");
    holm.file("greedy/SKILL.md", "---\nname: greedy\ndescription: Formats notes.\n---\n");
    let refused = holm.run(&["skill", "install", "--yes", "greedy"]);
    assert!(refused.code != 0 && refused.talk.contains("it has a plugin.toml"), "{}", refused.transcript());
    assert!(!holm.run(&["list"]).stdout.contains("greedy"));

    holm.run(&["skill", "install", "--yes", &skill("count-words")]).succeeds();
    holm.run(&["grant", "skill/count-words", "fs=.:ro"]).succeeds();
    holm.file("other/SKILL.md", "---\nname: count-words\ndescription: Counts, too.\n---\n");
    let refused = holm.run(&["skill", "install", "--yes", "other"]);
    assert!(refused.code != 0, "{}", refused.transcript());
    assert!(
        refused.talk.contains("another `skill/count-words` (0.0.0) is installed, from "),
        "{}",
        refused.transcript()
    );
    let shown = holm.run(&["skill", "show", "count-words"]).succeeds();
    assert!(shown.stdout.contains("scripts/count.py") && shown.stdout.contains("fs="), "{}", shown.transcript());
    holm.run(&["skill", "install", "--yes", "--update", "other"]).succeeds();
    let inspected = holm.run(&["inspect", "--json", "skill/count-words"]).succeeds().json();
    assert_eq!(inspected["grants"], serde_json::json!([]));
}

/// What a terminal would act upon is spelt out in what is said of it, whoever named it.
#[test]
fn what_is_said_is_seen() {
    let holm = Holm::new();
    let name = "evil\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}\u{9b}8m";
    holm.file(&format!("{name}/SKILL.md"), "---\nname: x\n---\n");
    for command in [
        &["install", name][..],
        &["run", name],
        &["skill", "install", "--yes", name],
        &["skill", "show", name],
        &["grant", name, "fs=.:ro"],
        &["tool", "call", name, "{}"],
        &["model", "test", name],
        &["run", "--grant", name, "x"],
        &["inspect", name],
    ] {
        let said = holm.run(command);
        assert!(said.code != 0, "{}", said.transcript());
        let acts = said.talk.chars().find(|char| holm_kernel::is_hidden(*char) && !matches!(char, '\n' | '\t'));
        assert_eq!(acts, None, "{:?}: {}", command, said.transcript());
    }
}
