//! What a child is started with, checked: its name, its surroundings, what is passed on to it, its streams.

use super::{
    super::SpawnRule,
    ExecRule, ExecWant, Image, Mailbox, Result, Spawn, invalid,
    right::{Right, executed},
};
use crate::{
    account::{Fuel, Money},
    bindings::holm::sys::spawn::{Options, Stdio},
    devices::{
        Capability, Grants,
        pipe::{self, PipeReader, PipeWriter},
        spawn::{Request, SpawnWant},
    },
    syscall::{
        Device, Entered,
        device::fuel_for_bytes,
        named::{is_command, is_exact_name},
        policy::{Event, Moment, SpawnUse, Verdict},
    },
};

/// A child is passed at most this many rules: each of its calls may ask them all.
const GRANTS: usize = 256;
/// Bounds what a child is started with: arguments and environment together.
const SURROUNDINGS_BYTES: usize = 1 << 20;
/// A longer directory is no path on any machine. Stops 4 MiB of name in each child, kept several times
/// and told with each denial.
const DIRECTORY_BYTES: usize = 4_096;
/// What each argument costs besides its bytes: a million empty ones are not free.
const TEXT_OVERHEAD: usize = 32;

/// The parent's ends of a child's streams.
pub(super) struct Ends {
    pub(super) stdin: Option<PipeWriter>,
    pub(super) stdout: Option<PipeReader>,
    pub(super) stderr: Option<PipeReader>,
}

/// Checks what a child is to be started with.
pub(super) async fn check(
    call: &mut Entered<'_, Spawn>,
    image: Image,
    options: Options,
) -> Result<(Right, Request, Ends)> {
    let bytes = options.arguments.iter().map(|argument| argument.len() + TEXT_OVERHEAD).sum::<usize>()
        + options.environment.iter().map(|(name, value)| name.len() + value.len() + TEXT_OVERHEAD).sum::<usize>();
    let lines = options.grants.iter().flatten().map(String::len).sum::<usize>();
    let directory_bytes = options.directory.as_ref().map_or(0, String::len);
    call.charge(fuel_for_bytes((bytes + lines + directory_bytes) as u64));
    let mut right = admit(call, &image).await?;
    if bytes > SURROUNDINGS_BYTES {
        return invalid("arguments and environment have more than 1 MiB");
    }
    if directory_bytes > DIRECTORY_BYTES {
        return invalid("the directory has more than 4,096 bytes");
    }
    if options.nice > 19 {
        return invalid("nice is 0 to 19: a child is never favoured over its parent");
    }
    let grants = match &options.grants {
        None => None,
        Some(lines) => Some(passed(call, lines)?),
    };
    let plugin = match &image {
        Image::Own => call.control().plugin.to_string(),
        Image::Plugin(name) => name.clone(),
        Image::Command(command) => executed(command),
    };
    let directory = options.directory.clone().unwrap_or_else(|| call.session.directory.clone());
    let used = || {
        Event::BeforeSpawn(SpawnUse {
            plugin: plugin.clone(),
            arguments: options.arguments.clone(),
            environment: options.environment.clone(),
            directory: directory.clone(),
            grants: grants.as_ref().map(Grants::lines),
        })
    };
    let shown = format!("{:?}, environment {:?}", options.arguments, options.environment);
    call.judge(Moment::BeforeSpawn, &plugin, &shown, Verdict::default(), used).await?;
    call.renew_right(&mut right)?;
    let capacity = usize::try_from(call.account().limits().mailbox.0).unwrap_or(usize::MAX);
    let account = call.account().clone();
    let output = |choice: Stdio, inherited: &PipeWriter| match choice {
        Stdio::Null => (pipe::sink(), None),
        Stdio::Inherit => (inherited.clone(), None),
        Stdio::Piped => {
            let (writer, reader) = pipe::held(capacity, account.clone());
            (writer, Some(reader))
        }
    };
    let (stdout, stdout_end) = output(options.stdout, &call.session.stdout);
    let (stderr, stderr_end) = output(options.stderr, &call.session.stderr);
    let (stdin_end, stdin) = match options.stdin {
        Stdio::Piped => {
            let (writer, reader) = pipe::held(capacity, account.clone());
            (Some(writer), reader)
        }
        Stdio::Inherit => (None, call.session.stdin.clone()),
        Stdio::Null => (None, pipe::empty()),
    };
    let request = Request {
        image,
        arguments: options.arguments,
        environment: options.environment,
        directory,
        stdin,
        stdout,
        stderr,
        grants,
        fuel: options.fuel.map(Fuel),
        memory: options.memory,
        tokens: options.tokens,
        money: options.money.map(Money),
        nice: options.nice,
        mail: (Mailbox::new(capacity, account.clone()), Mailbox::new(capacity, account)),
    };
    let ends = Ends { stdin: stdin_end, stdout: stdout_end, stderr: stderr_end };
    Ok((right, request, ends))
}

/// The right to start it.
async fn admit(call: &mut Entered<'_, Spawn>, image: &Image) -> Result<Right> {
    let (name, capability, fits, rule) = match image {
        Image::Own => ("self", Spawn::NAME, true, ""),
        Image::Plugin(name) => (name.as_str(), Spawn::NAME, is_exact_name(name), "not the name of a plugin"),
        Image::Command(name) => (name.as_str(), ExecRule::NAME, is_command(name), "not the name of a command"),
    };
    if !fits {
        let name = name.chars().take(128).collect();
        return Err(call.deny(capability, name, rule).into());
    }
    Ok(match image {
        Image::Command(name) => Right::Exec(call.admit::<ExecRule>(ExecWant(name.clone())).await?),
        _ => Right::Spawn(call.admit::<SpawnRule>(SpawnWant(name.to_owned())).await?),
    })
}

/// The rules that a parent passes on, none of them beyond its own.
fn passed(call: &mut Entered<'_, Spawn>, lines: &[String]) -> Result<Grants> {
    if lines.len() > GRANTS {
        return invalid("at most 256 grants are passed on");
    }
    let mut passed = Grants::default();
    for line in lines {
        if let Err(error) = passed.add(line) {
            return invalid(error.to_string());
        }
    }
    let directory = std::path::PathBuf::from(&call.session.directory);
    // By name only: what a path leads to is not the guest's to learn.
    let passed = passed.joined(&directory).or_else(|error| invalid(error.to_string()))?;
    if let Some(line) = call.authority().beyond(&passed).into_iter().next() {
        let (capability, resource) = line.split_once('=').unwrap_or(("spawn", &line));
        let (capability, resource) = (capability.to_owned(), resource.to_owned());
        return Err(call.deny(&capability, resource, "a parent passes on no more than it has").into());
    }
    Ok(passed)
}
