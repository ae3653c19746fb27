//! What changes what runs next: loops, functions, `eval`, `source`, `exec`, `exit` and traps.

use crate::expand::quote;
use crate::limits::SCRIPT;
use crate::run::Run;
use crate::shell::{Frame, Outcome, Shell, Stop};
use crate::simple::{Argument, Place, Prepared};
use std::fs::File;
use std::io::Read;

/// `break` and `continue`.
pub(super) fn leave_loop(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let name = &arguments[0];
    if shell.loops == 0 {
        shell.complain(format_args!("{name}: only meaningful in a `for', `while', or `until' loop"));
        return Ok(0);
    }
    let levels = match arguments.get(1).map(|levels| levels.parse::<u32>()) {
        None => 1,
        Some(Ok(levels @ 1..)) => levels.min(shell.loops),
        Some(_) => {
            shell.complain(format_args!("{name}: {}: loop count out of range", arguments[1]));
            return Err(Stop::Break(shell.loops));
        }
    };
    Err(if name == "break" { Stop::Break(levels) } else { Stop::Continue(levels) })
}

fn status_of(shell: &Shell, arguments: &[String]) -> i32 {
    match arguments.get(1) {
        None => shell.status,
        Some(text) => match text.trim().parse::<i64>() {
            Ok(status) => (status & 0xff) as i32,
            Err(_) => {
                shell.complain(format_args!("{}: {text}: numeric argument required", arguments[0]));
                2
            }
        },
    }
}

pub(super) fn leave_function(shell: &mut Shell, arguments: &[String]) -> Outcome {
    if shell.frames.is_empty()
        || (!shell.variables.is_local()
            && shell.frames.len() < 2
            && shell.frames.iter().all(|frame| frame.function.is_empty()))
    {
        shell.complain("return: can only `return' from a function or sourced script");
        return Ok(2);
    }
    Err(Stop::Return(status_of(shell, arguments)))
}

pub(super) fn exit(shell: &mut Shell, arguments: &[String]) -> Outcome {
    Err(Stop::Exit(status_of(shell, arguments)))
}

pub(super) fn eval(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let words = arguments.iter().skip(1).skip_while(|word| *word == "--");
    let text = words.cloned().collect::<Vec<_>>().join(" ");
    match text.trim() {
        "" => Ok(0),
        _ => match shell.eval(&text) {
            Err(Stop::Discard(2)) => Ok(2),
            outcome => outcome,
        },
    }
}

/// The text of a script.
pub(crate) fn script(shell: &Shell, path: &str) -> Result<String, String> {
    let full = shell.path(path);
    let file = File::open(&full).map_err(|error| crate::redirect::reason(&error))?;
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        return Err("Is a directory".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(SCRIPT + 1).read_to_end(&mut bytes).map_err(|error| crate::redirect::reason(&error))?;
    if bytes.len() as u64 > SCRIPT {
        return Err(format!("more than {SCRIPT} bytes of script"));
    }
    if bytes.iter().take(80).take_while(|byte| **byte != b'\n').any(|byte| *byte == 0) {
        return Err("cannot execute binary file".to_owned());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn source(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let name = &arguments[0];
    let rest: Vec<_> = arguments.iter().skip(1).skip_while(|word| *word == "--").cloned().collect();
    let Some((path, rest)) = rest.split_first() else {
        return shell.misused(name, "filename argument required");
    };
    let text = match script(shell, path) {
        Ok(text) => text,
        Err(text) => {
            shell.complain(format_args!("{path}: {text}"));
            return Ok(1);
        }
    };
    let program = match crate::parse::parse(&text) {
        Ok(program) => program,
        Err(broken) => {
            shell.write_to(2, format!("{path}: line {}: {}\n", broken.line, broken.text).as_bytes());
            return Ok(2);
        }
    };
    let line = shell.line;
    let first = std::mem::take(&mut shell.first_line);
    let positional = (!rest.is_empty()).then(|| std::mem::replace(&mut shell.positional, rest.to_vec()));
    shell.frames.push(Frame { function: "source".to_owned(), source: path.clone(), line });
    let outcome = shell.deeper("source", |shell| shell.program(&program, false));
    shell.frames.pop();
    if let Some(positional) = positional {
        shell.positional = positional;
    }
    (shell.line, shell.first_line) = (line, first);
    match outcome {
        Err(Stop::Return(status)) => Ok(status),
        outcome => outcome,
    }
}

pub(super) fn exec(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let mut words = &arguments[1..];
    while let Some((first, rest)) = words.split_first() {
        words = match first.as_str() {
            "-a" => rest.get(1..).unwrap_or_default(),
            "-c" | "-l" | "--" => rest,
            _ => break,
        };
    }
    if words.is_empty() {
        return Ok(0);
    }
    // There is no process to become another: it runs below, and the shell ends with it.
    let arguments = words.iter().cloned().map(Argument::Word).collect();
    let prepared = Prepared { arguments, assignments: Vec::new(), redirects: Vec::new() };
    let mut run = Run::default();
    let status = match shell.start(&prepared, &mut run, 0, &Place::default())? {
        Some(status) => status,
        None => run.finish().pop().map_or(0, |(_, status)| status),
    };
    shell.traps.remove("EXIT");
    Err(Stop::Exit(status))
}

pub(super) fn caller(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let place = arguments.get(1).and_then(|place| place.parse::<usize>().ok());
    let frames = shell.call_stack();
    let Some(frame) = frames.get(place.unwrap_or(0)) else { return Ok(1) };
    let outer = frames.get(place.unwrap_or(0) + 1);
    let source = outer.map_or(shell.name.as_str(), |outer| outer.source.as_str());
    let text = match place {
        None => format!("{} {source}\n", frame.line),
        Some(_) => format!("{} {} {source}\n", frame.line, outer.map_or("main", |outer| outer.function.as_str())),
    };
    Ok(shell.printed("caller", text))
}

pub(super) fn trap(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let words: Vec<&str> = arguments[1..].iter().map(String::as_str).filter(|word| *word != "--").collect();
    let told = if shell.traps.is_empty() { &shell.outer_traps } else { &shell.traps };
    match words.as_slice() {
        [] | ["-p"] => {
            let lines = told.iter().map(|(name, action)| format!("trap -- {} {name}\n", quote::single(action)));
            let text: String = lines.collect();
            Ok(shell.printed("trap", text))
        }
        ["-p", names @ ..] => {
            let named = |name: &&str| {
                let name = signal(name);
                told.get(&name).map(|action| format!("trap -- {} {name}\n", quote::single(action)))
            };
            let text: String = names.iter().filter_map(named).collect();
            Ok(shell.printed("trap", text))
        }
        ["-l"] => Ok(shell.printed("trap", " 1) SIGHUP\t 2) SIGINT\t 3) SIGQUIT\t 9) SIGKILL\t15) SIGTERM\n")),
        ["-", names @ ..] => {
            for name in names {
                shell.traps.remove(&signal(name));
            }
            Ok(0)
        }
        [one] => {
            shell.traps.remove(&signal(one));
            Ok(0)
        }
        [action, names @ ..] => {
            for name in names {
                shell.traps.insert(signal(name), (*action).to_owned());
            }
            Ok(0)
        }
    }
}

/// The name of a signal, as it is kept.
fn signal(name: &str) -> String {
    let name = name.to_uppercase();
    match name.as_str() {
        "0" | "EXIT" => "EXIT".to_owned(),
        "ERR" | "DEBUG" | "RETURN" => name,
        "1" => "SIGHUP".to_owned(),
        "2" => "SIGINT".to_owned(),
        "3" => "SIGQUIT".to_owned(),
        "13" => "SIGPIPE".to_owned(),
        "15" => "SIGTERM".to_owned(),
        _ if name.starts_with("SIG") => name,
        _ => format!("SIG{name}"),
    }
}
