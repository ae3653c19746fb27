//! The terminal device itself, for questions: what a guest prints or a pipe feeds cannot answer them.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use parking_lot::Mutex as Lock;
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios, tcgetattr, tcsetattr};

/// Held by whoever reads from the terminal: the answer to a question is not the guest's input.
static READING: Mutex<()> = Mutex::new(());
static ASKING: AtomicBool = AtomicBool::new(false);

/// The terminal that this process was started from.
pub(crate) struct Terminal(File);

impl Terminal {
    /// Opens it. There is none in pipelines of a service, in cron jobs and in most tests.
    pub(crate) fn open() -> Option<Self> {
        OpenOptions::new().read(true).write(true).open("/dev/tty").ok().map(Self)
    }

    /// Asks until one of the choices is given; `otherwise` is meant by an empty line and by the end
    /// of input. A choice is given by its first letter, or in full. What was typed before the
    /// question is thrown away: it was not meant as its answer.
    pub(crate) fn ask<T: Copy>(&self, question: &str, choices: &[(&str, T)], otherwise: T) -> io::Result<T> {
        ASKING.store(true, SeqCst);
        let guard = reading();
        let answer = self.shown(|| self.ask_alone(question, choices, otherwise));
        drop(guard);
        ASKING.store(false, SeqCst);
        answer
    }

    /// What is typed is shown and comes in lines, also where the terminal is quiet otherwise.
    fn shown<T>(&self, ask: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let before = tcgetattr(&self.0)?;
        let mut shown = before.clone();
        shown.local_modes |= SHOWN;
        tcsetattr(&self.0, OptionalActions::Drain, &shown)?;
        let answer = ask();
        tcsetattr(&self.0, OptionalActions::Drain, &before)?;
        answer
    }

    fn ask_alone<T: Copy>(&self, question: &str, choices: &[(&str, T)], otherwise: T) -> io::Result<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let mut terminal = &self.0;
        let mut lines = BufReader::new(&self.0);
        loop {
            rustix::termios::tcflush(&self.0, QueueSelector::IFlush)?;
            write!(terminal, "{question} [{}] ", names.join("/"))?;
            terminal.flush()?;
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                writeln!(terminal)?;
                return Ok(otherwise);
            }
            if line.trim().is_empty() {
                return Ok(otherwise);
            }
            match meant(&line, choices) {
                Some(choice) => return Ok(choice),
                None => writeln!(terminal, "please answer one of {}", names.join(", "))?,
            }
        }
    }

    /// Asks for a line; none at the end of input. What was typed before is thrown away.
    pub(crate) fn line(&self, question: &str) -> io::Result<Option<String>> {
        ASKING.store(true, SeqCst);
        let guard = reading();
        let line = self.shown(|| {
            rustix::termios::tcflush(&self.0, QueueSelector::IFlush)?;
            write!(&self.0, "{question}")?;
            let mut line = String::new();
            let read = BufReader::new(&self.0).read_line(&mut line)?;
            Ok((read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
        });
        drop(guard);
        ASKING.store(false, SeqCst);
        line
    }

    /// Its columns; what it does not say is few.
    pub(crate) fn width(&self) -> usize {
        let size = rustix::termios::tcgetwinsize(&self.0);
        size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(80)
    }

    /// Shows something that belongs to a question.
    pub(crate) fn tell(&self, text: &str) -> io::Result<()> {
        writeln!(&self.0, "{text}")
    }

    /// Asks for a line that is not shown while it is typed.
    pub(crate) fn unseen(&self, question: &str) -> io::Result<String> {
        let _guard = reading();
        let shown = rustix::termios::tcgetattr(&self.0)?;
        let mut unseen = shown.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        unseen.local_modes.insert(LocalModes::ECHONL);
        let mut terminal = &self.0;
        write!(terminal, "{question}")?;
        terminal.flush()?;
        rustix::termios::tcsetattr(&self.0, OptionalActions::Flush, &unseen)?;
        let mut line = String::new();
        let read = BufReader::new(&self.0).read_line(&mut line);
        rustix::termios::tcsetattr(&self.0, OptionalActions::Now, &shown)?;
        read?;
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Asks for a yes.
    pub(crate) fn confirm(&self, question: &str) -> io::Result<bool> {
        self.ask(question, &[("yes", true), ("no", false)], false)
    }
}

/// What a terminal does with keys by itself: shows them, and hands on whole lines.
const SHOWN: LocalModes = LocalModes::ICANON.union(LocalModes::ECHO);

/// How the terminal was before it was made quiet.
static BEFORE: Lock<Option<Termios>> = Lock::new(None);

/// As long as it lives, the terminal shows nothing that is typed. Ctrl-C works as ever.
pub(crate) struct Quiet(());

impl Quiet {
    /// Makes the terminal quiet; none if it cannot be.
    pub(crate) fn start() -> Option<Self> {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes -= SHOWN;
        *BEFORE.lock() = Some(before);
        tcsetattr(&stdin, OptionalActions::Drain, &quiet).ok()?;
        Some(Self(()))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        restore();
    }
}

/// Sets the terminal back to how it was. For who ends the command from within.
pub(crate) fn restore() {
    if let Some(before) = BEFORE.lock().take() {
        // There may be no terminal any more.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, &before);
    }
}

/// The choice that a line means: its first letters are enough where no other begins so.
fn meant<T: Copy>(line: &str, choices: &[(&str, T)]) -> Option<T> {
    let given = line.trim().to_lowercase();
    let mut found = choices.iter().filter(|(name, _)| !given.is_empty() && name.starts_with(&given));
    match (found.next(), found.next()) {
        (Some((_, choice)), None) => Some(*choice),
        _ => None,
    }
}

/// The right to read from the terminal.
pub(crate) fn reading() -> MutexGuard<'static, ()> {
    READING.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether a question is being asked: who reads for a guest stands back.
pub(crate) fn is_asking() -> bool {
    ASKING.load(SeqCst)
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn a_choice_is_meant_by_its_first_letters() {
        let choices = [("once", 1), ("always", 2), ("never", 3)];
        let given = ["o\n", " Always \n", "NEVER", "nev", "", "\n", "x", "onces", "\u{1b}[A"];
        let meant = given.map(|line| meant(line, &choices));
        assert_eq!(meant, [Some(1), Some(2), Some(3), Some(3), None, None, None, None, None]);
    }
}
