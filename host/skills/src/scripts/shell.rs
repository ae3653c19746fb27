//! A look at a shell's language: the words at which commands begin.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::LazyLock,
};

use super::{Looked, Mention, addresses, command_name, source};

/// What is open within each other: `$(`, `(`, back quotes. Stops texts of nothing but parentheses.
const MAXIMUM_DEPTH: usize = 64;
/// Commands that are kept before the same ones are told once.
const MAXIMUM_COMMANDS: usize = 10_000;

static BUILTINS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| include_str!("shell_builtins.txt").lines().collect());

pub(super) fn look(text: &str) -> Looked {
    let commands = commands(text);
    let entry = text.contains("\"$@\"") || text.contains("$1") || text.contains("getopts");
    let addresses = addresses::find(&source::shell_comments(text));
    Looked { entry, commands, addresses, ..Looked::default() }
}

/// The commands that a text starts, but for what the shell does itself and functions of its own.
pub(super) fn commands(text: &str) -> Vec<Mention> {
    let mut reader = Reader::new(text);
    reader.read();
    let defined = reader.defined;
    let mut commands = reader.commands;
    commands.retain(|mention| !BUILTINS.contains(mention.what.as_str()) && !defined.contains(&mention.what));
    commands
}

/// What the next word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A command.
    Command,
    /// One, after options of another that starts it: `sudo -E`.
    Started,
    /// Something for a command.
    Argument,
    /// A file, after `<` or `>`.
    File,
    /// The name of a function.
    Function,
    /// What `case` looks at, up to `in`.
    Subject,
    /// A pattern of `case`, up to `)`.
    Pattern,
    /// Something of a list, `NAME=(…)`.
    Element,
}

/// How the text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Words, and what lies between them.
    Plain,
    /// Within `"`.
    Quoted,
    /// Within `${`.
    Braces,
    /// Within `((`.
    Sum,
}

/// What is left when `$(` opens, and goes on when it closes.
struct Above {
    word: String,
    next: Next,
    mode: Mode,
    cases: usize,
    /// What closes it.
    closes: char,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    word: String,
    /// A part of the word is computed.
    computed: bool,
    next: Next,
    mode: Mode,
    above: Vec<Above>,
    cases: usize,
    /// What ends the texts that begin in the next line, and whether commands in them are started.
    documents: VecDeque<(String, bool)>,
    /// Texts within texts.
    depth: usize,
    commands: Vec<Mention>,
    defined: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            word: String::new(),
            computed: false,
            next: Next::Command,
            mode: Mode::Plain,
            above: Vec::new(),
            cases: 0,
            documents: VecDeque::new(),
            depth: 0,
            commands: Vec::new(),
            defined: BTreeSet::new(),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self) -> Option<char> {
        let char = self.rest().chars().next()?;
        self.at += char.len_utf8();
        self.line += usize::from(char == '\n');
        Some(char)
    }

    fn next_is(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    fn read(&mut self) {
        while self.commands.len() < MAXIMUM_COMMANDS
            && let Some(char) = self.take()
        {
            match self.mode {
                Mode::Plain => self.outside(char),
                Mode::Quoted | Mode::Braces | Mode::Sum => self.inside(char),
            }
        }
        self.end_word();
    }

    fn inside(&mut self, char: char) {
        match (char, self.mode) {
            ('"', Mode::Quoted) => self.mode = Mode::Plain,
            ('}', Mode::Braces) | (')', Mode::Sum) => self.close(char),
            ('(', Mode::Sum) => self.open(')', Mode::Sum),
            ('\\', _) => self.escaped(),
            ('$', _) => self.dollar(),
            ('`', _) => self.back_quote(),
            (_, Mode::Quoted) => self.word.push(char),
            _ => {}
        }
    }

    fn outside(&mut self, char: char) {
        match char {
            '\n' => {
                self.end_word();
                self.end_command();
                self.skip_documents();
            }
            _ if char.is_whitespace() => self.end_word(),
            '#' if self.word.is_empty() && !self.computed => self.skip_to("\n", false),
            '\\' if self.next_is("\n") => {
                self.take();
            }
            '\\' => self.escaped(),
            '"' => self.mode = Mode::Quoted,
            '\'' => {
                let start = self.at;
                self.skip_to("'", true);
                self.word.push_str(self.text[start..self.at].trim_end_matches('\''));
                // `''` is a word too.
                self.computed |= self.word.is_empty();
            }
            '$' => self.dollar(),
            '`' => self.back_quote(),
            ';' if self.next_is(";") => {
                self.end_word();
                self.take();
                self.next = if self.cases > 0 { Next::Pattern } else { Next::Command };
            }
            '&' if self.next_is(">") => self.end_word(),
            ';' | '&' | '|' => {
                self.end_word();
                self.end_command();
            }
            '(' if self.next_is(")") && !self.word.is_empty() => {
                self.take();
                let name = std::mem::take(&mut self.word);
                self.defined.insert(name);
                self.next = Next::Command;
            }
            '(' if self.next == Next::Pattern => {}
            '(' if is_assignment(&self.word) => {
                self.word.clear();
                self.open(')', Mode::Plain);
                self.next = Next::Element;
            }
            '(' => {
                self.end_word();
                if self.next_is("(") {
                    self.take();
                    self.open(')', Mode::Sum);
                    self.open(')', Mode::Sum);
                } else {
                    self.open(')', Mode::Plain);
                }
            }
            ')' if self.next == Next::Pattern => {
                self.word.clear();
                self.next = Next::Command;
            }
            ')' => self.close(')'),
            '<' | '>' => self.redirect(char),
            _ => self.word.push(char),
        }
    }

    fn escaped(&mut self) {
        let char = self.take();
        self.word.extend(char);
    }

    fn dollar(&mut self) {
        if self.next_is("((") {
            self.at += 2;
            self.open(')', Mode::Sum);
            self.open(')', Mode::Sum);
        } else if self.next_is("(") {
            self.at += 1;
            self.open(')', Mode::Plain);
        } else if self.next_is("{") {
            self.at += 1;
            self.open('}', Mode::Braces);
        } else {
            if self.mode == Mode::Plain && self.next_is("'") {
                self.at += 1;
                self.skip_to("'", true);
            }
            self.computed = true;
        }
    }

    fn back_quote(&mut self) {
        match self.above.last() {
            Some(above) if above.closes == '`' => self.close('`'),
            _ => self.open('`', Mode::Plain),
        }
    }

    fn open(&mut self, closes: char, mode: Mode) {
        if self.above.len() >= MAXIMUM_DEPTH {
            self.at = self.text.len();
            return;
        }
        let (word, cases) = (std::mem::take(&mut self.word), std::mem::take(&mut self.cases));
        self.above.push(Above { word, next: self.next, mode: self.mode, cases, closes });
        self.computed = false;
        self.mode = mode;
        self.next = Next::Command;
    }

    fn close(&mut self, closes: char) {
        if self.mode == Mode::Plain {
            self.end_word();
        }
        if self.above.last().is_some_and(|above| above.closes == closes)
            && let Some(above) = self.above.pop()
        {
            (self.word, self.next, self.mode, self.cases) = (above.word, above.next, above.mode, above.cases);
            self.computed = true;
        }
    }

    fn redirect(&mut self, char: char) {
        // The number before it is none of a command's words.
        if self.word.bytes().all(|byte| byte.is_ascii_digit()) {
            self.word.clear();
        }
        self.end_word();
        if self.next_is("(") {
            self.take();
            self.open(')', Mode::Plain);
            return;
        }
        if char == '<' && self.next_is("<<") {
            self.take();
            self.take();
        } else if char == '<' && self.next_is("<") {
            self.take();
            self.document();
            return;
        }
        while self.next_is(">") || self.next_is("&") || self.next_is("|") {
            self.take();
        }
        if self.next == Next::Argument {
            // What follows the file is for the command too.
            let rest = self.rest().trim_start_matches([' ', '\t']);
            let word =
                rest.find(|char: char| char.is_whitespace() || ";&|()<>`\"'".contains(char)).unwrap_or(rest.len());
            self.at = self.text.len() - rest.len() + word;
        } else {
            self.next = Next::File;
        }
    }

    /// `<<EOF`, `<<-'EOF'`: the lines from the next one on are no commands.
    fn document(&mut self) {
        let rest = self.rest().trim_start_matches('-').trim_start_matches([' ', '\t']);
        let end = rest.find(|char: char| char.is_whitespace() || ";&|()<>".contains(char)).unwrap_or(rest.len());
        let word = rest[..end].replace(['"', '\'', '\\'], "");
        self.at = self.text.len() - rest.len() + end;
        let started = word.len() == end;
        if !word.is_empty() {
            self.documents.push_back((word, started));
        }
    }

    /// Passes over texts; of those whose end stands without quotes, what is in `$(…)` is started.
    fn skip_documents(&mut self) {
        const MAXIMUM_DEPTH: usize = 4;
        while let Some((end, started)) = self.documents.pop_front() {
            let (start, line) = (self.at, self.line);
            loop {
                let line = self.rest().lines().next();
                self.skip_to("\n", true);
                if line.is_none_or(|line| line.trim() == end) {
                    break;
                }
            }
            if started && self.depth < MAXIMUM_DEPTH {
                let text = self.text[start..self.at].replace('"', " ");
                let mut inner = Reader { mode: Mode::Quoted, depth: self.depth + 1, line, ..Reader::new(&text) };
                inner.read();
                self.commands.append(&mut inner.commands);
            }
        }
    }

    /// Passes over what comes before this, and over it too if wanted; over all if it does not come.
    fn skip_to(&mut self, text: &str, over: bool) {
        let rest = self.rest();
        let length = rest.find(text).map_or(rest.len(), |at| if over { at + text.len() } else { at });
        self.line += rest[..length].matches('\n').count();
        self.at += length;
    }

    fn end_command(&mut self) {
        if !matches!(self.next, Next::Pattern | Next::Element) {
            self.next = Next::Command;
        }
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        let computed = std::mem::take(&mut self.computed);
        if word.is_empty() && !computed {
            return;
        }
        self.next = match self.next {
            Next::Command | Next::Started if !computed => self.command(&word),
            // `$CURL …`, and `x$y=…`, behind which a command may come.
            Next::Command | Next::Started if is_assignment(&word) => self.next,
            Next::Command | Next::Started => Next::Argument,
            Next::File => Next::Command,
            Next::Function => {
                self.defined.insert(word);
                Next::Command
            }
            Next::Subject if word == "in" => {
                self.cases += 1;
                Next::Pattern
            }
            Next::Pattern if word == "esac" => {
                self.cases = self.cases.saturating_sub(1);
                Next::Argument
            }
            next => next,
        };
    }

    /// A word where a command may begin; what comes after it.
    fn command(&mut self, word: &str) -> Next {
        if is_assignment(word) {
            return self.next;
        }
        if self.next == Next::Started {
            let option = word.starts_with('-') || word.bytes().all(|byte| byte.is_ascii_digit() || byte == b's');
            if option {
                return Next::Started;
            }
        }
        match word {
            "if" | "then" | "else" | "elif" | "do" | "while" | "until" | "!" | "{" | "time" => return Next::Command,
            "for" | "select" | "done" | "fi" | "}" | "]]" | "in" => return Next::Argument,
            "case" => return Next::Subject,
            "esac" => {
                self.cases = self.cases.saturating_sub(1);
                return Next::Argument;
            }
            "function" => return Next::Function,
            // They start what comes after them, or ask for it.
            "command" | "exec" | "builtin" | "which" | "type" | "hash" => return Next::Started,
            _ => {}
        }
        if let Some(name) = command_name(word) {
            self.commands.push(Mention { what: name.to_owned(), line: self.line });
        }
        match word {
            "sudo" | "env" | "nohup" | "xargs" | "nice" | "timeout" | "setsid" | "stdbuf" => Next::Started,
            _ => Next::Argument,
        }
    }
}

/// `NAME=…`, `NAME+=…`, `NAME[…]=…`.
fn is_assignment(word: &str) -> bool {
    let name = word.trim_start_matches(|char: char| char.is_ascii_alphanumeric() || char == '_');
    let named = name.len() < word.len() && !word.starts_with(|char: char| char.is_ascii_digit());
    named && (name.starts_with('=') || name.starts_with("+=") || (name.starts_with('[') && name.contains("]=")))
}
