//! Children (commands run as oneself), standard input, and waiting for any of them or for time.

use super::process::duration;
use crate::values::{Bytes, failed};
use holm::poll::Pollable;
use holm::spawn::{Child, Command, Error, Exit, Stdio};
use holm::streams::{Reader, Writer, stdin};
use rquickjs::function::Func;
use rquickjs::{Ctx, Object, Result};
use std::cell::RefCell;
use std::io::{Read, Write};

/// Bytes of one read.
const READ: usize = 64 << 10;

struct Running {
    child: Child,
    stdin: Option<Writer>,
    stdout: Option<Reader>,
    stderr: Option<Reader>,
}

thread_local! {
    /// Children by their numbers. One stays until it has ended and was let go of; how many there are is the
    /// kernel's to bound.
    static RUNNING: RefCell<Vec<Option<Running>>> = const { RefCell::new(Vec::new()) };
    static INPUT: RefCell<Option<Reader>> = const { RefCell::new(None) };
}

pub(super) fn add(native: &Object<'_>) -> Result<()> {
    native.set("spawn", Func::from(start))?;
    native.set("childRead", Func::from(read))?;
    native.set("childWrite", Func::from(write))?;
    native.set("childCloseInput", Func::from(|number: usize| with(number, |running| drop(running.stdin.take()))))?;
    native.set("childStatus", Func::from(status))?;
    native.set("childKill", Func::from(|number: usize| with(number, |running| running.child.kill().is_ok())))?;
    native.set("childRelease", Func::from(release))?;
    native.set("readInput", Func::from(read_input))?;
    native.set("wait", Func::from(wait))?;
    Ok(())
}

fn with<T>(number: usize, act: impl FnOnce(&mut Running) -> T) -> Option<T> {
    RUNNING.with_borrow_mut(|all| all.get_mut(number).and_then(Option::as_mut).map(act))
}

fn refused(ctx: &Ctx<'_>, error: &Error) -> rquickjs::Error {
    match error {
        Error::NotFound => failed(ctx, "ENOENT", ""),
        Error::Denied(denial) => failed(ctx, "EACCES", &denial.to_string()),
        Error::Quota(excess) => failed(ctx, "EAGAIN", &excess.to_string()),
        Error::Invalid(text) => failed(ctx, "EINVAL", text),
        error => failed(ctx, "EIO", &error.to_string()),
    }
}

/// Starts a command; `streams` are three of pipe, inherit and ignore. Its number and its process id.
fn start(
    ctx: Ctx<'_>,
    command: String,
    arguments: Vec<String>,
    environment: Vec<Vec<String>>,
    directory: String,
    streams: Vec<String>,
) -> Result<Vec<f64>> {
    let stream = |index: usize| match streams.get(index).map(String::as_str) {
        Some("inherit") => Stdio::Inherit,
        Some("ignore") => Stdio::Null,
        _ => Stdio::Piped,
    };
    let mut starting = Command::exec(command).args(arguments).directory(directory);
    for variable in environment {
        if let [name, value] = variable.as_slice() {
            starting = starting.env(name, value);
        }
    }
    let child = starting.stdin(stream(0)).stdout(stream(1)).stderr(stream(2)).start();
    let child = child.map_err(|error| refused(&ctx, &error))?;
    #[allow(clippy::cast_precision_loss, reason = "shown only")]
    let pid = child.pid().unwrap_or_default() as f64;
    let running = Running {
        stdin: child.stdin().ok().flatten(),
        stdout: child.stdout().ok().flatten(),
        stderr: child.stderr().ok().flatten(),
        child,
    };
    let number = RUNNING.with_borrow_mut(|all| match all.iter().position(Option::is_none) {
        Some(free) => {
            all[free] = Some(running);
            free
        }
        None => {
            all.push(Some(running));
            all.len() - 1
        }
    });
    #[allow(clippy::cast_precision_loss, reason = "few")]
    Ok(vec![number as f64, pid])
}

/// What a child wrote to its stdout (1) or stderr (2), waiting for some; nothing at its end.
fn read(number: usize, stream: u8) -> Bytes {
    let bytes = with(number, |running| {
        let reader = if stream == 2 { &mut running.stderr } else { &mut running.stdout };
        let mut bytes = vec![0; READ];
        let length = reader.as_mut().and_then(|reader| reader.read(&mut bytes).ok()).unwrap_or(0);
        if length == 0 {
            *reader = None;
        }
        bytes.truncate(length);
        bytes
    });
    Bytes(bytes.unwrap_or_default())
}

/// Gives a child some of its input: how many bytes it took; -1 once it takes no more.
fn write(number: usize, bytes: Bytes) -> f64 {
    let taken = with(number, |running| {
        let taken = running.stdin.as_mut().and_then(|stdin| stdin.write(&bytes.0).ok());
        if taken.is_none() {
            running.stdin = None;
        }
        taken
    });
    #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
    taken.flatten().map_or(-1.0, |taken| taken as f64)
}

/// How a child ended: its code, or -1 and what ended it; empty while it runs.
fn status(number: usize) -> Vec<String> {
    let exit = with(number, |running| running.child.try_wait());
    match exit {
        Some(Ok(None)) => Vec::new(),
        Some(Ok(Some(Exit::Code(code)))) => vec![code.to_string()],
        Some(Ok(Some(Exit::Killed))) => vec!["-1".to_owned(), "killed".to_owned()],
        Some(Ok(Some(Exit::Fault(text)))) => vec!["-1".to_owned(), text],
        Some(Err(error)) => vec!["-1".to_owned(), error.to_string()],
        None => vec!["-1".to_owned(), "gone".to_owned()],
    }
}

fn release(number: usize) {
    RUNNING.with_borrow_mut(|all| {
        if let Some(place) = all.get_mut(number) {
            *place = None;
        }
    });
}

/// Some of standard input, waiting for it; nothing at its end.
fn read_input(ctx: Ctx<'_>, length: usize) -> Result<Bytes> {
    let mut bytes = vec![0; length.clamp(1, READ)];
    let read = INPUT.with_borrow_mut(|input| input.get_or_insert_with(stdin).read(&mut bytes));
    let read = read.map_err(|error| failed(&ctx, super::files::code(&error), ""))?;
    bytes.truncate(read);
    Ok(Bytes(bytes))
}

/// Waits for time (milliseconds; negative for ever) or for sources, each of two numbers: 0 standard input, 1 a
/// child's stdout, 2 its stderr, 3 its end, 4 its stdin taking more. The indices of those that are ready.
fn wait(milliseconds: f64, sources: Vec<Vec<usize>>) -> Vec<usize> {
    let source = |parts: &Vec<usize>| -> Option<Pollable> {
        let [kind, number] = parts.as_slice() else { return None };
        match kind {
            0 => Some(INPUT.with_borrow_mut(|input| input.get_or_insert_with(stdin).readable())),
            1 => with(*number, |running| running.stdout.as_ref().map(Reader::readable)).flatten(),
            2 => with(*number, |running| running.stderr.as_ref().map(Reader::readable)).flatten(),
            3 => with(*number, |running| running.child.ended()),
            _ => with(*number, |running| running.stdin.as_ref().map(Writer::writable)).flatten(),
        }
    };
    let known: Vec<(usize, Pollable)> =
        sources.iter().enumerate().filter_map(|(index, parts)| Some((index, source(parts)?))).collect();
    // What is gone is ready: whoever reads it finds its end.
    let gone: Vec<usize> = (0..sources.len()).filter(|index| !known.iter().any(|(known, _)| known == index)).collect();
    if !gone.is_empty() {
        return gone;
    }
    let time = (milliseconds >= 0.0).then(|| holm::poll::after(duration(milliseconds)));
    let mut all: Vec<&Pollable> = known.iter().map(|(_, pollable)| pollable).collect();
    all.extend(time.as_ref());
    let ready = holm::poll::wait(&all);
    ready.into_iter().filter_map(|index| known.get(index).map(|(index, _)| *index)).collect()
}
