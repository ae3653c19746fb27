//! A look at a skill's scripts without running them: what they import, start and reach, as far as it is
//! written there. It decides nothing: [`crate::Proposal`] is made of it, and a person reads that.

mod addresses;
mod javascript;
mod packages;
mod python;
mod shell;
mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
};

use cap_std::fs::Dir;

pub use self::packages::python_module;
use crate::folder::Files;

/// Scripts of a skill that are looked at. Stops skills that are a library.
const MAXIMUM_SCRIPTS: usize = 1000;
/// Bytes of a script. What is longer is data, or was written by a program.
const MAXIMUM_SCRIPT_BYTES: u64 = 1 << 20;
/// Bytes of all scripts together. Stops a look that takes for ever.
const MAXIMUM_BYTES: u64 = 16 << 20;
/// Imports, commands or addresses that are kept of one script. Stops tables of addresses.
const MAXIMUM_MENTIONS: usize = 256;
/// Bytes of something that is mentioned: longer, it is none.
const MAXIMUM_MENTION_BYTES: usize = 253;

/// What a script is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// A shell's language; which shell's.
    Shell(Shell),
    /// Another, which is not looked into: what runs it.
    Other(&'static str),
}

/// Shells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shell {
    /// The POSIX shell.
    Sh,
    /// Bash.
    Bash,
    /// Zsh.
    Zsh,
}

impl Language {
    /// The command that runs it.
    pub fn interpreter(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript | Self::TypeScript => "node",
            Self::Shell(Shell::Sh) => "sh",
            Self::Shell(Shell::Bash) => "bash",
            Self::Shell(Shell::Zsh) => "zsh",
            Self::Other(command) => command,
        }
    }

    /// By the end of its name, and what its first line says.
    fn of(path: &str, shebang: Option<&str>) -> Option<Self> {
        let by_shebang = shebang.and_then(|command| {
            Some(match command.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.') {
                "python" | "pypy" => Self::Python,
                "node" | "nodejs" => Self::JavaScript,
                "deno" | "bun" | "tsx" | "ts-node" if path.ends_with(".ts") => Self::TypeScript,
                "deno" | "bun" => Self::JavaScript,
                "tsx" | "ts-node" => Self::TypeScript,
                "sh" | "dash" | "ash" => Self::Shell(Shell::Sh),
                "bash" => Self::Shell(Shell::Bash),
                "zsh" => Self::Shell(Shell::Zsh),
                "ruby" => Self::Other("ruby"),
                "perl" => Self::Other("perl"),
                // What `uv run --script` runs is Python.
                "uv" => Self::Python,
                _ => return None,
            })
        });
        by_shebang.or_else(|| {
            let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
            Some(match extension {
                "py" => Self::Python,
                "js" | "mjs" | "cjs" => Self::JavaScript,
                "ts" | "mts" | "cts" if !path.ends_with(".d.ts") => Self::TypeScript,
                "sh" => Self::Shell(Shell::Sh),
                "bash" => Self::Shell(Shell::Bash),
                "zsh" => Self::Shell(Shell::Zsh),
                "rb" => Self::Other("ruby"),
                "pl" => Self::Other("perl"),
                "php" => Self::Other("php"),
                "ps1" => Self::Other("pwsh"),
                _ => return None,
            })
        })
    }

    /// By the word behind the back quotes of a block of code.
    fn of_fence(word: &str) -> Option<Self> {
        Some(match word {
            "python" | "python3" | "py" => Self::Python,
            "javascript" | "js" => Self::JavaScript,
            "typescript" | "ts" => Self::TypeScript,
            "bash" | "shell" | "console" | "shell-session" => Self::Shell(Shell::Bash),
            "sh" => Self::Shell(Shell::Sh),
            "zsh" => Self::Shell(Shell::Zsh),
            _ => return None,
        })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::TypeScript => "TypeScript",
            Self::Shell(_) => "shell",
            Self::Other(command) => command,
        })
    }
}

/// Something that a script names, and the first line on which it does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// What is named.
    pub what: String,
    /// Counted from one.
    pub line: usize,
}

/// Where what is imported comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The language brings it.
    Standard,
    /// A file of the skill.
    Own,
    /// A package.
    Package,
}

/// Something that a script imports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    /// The module's first name (Python), or the package (JavaScript).
    pub module: String,
    /// Counted from one.
    pub line: usize,
    /// Where it comes from.
    pub origin: Origin,
    /// It stands in a `try`: the script may do without.
    pub optional: bool,
}

/// What a look at a script tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its path in the skill; `SKILL.md` for what stands there in blocks of code.
    pub path: String,
    /// What it is written in.
    pub language: Language,
    /// Whether it looks like one that is started, and not like a part of others.
    pub entry: bool,
    /// Packages that it asks for in its own head (PEP 723), as they stand there.
    pub requires: Vec<String>,
    /// What it imports.
    pub imports: Vec<Import>,
    /// Commands that it starts.
    pub commands: Vec<Mention>,
    /// Addresses that it names, as far as their hosts, like `https://api.example.com`.
    pub addresses: Vec<Mention>,
}

/// A skill's scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scripts {
    /// Those that were looked at, by their paths.
    pub scripts: Vec<Script>,
    /// How many were not: there are too many, or they are too long.
    pub left_out: usize,
}

impl Scripts {
    /// Looks at the scripts of the skill in a folder. `skill_md` is the text of its `SKILL.md`.
    pub fn look(dir: &Dir, skill_md: &str) -> io::Result<Self> {
        let files = Files::list(dir)?;
        let own = Own::of(&files.paths);
        let (mut scripts, mut left_out, mut bytes) = (Vec::new(), usize::from(files.left_out), 0);
        for path in &files.paths {
            let name = path.rsplit('/').next().unwrap_or_default();
            // Only what has no ending may be a script by its first line.
            if name.contains('.') && Language::of(path, None).is_none() {
                continue;
            }
            if scripts.len() == MAXIMUM_SCRIPTS || bytes >= MAXIMUM_BYTES {
                left_out += 1;
                continue;
            }
            let Ok(Some(read)) = Files::read(dir, path, MAXIMUM_SCRIPT_BYTES) else {
                left_out += 1;
                continue;
            };
            bytes += read.len() as u64;
            scripts.extend(look(path, &String::from_utf8_lossy(&read), &own));
        }
        for (language, text) in blocks(skill_md) {
            let mut script = looked(crate::folder::NAMES[0], &text, language, &own);
            script.entry = false;
            // Much that stands there is no command, but looks like one: what one says, what is shown.
            script.commands.retain(|mention| mention.what.starts_with(|char: char| char.is_ascii_lowercase()));
            scripts.push(script);
        }
        Ok(Self { scripts, left_out })
    }
}

/// The names under which a skill's own files can be imported.
#[derive(Debug, Default)]
pub(crate) struct Own {
    modules: BTreeSet<String>,
}

impl Own {
    fn of(paths: &[String]) -> Self {
        let mut modules = BTreeSet::new();
        for path in paths.iter().filter_map(|path| path.strip_suffix(".py")) {
            modules.extend(path.split('/').map(str::to_owned));
        }
        Self { modules }
    }
}

/// Looks at one file. None if it is no script.
fn look(path: &str, text: &str, own: &Own) -> Option<Script> {
    let language = Language::of(path, shebang(text))?;
    let mut script = looked(path, text, language, own);
    let tests = script.path.split('/').any(|name| matches!(name, "test" | "tests" | "__tests__"));
    script.entry &= !tests;
    Some(script)
}

fn looked(path: &str, text: &str, language: Language, own: &Own) -> Script {
    let mut found = match language {
        Language::Python => python::look(text, own),
        Language::JavaScript | Language::TypeScript => javascript::look(text),
        Language::Shell(_) => shell::look(text),
        Language::Other(_) => Looked { entry: true, ..Looked::default() },
    };
    found.entry |= shebang(text).is_some();
    let once = |mentions: Vec<Mention>| {
        let mut seen = BTreeSet::new();
        let mut kept = mentions;
        kept.retain(|mention| mention.what.len() <= MAXIMUM_MENTION_BYTES && seen.insert(mention.what.clone()));
        kept.truncate(MAXIMUM_MENTIONS);
        kept
    };
    found.imports.retain(|import| import.module.len() <= MAXIMUM_MENTION_BYTES);
    // One that is not optional counts before one that is.
    found
        .imports
        .sort_by(|one, other| (&one.module, one.optional, one.line).cmp(&(&other.module, other.optional, other.line)));
    found.imports.dedup_by(|one, other| one.module == other.module);
    found.imports.truncate(MAXIMUM_MENTIONS);
    found.requires.truncate(MAXIMUM_MENTIONS);
    Script {
        path: path.to_owned(),
        language,
        entry: found.entry,
        requires: found.requires,
        imports: found.imports,
        commands: once(found.commands),
        addresses: once(found.addresses),
    }
}

/// What a look at one language finds.
#[derive(Default)]
struct Looked {
    entry: bool,
    requires: Vec<String>,
    imports: Vec<Import>,
    commands: Vec<Mention>,
    addresses: Vec<Mention>,
}

/// The command that the first line names: `python3` of `#!/usr/bin/env -S python3 -u`.
fn shebang(text: &str) -> Option<&str> {
    let line = text.strip_prefix("#!")?.lines().next()?;
    let mut words = line.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let first = words.next()?;
    if first != "env" {
        return Some(first);
    }
    words.find(|word| !word.starts_with('-') && !word.contains('='))
}

/// A command's own name: what is behind the last `/` of a path to the system's programs. None where it is
/// a file of the skill, or computed.
pub(crate) fn command_name(word: &str) -> Option<&str> {
    let name = match word.rsplit_once('/') {
        Some((folder, name)) if folder.starts_with('/') && folder.ends_with("bin") => name,
        Some(_) => return None,
        None => word,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+');
    let first = name.bytes().next()?;
    let named = first.is_ascii_alphanumeric() && name.bytes().any(|byte| byte.is_ascii_alphabetic());
    (named && name.len() <= 64 && name.bytes().all(plain) && !is_file(name)).then_some(name)
}

/// `run.sh` and `README.md` are files and no commands.
fn is_file(name: &str) -> bool {
    [".sh", ".py", ".js", ".ts", ".mjs", ".md", ".json", ".txt"].iter().any(|ending| name.ends_with(ending))
}

/// The code of `SKILL.md`, a text for each language, every line where it stands in the file.
fn blocks(text: &str) -> Vec<(Language, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: BTreeMap<Language, Vec<&str>> = BTreeMap::new();
    let mut index = 0;
    while index < lines.len() {
        let opening = lines[index].trim_start();
        index += 1;
        let Some(fence) = opening.get(..3).filter(|fence| matches!(*fence, "```" | "~~~")) else { continue };
        let length = lines[index..].iter().position(|line| line.trim_start().starts_with(fence));
        let inside = index..length.map_or(lines.len(), |length| index + length);
        let word = opening.trim_start_matches(['`', '~']).split([' ', '{', ',']).next().unwrap_or_default();
        if let Some(language) = Language::of_fence(&word.to_ascii_lowercase()) {
            let code = kept.entry(language).or_default();
            code.resize(inside.start, "");
            // Of a session, what was typed behind the prompt.
            let typed = |line: &'_ str| line.trim_start().starts_with("$ ");
            let session =
                matches!(language, Language::Shell(_)) && lines[inside.clone()].iter().any(|line| typed(line));
            code.extend(lines[inside.clone()].iter().map(|line| match session {
                true => line.trim_start().strip_prefix("$ ").unwrap_or_default(),
                false => line,
            }));
        }
        index = inside.end + 1;
    }
    kept.into_iter().map(|(language, lines)| (language, lines.join("\n"))).collect()
}

/// The line of a place in a text, counted from one, asked in rising order.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    fn of(&mut self, at: usize) -> usize {
        if at < self.at {
            (self.at, self.line) = (0, 1);
        }
        self.line += self.text.as_bytes()[self.at..at].iter().filter(|byte| **byte == b'\n').count();
        self.at = at;
        self.line
    }
}

#[cfg(test)]
mod tests;
