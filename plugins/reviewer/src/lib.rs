//! reviewer: writes a text, has it criticised, and writes it again.

use holm::{
    Error, json,
    llm::{Message, Model, Request, Role},
};
use std::io::Write;

const USAGE: &str = "reviewer [--writer MODEL] [--critic MODEL] [--rounds N] TASK...";

/// What the critic thinks of a text.
#[json]
struct Verdict {
    /// Whether it does what the task asks, as well as can be expected.
    accepted: bool,
    /// What to change, most important first; empty where it is accepted.
    changes: Vec<String>,
}

#[holm::main]
fn main(arguments: Vec<String>) -> holm::Result<()> {
    let Arguments { writer, critic, rounds, task } = parse(arguments)?;
    let (writer, critic) = (Model::open(&writer)?, Model::open(&critic)?);
    let mut draft = Request::new().system("Write what the user asks for, and nothing besides.").user(&task);
    for round in 1.. {
        let reply = writer.complete(&draft)?;
        let text = reply.text();
        // The critic knows the task and the text alone: not how it came about.
        let look = Request::new()
            .system("You are a strict critic. Judge whether the text does what the task asks.")
            .user(format!("Task:\n{task}\n\nText:\n{text}"))
            .output::<Verdict>();
        let verdict: Verdict = critic.complete(&look)?.parse()?;
        writeln!(std::io::stderr(), "round {round}: {}", said(&verdict))?;
        if verdict.accepted || round == rounds {
            writeln!(std::io::stdout(), "{}", text.trim_end())?;
            return match verdict.accepted {
                true => Ok(()),
                false => Err(Error::new(format!("not accepted after {rounds} rounds: {}", verdict.changes.join("; ")))),
            };
        }
        let changes = verdict.changes.join("\n- ");
        draft = draft
            .message(reply.into_message())
            .message(Message::text(Role::User, format!("Write it again, with these changes:\n- {changes}")));
    }
    Ok(())
}

fn said(verdict: &Verdict) -> String {
    match verdict.accepted {
        true => "accepted".to_owned(),
        false => verdict.changes.join("; "),
    }
}

struct Arguments {
    writer: String,
    critic: String,
    rounds: u32,
    task: String,
}

fn parse(arguments: Vec<String>) -> holm::Result<Arguments> {
    let mut parsed =
        Arguments { writer: "smart".to_owned(), critic: "smart".to_owned(), rounds: 4, task: String::new() };
    let mut words = arguments.into_iter();
    let mut task = Vec::new();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| Error::new(USAGE));
        match word.as_str() {
            "--writer" => parsed.writer = value()?,
            "--critic" => parsed.critic = value()?,
            "--rounds" => parsed.rounds = value()?.parse::<u32>()?.max(1),
            _ => task.push(word),
        }
    }
    parsed.task = task.join(" ");
    match parsed.task.is_empty() {
        true => Err(Error::new(USAGE)),
        false => Ok(parsed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_as_they_are_written() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        let parsed = parse(words("--critic fast --rounds 0 an invitation")).expect("arguments");
        assert_eq!((parsed.writer.as_str(), parsed.critic.as_str(), parsed.rounds), ("smart", "fast", 1));
        assert_eq!(parsed.task, "an invitation");
        assert!(parse(words("--rounds x y")).is_err());
        assert!(parse(Vec::new()).is_err());
    }
}
