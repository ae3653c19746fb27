//! `holm top`: the processes as they live, and signals to them.

mod keys;
mod table;
mod view;

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use holm_adapters::control::{Intent, Reply, Request};
use holm_kernel::ProcessSnapshot;
use ratatui::{DefaultTerminal, crossterm::event};
use tokio::sync::mpsc;

use self::{
    keys::Does,
    table::{Table, Told},
};
use crate::{
    error::{CommandError, Result},
    session::{Session, answer, unexpected},
};

/// Watch the processes live; kill, stop and renice them
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// How often it looks
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = humantime::parse_duration)]
    every: Duration,
}

/// The shortest time between two looks.
const SHORTEST: Duration = Duration::from_millis(100);

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
            let error = CommandError::usage("`holm top` needs a terminal");
            return Err(error.hint("`holm ps --json` is for programs"));
        }
        // Before the screen is taken: whoever has no kernel reads why.
        let processes = look(session).await?;
        let every = self.every.max(SHORTEST);
        let mut terminal = ratatui::try_init().map_err(CommandError::internal)?;
        let done = watch(&mut terminal, session, processes, every).await;
        ratatui::restore();
        done
    }
}

/// Asks the kernel that runs; each question has a connection of its own.
async fn ask(session: &Session, request: &Request) -> Result<Reply> {
    let Some(mut kernel) = session.connect_if_running(Intent::Command).await? else {
        return Err(CommandError::usage("no kernel is running, and so no process").hint("`holm run` starts one"));
    };
    kernel.send(request).await?;
    answer(&mut kernel).await
}

async fn look(session: &Session) -> Result<Vec<ProcessSnapshot>> {
    match ask(session, &Request::Processes).await? {
        Reply::Processes(processes) => Ok(processes),
        reply => unexpected(&reply),
    }
}

async fn watch(
    terminal: &mut DefaultTerminal,
    session: &Session,
    processes: Vec<ProcessSnapshot>,
    every: Duration,
) -> Result<()> {
    let mut typed = events();
    let mut table = Table::default();
    table.update(processes, Instant::now());
    let mut tick = tokio::time::interval(every);
    loop {
        tokio::select! {
            _ = tick.tick() => table.update(look(session).await?, Instant::now()),
            event = typed.recv() => match event {
                None => return Ok(()),
                Some(event) => match keys::does(&event, &mut table) {
                    Does::Nothing => {}
                    Does::Leave => return Ok(()),
                    Does::Signal(pid, signal) => {
                        match ask(session, &Request::Signal { pids: vec![pid], signal }).await? {
                            Reply::Signalled(mut reached) => table.told(match reached.pop() {
                                Some(Err(failure)) => Told::Failed(failure.message),
                                _ => Told::Done(pid, signal),
                            }),
                            reply => return unexpected(&reply),
                        }
                        tick.reset_immediately();
                    }
                },
            },
        }
        terminal.draw(|frame| view::draw(frame, &mut table)).map_err(CommandError::internal)?;
    }
}

/// What is typed, as it comes. Ends with the terminal.
fn events() -> mpsc::Receiver<event::Event> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        while let Ok(event) = event::read()
            && sender.blocking_send(event).is_ok()
        {}
    });
    receiver
}
