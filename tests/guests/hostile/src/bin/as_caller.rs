//! Does what its arguments say, step by step, and prints what came of each: `read PATH`, `write PATH`,
//! `stat PATH`, `link TARGET PATH`, `rename PATH PATH`, `hard-link PATH PATH`, `below FOLDER NAME` (writes through the
//! open folder), `hold FOLDER` and `held NAME` (the same, opened before), `nest FOLDER`, `climb FOLDER`, `wait`,
//! `find COMMAND`, `stdin`, `exec COMMAND STEPS…`, `narrow GRANT COMMAND STEPS…`, `bomb COMMAND`.

use hostile::exec;
use hostile::filesystem::{
    preopens,
    types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags},
};
use hostile::spawn::{Child, Error, Options, Stdio};
use std::io::Read;

/// Folders within each other, made a chain at a time: no path is as long as all of them, nor looked up for long.
const CHAINS: usize = 500;
const CHAIN: usize = 20;

fn main() {
    let mut arguments = std::env::args();
    let name = arguments.next().unwrap_or_default();
    let mut arguments = arguments.collect::<Vec<_>>().into_iter();
    let mut held = None;
    while let Some(step) = arguments.next() {
        let mut next = || arguments.next().unwrap_or_default();
        let said = match step.as_str() {
            "name" => name.clone(),
            "read" => std::fs::read_to_string(next()).unwrap_or_else(|error| error.to_string()),
            "write" => done(std::fs::write(next(), "written")),
            "link" => hostile::symlink(&next(), &next()).map_or_else(ToString::to_string, |()| "done".to_owned()),
            "stat" => std::fs::metadata(next()).map_or_else(|error| error.to_string(), |_| "there".to_owned()),
            "rename" => done(std::fs::rename(next(), next())),
            "hard-link" => done(std::fs::hard_link(next(), next())),
            "below" => {
                let (at, name) = (next(), next());
                named(folder(&root(), &at).and_then(|folder| write_through(&folder, &name)))
            }
            "hold" => named(folder(&root(), &next()).map(|folder| held = Some(folder))),
            "held" => named(write_through(held.as_ref().expect("something is held"), &next())),
            "nest" => done(nest(&next())),
            "climb" => climb(&next()),
            "wait" => {
                println!("ready");
                std::io::stdin().read_line(&mut String::new()).map_or_else(|error| error.to_string(), |_| "over".into())
            }
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

fn named(result: Result<(), ErrorCode>) -> String {
    result.map_or_else(|error| error.name().to_owned(), |()| "done".to_owned())
}

fn root() -> Descriptor {
    preopens::get_directories().remove(0).0
}

/// A folder, open as wide as it goes.
fn folder(from: &Descriptor, path: &str) -> Result<Descriptor, ErrorCode> {
    let (wide, narrow) = (DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY, DescriptorFlags::READ);
    let path = path.trim_start_matches('/');
    let open = |flags| from.open_at(PathFlags::empty(), path, OpenFlags::DIRECTORY, flags);
    open(wide).or_else(|_| open(narrow))
}

/// Writes a file below an open folder, not by its whole path.
fn write_through(folder: &Descriptor, name: &str) -> Result<(), ErrorCode> {
    let file = folder.open_at(PathFlags::empty(), name, OpenFlags::CREATE, DescriptorFlags::WRITE)?;
    file.write(b"THROUGH", 0).map(drop)
}

/// Ten thousand folders within each other, put together from the inside out.
fn nest(folder: &str) -> std::io::Result<()> {
    for chain in 0..CHAINS {
        let mut path = format!("{folder}/{chain}");
        std::fs::create_dir(&path)?;
        for _ in 1..CHAIN {
            path.push_str("/d");
            std::fs::create_dir(&path)?;
        }
        if chain > 0 {
            std::fs::rename(format!("{folder}/{}", chain - 1), format!("{path}/i"))?;
        }
    }
    Ok(())
}

/// Goes down by one short name after the other, each through the folder before: why it ended, and where.
fn climb(path: &str) -> String {
    let name = "n".repeat(200);
    let mut at = match folder(&root(), path) {
        Ok(at) => at,
        Err(error) => return error.name().to_owned(),
    };
    for depth in 0..1_000 {
        let next = at.create_directory_at(&name).and_then(|()| folder(&at, &name));
        match next {
            Ok(next) => at = next,
            Err(error) => return format!("{} after {depth}", error.name()),
        }
    }
    "no end".to_owned()
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
