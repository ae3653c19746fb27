//! Does what its arguments say, step by step, and prints what came of each: `read PATH`, `write PATH`,
//! `link TARGET PATH`, `find COMMAND`, `stdin`, `exec COMMAND STEPS…`, `narrow GRANT COMMAND STEPS…`, `bomb COMMAND`.

use hostile::exec;
use hostile::spawn::{Child, Error, Options, Stdio};
use std::io::Read;

fn main() {
    let mut arguments = std::env::args();
    let name = arguments.next().unwrap_or_default();
    let mut arguments = arguments.collect::<Vec<_>>().into_iter();
    while let Some(step) = arguments.next() {
        let mut next = || arguments.next().unwrap_or_default();
        let said = match step.as_str() {
            "name" => name.clone(),
            "read" => std::fs::read_to_string(next()).unwrap_or_else(|error| error.to_string()),
            "write" => done(std::fs::write(next(), "written")),
            "link" => hostile::symlink(&next(), &next()).map_or_else(ToString::to_string, |()| "done".to_owned()),
            "find" => exec::find(&next()).map_or_else(|error| hostile::spawn_word(&error), |()| "found".to_owned()),
            "stdin" => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map_or_else(|error| error.to_string(), |_| text)
            }
            "exec" => {
                let command = next();
                ended(start(&command, arguments.by_ref().collect(), None))
            }
            "narrow" => {
                let (grant, command) = (next(), next());
                ended(start(&command, arguments.by_ref().collect(), Some(vec![grant])))
            }
            "bomb" => bomb(&next()),
            _ => panic!("no step is called {step}"),
        };
        println!("{step}: {said}");
    }
}

fn done(result: std::io::Result<()>) -> String {
    result.map_or_else(|error| error.to_string(), |()| "done".to_owned())
}

fn start(command: &str, arguments: Vec<String>, grants: Option<Vec<String>>) -> Result<Child, Error> {
    exec::start(
        command,
        &Options {
            plugin: None,
            arguments,
            environment: Vec::new(),
            directory: None,
            stdin: Stdio::Inherit,
            stdout: Stdio::Inherit,
            stderr: Stdio::Inherit,
            grants,
            fuel: None,
            memory: None,
            tokens: None,
            money: None,
            nice: 0,
        },
    )
}

fn ended(started: Result<Child, Error>) -> String {
    match started {
        Ok(child) => hostile::exit_word(&child.wait().expect("it ends")),
        Err(error) => hostile::spawn_word(&error),
    }
}

/// Two of itself, and so on, as a shell's `:(){ :|:& };:` does.
fn bomb(command: &str) -> String {
    let steps = || vec!["bomb".to_owned(), command.to_owned()];
    let children: Vec<_> = (0..2).map(|_| start(command, steps(), None)).collect();
    let words = children.into_iter().map(|child| match child {
        Ok(child) => hostile::exit_word(&child.wait().expect("it ends")),
        Err(error) => hostile::spawn_word(&error),
    });
    words.collect::<Vec<_>>().join(" ")
}
