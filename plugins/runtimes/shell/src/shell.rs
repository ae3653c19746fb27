//! The state of a shell, and how one stops.

use crate::limits::DEPTH;
use crate::run::Run;
use crate::stream::{Handle, Source, Stream};
use crate::variables::{Scopes, Value, Variable};
use brush_parser::ast::FunctionDefinition;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Instant;

/// Why what runs goes on no further; a status goes with most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Out of so many loops.
    Break(u32),
    /// On with the loop so many levels out.
    Continue(u32),
    Return(i32),
    Exit(i32),
    /// An expansion failed: the command of the outermost list is given up.
    Discard(i32),
}

/// A status, or why there is none.
pub(crate) type Outcome<T = i32> = Result<T, Stop>;

/// What `set` and `shopt` switch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) errexit: bool,
    pub(crate) nounset: bool,
    pub(crate) pipefail: bool,
    pub(crate) xtrace: bool,
    pub(crate) noglob: bool,
    pub(crate) noexec: bool,
    pub(crate) noclobber: bool,
    pub(crate) allexport: bool,
    pub(crate) verbose: bool,
    pub(crate) posix: bool,
    pub(crate) errtrace: bool,
    pub(crate) functrace: bool,
    pub(crate) braces_off: bool,
    /// Those of `shopt` that are on.
    pub(crate) shopt: std::collections::BTreeSet<String>,
}

/// A function or file that is being run.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) function: String,
    pub(crate) source: String,
    /// The line it was called from.
    pub(crate) line: usize,
}

/// What was started with `&`.
pub(crate) struct Job {
    pub(crate) pid: u64,
    pub(crate) run: Run,
    pub(crate) status: Option<i32>,
    pub(crate) text: String,
}

/// A function, and the file it is from.
pub(crate) struct Function {
    pub(crate) definition: FunctionDefinition,
    pub(crate) source: String,
}

/// A shell. A clone of it is a subshell, but for its jobs and traps.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) variables: Scopes,
    pub(crate) functions: HashMap<String, Rc<Function>>,
    pub(crate) descriptors: BTreeMap<u32, Handle>,
    pub(crate) options: Options,
    pub(crate) status: i32,
    pub(crate) name: String,
    pub(crate) positional: Vec<String>,
    pub(crate) directory: String,
    pub(crate) directories: Vec<String>,
    pub(crate) traps: BTreeMap<String, String>,
    /// Those of the shell around a subshell, which `trap` tells until it sets one of its own.
    pub(crate) outer_traps: BTreeMap<String, String>,
    pub(crate) jobs: Rc<RefCell<Vec<Job>>>,
    pub(crate) last_job: Option<u64>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) line: usize,
    /// Added to the lines of text that was parsed by itself.
    pub(crate) first_line: usize,
    pub(crate) loops: u32,
    pub(crate) depth: usize,
    /// Conditions within each other, in which no failure ends the shell.
    pub(crate) conditions: usize,
    /// The status of the last command substitution of the command under way.
    pub(crate) substituted: Option<i32>,
    pub(crate) in_trap: bool,
    /// Something was written that nobody reads: a signal would have ended a process.
    pub(crate) broken: Cell<bool>,
    pub(crate) subshells: u32,
    pub(crate) started: Instant,
    pub(crate) random: u64,
    pub(crate) option_place: usize,
    pub(crate) aliases: BTreeMap<String, String>,
    /// What a process substitution left to be read, written or removed.
    pub(crate) temporary: Vec<Temporary>,
    pub(crate) pid: u64,
}

/// A file that stands for a process substitution.
#[derive(Clone)]
pub(crate) struct Temporary {
    pub(crate) path: String,
    /// What reads it once it is written: `>(…)`.
    pub(crate) reader: Option<Rc<brush_parser::ast::CompoundList>>,
}

impl Shell {
    /// A shell with the environment that this process was given.
    pub(crate) fn new(name: &str, directory: String, environment: impl Iterator<Item = (String, String)>) -> Self {
        let own =
            [(0, Stream::new(Source::Input(None))), (1, Stream::new(Source::Own(1))), (2, Stream::new(Source::Own(2)))];
        let mut shell = Self {
            variables: Scopes::default(),
            functions: HashMap::new(),
            descriptors: own.into_iter().collect(),
            options: Options::default(),
            status: 0,
            name: name.to_owned(),
            positional: Vec::new(),
            directory,
            directories: Vec::new(),
            traps: BTreeMap::new(),
            outer_traps: BTreeMap::new(),
            jobs: Rc::default(),
            last_job: None,
            frames: Vec::new(),
            line: 1,
            first_line: 0,
            loops: 0,
            depth: 0,
            conditions: 0,
            substituted: None,
            in_trap: false,
            broken: Cell::new(false),
            subshells: 0,
            started: Instant::now(),
            random: crate::seed(),
            option_place: 0,
            aliases: BTreeMap::new(),
            temporary: Vec::new(),
            // A number as any other: WASI tells no process its own.
            pid: 1_000 + crate::seed() % 60_000,
        };
        for (name, value) in environment {
            let variable = shell.variables.global(&name);
            variable.value = Value::Scalar(value);
            variable.exported = true;
        }
        shell.set_up();
        shell
    }

    fn set_up(&mut self) {
        let level = self.get("SHLVL").and_then(|level| level.parse::<i64>().ok()).unwrap_or(0) + 1;
        let directory = self.directory.clone();
        for (name, value) in [("PWD", directory), ("SHLVL", level.to_string())] {
            let variable = self.variables.global(name);
            variable.value = Value::Scalar(value);
            variable.exported = true;
        }
        let host = self.get("HOSTNAME").unwrap_or_else(|| "localhost".to_owned());
        let plain = [
            ("IFS", " \t\n"),
            ("OPTIND", "1"),
            ("PS4", "+ "),
            ("BASH", "/bin/bash"),
            ("BASH_VERSION", "5.2.15(1)-release"),
            ("HOSTNAME", &host),
            ("HOSTTYPE", "x86_64"),
            ("MACHTYPE", "x86_64-pc-linux-gnu"),
            ("OSTYPE", "linux-gnu"),
            ("PPID", "1"),
        ];
        for (name, value) in plain {
            self.variables.global(name).value = Value::Scalar(value.to_owned());
        }
        if self.get("PATH").is_none() {
            let path = self.variables.global("PATH");
            path.value = Value::Scalar("/usr/local/bin:/usr/bin:/bin".to_owned());
            path.exported = true;
        }
        for name in ["UID", "EUID"] {
            let user = Variable {
                value: Value::Scalar("1000".to_owned()),
                readonly: true,
                integer: true,
                ..Variable::default()
            };
            *self.variables.global(name) = user;
        }
        let version = ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"].map(str::to_owned);
        self.variables.global("BASH_VERSINFO").value = Value::Indexed((0..).zip(version).collect());
        self.options.shopt = ["extglob_parse", "sourcepath", "patsub_replacement"].map(str::to_owned).into();
    }

    /// A copy whose changes do not come back.
    pub(crate) fn subshell(&self) -> Self {
        let mut shell = self.clone();
        shell.jobs = Rc::default();
        shell.temporary.clear();
        shell.subshells += 1;
        shell.outer_traps.clone_from(&self.traps);
        shell.traps.retain(|name, action| (name == "ERR" && self.options.errtrace) || action.is_empty());
        shell
    }

    /// A stream by its number.
    pub(crate) fn descriptor(&self, number: u32) -> Option<Handle> {
        self.descriptors.get(&number).cloned()
    }

    /// Writes to standard output; false where nobody reads it.
    pub(crate) fn print(&self, bytes: impl AsRef<[u8]>) -> bool {
        self.write_to(1, bytes.as_ref())
    }

    pub(crate) fn write_to(&self, number: u32, bytes: &[u8]) -> bool {
        let Some(stream) = self.descriptor(number) else { return false };
        let written = stream.borrow_mut().write(bytes);
        if written.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
            self.broken.set(true);
        }
        written.is_ok()
    }

    /// The file that is being run, as messages name it.
    pub(crate) fn source_name(&self) -> &str {
        self.frames
            .last()
            .map_or(self.name.as_str(), |frame| if frame.source.is_empty() { &self.name } else { &frame.source })
    }

    /// A message, as bash writes it: where, and what.
    pub(crate) fn complain(&self, text: impl std::fmt::Display) {
        let line = format!("{}: line {}: {text}\n", self.source_name(), self.line);
        self.write_to(2, line.as_bytes());
    }

    /// One level deeper.
    pub(crate) fn deeper<T>(&mut self, what: &str, inner: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        if self.depth >= DEPTH {
            self.complain(format_args!("{what}: maximum nesting level exceeded ({DEPTH})"));
            return Err(Stop::Discard(1));
        }
        self.depth += 1;
        let outcome = inner(self);
        self.depth -= 1;
        outcome
    }

    /// A path as the script means it, by the shell's own directory.
    pub(crate) fn path(&self, path: &str) -> String {
        match path.starts_with('/') {
            true => path.to_owned(),
            false => format!("{}/{path}", self.directory.trim_end_matches('/')),
        }
    }

    /// A number of `$RANDOM`'s kind (xorshift).
    pub(crate) fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}
