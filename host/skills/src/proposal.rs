//! What a skill may want to be granted, each with the reasons. It grants nothing: a person reads it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::{
    lenient::Skill,
    scripts::{Language, Origin, Script, Scripts},
    text::shown,
    value::Value,
};

/// Wishes of one kind. Stops skills that want everything.
const MAXIMUM_WISHES: usize = 128;
/// Reasons that are kept of one wish.
const MAXIMUM_REASONS: usize = 8;
/// Fields within fields of `metadata` that are looked through.
const MAXIMUM_DEPTH: usize = 6;

/// What the system has: of its runtimes and what is bundled with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provided {
    /// Commands that can be started.
    pub commands: BTreeSet<String>,
    /// Modules that Python scripts can import, beyond Python's own; see [`crate::python_module`].
    pub python: BTreeSet<String>,
    /// Packages that JavaScript can import, beyond Node's own.
    pub javascript: BTreeSet<String>,
}

/// Why something is wished for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// An entry of `allowed-tools`.
    AllowedTools(String),
    /// A word of `compatibility`.
    Compatibility(String),
    /// An entry of `metadata` that lists programs.
    Metadata(String),
    /// A script, or a block of code in `SKILL.md`.
    Script {
        /// Which.
        path: String,
        /// The line, counted from one; none for the file as a whole.
        line: Option<usize>,
        /// What it does, like `starts git`.
        does: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllowedTools(entry) => write!(f, "allowed-tools says {}", shown(entry)),
            Self::Compatibility(word) => write!(f, "compatibility names {}", shown(word)),
            Self::Metadata(key) => write!(f, "metadata lists it under {}", shown(key)),
            Self::Script { path, line: Some(line), does } => write!(f, "{}:{line} {}", shown(path), shown(does)),
            Self::Script { path, line: None, does } => write!(f, "{} {}", shown(path), shown(does)),
        }
    }
}

/// Something that is wished for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// A grant as `holm grant` spells it, a command, or a package.
    pub what: String,
    /// Why; the first of them, where there are many.
    pub reasons: Vec<Reason>,
}

/// What a skill may want.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// Grants, like `exec=git` and `net=https://api.github.com/*`.
    pub grants: Vec<Wish>,
    /// Interpreters that its scripts need, by the command.
    pub interpreters: Vec<Wish>,
    /// Commands that nobody provides: they are not among the grants.
    pub absent: Vec<Wish>,
    /// Packages that are not bundled, like `python: numpy`. Without them its scripts fail.
    pub packages: Vec<Wish>,
    /// Packages that are not bundled, and that its scripts may do without.
    pub optional_packages: Vec<Wish>,
    /// What it says that no grant answers, for a person to read.
    pub notes: Vec<String>,
}

impl Proposal {
    /// Makes one of what a skill says and of what is seen in its scripts.
    pub fn new(skill: &Skill, scripts: &Scripts, provided: &Provided) -> Self {
        let mut draft = Draft::of(provided);
        for entry in &skill.allowed_tools {
            draft.tool(entry);
        }
        for script in &scripts.scripts {
            draft.script(script);
        }
        for (key, value) in &skill.others {
            draft.metadata(key, value, 0);
        }
        if let Some(text) = &skill.compatibility {
            draft.compatibility(text);
        }
        if scripts.left_out > 0 {
            draft.notes.insert(format!("{} of its files were not looked at", scripts.left_out));
        }
        draft.finish()
    }
}

type Wishes = BTreeMap<String, BTreeSet<Reason>>;

struct Draft<'a> {
    provided: &'a Provided,
    commands: Wishes,
    net: Wishes,
    interpreters: Wishes,
    packages: Wishes,
    optional_packages: Wishes,
    notes: BTreeSet<String>,
}

fn wish(wishes: &mut Wishes, what: &str, reason: Reason) {
    if wishes.len() < MAXIMUM_WISHES || wishes.contains_key(what) {
        let reasons = wishes.entry(what.to_owned()).or_default();
        if reasons.len() < MAXIMUM_REASONS {
            reasons.insert(reason);
        }
    }
}

fn wishes(wishes: Wishes) -> Vec<Wish> {
    wishes.into_iter().map(|(what, reasons)| Wish { what, reasons: reasons.into_iter().collect() }).collect()
}

impl<'a> Draft<'a> {
    fn of(provided: &'a Provided) -> Self {
        let [commands, net, interpreters, packages, optional_packages] = std::array::from_fn(|_| Wishes::new());
        Self { provided, commands, net, interpreters, packages, optional_packages, notes: BTreeSet::new() }
    }

    /// One entry of `allowed-tools`: `Bash(git:*)`, `WebFetch(domain:example.com)`, `Read`.
    fn tool(&mut self, entry: &str) {
        let reason = || Reason::AllowedTools(entry.to_owned());
        let (tool, inside) =
            entry.split_once('(').map_or((entry, ""), |(tool, rest)| (tool, rest.trim_end_matches(')')));
        match tool {
            "Bash" | "Shell" => {
                let command = inside.trim().split([' ', ':', '*']).next().unwrap_or_default();
                match crate::scripts::command_name(command) {
                    Some(name) => wish(&mut self.commands, name, reason()),
                    // A script of its own, or any command at all.
                    None if command.is_empty() => {
                        self.note("it wants to start any command: grant those that it needs", entry)
                    }
                    None => {}
                }
            }
            "WebFetch" => match inside.strip_prefix("domain:").and_then(net_rule_of_domain) {
                Some(rule) => wish(&mut self.net, &rule, reason()),
                None if inside.is_empty() || inside.ends_with('*') => {
                    self.note("it wants to reach any address: grant those that it needs", entry);
                }
                None => self.note("that is no name on the web that a grant could be for", entry),
            },
            "WebSearch" => self.note("it wants to search the web: grant a tool that does", entry),
            // They are for its own folder and that of the run, which every run has.
            "Read" | "Write" | "Edit" | "MultiEdit" | "Glob" | "Grep" | "LS" => {}
            _ => self.note("no grant is known for it", entry),
        }
    }

    fn note(&mut self, what: &str, entry: &str) {
        if self.notes.len() < MAXIMUM_WISHES {
            self.notes.insert(format!("allowed-tools says {}: {what}", shown(entry)));
        }
    }

    fn script(&mut self, script: &Script) {
        let reason = |line, does: String| Reason::Script { path: script.path.clone(), line, does };
        let is_file = script.path != crate::folder::NAMES[0];
        if is_file {
            let command = self.interpreter(script.language);
            wish(&mut self.interpreters, command, reason(None, format!("is written in {}", script.language)));
        }
        for mention in &script.commands {
            let command = self.spelled(&mention.what).to_owned();
            wish(&mut self.commands, &command, reason(Some(mention.line), format!("starts {}", mention.what)));
        }
        for mention in &script.addresses {
            if is_inner(&mention.what) {
                if self.notes.len() < MAXIMUM_WISHES {
                    let reason = reason(Some(mention.line), format!("names {}", mention.what));
                    self.notes.insert(format!(
                        "{reason}: it is no name on the web; grant it only if you know what answers there"
                    ));
                }
                continue;
            }
            wish(
                &mut self.net,
                &format!("{}/*", mention.what),
                reason(Some(mention.line), format!("names {}", mention.what)),
            );
        }
        let (kind, bundled) = match script.language {
            Language::Python => ("python", &self.provided.python),
            _ => ("javascript", &self.provided.javascript),
        };
        for requirement in &script.requires {
            let module = crate::python_module(requirement);
            if !module.is_empty() && !self.provided.python.contains(&module) {
                wish(&mut self.packages, &format!("python: {module}"), reason(None, format!("asks for {requirement}")));
            }
        }
        // What the instructions show need not be what is run.
        for import in script.imports.iter().filter(|import| is_file && import.origin == Origin::Package) {
            if !bundled.contains(&import.module) {
                let wished = if import.optional { &mut self.optional_packages } else { &mut self.packages };
                let does = format!("imports {}", import.module);
                wish(wished, &format!("{kind}: {}", import.module), reason(Some(import.line), does));
            }
        }
    }

    /// The command that runs a language here: the one that is provided, of those that would do.
    fn interpreter(&self, language: Language) -> &'static str {
        let command = language.interpreter();
        let others: &[&'static str] = match command {
            "python" => &["python3"],
            "node" => &["nodejs", "bun", "deno"],
            "sh" => &["bash"],
            "zsh" => &["bash"],
            _ => &[],
        };
        let provided = |command: &&&'static str| self.provided.commands.contains(**command);
        if self.provided.commands.contains(command) {
            command
        } else {
            others.iter().find(provided).copied().unwrap_or(command)
        }
    }

    /// `python3.12` is whatever runs Python here.
    fn spelled<'b>(&self, command: &'b str) -> &'b str {
        match command {
            _ if self.provided.commands.contains(command) => command,
            _ if command.starts_with("python3") => "python3",
            _ => command,
        }
    }

    /// Lists of programs, as clients other than the standard's have them: `requires: {bins: [git]}`.
    fn metadata(&mut self, key: &str, value: &Value, depth: usize) {
        match value {
            Value::Map(pairs) if depth < MAXIMUM_DEPTH => {
                pairs.iter().for_each(|(inner, value)| self.metadata(inner, value, depth + 1));
            }
            Value::List(values) if matches!(key, "bins" | "anyBins") => {
                for name in values.iter().filter_map(Value::text).filter_map(crate::scripts::command_name) {
                    wish(&mut self.commands, name, Reason::Metadata(key.to_owned()));
                }
            }
            _ => {}
        }
    }

    /// Words that are commands: those already wished for, a few that are well known, and what stands in
    /// back quotes. That one is provided says nothing: `find` and `time` are words too.
    fn compatibility(&mut self, text: &str) {
        const KNOWN: [&str; 35] = [
            "awk",
            "aws",
            "bash",
            "bun",
            "cargo",
            "curl",
            "deno",
            "docker",
            "ffmpeg",
            "gcloud",
            "gh",
            "git",
            "java",
            "jq",
            "kubectl",
            "mvn",
            "node",
            "npm",
            "npx",
            "pandoc",
            "pdftoppm",
            "perl",
            "pip",
            "pnpm",
            "podman",
            "python",
            "python3",
            "ruby",
            "sed",
            "soffice",
            "sqlite3",
            "tesseract",
            "tmux",
            "uv",
            "yarn",
        ];
        let text = text.to_lowercase().replace("node.js", "node").replace("libreoffice", "soffice");
        for word in text.split(|char: char| !(char.is_ascii_alphanumeric() || "-_.".contains(char))) {
            let word = word.trim_matches('.');
            let named =
                KNOWN.contains(&word) || self.commands.contains_key(word) || text.contains(&format!("`{word}`"));
            if let Some(name) = crate::scripts::command_name(word).filter(|_| named) {
                wish(&mut self.commands, name, Reason::Compatibility(word.to_owned()));
            }
        }
    }

    fn finish(mut self) -> Proposal {
        for (command, reasons) in &self.interpreters {
            for reason in reasons {
                wish(&mut self.commands, command, reason.clone());
            }
        }
        let (provided, absent): (Wishes, Wishes) =
            self.commands.into_iter().partition(|(command, _)| self.provided.commands.contains(command));
        let exec = provided.into_iter().map(|(command, reasons)| (format!("exec={command}"), reasons)).collect();
        let net = self.net.into_iter().map(|(rule, reasons)| (format!("net={rule}"), reasons)).collect();
        Proposal {
            grants: wishes(exec).into_iter().chain(wishes(net)).collect(),
            interpreters: wishes(self.interpreters),
            absent: wishes(absent),
            packages: wishes(self.packages),
            optional_packages: wishes(self.optional_packages),
            notes: self.notes.into_iter().collect(),
        }
    }
}

/// `api.github.com` and `*.github.com` as a rule for the network.
fn net_rule_of_domain(domain: &str) -> Option<String> {
    let name = domain.strip_prefix("*.").unwrap_or(domain);
    let url = url::Url::parse(&format!("https://{name}/")).ok()?;
    let same = url.host_str() == Some(name) && name.contains('.') && url.path() == "/";
    (same && name.len() <= 253).then(|| format!("https://{domain}/*"))
}

/// Whether an address may be of a machine near by: it is a number, or a name that is no one's on the web.
/// Such are not proposed: one yes too many would open the operator's own network.
fn is_inner(origin: &str) -> bool {
    let Some(url) = url::Url::parse(origin).ok() else { return true };
    let Some(url::Host::Domain(name)) = url.host() else { return true };
    let own = ["local", "internal", "lan", "home", "intranet", "corp", "test", "invalid", "localhost", "home.arpa"];
    let below = |end: &str| name.strip_suffix(end).is_some_and(|above| above.is_empty() || above.ends_with('.'));
    !name.contains('.') || own.into_iter().any(below)
}
