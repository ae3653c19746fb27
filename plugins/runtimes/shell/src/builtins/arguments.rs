//! `shift`, `getopts` and `let`.

use crate::shell::{Outcome, Shell};

pub(super) fn shift(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let count = match arguments.get(1).map(|count| count.parse::<usize>()) {
        None => 1,
        Some(Ok(count)) => count,
        Some(Err(_)) => {
            shell.complain(format_args!("shift: {}: numeric argument required", arguments[1]));
            return Ok(1);
        }
    };
    if count > shell.positional.len() {
        return Ok(1);
    }
    shell.positional.drain(..count);
    Ok(0)
}

pub(super) fn compute(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let mut status = 1;
    for expression in &arguments[1..] {
        status = shell.arithmetic_status(expression)?;
    }
    Ok(status)
}

pub(super) fn getopts(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let [_, letters, name, given @ ..] = arguments else {
        return shell.misused("getopts", "usage: getopts optstring name [arg ...]");
    };
    let words = if given.is_empty() { shell.positional.clone() } else { given.to_vec() };
    let silent = letters.starts_with(':');
    let mut index = shell.get("OPTIND").and_then(|index| index.parse::<usize>().ok()).unwrap_or(1).max(1);
    let end = |shell: &mut Shell, index: usize| -> Outcome {
        shell.set("OPTIND", index.to_string())?;
        shell.option_place = 0;
        shell.variables.remove("OPTARG");
        shell.set(name, "?")?;
        Ok(1)
    };
    let Some(word) = words.get(index - 1).cloned() else { return end(shell, words.len() + 1) };
    if shell.option_place == 0 {
        if word == "--" {
            return end(shell, index + 1);
        }
        if !word.starts_with('-') || word == "-" {
            return end(shell, index);
        }
        shell.option_place = 1;
    }
    let Some(letter) = word.chars().nth(shell.option_place) else { return end(shell, index) };
    let mut place = shell.option_place + 1;
    let known = letters.find(letter).filter(|_| letter != ':');
    let takes = known.is_some_and(|at| letters[at + letter.len_utf8()..].starts_with(':'));
    let rest: String = word.chars().skip(place).collect();
    if rest.is_empty() {
        index += 1;
        place = 0;
    }
    let mut argument = None;
    let mut found = letter.to_string();
    if known.is_none() {
        match silent {
            true => argument = Some(letter.to_string()),
            false => {
                let line = format!("{}: illegal option -- {letter}\n", shell.name);
                shell.write_to(2, line.as_bytes());
            }
        }
        found = "?".to_owned();
    } else if takes {
        if rest.is_empty() {
            match words.get(index - 1) {
                Some(next) => argument = Some(next.clone()),
                None if silent => (argument, found) = (Some(letter.to_string()), ":".to_owned()),
                None => {
                    let line = format!("{}: option requires an argument -- {letter}\n", shell.name);
                    shell.write_to(2, line.as_bytes());
                    found = "?".to_owned();
                }
            }
        } else {
            argument = Some(rest);
        }
        index += 1;
        place = 0;
    }
    shell.set("OPTIND", index.to_string())?;
    shell.option_place = place;
    match argument {
        Some(argument) => shell.set("OPTARG", argument)?,
        None => {
            shell.variables.remove("OPTARG");
        }
    }
    shell.set(name, found)?;
    Ok(0)
}
