//! A look at JavaScript and TypeScript.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::{Import, Lines, Looked, Mention, Origin, addresses, command_name, shell, source};

#[expect(clippy::expect_used, reason = "the expressions are the same every time")]
fn expression(text: &str) -> Regex {
    Regex::new(text).expect("it is an expression")
}

static STANDARD: LazyLock<BTreeSet<&str>> = LazyLock::new(|| include_str!("node.txt").lines().collect());
static STARTED: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"\bprocess\.argv\b|\brequire\.main\b|\bimport\.meta\.main\b|\bDeno\.args\b|\bBun\.argv\b")
});
/// `from "x"`, `import "x"`, `import("x")`, `require("x")`.
static IMPORTED: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"\b(?:from\s*|(?:import|require(?:\.resolve)?)\s*\(?\s*)(?:"([^"\n]+)"|'([^'\n]+)'|`([^`\n$]+)`)"#)
});
static RUN: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"\b(exec|execSync|execAsync|execPromise|execFile|execFileSync|execFileAsync|spawn|spawnSync|execa|execaSync)\s*\(\s*\[?\s*(?:"([^"\n]+)"|'([^'\n]+)'|`([^`]+)`)"#,
    )
});
static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| expression(r"\$`([^`]+)`"));

pub(super) fn look(text: &str) -> Looked {
    let masked = source::javascript(text);
    let mut lines = Lines::new(&masked.text);
    let mut imports = Vec::new();
    for found in IMPORTED.captures_iter(&masked.text) {
        let Some(all) = found.get(0) else { continue };
        // A word of a text is no import.
        if masked.code.as_bytes().get(all.start()) != masked.text.as_bytes().get(all.start()) {
            continue;
        }
        let path = (1..=3).find_map(|group| found.get(group)).map_or("", |path| path.as_str());
        imports.extend(import(path, lines.of(all.start())));
    }
    let shells = ["child_process", "execa", "zx", "Bun.spawn", "Deno.Command"];
    let starts = shells.iter().any(|word| masked.text.contains(word));
    let commands = if starts { commands(&masked) } else { Vec::new() };
    let entry = STARTED.is_match(&masked.code);
    Looked { entry, imports, commands, addresses: addresses::find(&masked.text), ..Looked::default() }
}

fn import(path: &str, line: usize) -> Option<Import> {
    let (own, node) = (path.starts_with(['.', '/', '#', '~']) || path.starts_with("@/"), path.strip_prefix("node:"));
    let mut parts = path.split('/');
    let (module, origin) = match (own, node) {
        (true, _) => (path.to_owned(), Origin::Own),
        (_, Some(name)) => (name.to_owned(), Origin::Standard),
        _ if STANDARD.contains(path) => (path.to_owned(), Origin::Standard),
        _ if path.starts_with('@') => (format!("{}/{}", parts.next()?, parts.next()?), Origin::Package),
        _ => (parts.next()?.to_owned(), Origin::Package),
    };
    let plain = |char: char| char.is_ascii_alphanumeric() || "@/._-".contains(char);
    (origin == Origin::Own || (!module.is_empty() && module.chars().all(plain))).then_some(Import {
        module,
        line,
        origin,
        optional: false,
    })
}

fn commands(masked: &source::Masked) -> Vec<Mention> {
    let mut commands = Vec::new();
    let mut lines = Lines::new(&masked.text);
    for found in RUN.captures_iter(&masked.text) {
        let Some(all) = found.get(0) else { continue };
        let literal = (2..=4).find_map(|group| found.get(group)).map_or("", |literal| literal.as_str());
        let line = lines.of(all.start());
        match &found[1] {
            "exec" | "execSync" | "execAsync" | "execPromise" => {
                commands.extend(shell::commands(literal).into_iter().map(|mention| Mention { line, ..mention }));
            }
            _ => commands.extend(command_name(literal).map(|name| Mention { what: name.to_owned(), line })),
        }
    }
    for found in TEMPLATE.captures_iter(&masked.text) {
        let line = lines.of(found.get(0).map_or(0, |all| all.start()));
        commands.extend(shell::commands(&found[1]).into_iter().map(|mention| Mention { line, ..mention }));
    }
    commands
}
