//! A process about to be started, option by option.

use super::{Child, Error, Exit, Result, sys};
use crate::bindings::imports::holm::sys::exec;
use std::fmt;
use std::io::Read;

/// Where a child's standard stream leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdio {
    /// The child finds its stream empty, or what it writes is dropped.
    Null,
    /// The parent holds the other end: [`Child::stdin`], `stdout`, `stderr`.
    Piped,
    /// The child writes where its parent writes, or reads from what its parent reads.
    Inherit,
}

type Execute = fn(&str, &sys::Options) -> Result<sys::Child, sys::Error>;

/// A process about to be started. Its stdin is empty, and it writes where its parent writes,
/// unless told otherwise.
#[derive(Clone)]
pub struct Command {
    /// A command of a runtime, run as oneself. How it is started is named here alone, so that a component that
    /// executes none does not import what does.
    executed: Option<(String, Execute)>,
    options: sys::Options,
}

impl Command {
    /// Another installed plugin.
    pub fn plugin(name: impl Into<String>) -> Self {
        Self::of(Some(name.into()))
    }

    /// This component again.
    #[must_use]
    pub fn this() -> Self {
        Self::of(None)
    }

    /// A command of an installed runtime (`python`, `jq`, `ls`), run as this process itself: under its name,
    /// rights and folders. Needs the right to it (`exec`).
    pub fn exec(command: impl Into<String>) -> Self {
        Self { executed: Some((command.into(), exec::start)), ..Self::of(None) }
    }

    fn of(plugin: Option<String>) -> Self {
        let options = sys::Options {
            plugin,
            arguments: Vec::new(),
            environment: Vec::new(),
            directory: None,
            stdin: sys::Stdio::Null,
            stdout: sys::Stdio::Inherit,
            stderr: sys::Stdio::Inherit,
            grants: None,
            fuel: None,
            memory: None,
            tokens: None,
            money: None,
            nice: 0,
        };
        Self { executed: None, options }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.options.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        let arguments = arguments.into_iter().map(Into::into);
        self.options.arguments.extend(arguments);
        self
    }

    /// Sets an environment variable. The child sees no others.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.environment.push((name.into(), value.into()));
        self
    }

    /// The working directory, by which relative paths are read; otherwise this process's own.
    #[must_use]
    pub fn directory(mut self, path: impl Into<String>) -> Self {
        self.options.directory = Some(path.into());
        self
    }

    /// Grants the child a right, as `holm grant` spells it (`fs=./data:ro`); it must lie within
    /// this process's own. The first grant replaces the default, which passes on all.
    #[must_use]
    pub fn grant(mut self, grant: impl Into<String>) -> Self {
        self.options.grants.get_or_insert_with(Vec::new).push(grant.into());
        self
    }

    /// Grants the child nothing, but for what [`grant`](Self::grant) adds afterwards.
    #[must_use]
    pub fn no_grants(mut self) -> Self {
        self.options.grants = Some(Vec::new());
        self
    }

    /// Fuel, carved out of this process's account; otherwise half of what is left.
    /// What the child leaves comes back at its end.
    #[must_use]
    pub fn fuel(mut self, fuel: u64) -> Self {
        self.options.fuel = Some(fuel);
        self
    }

    /// Bytes of memory, at most this process's own limit.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.options.memory = Some(bytes);
        self
    }

    /// Tokens of models, for it and its children, at most what this process has left.
    #[must_use]
    pub fn tokens(mut self, tokens: u64) -> Self {
        self.options.tokens = Some(tokens);
        self
    }

    /// Millionths of a US dollar that models may cost it and its children, at most what this process has left.
    #[must_use]
    pub fn money(mut self, money: u64) -> Self {
        self.options.money = Some(money);
        self
    }

    /// Added to this process's nice, 0 to 19.
    #[must_use]
    pub fn nice(mut self, nice: u8) -> Self {
        self.options.nice = nice;
        self
    }

    /// Where its stdin comes from.
    #[must_use]
    pub fn stdin(mut self, stdio: Stdio) -> Self {
        self.options.stdin = stdio.into();
        self
    }

    /// Where its stdout goes.
    #[must_use]
    pub fn stdout(mut self, stdio: Stdio) -> Self {
        self.options.stdout = stdio.into();
        self
    }

    /// Where its stderr goes.
    #[must_use]
    pub fn stderr(mut self, stdio: Stdio) -> Self {
        self.options.stderr = stdio.into();
        self
    }

    /// Starts the process.
    ///
    /// # Errors
    /// Denied (`spawn` or `exec`, or a grant that this process lacks), quota (children, depth, fuel,
    /// processes), not found, invalid.
    pub fn start(&self) -> Result<Child> {
        Ok(Child(match &self.executed {
            Some((command, start)) => start(command, &self.options)?,
            None => sys::Child::start(&self.options)?,
        }))
    }

    /// Starts the process, collects what it writes to stdout, and waits for its end.
    ///
    /// # Errors
    /// As [`start`](Self::start); cancelled; io.
    pub fn output(self) -> Result<Output> {
        let child = self.stdout(Stdio::Piped).start()?;
        let mut stdout = Vec::new();
        if let Some(mut reader) = child.stdout()? {
            reader.read_to_end(&mut stdout).map_err(|error| Error::Io(error.to_string()))?;
        }
        let exit = child.wait()?;
        Ok(Output { exit, stdout })
    }
}

/// What a process did; see [`Command::output`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote.
    pub stdout: Vec<u8>,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl From<Stdio> for sys::Stdio {
    fn from(stdio: Stdio) -> Self {
        match stdio {
            Stdio::Null => Self::Null,
            Stdio::Piped => Self::Piped,
            Stdio::Inherit => Self::Inherit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[test]
    fn grants_replace_the_default() {
        let command = Command::plugin("jq").arg("a").args(["b", "c"]);
        assert_eq!(command.options.grants, None);
        assert_eq!(command.options.arguments, ["a", "b", "c"]);
        let command = command.grant("fs=./a:ro").grant("fs=./b:ro");
        assert_eq!(command.options.grants, Some(vec!["fs=./a:ro".to_owned(), "fs=./b:ro".to_owned()]));
        assert_eq!(command.no_grants().options.grants, Some(vec![]));
    }
}
