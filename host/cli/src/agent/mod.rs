//! Talking with an agent: a plugin that speaks the protocol of `holm::agent` on its standard streams.
//!
//! Lines of JSON, both ways: [`protocol`] has their forms, [`view`] shows them to a person.

pub(crate) mod prompt;
pub(crate) mod protocol;
pub(crate) mod view;

use std::time::Duration;

use holm_adapters::control::{Request, Run};
use holm_kernel::account::Money;
use tokio::sync::{mpsc, oneshot};

use crate::{
    commands::TermArguments,
    conversation::{Conversation, End, Interrupt, Stdin, Stdout},
    denial::Denials,
    error::{CommandError, Result},
    session::{Session, directory, meant_path, target},
};
use protocol::{Command, Event, Lines};

/// Pieces that wait between the agent and who shows them: beyond, the agent waits.
const WAITING: usize = 64;

/// Which agent, and how it is run.
#[derive(clap::Args)]
pub(crate) struct AgentArguments {
    /// The agent: an installed plugin that speaks the protocol of `holm::agent`
    #[arg(long, value_name = "PLUGIN|PATH", default_value = "agent")]
    agent: String,
    /// The model it thinks with, one of `holm model list`
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// What it is told before all else
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Replies of the model at most, for one task
    #[arg(long, value_name = "NUMBER")]
    max_steps: Option<u32>,
    /// Tokens it may spend at most, for one task
    #[arg(long, value_name = "NUMBER")]
    max_tokens: Option<u64>,
    /// US dollars that it may cost at most, for one task, like 0.25
    #[arg(long, value_name = "DOLLARS")]
    max_cost: Option<Money>,
    /// How long it may take at most, for one task, like 90s or 5m; what is under way then is cut off
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    max_time: Option<Duration>,
    /// Sub-agents at once; 0 for none
    #[arg(long, value_name = "NUMBER")]
    sub_agents: Option<u32>,
    #[command(flatten)]
    terms: TermArguments,
    #[arg(skip)]
    one_task: bool,
}

/// An agent that runs. Dropping it ends its standard input.
pub(crate) struct Agent {
    commands: mpsc::Sender<Vec<u8>>,
    pieces: mpsc::Receiver<Vec<u8>>,
    lines: Lines,
    /// Each Ctrl-C.
    interrupts: mpsc::Receiver<()>,
    started: oneshot::Receiver<()>,
}

impl AgentArguments {
    /// Starts the agent and talks with it until the talk is over and the agent has ended.
    ///
    /// # Errors
    /// It does not start, or the talk fails.
    pub(crate) async fn talk<T>(
        self,
        session: &Session,
        talk: impl AsyncFnOnce(Agent) -> Result<T>,
    ) -> Result<(T, End)> {
        let given = self.agent.clone();
        let wanted = target(&given)?;
        let run_arguments = self.run_arguments();
        let spends = self.one_task.then_some((self.max_tokens, self.max_cost));
        let (mut terms, terminal) = self.terms.settle()?;
        (terms.tokens, terms.money) = spends.unwrap_or_default();
        let run = Run {
            target: wanted.clone(),
            arguments: run_arguments,
            environment: Vec::new(),
            detach: false,
            record: false,
            terms,
        };
        let mut connection = session.connect().await?;
        connection.send(&Request::Run(run)).await?;
        let (commands, stdin) = mpsc::channel(WAITING);
        let (stdout, pieces) = mpsc::channel(WAITING);
        let (interrupt, interrupts) = mpsc::channel(1);
        let (tell, started) = oneshot::channel();
        let conversation = Conversation {
            started: Some(tell),
            stdout: Stdout::Pieces(stdout),
            interrupt: Interrupt::Pass(interrupt),
            ..Conversation::new(Denials::new(&given, wanted.clone(), directory()?), terminal, Stdin::Pieces(stdin))
        };
        let agent = Agent { commands, pieces, lines: Lines::default(), interrupts, started };
        let follow = async {
            conversation.follow(connection).await.map_err(|error| {
                let missing = error.code == crate::error::NOT_FOUND;
                let error = meant_path(&given, &wanted, error);
                match missing && given == "agent" {
                    true => error.hint("the README's section on agents installs the one that comes with Holm"),
                    false => error,
                }
            })
        };
        let (said, end) = tokio::join!(talk(agent), follow);
        // Why it did not start says more than that it said nothing.
        let end = end?;
        Ok((said?, end))
    }

    /// It runs for one task alone: whatever agent it is, the kernel holds it to the task's tokens and money.
    pub(crate) fn for_one_task(self) -> Self {
        Self { one_task: true, ..self }
    }

    /// Whether its end is to be followed by what it used.
    pub(crate) fn says_usage(&self) -> bool {
        self.terms.usage
    }

    fn run_arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--protocol".to_owned()];
        let mut option = |name: &str, value: Option<String>| {
            arguments.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        };
        option("--model", self.model.clone());
        option("--system", self.system.clone());
        option("--max-steps", self.max_steps.map(|steps| steps.to_string()));
        option("--max-tokens", self.max_tokens.map(|tokens| tokens.to_string()));
        option("--max-cost", self.max_cost.map(|cost| cost.to_string()));
        option("--max-time", self.max_time.map(|time| time.as_secs_f64().to_string()));
        option("--sub-agents", self.sub_agents.map(|count| count.to_string()));
        arguments
    }
}

impl Agent {
    /// Waits until its process runs. False: it never did.
    pub(crate) async fn runs(&mut self) -> bool {
        (&mut self.started).await.is_ok()
    }

    /// Tells it something.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) async fn tell(&self, command: &Command) -> Result<()> {
        let mut line = serde_json::to_vec(command).map_err(CommandError::internal)?;
        line.push(b'\n');
        self.commands.send(line).await.map_err(|_| gone())
    }

    /// What happens next. What is no event is passed over.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            if let Some(event) = self.lines.event() {
                return Heard::Event(event);
            }
            tokio::select! {
                piece = self.pieces.recv() => match piece {
                    Some(piece) => self.lines.take(&piece),
                    None => return Heard::End,
                },
                Some(()) = self.interrupts.recv() => return Heard::Interrupt,
            }
        }
    }

    /// Forgets a Ctrl-C that was not meant for what begins now.
    pub(crate) fn begin(&mut self) {
        while self.interrupts.try_recv().is_ok() {}
    }

    /// The next Ctrl-C ends the process.
    pub(crate) fn last_interrupt(&mut self) {
        self.interrupts.close();
    }
}

/// What happens in a talk with an agent.
pub(crate) enum Heard {
    /// It says something.
    Event(Event),
    /// The user pressed Ctrl-C.
    Interrupt,
    /// It has ended.
    End,
}

fn gone() -> CommandError {
    CommandError::new(crate::error::GUEST, "the agent has ended")
}
