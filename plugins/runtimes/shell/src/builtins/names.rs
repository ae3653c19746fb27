//! What names mean: `command`, `type`, `builtin`, `alias`.

use super::Builtin;
use crate::expand::quote;
use crate::process;
use crate::shell::{Outcome, Shell};
use crate::simple::{Argument, Meaning, Prepared};
use std::fs;

const KEYWORDS: [&str; 22] = [
    "if", "then", "else", "elif", "fi", "case", "esac", "for", "select", "while", "until", "do", "done", "in",
    "function", "time", "{", "}", "!", "[[", "]]", "coproc",
];

/// Where a command is found: a path as it was given, or the place where other systems keep it.
fn location(shell: &Shell, name: &str) -> Option<String> {
    if name.contains('/') {
        return fs::metadata(shell.path(name)).is_ok_and(|found| found.is_file()).then(|| name.to_owned());
    }
    if let Some(place) = shell.in_path(name) {
        return Some(place);
    }
    process::find(name).ok().map(|()| format!("/usr/bin/{name}"))
}

pub(super) fn command(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let mut words = &arguments[1..];
    let (mut brief, mut long) = (false, false);
    while let Some((first, rest)) = words.split_first() {
        match first.as_str() {
            "-v" => brief = true,
            "-V" => long = true,
            "-p" => {}
            "--" => {
                words = rest;
                break;
            }
            _ => break,
        }
        words = rest;
    }
    if long {
        return describe(shell, words, false);
    }
    if brief {
        let mut status = 1;
        for name in words {
            let text = match (KEYWORDS.contains(&name.as_str()), shell.meaning(name)) {
                (true, _) | (_, Meaning::Function(_) | Meaning::Builtin(_)) => Some(name.clone()),
                (false, Meaning::External) => match shell.aliases.get(name) {
                    Some(text) => Some(format!("alias {name}={}", quote::single(text))),
                    None => location(shell, name),
                },
            };
            if let Some(text) = text {
                shell.printed("command", format!("{text}\n"));
                status = 0;
            }
        }
        return Ok(status);
    }
    let Some(name) = words.first() else { return Ok(0) };
    let arguments: Vec<_> = words.iter().cloned().map(Argument::Word).collect();
    let prepared = Prepared { arguments, assignments: Vec::new(), redirects: Vec::new() };
    match super::find(name) {
        Some(builtin) => shell.run_builtin(builtin, &prepared),
        None => {
            let function = shell.functions.remove(name);
            let outcome = shell.run_prepared(&prepared);
            if let Some(function) = function {
                shell.functions.insert(name.clone(), function);
            }
            outcome
        }
    }
}

pub(super) fn builtin(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let Some(name) = arguments.get(1) else { return Ok(0) };
    match super::find(name) {
        Some(Builtin::Plain(run)) => run(shell, &arguments[1..]),
        Some(Builtin::Declaring(run)) => {
            let words: Vec<_> = arguments[1..].iter().cloned().map(Argument::Word).collect();
            run(shell, &words)
        }
        None => {
            shell.complain(format_args!("builtin: {name}: not a shell builtin"));
            Ok(1)
        }
    }
}

pub(super) fn kind(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let options: String =
        arguments[1..].iter().take_while(|word| word.starts_with('-')).flat_map(|word| word.chars().skip(1)).collect();
    let names: Vec<String> = arguments[1..].iter().skip_while(|word| word.starts_with('-')).cloned().collect();
    if options.is_empty() || options == "a" {
        return describe(shell, &names, true);
    }
    let mut status = 0;
    for name in names {
        let (word, path) = match (KEYWORDS.contains(&name.as_str()), shell.meaning(&name)) {
            (true, _) => ("keyword", None),
            (_, Meaning::Function(_)) => ("function", None),
            (_, Meaning::Builtin(_)) if !options.contains('P') => ("builtin", None),
            _ => match location(shell, &name) {
                Some(path) => ("file", Some(path)),
                None => {
                    status = 1;
                    continue;
                }
            },
        };
        let text = if options.contains('t') { Some(word.to_owned()) } else { path };
        if let Some(text) = text {
            shell.printed("type", text + "\n");
        }
    }
    Ok(status)
}

fn describe(shell: &mut Shell, names: &[String], of_type: bool) -> Outcome {
    let mut status = 0;
    for name in names {
        let text = match (KEYWORDS.contains(&name.as_str()), shell.meaning(name)) {
            (true, _) => format!("{name} is a shell keyword\n"),
            (_, Meaning::Function(function)) => format!("{name} is a function\n{}\n", function.definition),
            (_, Meaning::Builtin(_)) => format!("{name} is a shell builtin\n"),
            (_, Meaning::External) => match location(shell, name) {
                Some(path) => format!("{name} is {path}\n"),
                None => {
                    let command = if of_type { "type" } else { "command" };
                    shell.complain(format_args!("{command}: {name}: not found"));
                    status = 1;
                    continue;
                }
            },
        };
        shell.printed("type", text);
    }
    Ok(status)
}

pub(super) fn alias(shell: &mut Shell, arguments: &[String]) -> Outcome {
    for word in arguments[1..].iter().filter(|word| *word != "-p") {
        match word.split_once('=') {
            Some((name, text)) => {
                shell.aliases.insert(name.to_owned(), text.to_owned());
            }
            None => match shell.aliases.get(word) {
                Some(text) => {
                    let line = format!("alias {word}={}\n", quote::single(text));
                    shell.printed("alias", line);
                }
                None => {
                    shell.complain(format_args!("alias: {word}: not found"));
                    return Ok(1);
                }
            },
        }
    }
    Ok(0)
}

pub(super) fn unalias(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let mut status = 0;
    for name in &arguments[1..] {
        if name == "-a" {
            shell.aliases.clear();
        } else if shell.aliases.remove(name).is_none() {
            shell.complain(format_args!("unalias: {name}: not found"));
            status = 1;
        }
    }
    Ok(status)
}
