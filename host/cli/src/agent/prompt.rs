//! What the user types: tasks, and words to the task under way.

use std::{
    io::{BufRead, IsTerminal},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustyline::{Config, DefaultEditor, error::ReadlineError};
use tokio::sync::{mpsc, oneshot};

use crate::{
    error::{CommandError, Result},
    terminal::{self, Quiet},
    ui,
};

/// How long it is looked for a key before it is looked whether anybody still wants one.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
const NO_TIME: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Reads with a line editor from a terminal, line by line from a pipe.
pub(crate) struct Prompt {
    wants: mpsc::Sender<Want>,
    pub(crate) terminal: bool,
    /// To the end of the conversation: a key that is pressed between two lines is one of the next, Ctrl-D too.
    _quiet: Option<Quiet>,
}

/// What is to be read.
enum Want {
    /// The next task; none at the end.
    Task(oneshot::Sender<Result<Option<String>>>),
    /// Nothing yet: a key is pressed, and stays to be read.
    Key(oneshot::Sender<()>),
    /// The line that the key begins.
    Word(oneshot::Sender<Result<Word>>),
}

/// What was typed while the agent works.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// This, to the agent.
    Said(String),
    /// Nothing, or nothing any more.
    Nothing,
    /// Ctrl-C.
    Interrupt,
    /// `/quit`.
    Quit,
    /// Ctrl-D.
    End,
}

impl Prompt {
    /// A thread of its own: it may wait for ever for somebody to type.
    ///
    /// # Errors
    /// The terminal cannot be read from.
    pub(crate) fn start(history: PathBuf) -> Result<Self> {
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let (wants, mut wanted) = mpsc::channel(1);
        let mut editor = terminal.then(|| editor(&history)).transpose()?;
        std::thread::spawn(move || {
            while let Some(want) = wanted.blocking_recv() {
                // Who asked may have what it waited for by now.
                match (want, &mut editor) {
                    (Want::Task(answer), Some(editor)) => drop(answer.send(edited(editor, &history))),
                    (Want::Task(answer), None) => drop(answer.send(piped())),
                    (Want::Key(answer), _) => watch(answer),
                    (Want::Word(answer), Some(editor)) => drop(answer.send(word(editor))),
                    (Want::Word(answer), None) => drop(answer.send(Ok(Word::Nothing))),
                }
            }
        });
        Ok(Self { wants, terminal, _quiet: terminal.then(Quiet::start).flatten() })
    }

    /// The next task; none at the end.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) async fn task(&self) -> Result<Option<String>> {
        let (answer, line) = oneshot::channel();
        // Where the thread is gone, there is nothing more.
        let _ = self.wants.send(Want::Task(answer)).await;
        line.await.unwrap_or(Ok(None))
    }

    /// Looks for keys that are pressed from now on.
    pub(crate) fn listen(&self) -> Keys<'_> {
        Keys { prompt: self, key: None }
    }
}

/// The keyboard, while the agent works.
pub(crate) struct Keys<'a> {
    prompt: &'a Prompt,
    key: Option<oneshot::Receiver<()>>,
}

impl Keys<'_> {
    /// Waits for a key. May be let go of and called again.
    pub(crate) async fn pressed(&mut self) {
        if !self.prompt.terminal {
            return std::future::pending().await;
        }
        if self.key.is_none() {
            let (answer, key) = oneshot::channel();
            let _ = self.prompt.wants.send(Want::Key(answer)).await;
            self.key = Some(key);
        }
        if let Some(key) = &mut self.key
            && key.await.is_err()
        {
            return std::future::pending().await;
        }
        self.key = None;
    }

    /// Reads the line that was begun. Nothing else may be shown meanwhile.
    ///
    /// # Errors
    /// The terminal fails.
    pub(crate) fn word(&self) -> impl Future<Output = Result<Word>> + use<> {
        let wants = self.prompt.wants.clone();
        async move {
            let (answer, word) = oneshot::channel();
            let _ = wants.send(Want::Word(answer)).await;
            word.await.unwrap_or(Ok(Word::Nothing))
        }
    }
}

fn editor(history: &Path) -> Result<DefaultEditor> {
    let config = Config::builder().auto_add_history(true).build();
    let mut editor = DefaultEditor::with_config(config).map_err(CommandError::internal)?;
    // There may be none yet.
    let _ = editor.load_history(history);
    Ok(editor)
}

fn edited(editor: &mut DefaultEditor, history: &Path) -> Result<Option<String>> {
    loop {
        match editor.readline("> ") {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) if line.trim() == "/quit" => return Ok(None),
            Ok(line) => {
                // A history that cannot be kept is no reason to stop.
                let _ = private(history).map(|_| editor.save_history(history));
                return Ok(Some(line));
            }
            Err(ReadlineError::Interrupted) => ui::talk(ui::dim("Ctrl-D ends the conversation")),
            Err(ReadlineError::Eof) => return Ok(None),
            Err(error) => return Err(CommandError::internal(error)),
        }
    }
}

fn piped() -> Result<Option<String>> {
    loop {
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) => return Ok(None),
            Ok(_) if line.trim().is_empty() => {}
            Ok(_) => return Ok(Some(line.trim_end().to_owned())),
            Err(error) => return Err(CommandError::usage(format!("standard input: {error}"))),
        }
    }
}

fn typed(within: &Timespec) -> bool {
    matches!(poll(&mut [PollFd::new(&std::io::stdin(), PollFlags::IN)], Some(within)), Ok(1..))
}

/// Answers once a key is there, or nobody wants to know any more.
fn watch(answer: oneshot::Sender<()>) {
    while !answer.is_closed() {
        if terminal::is_asking() {
            // What is typed is the answer to a question.
            std::thread::sleep(Duration::from_millis(20));
        } else if typed(&GLANCE) {
            let _ = answer.send(());
            return;
        }
    }
}

fn word(editor: &mut DefaultEditor) -> Result<Word> {
    let _guard = terminal::reading();
    // A question may have come first, and taken the key.
    if !typed(&NO_TIME) {
        return Ok(Word::Nothing);
    }
    match editor.readline("+ ") {
        Ok(line) if line.trim().is_empty() => Ok(Word::Nothing),
        Ok(line) if line.trim() == "/quit" => Ok(Word::Quit),
        Ok(line) => Ok(Word::Said(line)),
        Err(ReadlineError::Interrupted) => Ok(Word::Interrupt),
        Err(ReadlineError::Eof) => Ok(Word::End),
        Err(error) => Err(CommandError::internal(error)),
    }
}

/// A file that its owner alone reads: what is said to an agent is nobody else's.
pub(crate) fn private(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}
