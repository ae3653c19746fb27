//! Calls under way: several at once, each a process of its own.
//!
//! Each is a handle and a live descendant of its caller. Once it has ended it is a handle alone, and its
//! answer is held against its caller's memory until it is taken. Stops thousands of answers of 4 MiB that
//! nobody reads.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::task::JoinHandle;
use wasmtime::component::Resource;
use wasmtime_wasi::{
    async_trait,
    p2::{DynPollable, Pollable},
};

use super::{
    Called, Tool, ToolRule,
    host::{Asked, Result},
};
use crate::{
    account::{Account, Hold, Level},
    bindings::holm::sys::{tool::HostInvocation, tool_types::ToolError},
    devices::spawn::Refused,
    syscall::{
        Errno, Op, Refusal, Syscall,
        device::WasiDevice,
        door::{Granted, Lapse, Resident},
    },
};

impl WasiDevice for Tool {}

/// A call under way.
#[derive(Clone)]
pub struct Invocation {
    right: Granted<ToolRule>,
    call: Arc<Call>,
}

type Answer = std::result::Result<Called, Refused>;

/// An answer, and the memory that it holds.
struct Kept {
    answer: Answer,
    _hold: Option<Hold>,
}

impl Kept {
    /// What does not fit the caller's memory is dropped: it learns which limit that was.
    fn new(account: &Arc<Account>, answer: Answer) -> Self {
        match account.hold(Level::Memory, bytes(&answer)) {
            Ok(hold) => Self { answer, _hold: Some(hold) },
            Err(exceeded) => Self { answer: Err(Refused::Exceeded(exceeded)), _hold: None },
        }
    }
}

/// What an answer keeps of what its callee said.
fn bytes(answer: &Answer) -> u64 {
    let text = match answer {
        Ok(Called::Answered(Ok(text))) => text,
        Ok(Called::Answered(Err(ToolError::InvalidArguments(text) | ToolError::Failed(text)))) => text,
        _ => return 0,
    };
    text.len() as u64
}

/// The task that waits for the callee, and what came of it.
struct Call(Mutex<State>);

enum State {
    UnderWay(JoinHandle<Option<Kept>>),
    Ended(Option<Kept>),
    Taken,
}

impl Drop for Call {
    /// Nobody waits for it any more: with the task goes the callee's process.
    fn drop(&mut self) {
        if let State::UnderWay(task) = self.0.get_mut() {
            task.abort();
        }
    }
}

impl Call {
    fn start(asked: Asked, mut lapse: Lapse<ToolRule>) -> Self {
        let account = asked.caller.control.account.clone();
        let task = tokio::spawn(async move {
            let answer = asked.driver.call(asked.caller, &asked.plugin, &asked.tool, asked.arguments);
            tokio::select! {
                answer = answer => Some(Kept::new(&account, answer)),
                // Revoked: the callee ends at once, whether or not its caller ever asks again.
                () = lapse.lapsed() => None,
            }
        });
        Self(Mutex::new(State::UnderWay(task)))
    }

    /// Waits for its end. Only its process waits, one call at a time.
    async fn ended(&self) {
        std::future::poll_fn(|context| {
            let mut state = self.0.lock();
            let State::UnderWay(task) = &mut *state else { return std::task::Poll::Ready(()) };
            let polled = std::pin::Pin::new(task).poll(context);
            // A panic of the driver: there is no answer.
            polled.map(|answer| *state = State::Ended(answer.ok().flatten()))
        })
        .await;
    }

    /// What came of it; once.
    fn take(&self) -> std::result::Result<Answer, Errno> {
        let mut state = self.0.lock();
        // Nobody takes before the end.
        if matches!(*state, State::UnderWay(_)) {
            return Err(Errno::Cancelled);
        }
        match std::mem::replace(&mut *state, State::Taken) {
            State::Ended(Some(kept)) => Ok(kept.answer),
            State::Ended(None) => Err(Errno::Io("the tool driver failed".to_owned())),
            State::Taken | State::UnderWay(_) => Err(Errno::NotFound),
        }
    }
}

impl Resident<Tool> for Invocation {}
impl Resident<Tool> for Ended {}

static START: Op = Op::effect("start", 100_000);
static FINISH: Op = Op::query("finish", 1_000);
static LOOK: Op = Op::query("look", 200);

/// Ready when a call has ended, or the right to it has lapsed.
struct Ended(Arc<Call>, Lapse<ToolRule>);

#[async_trait]
impl Pollable for Ended {
    async fn ready(&mut self) {
        tokio::select! {
            () = self.0.ended() => {}
            () = self.1.lapsed() => {}
        }
    }
}

impl HostInvocation for Syscall<'_, Tool> {
    async fn start(&mut self, name: String, arguments: String) -> Result<Resource<Invocation>> {
        let mut call = self.enter(&START).await?;
        let asked = call.prepare(&name, arguments).await?;
        let right = asked.right.clone();
        let lapse = call.lapse(&right);
        Ok(call.push(Invocation { right, call: Arc::new(Call::start(asked, lapse)) })?)
    }

    async fn subscribe(&mut self, invocation: Resource<Invocation>) -> wasmtime::Result<Resource<DynPollable>> {
        let mut call = self.enter(&LOOK).await.map_err(crate::devices::wasi_trap)?;
        let found = call.get(&invocation).map_err(crate::devices::wasi_trap)?.clone();
        let ended = Ended(found.call.clone(), call.lapse(&found.right));
        let pollable = call.push(ended).map_err(crate::devices::wasi_trap)?;
        wasmtime_wasi::p2::subscribe(call.wasi().1, pollable)
    }

    async fn finish(&mut self, invocation: Resource<Invocation>) -> Result<String> {
        let mut call = self.enter(&FINISH).await?;
        let mut found = call.get_granted(&invocation, |invocation| &mut invocation.right)?;
        call.about(&found.right.want().to_string());
        let under_way = found.call.clone();
        call.while_granted(&mut found.right, under_way.ended()).await?;
        let answer = under_way.take().map_err(Refusal::Errno)?;
        call.told(&found.right, answer).await
    }

    async fn drop(&mut self, invocation: Resource<Invocation>) -> wasmtime::Result<()> {
        self.release(invocation).map(drop)
    }
}
