//! Simple commands: assignments, functions, builtins, and the commands of other runtimes.

use crate::builtins::{self, Builtin};
use crate::expand::quote;
use crate::process::{self, Failure, Launch, Stdio};
use crate::run::{Run, Served};
use crate::shell::{Frame, Function, Outcome, Shell, Stop};
use crate::stream::{Handle, Source};
use crate::variables::{Map, Value};
use brush_parser::ast::{
    Assignment, AssignmentName, AssignmentValue, CommandPrefixOrSuffixItem, IoRedirect, SimpleCommand,
};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A command whose words are expanded.
pub(crate) struct Prepared<'a> {
    pub(crate) arguments: Vec<Argument<'a>>,
    pub(crate) assignments: Vec<&'a Assignment>,
    pub(crate) redirects: Vec<&'a IoRedirect>,
}

/// An argument; of `declare` and its kind it may be an assignment.
pub(crate) enum Argument<'a> {
    Word(String),
    Assignment(&'a Assignment),
}

/// What a command's name means.
pub(crate) enum Meaning {
    Function(Rc<Function>),
    Builtin(Builtin),
    External,
}

impl Prepared<'_> {
    pub(crate) fn name(&self) -> Option<&str> {
        match self.arguments.first() {
            Some(Argument::Word(name)) => Some(name),
            _ => None,
        }
    }

    pub(crate) fn words(&self) -> Vec<String> {
        let word = |argument: &Argument<'_>| match argument {
            Argument::Word(word) => word.clone(),
            Argument::Assignment(assignment) => assignment.to_string(),
        };
        self.arguments.iter().map(word).collect()
    }
}

impl Shell {
    pub(crate) fn simple(&mut self, command: &SimpleCommand) -> Outcome {
        self.at_command(command);
        let keep = self.temporary.len();
        self.substituted = None;
        let prepared = self.prepare(command)?;
        let outcome = self.run_prepared(&prepared);
        self.end_substitutions(keep);
        outcome
    }

    /// Expands a command's words.
    pub(crate) fn prepare<'a>(&mut self, command: &'a SimpleCommand) -> Outcome<Prepared<'a>> {
        let mut prepared = Prepared { arguments: Vec::new(), assignments: Vec::new(), redirects: Vec::new() };
        for item in command.prefix.iter().flat_map(|prefix| &prefix.0) {
            match item {
                CommandPrefixOrSuffixItem::IoRedirect(redirect) => prepared.redirects.push(redirect),
                CommandPrefixOrSuffixItem::AssignmentWord(assignment, _) => prepared.assignments.push(assignment),
                CommandPrefixOrSuffixItem::Word(word) => self.argument(&mut prepared, &word.value)?,
                CommandPrefixOrSuffixItem::ProcessSubstitution(kind, subshell) => {
                    let path = self.process_substitution(kind, &subshell.list)?;
                    prepared.arguments.push(Argument::Word(path));
                }
            }
        }
        if let Some(name) = &command.word_or_name {
            match self.aliases.get(&name.value).cloned() {
                Some(text) if self.options.shopt.contains("expand_aliases") => {
                    for word in text.split_whitespace() {
                        self.argument(&mut prepared, word)?;
                    }
                }
                _ => self.argument(&mut prepared, &name.value)?,
            }
        }
        for item in command.suffix.iter().flat_map(|suffix| &suffix.0) {
            match item {
                CommandPrefixOrSuffixItem::IoRedirect(redirect) => prepared.redirects.push(redirect),
                CommandPrefixOrSuffixItem::Word(word) => self.argument(&mut prepared, &word.value)?,
                CommandPrefixOrSuffixItem::AssignmentWord(assignment, word) => {
                    match prepared.name().is_some_and(builtins::declares) {
                        true => prepared.arguments.push(Argument::Assignment(assignment)),
                        false => self.argument(&mut prepared, &word.value)?,
                    }
                }
                CommandPrefixOrSuffixItem::ProcessSubstitution(kind, subshell) => {
                    let path = self.process_substitution(kind, &subshell.list)?;
                    prepared.arguments.push(Argument::Word(path));
                }
            }
        }
        Ok(prepared)
    }

    fn argument(&mut self, prepared: &mut Prepared<'_>, word: &str) -> Outcome<()> {
        let words = self.expand_words([word])?;
        prepared.arguments.extend(words.into_iter().map(Argument::Word));
        Ok(())
    }

    pub(crate) fn meaning(&self, name: &str) -> Meaning {
        if let Some(function) = self.functions.get(name) {
            return Meaning::Function(function.clone());
        }
        builtins::find(name).map_or(Meaning::External, Meaning::Builtin)
    }

    pub(crate) fn run_prepared(&mut self, prepared: &Prepared<'_>) -> Outcome {
        if self.options.xtrace {
            self.trace_command(prepared);
        }
        let before = self.descriptors.clone();
        match self.redirect(prepared.redirects.iter().copied()) {
            Ok(true) => {}
            failed => {
                self.descriptors = before;
                return failed.map(|_| 1);
            }
        }
        let outcome = self.run_redirected(prepared);
        let keeps = prepared.name() == Some("exec") && prepared.arguments.len() == 1;
        if !keeps {
            self.descriptors = before;
        }
        outcome
    }

    fn run_redirected(&mut self, prepared: &Prepared<'_>) -> Outcome {
        let Some(name) = prepared.name().map(str::to_owned) else {
            for assignment in &prepared.assignments {
                self.assign_parsed(assignment)?;
            }
            return Ok(self.substituted.take().unwrap_or(0));
        };
        let outcome = match self.meaning(&name) {
            Meaning::Function(function) => self.call(&name, &function, prepared),
            Meaning::Builtin(builtin) => self.with_variables(prepared, |shell| shell.run_builtin(builtin, prepared)),
            Meaning::External => self.external(prepared),
        };
        if let Some(Argument::Word(last)) = prepared.arguments.last() {
            self.variables.global("_").value = Value::Scalar(last.clone());
        }
        outcome
    }

    pub(crate) fn run_builtin(&mut self, builtin: Builtin, prepared: &Prepared<'_>) -> Outcome {
        match builtin {
            Builtin::Plain(run) => {
                let words = prepared.words();
                run(self, &words)
            }
            Builtin::Declaring(run) => run(self, &prepared.arguments),
        }
    }

    /// Runs something while the variables before a command have their values.
    fn with_variables(&mut self, prepared: &Prepared<'_>, run: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        let mut before = Vec::new();
        for assignment in &prepared.assignments {
            let name = name_of(assignment).to_owned();
            before.push((name.clone(), self.variables.get(&name).cloned()));
            self.assign_parsed(assignment)?;
            self.variables.entry(&name).exported = true;
        }
        let outcome = run(self);
        for (name, variable) in before.into_iter().rev() {
            self.variables.restore(&name, variable);
        }
        outcome
    }

    /// Calls a function.
    pub(crate) fn call(&mut self, name: &str, function: &Rc<Function>, prepared: &Prepared<'_>) -> Outcome {
        let arguments: Vec<String> = prepared.words().into_iter().skip(1).collect();
        let mut values = Vec::new();
        for assignment in &prepared.assignments {
            if let (AssignmentName::VariableName(name), AssignmentValue::Scalar(word)) =
                (&assignment.name, &assignment.value)
            {
                values.push((name.clone(), self.expand_assigned(&word.value)?));
            }
        }
        let function = function.clone();
        self.deeper(name, |shell| {
            let positional = std::mem::replace(&mut shell.positional, arguments);
            let loops = std::mem::take(&mut shell.loops);
            let line = shell.line;
            let first = std::mem::take(&mut shell.first_line);
            shell.frames.push(Frame { function: name.to_owned(), source: function.source.clone(), line });
            shell.variables.enter();
            for (name, value) in values {
                let variable = shell.variables.local(&name);
                variable.value = Value::Scalar(value);
                variable.exported = true;
            }
            let body = &function.definition.body;
            let compound = brush_parser::ast::Command::Compound(body.0.clone(), body.1.clone());
            let outcome = shell.command(&compound);
            shell.variables.leave();
            shell.frames.pop();
            shell.positional = positional;
            shell.loops = loops;
            shell.line = line;
            shell.first_line = first;
            match outcome {
                Err(Stop::Return(status)) => Ok(status),
                outcome => outcome,
            }
        })
    }

    /// Runs a command of another runtime and waits for it.
    fn external(&mut self, prepared: &Prepared<'_>) -> Outcome {
        let mut run = Run::default();
        match self.start(prepared, &mut run, 0, &Place::default())? {
            Some(status) => Ok(status),
            None => Ok(self.serve(&mut run).pop().map_or(0, |(_, status)| status)),
        }
    }

    /// Starts a command as a stage; a status where it could not be.
    pub(crate) fn start(
        &mut self,
        prepared: &Prepared<'_>,
        run: &mut Run,
        index: usize,
        place: &Place,
    ) -> Outcome<Option<i32>> {
        let words = prepared.words();
        let mut environment = self.variables.exported();
        for assignment in &prepared.assignments {
            if let (AssignmentName::VariableName(name), AssignmentValue::Scalar(word)) =
                (&assignment.name, &assignment.value)
            {
                let value = self.expand_assigned(&word.value)?;
                environment.retain(|(own, _)| own != name);
                environment.push((name.clone(), value));
            }
        }
        let resolved = match self.resolve(&words) {
            Ok(resolved) => resolved,
            Err((status, text)) => {
                self.complain(text);
                return Ok(Some(status));
            }
        };
        let mut served = Served { chained: place.chained, fed: place.fed, pulled: place.pulled, ..Served::default() };
        let input = match (place.chained || place.fed, self.descriptor(0)) {
            (true, _) => Stdio::Piped,
            (false, Some(stream)) => {
                let how = input_of(&stream);
                served.input = (how == Stdio::Piped).then_some(stream);
                how
            }
            (false, None) => Stdio::Null,
        };
        let output = match (place.pulled, self.descriptor(1)) {
            (true, _) => Stdio::Piped,
            (false, Some(stream)) => {
                let how = output_of(&stream, 1);
                served.output = (how == Stdio::Piped).then_some(stream);
                how
            }
            (false, None) => Stdio::Null,
        };
        let error = match self.descriptor(2) {
            Some(stream) => {
                let how = output_of(&stream, 2);
                served.error = (how == Stdio::Piped).then_some(stream);
                how
            }
            None => Stdio::Null,
        };
        let launch = Launch {
            command: &resolved.command,
            arguments: &resolved.arguments,
            environment,
            directory: &self.directory,
            streams: [input, output, error],
        };
        match process::start(&launch) {
            Ok(child) => {
                run.add(index, child, served);
                Ok(None)
            }
            Err(failure) => {
                let name = words.first().map_or("", String::as_str);
                let failure = if name.is_empty() { Failure::NotFound } else { failure };
                let (status, text) = match failure {
                    Failure::NotFound if name.contains('/') => {
                        (126, format!("{name}: {}: bad interpreter: No such file or directory", resolved.command))
                    }
                    Failure::NotFound => (127, format!("{name}: command not found")),
                    Failure::Denied(text) => {
                        let wanted = format!("exec={}", resolved.command);
                        (127, format!("{name}: command not found ({text}; the grant that it takes: {wanted})"))
                    }
                    Failure::Other(text) => (126, format!("{name}: {text}")),
                };
                self.complain(text);
                Ok(Some(status))
            }
        }
    }

    /// Carries an assignment out.
    pub(crate) fn assign_parsed(&mut self, assignment: &Assignment) -> Outcome<()> {
        let (name, index) = match &assignment.name {
            AssignmentName::VariableName(name) => (name, None),
            AssignmentName::ArrayElementName(name, index) => (name, Some(index.as_str())),
        };
        let value = match &assignment.value {
            AssignmentValue::Scalar(word) => Value::Scalar(self.expand_assigned(&word.value)?),
            AssignmentValue::Array(elements) => {
                let (target, _) = self.target(name);
                let elements: Vec<_> = elements
                    .iter()
                    .map(|(key, word)| (key.as_ref().map(|key| key.value.as_str()), word.value.as_str()))
                    .collect();
                self.array(&target, &elements, assignment.append)?
            }
        };
        if self.options.xtrace {
            if let Value::Scalar(text) = &value {
                let sign = if assignment.append { "+=" } else { "=" };
                self.trace(&format!("{}{sign}{}", assignment.name, quote::if_needed(text)));
            } else {
                self.trace(&assignment.to_string());
            }
        }
        self.assign(name, index, value, assignment.append)
    }

    /// The array that its elements make.
    fn array(&mut self, name: &str, elements: &[(Option<&str>, &str)], append: bool) -> Outcome<Value> {
        let variable = self.variables.get(name).cloned().unwrap_or_default();
        if let Value::Associative(before) = &variable.value {
            let mut map = if append { before.clone() } else { Map::default() };
            let mut pending = None;
            for (key, word) in elements {
                match key {
                    Some(key) => {
                        let key = self.expand_string(key)?;
                        let value = self.expand_string(word)?;
                        map.insert(&key, value);
                    }
                    None => {
                        for word in self.expand_words([*word])? {
                            match pending.take() {
                                None => pending = Some(word),
                                Some(key) => map.insert(&key, word),
                            }
                        }
                    }
                }
            }
            if let Some(key) = pending {
                map.insert(&key, String::new());
            }
            return Ok(Value::Associative(map));
        }
        let mut array: BTreeMap<i64, String> = match (append, &variable.value) {
            (true, Value::Indexed(before)) => before.clone(),
            (true, Value::Scalar(first)) => BTreeMap::from([(0, first.clone())]),
            _ => BTreeMap::new(),
        };
        let mut next = array.keys().next_back().map_or(0, |last| last + 1);
        for (key, word) in elements {
            let words = match key {
                Some(key) => {
                    let key = self.expand_arithmetic(key)?;
                    next = self.arithmetic(&key)?;
                    vec![self.expand_string(word)?]
                }
                None => self.expand_words([*word])?,
            };
            for word in words {
                let word = if variable.integer { self.arithmetic(&word)?.to_string() } else { word };
                array.insert(next, word);
                next += 1;
            }
        }
        Ok(Value::Indexed(array))
    }

    /// A line of `set -x`.
    pub(crate) fn trace(&mut self, text: &str) {
        let prompt = self.get("PS4").unwrap_or_default();
        let xtrace = std::mem::replace(&mut self.options.xtrace, false);
        let prompt = self.expand_string(&format!("\"{}\"", prompt.replace('"', "\\\""))).unwrap_or(prompt);
        self.options.xtrace = xtrace;
        let first = prompt.chars().next().map(String::from).unwrap_or_default();
        let line = format!("{}{prompt}{text}\n", first.repeat(self.subshells as usize));
        self.write_to(2, line.as_bytes());
    }

    fn trace_command(&mut self, prepared: &Prepared<'_>) {
        if prepared.arguments.is_empty() {
            return;
        }
        let words: Vec<_> = prepared.words().iter().map(|word| quote::if_needed(word)).collect();
        self.trace(&words.join(" "));
    }
}

/// Where a stage stands among those that run at once.
#[derive(Default)]
pub(crate) struct Place {
    /// It reads what the stage before it writes.
    pub(crate) chained: bool,
    /// It reads what the shell is about to write.
    pub(crate) fed: bool,
    /// Somebody takes what it writes.
    pub(crate) pulled: bool,
}

pub(crate) fn name_of(assignment: &Assignment) -> &str {
    match &assignment.name {
        AssignmentName::VariableName(name) | AssignmentName::ArrayElementName(name, _) => name,
    }
}

fn input_of(stream: &Handle) -> Stdio {
    let stream = stream.borrow();
    match (&stream.source, stream.is_ahead()) {
        (Source::Input(_), false) => Stdio::Inherit,
        (Source::Null | Source::Bytes, false) => Stdio::Null,
        _ => Stdio::Piped,
    }
}

fn output_of(stream: &Handle, own: u32) -> Stdio {
    match &stream.borrow().source {
        Source::Own(number) if *number == own => Stdio::Inherit,
        Source::Null => Stdio::Null,
        _ => Stdio::Piped,
    }
}
