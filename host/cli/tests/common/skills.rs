//! The project's own skills, and a home where they can be run.

use std::path::{Path, PathBuf};

use super::Holm;

/// The folder of the project's own skills.
pub fn skills() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/skills").canonicalize().unwrap()
}

/// One of them.
pub fn skill(name: &str) -> String {
    skills().join(name).display().to_string()
}

/// A home with these runtimes, and the one that serves skills.
pub fn with(runtimes: &[&str]) -> Holm {
    let holm = Holm::new();
    equip(&holm, runtimes);
    holm
}

/// Installs them there.
pub fn equip(holm: &Holm, runtimes: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/runtimes");
    let folders: Vec<_> =
        ["skill"].iter().chain(runtimes).map(|name| folder.join(name).display().to_string()).collect();
    for folder in &folders {
        assert!(
            Path::new(folder)
                .read_dir()
                .unwrap()
                .flatten()
                .any(|entry| entry.path().extension().is_some_and(|it| it == "wasm")),
            "{folder} holds no component: build it with `just runtimes`"
        );
    }
    let command: Vec<&str> =
        ["runtime", "install", "--yes"].into_iter().chain(folders.iter().map(String::as_str)).collect();
    holm.run(&command).succeeds();
}

/// What a skill's tool `run` answers.
#[track_caller]
pub fn ran(holm: &Holm, skill: &str, arguments: serde_json::Value) -> serde_json::Value {
    holm.run(&["tool", "call", "--no-ask", &format!("skill/{skill}/run"), &arguments.to_string()]).succeeds().json()
}
