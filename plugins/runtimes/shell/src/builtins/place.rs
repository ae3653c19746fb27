//! Where the shell is: `cd`, `pwd`, `pushd`, `popd`, `dirs`; and what is accepted and means nothing here.

use crate::shell::{Outcome, Shell};
use crate::variables::Value;
use std::fs;

/// A path without `.` and `..`, by its text: no link is followed.
fn plain(path: &str) -> String {
    let mut pieces: Vec<&str> = Vec::new();
    for piece in path.split('/') {
        match piece {
            "" | "." => {}
            ".." => {
                pieces.pop();
            }
            piece => pieces.push(piece),
        }
    }
    format!("/{}", pieces.join("/"))
}

/// Changes the directory; the reason where it cannot.
fn enter(shell: &mut Shell, path: &str) -> Result<(), String> {
    let target = plain(&shell.path(path));
    match fs::metadata(&target) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err("Not a directory".to_owned()),
        Err(error) => return Err(crate::redirect::reason(&error)),
    }
    let before = std::mem::replace(&mut shell.directory, target.clone());
    for (name, value) in [("OLDPWD", before), ("PWD", target)] {
        let variable = shell.variables.entry(name);
        variable.value = Value::Scalar(value);
        variable.exported = true;
    }
    Ok(())
}

pub(super) fn cd(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let words: Vec<&str> =
        arguments[1..].iter().map(String::as_str).filter(|word| !matches!(*word, "-L" | "-P" | "-e" | "--")).collect();
    let (path, print) = match words.as_slice() {
        [] => match shell.get("HOME") {
            Some(home) => (home, false),
            None => {
                shell.complain("cd: HOME not set");
                return Ok(1);
            }
        },
        ["-"] => match shell.get("OLDPWD") {
            Some(path) => (path, true),
            None => {
                shell.complain("cd: OLDPWD not set");
                return Ok(1);
            }
        },
        [path] => ((*path).to_owned(), false),
        _ => {
            shell.complain("cd: too many arguments");
            return Ok(1);
        }
    };
    if path.is_empty() {
        return Ok(0);
    }
    match enter(shell, &path) {
        Ok(()) => {
            if print {
                shell.print(format!("{}\n", shell.directory));
            }
            Ok(0)
        }
        Err(text) => {
            shell.complain(format_args!("cd: {path}: {text}"));
            Ok(1)
        }
    }
}

pub(super) fn pwd(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let physical = arguments.iter().any(|argument| argument == "-P");
    let real = physical.then(|| fs::canonicalize(&shell.directory).ok()).flatten();
    let text =
        real.and_then(|path| path.into_os_string().into_string().ok()).unwrap_or_else(|| shell.directory.clone());
    Ok(shell.printed("pwd", format!("{text}\n")))
}

pub(super) fn pushd(shell: &mut Shell, arguments: &[String]) -> Outcome {
    let before = shell.directory.clone();
    let target = match arguments.get(1) {
        Some(path) => path.clone(),
        None => match shell.directories.pop() {
            Some(path) => path,
            None => {
                shell.complain("pushd: no other directory");
                return Ok(1);
            }
        },
    };
    match enter(shell, &target) {
        Ok(()) => {
            shell.directories.push(before);
            dirs(shell, &[])
        }
        Err(text) => {
            shell.complain(format_args!("pushd: {target}: {text}"));
            Ok(1)
        }
    }
}

pub(super) fn popd(shell: &mut Shell, _arguments: &[String]) -> Outcome {
    let Some(target) = shell.directories.pop() else {
        shell.complain("popd: directory stack empty");
        return Ok(1);
    };
    match enter(shell, &target) {
        Ok(()) => dirs(shell, &[]),
        Err(text) => {
            shell.complain(format_args!("popd: {target}: {text}"));
            Ok(1)
        }
    }
}

pub(super) fn dirs(shell: &mut Shell, arguments: &[String]) -> Outcome {
    if arguments.iter().any(|argument| argument == "-c") {
        shell.directories.clear();
        return Ok(0);
    }
    let home = shell.get("HOME").filter(|home| home.len() > 1).unwrap_or_default();
    let short = |path: &String| match path.strip_prefix(&home) {
        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with('/')) => format!("~{rest}"),
        _ => path.clone(),
    };
    let all: Vec<_> = std::iter::once(&shell.directory).chain(shell.directories.iter().rev()).map(short).collect();
    Ok(shell.printed("dirs", all.join(" ") + "\n"))
}

/// Files have no modes here.
pub(super) fn umask(shell: &mut Shell, arguments: &[String]) -> Outcome {
    match arguments.len() {
        1 => Ok(shell.printed("umask", "0022\n")),
        _ => Ok(0),
    }
}

/// What a process may use is the kernel's to say.
pub(super) fn ulimit(shell: &mut Shell, arguments: &[String]) -> Outcome {
    match arguments.last().is_none_or(|last| last == "ulimit" || last.starts_with('-')) {
        true => Ok(shell.printed("ulimit", "unlimited\n")),
        false => Ok(0),
    }
}
