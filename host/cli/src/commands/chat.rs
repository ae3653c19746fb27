//! `holm chat`: a conversation with an agent, turn by turn.

use std::{
    io::{BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
};

use holm_packages::printable;
use rustyline::{Config, DefaultEditor, error::ReadlineError};
use tokio::sync::{mpsc, oneshot};

use crate::{
    agent::{
        Agent, AgentArguments, Heard,
        protocol::{Command, Event, Turn},
        view::{self, View},
    },
    conversation::{End, conclude, usage},
    error::{CommandError, GUEST, INTERRUPTED, Result},
    session::Session,
    ui,
};

/// Turns of an earlier conversation that are told again. Stops one that grew for months.
const TURNS: usize = 400;

/// Talk with an agent
///
/// Type a task and Enter; Ctrl-C stops what is under way, Ctrl-D or `/quit` ends the conversation.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    agent: AgentArguments,
    /// Keep the conversation under this name, and go on with it if there is one
    #[arg(long, value_name = "NAME", value_parser = name)]
    session: Option<String>,
}

fn name(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match !text.is_empty() && text.len() <= 64 && text.bytes().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("use letters, digits, `-` and `_`, at most 64".to_owned()),
    }
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let home = session.open_home()?;
        let kept = self.session.map(|name| home.path().join("chats").join(format!("{name}.jsonl")));
        let turns = kept.as_deref().map_or_else(|| Ok(Vec::new()), read)?;
        let prompt = Prompt::start(home.path().join("chats").join("history"))?;
        let says_usage = self.agent.says_usage();
        let talk = async |agent: Agent| converse(agent, prompt, turns, kept).await;
        let (said, end) = self.agent.talk(session, talk).await?;
        let End::Exited(exit) = end else {
            return Err(CommandError::internal("the kernel answered a run as a call"));
        };
        if says_usage {
            ui::talk(ui::dim(usage(&exit)));
        }
        conclude("the agent", &exit.status)?;
        said.map_or(Ok(()), Err)
    }
}

/// The conversation. What it fails with: where nobody sits at it, that of the first task that was not finished.
async fn converse(
    mut agent: Agent,
    mut prompt: Prompt,
    turns: Vec<Turn>,
    kept: Option<PathBuf>,
) -> Result<Option<CommandError>> {
    if !agent.runs().await {
        // Its end says why.
        return Ok(None);
    }
    let mut failed = None;
    if prompt.terminal {
        ui::talk(ui::dim("Ctrl-C stops what is under way, Ctrl-D ends the conversation"));
    }
    for turn in &turns {
        let mark = if turn.role == "user" { "> " } else { "" };
        ui::talk(ui::dim(format_args!("{mark}{}", printable(&turn.text))));
    }
    if !turns.is_empty() {
        // It may have failed to start, which its end says better: so below.
        let _ = agent.tell(&Command::History(turns)).await;
    }
    while let Some(task) = prompt.next().await? {
        let _ = agent.tell(&Command::Message(task.clone())).await;
        agent.begin();
        let (answer, end) = turn(&mut agent).await?;
        if let Err(error) = end {
            ui::report(&error);
            failed = failed.or((!prompt.terminal).then(|| CommandError::silent(error.code)));
        }
        let Some(answer) = answer else {
            // Its end may say why.
            failed = failed.or_else(|| Some(CommandError::new(GUEST, "the agent did not answer")));
            break;
        };
        // A task that failed is not kept: it would be told again as if it were done.
        if let Some(path) = kept.as_ref().filter(|_| !answer.is_empty()) {
            write(path, &[("user", &task), ("assistant", &answer)])?;
        }
    }
    Ok(failed)
}

/// Shows one turn. Its answer, or none once the agent has ended; and whether its task is finished.
async fn turn(agent: &mut Agent) -> Result<(Option<String>, Result<()>)> {
    let mut view = View::new();
    let mut stopping = false;
    loop {
        let event = match agent.next().await {
            Heard::Event(event) => event,
            Heard::End => return Ok((None, Ok(()))),
            Heard::Interrupt if stopping => return Err(CommandError::silent(INTERRUPTED)),
            Heard::Interrupt => {
                stopping = true;
                ui::talk(ui::dim("stopping; Ctrl-C again ends the conversation"));
                let _ = agent.tell(&Command::Interrupt(true)).await;
                continue;
            }
        };
        match (view.show(&event), event) {
            (Ok(true), Event::Answer { text, outcome, .. }) => return Ok((Some(text), view::conclude(&outcome))),
            (Ok(_), _) => {}
            // A task that failed is not the end of the conversation.
            (Err(error), Event::Error { .. }) => return Ok((Some(String::new()), Err(error))),
            (Err(error), _) => return Err(error),
        }
    }
}

/// Reads tasks: with a line editor from a terminal, line by line from a pipe.
struct Prompt {
    wanted: mpsc::Sender<oneshot::Sender<Result<Option<String>>>>,
    terminal: bool,
}

impl Prompt {
    /// A thread of its own: it may wait for ever for somebody to type.
    fn start(history: PathBuf) -> Result<Self> {
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let (wanted, mut wants) = mpsc::channel::<oneshot::Sender<Result<Option<String>>>>(1);
        let mut editor = terminal.then(|| editor(&history)).transpose()?;
        std::thread::spawn(move || {
            while let Some(answer) = wants.blocking_recv() {
                let line = match &mut editor {
                    Some(editor) => edited(editor, &history),
                    None => piped(),
                };
                if answer.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { wanted, terminal })
    }

    /// The next task; none at the end.
    async fn next(&mut self) -> Result<Option<String>> {
        let (answer, line) = oneshot::channel();
        match self.wanted.send(answer).await {
            Ok(()) => line.await.unwrap_or(Ok(None)),
            Err(_) => Ok(None),
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

/// A file that its owner alone reads: what is said to an agent is nobody else's.
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// The last turns of a kept conversation; none if there is none.
fn read(path: &Path) -> Result<Vec<Turn>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(CommandError::internal(format!("`{}`: {error}", path.display()))),
    };
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    let last = lines.iter().skip(lines.len().saturating_sub(TURNS));
    let turns = last.map(|line| serde_json::from_str(line));
    turns.collect::<Result<_, _>>().map_err(|error| {
        CommandError::usage(format!("`{}` is no conversation: {error}", path.display()))
            .hint("move it away, or choose another --session")
    })
}

fn write(path: &Path, turns: &[(&str, &str)]) -> Result<()> {
    let failed = |error: std::io::Error| CommandError::internal(format!("`{}`: {error}", path.display()));
    let mut lines = String::new();
    for (role, text) in turns {
        let turn = Turn { role: (*role).to_owned(), text: (*text).to_owned() };
        lines.push_str(&serde_json::to_string(&turn).map_err(CommandError::internal)?);
        lines.push('\n');
    }
    // One write: two commands of one session do not tear each other's lines.
    private(path).and_then(|mut file| file.write_all(lines.as_bytes())).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_kept_for_its_owner_alone() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("chats/work.jsonl");
        assert!(read(&path).expect("none yet").is_empty());
        write(&path, &[("user", "two\nlines"), ("assistant", "ok")]).expect("kept");
        write(&path, &[("user", "again"), ("assistant", "")]).expect("kept");
        let turns = read(&path).expect("turns");
        assert_eq!(turns.len(), 4);
        assert_eq!(turns[0].text, "two\nlines");
        assert_eq!(std::fs::metadata(&path).expect("a file").mode() & 0o777, 0o600);
        std::fs::write(&path, "{\"role\":1}\n").expect("written");
        assert!(read(&path).expect_err("refused").message.contains("is no conversation"));
    }

    #[test]
    fn a_session_is_a_name_and_no_path() {
        assert!(name("work-2").is_ok());
        for wrong in ["", "../x", "a/b", "."] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
