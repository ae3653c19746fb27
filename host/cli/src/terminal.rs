//! The terminal device itself, for questions: what a guest prints or a pipe feeds cannot answer them.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use rustix::termios::QueueSelector;

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
        let answer = self.ask_alone(question, choices, otherwise);
        drop(guard);
        ASKING.store(false, SeqCst);
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
            let given = line.trim().to_lowercase();
            if given.is_empty() {
                return Ok(otherwise);
            }
            let meant =
                |name: &str| given == name || name.strip_prefix(|_: char| true).is_some() && name.starts_with(&given);
            match choices.iter().find(|(name, _)| meant(name)) {
                Some((_, choice)) => return Ok(*choice),
                None => writeln!(terminal, "please answer one of {}", names.join(", "))?,
            }
        }
    }

    /// Asks for a yes.
    pub(crate) fn confirm(&self, question: &str) -> io::Result<bool> {
        self.ask(question, &[("yes", true), ("no", false)], false)
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
