//! A whole agent: its arguments, its streams, its exit code.

use super::{
    Agent, End, Limits,
    protocol::{Command, Event},
    system::Ears,
};
use crate::{Error, Result, llm};
use std::{io::Write, time::Duration};

const USAGE: &str = "agent [--model NAME] [--system TEXT] [--max-steps N] [--max-tokens N] [--max-cost DOLLARS] \
                     [--max-time SECONDS] [--sub-agents N] [--output-schema JSON] [--protocol | TASK...]";

struct Arguments {
    model: String,
    system: Option<String>,
    limits: Limits,
    sub_agents: usize,
    output_schema: Option<String>,
    protocol: bool,
    task: Vec<String>,
}

impl Arguments {
    fn parse(given: Vec<String>) -> Result<Self> {
        let mut parsed = Self {
            model: "smart".to_owned(),
            system: None,
            limits: Limits::default(),
            sub_agents: 4,
            output_schema: None,
            protocol: false,
            task: Vec::new(),
        };
        let mut given = given.into_iter();
        while let Some(word) = given.next() {
            let mut value = || given.next().ok_or_else(|| Error::new(format!("{word} needs a value; {USAGE}")));
            let number = |text: String| text.parse::<u64>().map_err(|_| Error::new(format!("{text} is no number")));
            let decimal = |text: String| {
                let number = text.parse::<f64>().ok().filter(|number| *number >= 0.0);
                number.ok_or_else(|| Error::new(format!("{text} is no number")))
            };
            match word.as_str() {
                "--model" => parsed.model = value()?,
                "--system" => parsed.system = Some(value()?),
                "--max-steps" => parsed.limits.steps = u32::try_from(number(value()?)?).unwrap_or(u32::MAX),
                "--max-tokens" => parsed.limits.tokens = Some(number(value()?)?),
                "--max-cost" => parsed.limits.cost = Some((decimal(value()?)? * 1e6).round() as u64),
                "--max-time" => {
                    let time = Duration::try_from_secs_f64(decimal(value()?)?);
                    parsed.limits.time = Some(time.unwrap_or(Duration::MAX));
                }
                "--sub-agents" => parsed.sub_agents = usize::try_from(number(value()?)?.min(64))?,
                "--output-schema" => parsed.output_schema = Some(value()?),
                "--protocol" => parsed.protocol = true,
                "--" => parsed.task.extend(given.by_ref()),
                option if option.starts_with("--") => {
                    return Err(Error::new(format!("there is no option {option}; {USAGE}")));
                }
                _ => parsed.task.push(word),
            }
        }
        Ok(parsed)
    }
}

/// Does what an agent is told by its arguments: works on a task, or speaks the [protocol](super::protocol).
/// `make` sets up the agent; the arguments have the last word.
///
/// ```
/// # mod skill {
/// #[holm::main]
/// fn main(arguments: Vec<String>) -> holm::Result<()> {
///     holm::agent::main(arguments, |agent| agent.system("You are a careful librarian.").tools(|_| true))
/// }
/// # }
/// # fn main() {}
/// ```
///
/// # Errors
/// The arguments make no sense, or the model gives no reply.
pub fn main(arguments: Vec<String>, make: impl FnOnce(Agent) -> Agent) -> Result<()> {
    let arguments = Arguments::parse(arguments)?;
    let agent = match Agent::new(&arguments.model) {
        Ok(agent) => agent,
        Err(error) if arguments.protocol => return say(&Event::failed(&error)),
        Err(error) => return Err(Error::from(error).during(format!("the model `{}`", arguments.model))),
    };
    let mut agent = make(agent).limits(arguments.limits).sub_agents(arguments.sub_agents);
    agent = arguments.system.into_iter().fold(agent, Agent::system);
    agent = arguments.output_schema.into_iter().fold(agent, Agent::output_schema);
    if arguments.protocol {
        return agent.serve();
    }
    if arguments.task.is_empty() {
        return Err(Error::new(format!("give it a task; {USAGE}")));
    }
    answer(&mut agent, &arguments.task.join(" "))
}

/// One task, for a person: the answer on stdout, what is done on stderr.
fn answer(agent: &mut Agent, task: &str) -> Result<()> {
    let mut stderr = std::io::stderr();
    let outcome = agent.run(task, |event| {
        // Nobody may be reading.
        let _ = match event {
            Event::Tool { name, arguments, .. } => writeln!(stderr, "> {name} {arguments}"),
            Event::ToolResult { name, content, is_error: true, .. } => writeln!(stderr, "< {name} failed: {content}"),
            Event::Agent { id, task } => writeln!(stderr, "> sub-agent {id}: {task}"),
            _ => Ok(()),
        };
    })?;
    writeln!(std::io::stdout(), "{}", outcome.text.trim_end())?;
    let used = outcome.usage;
    writeln!(stderr, "{} steps, {}+{} tokens", outcome.steps, used.input, used.output)?;
    match outcome.end {
        End::Answered => Ok(()),
        end => Err(Error::new(format!("the task is not finished: {end:?}"))),
    }
}

fn say(event: &Event) -> Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    let mut stdout = std::io::stdout();
    stdout.write_all(&line)?;
    Ok(stdout.flush()?)
}

impl Event {
    fn failed(error: &llm::Error) -> Self {
        Self::Error { kind: error.kind().to_owned(), message: error.to_string() }
    }
}

impl Agent {
    /// Speaks the [protocol](super::protocol) until the end of standard input.
    ///
    /// # Errors
    /// Nobody reads what it says.
    pub fn serve(mut self) -> Result<()> {
        self.system.ears = Some(Ears::new());
        loop {
            let Some(command) = self.system.ears.as_mut().and_then(Ears::next) else { return Ok(()) };
            let task = match command {
                Command::Message(task) => task,
                // What was under way is over already.
                Command::Interrupt(_) => continue,
                Command::History(turns) => {
                    turns.into_iter().for_each(|turn| self.remember(turn.role, turn.text));
                    continue;
                }
            };
            let mut unheard = None;
            let outcome = self.run(&task, |event| unheard = unheard.take().or(say(&event).err()));
            if let Some(error) = unheard {
                return Err(error);
            }
            self.forget_interrupt();
            say(&match outcome {
                Ok(outcome) => Event::Answer {
                    text: outcome.text,
                    outcome: outcome.end,
                    steps: outcome.steps,
                    usage: outcome.usage,
                },
                Err(error) => Event::failed(&error),
            })?;
        }
    }

    /// The interruption has done what it was for.
    fn forget_interrupt(&mut self) {
        if let Some(ears) = &mut self.system.ears {
            ears.calm();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_as_they_are_written() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        let parsed =
            Arguments::parse(words("--model fast --max-tokens 100 count the files -- --all")).expect("arguments");
        assert_eq!((parsed.model.as_str(), parsed.limits.tokens, parsed.protocol), ("fast", Some(100), false));
        assert_eq!(parsed.task, ["count", "the", "files", "--all"]);
        let limits = Arguments::parse(words("--max-cost 0.25 --max-time 1.5 go")).expect("arguments").limits;
        assert_eq!((limits.cost, limits.time), (Some(250_000), Some(Duration::from_millis(1_500))));
        for wrong in ["--model", "--max-steps many", "--max-cost -1", "--max-time soon", "--rm -rf"] {
            assert!(Arguments::parse(words(wrong)).is_err(), "{wrong}");
        }
    }
}
