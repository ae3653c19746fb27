//! `holm chat`: a conversation with an agent, turn by turn.

use std::{
    collections::VecDeque,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use holm_packages::printable;

use crate::{
    agent::{
        Agent, AgentArguments, Heard,
        prompt::{Keys, Prompt, Word, private},
        protocol::{self, Command, Event},
        view::{self, View},
    },
    conversation::{End, conclude, usage},
    error::{CommandError, GUEST, INTERRUPTED, Result},
    session::Session,
    terminal, ui,
};

/// Turns of an earlier conversation that are told again. Stops one that grew for months.
const TURNS: usize = 400;
/// Events that wait while a line is typed; then the agent waits too.
const LATER: usize = 10_000;
/// How often it is looked whether a question is answered.
const GLANCE: Duration = Duration::from_millis(20);

/// Talk with an agent
///
/// Type a task and Enter; Ctrl-C stops what is under way, Ctrl-D or `/quit` ends the conversation: Ctrl-D
/// once the task under way is done, `/quit` at once. What you type while the agent works is told to it
/// before its next step; what comes too late for that is the next task.
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
    prompt: Prompt,
    turns: Vec<protocol::Turn>,
    kept: Option<PathBuf>,
) -> Result<Option<CommandError>> {
    if !agent.runs().await {
        // Its end says why.
        return Ok(None);
    }
    let mut failed = None;
    if prompt.terminal {
        ui::talk(ui::dim(
            "Ctrl-C stops what is under way, what you type meanwhile is told to it, Ctrl-D ends the conversation",
        ));
    }
    for turn in &turns {
        let mark = if turn.role == "user" { "> " } else { "" };
        ui::talk(ui::dim(format_args!("{mark}{}", printable(&turn.text))));
    }
    if !turns.is_empty() {
        // It may have failed to start, which its end says better: so below.
        let _ = agent.tell(&Command::History(turns)).await;
    }
    // Words that the agent did not hear during its task: the next tasks, which it has been told already.
    let mut unheard: VecDeque<String> = VecDeque::new();
    let mut quit = false;
    while !quit {
        let task = match unheard.pop_front() {
            Some(task) => {
                ui::talk(ui::dim(format_args!("> {}", printable(&task))));
                task
            }
            None => {
                let Some(task) = prompt.task().await? else { break };
                let _ = agent.tell(&Command::Message(task.clone())).await;
                agent.begin();
                task
            }
        };
        let turn = Turn { agent: &mut agent, keys: prompt.listen(), unheard: &mut unheard, quit: &mut quit };
        let (answer, end) = turn.run().await?;
        if let Err(error) = end {
            // Who pressed Ctrl-C knows.
            if error.code != INTERRUPTED || !prompt.terminal {
                ui::report(&error);
            }
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

/// One task under way.
struct Turn<'a> {
    agent: &'a mut Agent,
    keys: Keys<'a>,
    unheard: &'a mut VecDeque<String>,
    quit: &'a mut bool,
}

impl Turn<'_> {
    /// Shows it, and hears what is typed meanwhile. Its answer, or none once the agent has ended; and
    /// whether its task is finished.
    async fn run(mut self) -> Result<(Option<String>, Result<()>)> {
        let mut view = View::new();
        let mut stopping = false;
        // What happened while a line was typed.
        let mut later = VecDeque::new();
        loop {
            let heard = match later.pop_front() {
                Some(heard) => heard,
                None => tokio::select! {
                    heard = self.agent.next() => heard,
                    () = self.keys.pressed() => {
                        view.fresh_line();
                        self.word(&mut later).await?;
                        continue;
                    }
                },
            };
            let event = match heard {
                Heard::Event(event) => event,
                Heard::End => return Ok((None, Ok(()))),
                Heard::Interrupt if stopping => return Err(CommandError::silent(INTERRUPTED)),
                Heard::Interrupt => {
                    stopping = true;
                    view.fresh_line();
                    let again = if *self.quit { "" } else { "; Ctrl-C again ends the conversation" };
                    ui::talk(ui::dim(format_args!("stopping{again}")));
                    let _ = self.agent.tell(&Command::Interrupt(true)).await;
                    continue;
                }
            };
            if let Event::Heard { text } = &event
                && let Some(at) = self.unheard.iter().position(|word| word == text)
            {
                self.unheard.remove(at);
            }
            // Nothing is shown between a question and its answer.
            while terminal::is_asking() {
                tokio::time::sleep(GLANCE).await;
            }
            match (view.show(&event), event) {
                (Ok(true), Event::Answer { text, outcome, .. }) => return Ok((Some(text), view::conclude(&outcome))),
                (Ok(_), _) => {}
                // A task that failed is not the end of the conversation.
                (Err(error), Event::Error { .. }) => return Ok((Some(String::new()), Err(error))),
                (Err(error), _) => return Err(error),
            }
        }
    }

    /// Hears a word to the end of its line. What happens meanwhile is shown later.
    async fn word(&mut self, later: &mut VecDeque<Heard>) -> Result<()> {
        let _hold = ui::hold();
        let word = self.keys.word();
        tokio::pin!(word);
        let word = loop {
            tokio::select! {
                word = &mut word => break word?,
                heard = self.agent.next(), if later.len() < LATER => later.push_back(heard),
            }
        };
        match word {
            Word::Nothing => {}
            Word::Said(text) => {
                let _ = self.agent.tell(&Command::Message(text.clone())).await;
                self.unheard.push_back(text);
            }
            Word::Interrupt => later.push_front(Heard::Interrupt),
            Word::Quit => {
                *self.quit = true;
                later.push_front(Heard::Interrupt);
            }
            Word::End => {
                *self.quit = true;
                ui::talk(ui::dim("the conversation ends with this task"));
            }
        }
        Ok(())
    }
}

/// The last turns of a kept conversation; none if there is none.
fn read(path: &Path) -> Result<Vec<protocol::Turn>> {
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
        let turn = protocol::Turn { role: (*role).to_owned(), text: (*text).to_owned() };
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
