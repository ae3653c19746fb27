//! `holm ask`: one task for an agent, for a person or a pipe.

use std::{
    io::{IsTerminal, Read},
    time::Duration,
};

use holm_kernel::Exit;

use crate::{
    agent::{
        Agent, AgentArguments, Heard,
        protocol::{Command, Event},
        view::{self, View, gave_up},
    },
    conversation::{End, conclude, usage},
    error::{CommandError, GUEST, Result},
    session::Session,
    ui,
};

/// Bytes of standard input that a task may come with.
const INPUT_BYTES: u64 = 1 << 20;

/// How long standard input may stay open before it is said that it is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Give an agent a task; what is piped in comes with it
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The task
    #[arg(required = true)]
    task: Vec<String>,
    #[command(flatten)]
    agent: AgentArguments,
    /// Print all it says as lines of JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let task = task(self.task.join(" "))?;
        let says_usage = self.agent.says_usage();
        let json = self.json;
        let talk = async |mut agent: Agent| {
            // It may have failed to start, which its end says better.
            let _ = agent.tell(&Command::Message(task)).await;
            let mut view = View::new();
            let mut interrupted = false;
            loop {
                let event = match agent.next().await {
                    Heard::Event(event) => event,
                    Heard::End => return Ok((interrupted, None)),
                    Heard::Interrupt => {
                        interrupted = true;
                        let _ = agent.tell(&Command::Interrupt(true)).await;
                        agent.last_interrupt();
                        continue;
                    }
                };
                if json {
                    ui::data(serde_json::to_string(&event).map_err(CommandError::internal)?)?;
                } else if !matches!(event, Event::Error { .. }) {
                    view.show(&event)?;
                }
                match event {
                    Event::Error { kind, message } => {
                        view.fresh_line();
                        return Ok((interrupted, Some(Err(gave_up(&kind, &message)))));
                    }
                    Event::Answer { outcome, .. } => return Ok((interrupted, Some(view::conclude(&outcome)))),
                    _ => {}
                }
            }
        };
        let ((interrupted, outcome), end) = self.agent.for_one_task().talk(session, talk).await?;
        let End::Exited(exit) = end else {
            return Err(CommandError::internal("the kernel answered a run as a call"));
        };
        if json {
            ui::data(serde_json::to_string(&ended(&exit)).map_err(CommandError::internal)?)?;
        }
        if says_usage {
            ui::talk(ui::dim(usage(&exit)));
        }
        match outcome {
            // It may have answered while Ctrl-C was on its way.
            _ if interrupted => view::conclude("interrupted"),
            Some(outcome) => conclude("the agent", &exit.status).and(outcome),
            None => conclude("the agent", &exit.status).and(Err(CommandError::new(GUEST, "the agent did not answer"))),
        }
    }
}

/// The last line of JSON: what the whole run used, sub-agents and tools included, and how long its calls of
/// models waited and took.
fn ended(exit: &Exit) -> serde_json::Value {
    serde_json::json!({
        "event": "exit",
        "status": exit.status.to_string(),
        "seconds": exit.wall.as_secs_f64(),
        "fuel": exit.fuel,
        "syscalls": exit.syscalls,
        "model_calls": exit.model_calls,
        "tokens": exit.tokens,
        "cost": exit.money.0,
        "waiting": exit.latency.waiting,
        "turnaround": exit.latency.turnaround,
    })
}

/// The task, with what is piped in.
fn task(words: String) -> Result<String> {
    if std::io::stdin().is_terminal() {
        return Ok(words);
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut piped = Vec::new();
        let read = std::io::stdin().lock().take(INPUT_BYTES + 1).read_to_end(&mut piped);
        // Nobody receives where the command is over.
        let _ = sender.send(read.map(|_| piped));
    });
    let read = receiver.recv_timeout(PATIENCE).or_else(|_| {
        ui::talk("holm: waiting for the end of standard input, which comes with the task; `</dev/null` gives none");
        receiver.recv()
    });
    let piped = read.map_err(CommandError::internal)?.map_err(CommandError::internal)?;
    if piped.len() as u64 > INPUT_BYTES {
        let error = CommandError::usage("what is piped in has more than 1 MiB");
        return Err(error.hint("grant the agent's tools the file instead, and name it in the task"));
    }
    let piped = String::from_utf8(piped).map_err(|_| CommandError::usage("what is piped in is not UTF-8 text"))?;
    match piped.trim().is_empty() {
        true => Ok(words),
        false => Ok(format!("{words}\n\n{piped}")),
    }
}
