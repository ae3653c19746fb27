//! What `find` prints: passed on, but for the marks in it.

use crate::commands::{Commands, MARK};
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

/// Bytes of a mark that does not end: none of ours is as long.
const LONGEST: usize = 64 << 10;

pub(crate) struct Output {
    commands: Rc<RefCell<Commands>>,
    /// What is to be printed before the next command runs.
    plain: Vec<u8>,
    /// A mark of which the end has not come.
    mark: Option<Vec<u8>>,
    has_commands: bool,
}

impl Output {
    pub(crate) fn new(commands: Rc<RefCell<Commands>>) -> Self {
        let has_commands = !commands.borrow().is_empty();
        Self { commands, plain: Vec::new(), mark: None, has_commands }
    }

    fn byte(&mut self, byte: u8) -> io::Result<()> {
        match (&mut self.mark, byte) {
            (None, MARK) => self.mark = Some(Vec::new()),
            (None, byte) => self.plain.push(byte),
            (Some(mark), MARK) if mark.contains(&MARK) => {
                let mark = std::mem::take(mark);
                self.mark = None;
                self.pass_on()?;
                let text = String::from_utf8_lossy(&mark).into_owned();
                // The colon is there since a digit would be read as part of the byte before it.
                if let Some((number, path)) = text.trim_start_matches(':').split_once('\0')
                    && let Ok(number) = number.parse()
                {
                    self.commands.borrow_mut().found(number, path.to_owned());
                }
            }
            (Some(mark), byte) if mark.len() < LONGEST => mark.push(byte),
            (Some(_), _) => return Err(io::Error::other("a path is too long")),
        }
        Ok(())
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(&self.plain)?;
        self.plain.clear();
        stdout.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.has_commands {
            // `-print0` prints such bytes too: they are marks only where there are commands.
            true => bytes.iter().try_for_each(|byte| self.byte(*byte))?,
            false => self.plain.extend_from_slice(bytes),
        }
        if self.plain.len() > 16 << 10 {
            self.pass_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()
    }
}
