//! A look at Python.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::{Import, Lines, Looked, Mention, Origin, Own, addresses, command_name, shell, source};

/// Bytes of a head of PEP 723. Stops files that are nothing else.
const MAXIMUM_HEAD_BYTES: usize = 16 << 10;

#[expect(clippy::expect_used, reason = "the expressions are the same every time")]
fn expression(text: &str) -> Regex {
    Regex::new(text).expect("it is an expression")
}

static STANDARD: LazyLock<BTreeSet<&str>> = LazyLock::new(|| include_str!("python.txt").lines().collect());
static STARTED: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"__name__\s*==|\bargparse\b|\b(?:import|from)\s+(?:click|typer|fire|docopt)\b|\bsys\.argv\b")
});
/// `import_module("x")`.
static IMPORTED: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"\b(?:import_module|__import__)\(\s*["']([A-Za-z_][\w.]*)["']"#));
/// `run(["git", …`, and `run("git …`.
static RUN: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"\b(run|call|check_call|check_output|Popen|getoutput|getstatusoutput|create_subprocess_exec|create_subprocess_shell|system|popen|which|execvp|execlp|spawnlp)\(\s*(\[\s*)?[rf]{0,2}(?:"([^"\n]+)"|'([^'\n]+)')"#,
    )
});
/// `cmd = ["git", …`.
static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
    expression(r#"(?i)\b\w*(?:cmd|command)\w*(?:\s*:[^=\n]{1,40})?\s*=\s*\[\s*f?(?:"([^"\n]+)"|'([^'\n]+)')"#)
});

pub(super) fn look(text: &str, own: &Own) -> Looked {
    let masked = source::python(text);
    let mut imports = imports(&masked.code, own);
    let mut lines = Lines::new(&masked.text);
    for found in IMPORTED.captures_iter(&masked.text) {
        let line = lines.of(found.get(0).map_or(0, |all| all.start()));
        imports.push(import(&found[1], line, true, own));
    }
    let entry = STARTED.is_match(&masked.code);
    Looked {
        entry,
        requires: requires(text),
        imports,
        commands: commands(&masked),
        addresses: addresses::find(&masked.text),
    }
}

fn import(path: &str, line: usize, optional: bool, own: &Own) -> Import {
    let module = path.split('.').next().unwrap_or_default();
    let origin = match module {
        "" => Origin::Own,
        _ if STANDARD.contains(module) || module.starts_with('_') => Origin::Standard,
        _ if own.modules.contains(module) => Origin::Own,
        _ => Origin::Package,
    };
    // `from . import x`.
    let module = if module.is_empty() { "." } else { module };
    Import { module: module.to_owned(), line, origin, optional }
}

/// Line by line: what is further in than a `try`, an `except`, or a question for types is optional.
fn imports(code: &str, own: &Own) -> Vec<Import> {
    let mut imports = Vec::new();
    let mut above: Vec<(usize, bool)> = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let statement = line.trim_start();
        if statement.is_empty() {
            continue;
        }
        let indent = line.len() - statement.len();
        while above.last().is_some_and(|(column, _)| *column >= indent) {
            above.pop();
        }
        let optional = above.last().is_some_and(|(_, optional)| *optional);
        if statement.trim_end().ends_with(':') {
            let words = ["try", "except", "if TYPE_CHECKING", "if typing.TYPE_CHECKING"];
            above.push((indent, optional || words.iter().any(|word| statement.starts_with(word))));
        }
        for statement in statement.split(';') {
            let mut words = statement.split_whitespace();
            let names = match (words.next(), words.next()) {
                (Some("from"), Some(module)) if words.next() == Some("import") => vec![module],
                (Some("import"), Some(_)) => {
                    let names = statement.trim_start().trim_start_matches("import").split(',');
                    names.filter_map(|name| name.split_whitespace().next()).collect()
                }
                _ => continue,
            };
            let is_path = |name: &&str| name.chars().all(|char| char.is_alphanumeric() || matches!(char, '_' | '.'));
            imports.extend(names.into_iter().filter(is_path).map(|name| import(name, index + 1, optional, own)));
        }
    }
    imports
}

fn commands(masked: &source::Masked) -> Vec<Mention> {
    let starts = masked.code.contains("subprocess") || masked.code.contains("os.") || masked.code.contains("sh.");
    let mut commands = Vec::new();
    let mut lines = Lines::new(&masked.text);
    for found in RUN.captures_iter(&masked.text) {
        let Some(all) = found.get(0) else { continue };
        let literal = found.get(3).or(found.get(4)).map_or("", |literal| literal.as_str());
        let line = lines.of(all.start());
        let as_words = found.get(2).is_some() || matches!(&found[1], "which" | "create_subprocess_exec");
        if as_words {
            commands.extend(command_name(literal).map(|name| Mention { what: name.to_owned(), line }));
        } else if starts {
            commands.extend(shell::commands(literal).into_iter().map(|mention| Mention { line, ..mention }));
        }
    }
    for found in COMMAND.captures_iter(&masked.text).filter(|_| starts) {
        let Some(all) = found.get(0) else { continue };
        let literal = found.get(1).or(found.get(2)).map_or("", |literal| literal.as_str());
        let line = lines.of(all.start());
        commands.extend(command_name(literal).map(|name| Mention { what: name.to_owned(), line }));
    }
    if let Some(at) = masked.code.find("sys.executable").filter(|_| starts) {
        commands.push(Mention { what: "python".to_owned(), line: lines.of(at) });
    }
    commands.sort_by_key(|mention| mention.line);
    commands
}

/// The packages of a head of PEP 723: `# /// script`, lines of TOML behind `#`, and `# ///`.
fn requires(text: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(default)]
        dependencies: Vec<String>,
    }
    let Some((_, rest)) = text.split_once("# /// script\n") else { return Vec::new() };
    let mut head = String::new();
    for line in rest.lines().take_while(|line| line.trim_end() != "# ///") {
        let Some(line) = line.strip_prefix('#') else { return Vec::new() };
        head.push_str(line.strip_prefix(' ').unwrap_or(line));
        head.push('\n');
        if head.len() > MAXIMUM_HEAD_BYTES {
            return Vec::new();
        }
    }
    let read: Result<Head, _> = toml::from_str(&head);
    let mut packages = read.map_or_else(|_| Vec::new(), |head| head.dependencies);
    packages.retain(|package| package.len() <= 200 && !package.chars().any(crate::is_hidden));
    packages
}
