//! What holds of the sources themselves: guests have tests, files say what they are, layers hold,
//! and what the kernel does not know it does not name.
#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources fails")]

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// All Rust sources below a directory, build results left out.
fn sources(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// The code of a file: no comments, and none of its tests.
fn code(text: &str) -> String {
    let mut kept = Vec::new();
    let mut lines = text.lines().map(|line| line.split("//").next().unwrap());
    while let Some(line) = lines.next() {
        if !line.starts_with("#[cfg(test)]") {
            kept.push(line);
        } else if lines.next().is_some_and(|module| !module.ends_with(';')) {
            // Tests in the file itself stand at its end.
            break;
        }
    }
    kept.join("\n")
}

#[test]
fn every_guest_has_a_test_of_its_name() {
    let files = sources(&root().join("tests/tests"));
    let tests: String = files.iter().map(|(_, text)| text.as_str()).collect();
    let named = |name: &str| files.iter().any(|(path, _)| path.file_stem().is_some_and(|stem| stem == name));
    // Every attack has it beside it.
    let everywhere = ["neighbour"];
    let guests = sources(&root().join("tests/guests"));
    let programs = guests.iter().filter(|(path, _)| path.parent().unwrap().ends_with("src/bin"));
    let names: Vec<_> = programs.map(|(path, _)| path.file_stem().unwrap().to_str().unwrap()).collect();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        let tested = tests.contains(&format!("fn {name}(")) || named(name);
        assert!(everywhere.contains(&name) || tested, "no test is named {name}");
    }
}

#[test]
fn every_file_says_what_it_is() {
    for (path, text) in sources(&root()) {
        // Snippets that must not compile are shown by the compiler as they stand.
        let snippet = path.parent().unwrap().ends_with("compile_fail");
        assert!(snippet || text.starts_with("//! "), "{} does not begin with `//! `", path.display());
    }
}

/// The kernel's modules, lower ones first. Those on one level may use each other.
const LAYERS: &[&[&str]] =
    &[&["account", "process", "sched"], &["program"], &["syscall"], &["devices"], &["engine"], &["kernel"]];

/// Uses upward that are meant, and why.
const UPWARD: &[(&str, &str, &str)] = &[
    ("syscall", "bindings", "denials and errnos are the types of the WIT, so that none is converted on the way"),
    (
        "syscall",
        "devices::Capability",
        "the door asks for rights of every capability; what those are is listed once, there",
    ),
    ("syscall", "devices::Grants", "rights as data: no device, no state"),
    (
        "syscall",
        "devices::fs::FsRule",
        "the door remembers by which right a stream was opened, and only files have one",
    ),
    ("program", "devices::Grants", "a program has a ceiling and grants, as data"),
    ("devices", "bindings", "a device implements its WIT interface"),
];

/// Uses among siblings that are meant, and why.
const SIBLINGS: &[(&str, &str, &str)] = &[
    ("", "pipe", "the plumbing of every device with streams"),
    ("tool", "spawn", "a call of a tool starts a process: who asks, and why it was refused, are told alike"),
];

/// The paths behind each `crate::` of a file; groups in braces are taken apart.
fn uses(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        collect("", rest, &mut found);
    }
    found
}

fn collect<'a>(prefix: &str, text: &'a str, found: &mut Vec<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = collect(prefix, rest, found).trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            match rest.strip_prefix('}') {
                Some(rest) => return rest,
                None if rest.is_empty() => return rest,
                None => {}
            }
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if end == 0 {
        // A macro's variable, or no path at all.
        return &text[text.chars().next().map_or(0, char::len_utf8)..];
    }
    let path = if prefix.is_empty() { text[..end].to_owned() } else { format!("{prefix}::{}", &text[..end]) };
    match text[end..].strip_prefix("::") {
        Some(rest) => collect(&path, rest, found),
        None => {
            found.push(path);
            &text[end..]
        }
    }
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[test]
fn the_kernels_layers_hold() {
    let source = root().join("host/kernel/src");
    let mut used = vec![false; UPWARD.len()];
    for (path, text) in sources(&source) {
        let below = path.strip_prefix(&source).unwrap();
        let module = below.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        let Some(own) = layer(module) else { continue };
        if path.file_stem().unwrap().to_str().unwrap().ends_with("tests") {
            continue;
        }
        for target in uses(&code(&text)) {
            let top = target.split("::").next().unwrap();
            let upward = match layer(top) {
                Some(layer) => layer > own,
                None => top == "bindings" && own < layer("engine").unwrap(),
            };
            let meant = UPWARD.iter().position(|(from, to, _)| *from == module && target.starts_with(to));
            if let Some(meant) = meant {
                used[meant] = true;
            }
            assert!(!upward || meant.is_some(), "{}: {module} uses {target}, which lies above it", below.display());
        }
    }
    for ((from, to, _), used) in UPWARD.iter().zip(used) {
        assert!(used, "{from} uses {to} no longer: it need not be allowed");
    }
}

#[test]
fn no_device_sees_a_sibling() {
    let devices = root().join("host/kernel/src/devices");
    for (path, text) in sources(&devices) {
        let below = path.strip_prefix(&devices).unwrap();
        let device = below.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        if device == "forbidden" {
            // What it tries does not compile.
            continue;
        }
        for target in uses(&code(&text)) {
            let Some(sibling) = target.strip_prefix("devices::").and_then(|rest| rest.split("::").next()) else {
                continue;
            };
            let is_device = devices.join(sibling).is_dir() || devices.join(sibling).with_extension("rs").is_file();
            let meant = SIBLINGS.iter().any(|(from, to, _)| (from.is_empty() || *from == device) && *to == sibling);
            assert!(!is_device || sibling == device || meant, "{}: {device} uses {target}", below.display());
        }
    }
}

#[test]
fn the_kernel_knows_no_network_terminal_or_environment() {
    let manifest = fs::read_to_string(root().join("host/kernel/Cargo.toml")).unwrap();
    let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
    for known in
        ["reqwest", "hyper", "ureq", "rustls", "clap", "dialoguer", "indicatif", "anstream", "rmcp", "redb", "sled"]
    {
        assert!(!dependencies.contains(known), "the kernel knows {known}");
    }
    for (path, text) in sources(&root().join("host/kernel/src")) {
        for named in
            ["println!", "print!(", "std::env", "env::var", "std::net", "tokio::net", "process::Command", "stdin()"]
        {
            assert!(!code(&text).contains(named), "{} names {named}", path.display());
        }
    }
}

#[test]
fn only_the_bindings_bind() {
    for (path, text) in sources(&root().join("host")) {
        let bindings = path.ends_with("host/kernel/src/bindings.rs");
        assert!(bindings || !code(&text).contains("bindgen!("), "{}", path.display());
    }
}
