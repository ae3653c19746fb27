//! WIT's `answer`, implemented on the door.

use std::sync::atomic::Ordering::Relaxed;

use super::{Inquiry, Progress, Reply, Wanted, check};
use crate::{
    account::Total,
    bindings::holm::sys::answer::{self as wit, Error, Host},
    syscall::{Device, Errno, Interrupt, Op, Refusal, Syscall, device::fuel_for_bytes, is_hidden},
};

/// The answer device.
pub(crate) struct Answer;

impl Device for Answer {
    const NAME: &'static str = "answer";
    type Session = Session;
}

/// What it keeps for one process.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Whether the process answers a call: what only runs, judges or describes itself has no caller.
    pub(crate) answers: bool,
    /// How much was done when that was last told.
    done: Option<f64>,
}

impl Session {
    pub(crate) fn new(answers: bool) -> Self {
        Self { answers, done: None }
    }
}

static PROGRESS: Op = Op::query("progress", 2_000);
static ASK: Op = Op::effect("ask", 20_000);

/// Fuel for a byte of a question or reply: it is moved, and read as JSON (about five nanoseconds).
const READ: u64 = 16;

/// Whoever did not want to answer this many questions of a tree is asked no more. Stops tools that ask until
/// somebody says yes.
const DECLINED: u32 = 16;

/// What is said of progress is cut here.
const MESSAGE_BYTES: usize = 1 << 10;

type Result<T> = std::result::Result<T, Interrupt<Error>>;

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Error::Sys(errno)
    }
}

impl Host for Syscall<'_, Answer> {
    fn convert_error(&mut self, error: Interrupt<Error>) -> wasmtime::Result<Error> {
        error.for_guest()
    }

    async fn progress(
        &mut self,
        done: f64,
        total: Option<f64>,
        message: Option<String>,
    ) -> std::result::Result<(), Interrupt<Errno>> {
        let mut call = self.enter(&PROGRESS).await?;
        call.charge(fuel_for_bytes(message.as_ref().map_or(0, String::len) as u64));
        if !call.session.answers {
            return Err(Refusal::Errno(Errno::NotFound).into());
        }
        if !done.is_finite() || call.session.done.is_some_and(|before| done <= before) {
            return Ok(());
        }
        call.session.done = Some(done);
        // How far it is with what another plugin called it for is nothing to the listener.
        if let Some(listener) = call.control().run.listener.get().filter(|_| call.control().parent.is_none()) {
            let total = total.filter(|total| total.is_finite());
            listener.told(Progress { done, total, message: message.as_deref().map(line) });
        }
        Ok(())
    }

    async fn ask(&mut self, questions: Vec<wit::Question>) -> Result<Vec<wit::Reply>> {
        let mut call = self.enter(&ASK).await?;
        call.charge(READ * check::bytes(&questions) as u64);
        let asked = check::questions(questions).map_err(|reason| Interrupt::Guest(Error::Invalid(reason)))?;
        let kinds: Vec<_> = asked.iter().map(|asked| kind(&asked.question.wanted)).collect();
        call.about(&kinds.join(","));
        let control = call.control().clone();
        let listener = control.run.listener.get().filter(|_| call.session.answers && !control.judges);
        let Some(listener) = listener else { return Ok(asked.iter().map(|_| wit::Reply::Nobody).collect()) };
        call.take(Total::Questions, asked.len() as u64)?;
        if control.run.declined.load(Relaxed) >= DECLINED {
            return Ok(asked.iter().map(|_| wit::Reply::Nobody).collect());
        }
        let inquiry = Inquiry {
            pid: control.pid,
            root: control.parent.is_none(),
            plugin: control.plugin.to_string(),
            questions: asked.iter().map(|asked| asked.question.clone()).collect(),
        };
        let replies = listener.asked(inquiry).await;
        let replies = check::replies(&asked, replies).map_err(|reason| Refusal::Errno(Errno::Io(reason)))?;
        let declined = replies.iter().filter(|reply| matches!(reply, Reply::Declined | Reply::Cancelled)).count();
        control.run.declined.fetch_add(u32::try_from(declined).unwrap_or(u32::MAX), Relaxed);
        let bytes: usize =
            replies.iter().map(|reply| if let Reply::Accepted(text) = reply { text.len() } else { 0 }).sum();
        call.charge(READ * bytes as u64);
        Ok(replies.into_iter().map(reply).collect())
    }
}

/// What is asked for, in one word for records.
fn kind(wanted: &Wanted) -> &'static str {
    match wanted {
        Wanted::Form { .. } => "form",
        Wanted::Link { .. } => "link",
        Wanted::Completion(_) => "completion",
        Wanted::Roots => "roots",
    }
}

fn reply(reply: Reply) -> wit::Reply {
    match reply {
        Reply::Accepted(text) => wit::Reply::Accepted(text),
        Reply::Declined => wit::Reply::Declined,
        Reply::Cancelled => wit::Reply::Cancelled,
        Reply::Nobody => wit::Reply::Nobody,
    }
}

/// A message on one line, with nothing hidden in it, and not endlessly long.
fn line(message: &str) -> String {
    let cut = &message[..message.floor_char_boundary(MESSAGE_BYTES)];
    cut.chars().map(|char| if is_hidden(char) { '\u{fffd}' } else { char }).collect()
}

impl crate::bindings::holm::sys::types::Host for Syscall<'_, Answer> {
    fn convert_errno(&mut self, error: Interrupt<Errno>) -> wasmtime::Result<Errno> {
        error.for_guest()
    }
}
