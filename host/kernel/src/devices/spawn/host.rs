//! WIT's `spawn`, implemented on the door.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use wasmtime::component::Resource;
use wasmtime_wasi::{
    async_trait,
    p2::{DynInputStream, DynOutputStream, DynPollable, Pollable},
};

use super::{
    Caller, Driver, Mailbox, Refused, Request, SpawnRule, SpawnWant,
    mailbox::{MESSAGE_BYTES, SendError},
};
use crate::{
    account::{Account, Fuel, Level},
    bindings::{
        Usage,
        holm::sys::spawn::{self as wit, Error, Host, HostChild, HostParent, Stdio},
    },
    devices::{
        Grants,
        pipe::{self, PipeReader, PipeWriter},
    },
    process::{ExitStatus, Pid},
    program::ProgramError,
    syscall::{
        Device, Entered, Errno, Interrupt, Op, Refusal, Syscall,
        device::{WasiDevice, fuel_for_bytes},
        door::{Granted, Lapse, Resident},
        named::is_exact_name,
    },
};

/// The spawn device.
pub(crate) struct Spawn;

impl Device for Spawn {
    const NAME: &'static str = "spawn";
    type Session = Session;
}

// It hands out WASI streams.
impl WasiDevice for Spawn {}

/// What a process can start, and who started it.
pub(crate) struct Session {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) directory: String,
    pub(crate) stdout: PipeWriter,
    pub(crate) stderr: PipeWriter,
    /// To its parent, and from it.
    pub(crate) parent: Option<(Mailbox, Mailbox)>,
}

/// A process that this one started.
#[derive(Clone)]
pub struct Child {
    right: Granted<SpawnRule>,
    state: Arc<Started>,
}

struct Started {
    pid: Pid,
    account: Arc<Account>,
    exit: watch::Receiver<Option<ExitStatus>>,
    /// To the child, and from it.
    mail: (Mailbox, Mailbox),
    stdin: Mutex<Option<PipeWriter>>,
    stdout: Mutex<Option<PipeReader>>,
    stderr: Mutex<Option<PipeReader>>,
}

impl Drop for Started {
    /// The parent lets go of its end: a child that waits for mail is told.
    fn drop(&mut self) {
        self.mail.0.close();
        self.mail.1.close();
    }
}

/// A process's side of the mailbox to its parent.
#[derive(Clone)]
pub struct Parent {
    /// To the parent, and from it.
    mail: (Mailbox, Mailbox),
}

impl Resident<Spawn> for Child {}
impl Resident<Spawn> for Parent {}
impl Resident<Spawn> for Ended {}
impl Resident<Spawn> for Mail {}

static START: Op = Op::effect("start", 100_000);
static LOOK: Op = Op::query("look", 200);
static WAIT: Op = Op::query("wait", 1_000);
static KILL: Op = Op::effect("kill", 2_000);
static STREAM: Op = Op::query("stream", 500);
static SEND: Op = Op::query("send", 500);
static RECEIVE: Op = Op::query("receive", 500);

/// A child is passed at most this many rules: each of its calls may ask them all.
const GRANTS: usize = 256;
/// `wait-any` takes at most this many.
const CHILDREN: usize = 1024;
/// Bounds what a child is started with: arguments and environment together.
const SURROUNDINGS_BYTES: usize = 1 << 20;
/// What each argument costs besides its bytes: a million empty ones are not free.
const TEXT_OVERHEAD: usize = 32;

type Result<T> = std::result::Result<T, Interrupt<Error>>;

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Error::Sys(errno)
    }
}

fn invalid<T>(text: impl Into<String>) -> Result<T> {
    Err(Interrupt::Guest(Error::Invalid(text.into())))
}

fn refuse(call: &mut Entered<'_, Spawn>, refused: Refused) -> Interrupt<Error> {
    match refused {
        Refused::Exceeded(exceeded) => call.over(exceeded).into(),
        Refused::Program(ProgramError::NotFound(_)) => Refusal::Errno(Errno::NotFound).into(),
        Refused::Program(error) => Refusal::Errno(Errno::Io(error.to_string())).into(),
        Refused::Other(text) => Refusal::Errno(Errno::Io(text)).into(),
    }
}

fn exit(status: &ExitStatus) -> wit::Exit {
    match status {
        ExitStatus::Code(code) => wit::Exit::Code(*code),
        ExitStatus::Fault(fault) => wit::Exit::Fault(fault.to_string()),
        ExitStatus::Killed(_) => wit::Exit::Killed,
    }
}

/// Waits for a process to end.
async fn ended(mut exit: watch::Receiver<Option<ExitStatus>>) -> Option<ExitStatus> {
    exit.wait_for(Option::is_some).await.ok().and_then(|status| status.clone())
}

/// Ready once a process has ended, or the right to it: its next method then says which.
struct Ended(watch::Receiver<Option<ExitStatus>>, Lapse<SpawnRule>);

#[async_trait]
impl Pollable for Ended {
    async fn ready(&mut self) {
        tokio::select! {
            _ = ended(self.0.clone()) => {}
            () = self.1.lapsed() => {}
        }
    }
}

/// Ready once a message waits, or the right to the child has ended; a parent is nobody's to revoke.
struct Mail(Mailbox, Option<Lapse<SpawnRule>>);

#[async_trait]
impl Pollable for Mail {
    async fn ready(&mut self) {
        match &mut self.1 {
            None => self.0.ready().await,
            Some(lapse) => tokio::select! {
                () = self.0.ready() => {}
                () = lapse.lapsed() => {}
            },
        }
    }
}

impl Syscall<'_, Spawn> {
    /// Enters with a child whose grant still holds.
    async fn child(&mut self, op: &'static Op, child: &Resource<Child>) -> Result<(Entered<'_, Spawn>, Child)> {
        let mut call = self.enter(op).await?;
        let found = call.get_granted(child, |child| &mut child.right)?;
        call.about(&found.state.pid.to_string());
        Ok((call, found))
    }

    /// A pollable of its own, which checks the handle and nothing else.
    async fn poll<T: Resident<Spawn> + Pollable>(
        &mut self,
        make: impl FnOnce(&mut Entered<'_, Spawn>) -> std::result::Result<T, Refusal>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        let mut call = self.enter(&LOOK).await.map_err(crate::devices::wasi_trap)?;
        let pollable = make(&mut call).and_then(|made| call.push(made)).map_err(crate::devices::wasi_trap)?;
        wasmtime_wasi::p2::subscribe(call.wasi().1, pollable)
    }

    async fn input(
        &mut self,
        child: Resource<Child>,
        pick: fn(&Started) -> &Mutex<Option<PipeReader>>,
    ) -> Result<Option<Resource<DynInputStream>>> {
        let (mut call, child) = self.child(&STREAM, &child).await?;
        let Some(reader) = pick(&child.state).lock().take() else { return Ok(None) };
        let stream: DynInputStream = reader.stream();
        match call.wasi().1.push(stream) {
            Ok(stream) => Ok(Some(stream)),
            Err(_) => Err(handles(&mut call)),
        }
    }
}

fn handles(call: &mut Entered<'_, Spawn>) -> Interrupt<Error> {
    let maximum = call.account().limits().handles;
    call.over(crate::account::Exceeded { limit: "handles", maximum }).into()
}

impl Host for Syscall<'_, Spawn> {
    fn convert_error(&mut self, error: Interrupt<Error>) -> wasmtime::Result<Error> {
        error.for_guest()
    }

    async fn wait_any(&mut self, children: Vec<Resource<Child>>) -> Result<u32> {
        let mut call = self.enter(&WAIT).await?;
        call.charge(200 * children.len() as u64);
        if children.is_empty() || children.len() > CHILDREN {
            return invalid("wait-any takes 1 to 1,024 children");
        }
        let (mut waits, mut rights) = (Vec::new(), Vec::new());
        for child in &children {
            let child = call.get_granted(child, |child| &mut child.right)?;
            let mut end = Ended(child.state.exit.clone(), call.lapse(&child.right));
            waits.push(Box::pin(async move { end.ready().await }));
            rights.push((child.right, child.state.exit.clone()));
        }
        let first = std::future::poll_fn(move |context| {
            let ready = waits.iter_mut().position(|wait| wait.as_mut().poll(context).is_ready());
            ready.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        })
        .await;
        let (right, exit) = &mut rights[first];
        if exit.borrow().is_none() {
            call.renew(right)?;
        }
        Ok(first as u32)
    }
}

impl HostChild for Syscall<'_, Spawn> {
    async fn start(&mut self, options: wit::Options) -> Result<Resource<Child>> {
        let mut call = self.enter(&START).await?;
        let name = options.plugin.clone().unwrap_or_else(|| "self".to_owned());
        let bytes = options.arguments.iter().map(|argument| argument.len() + TEXT_OVERHEAD).sum::<usize>()
            + options.environment.iter().map(|(name, value)| name.len() + value.len() + TEXT_OVERHEAD).sum::<usize>();
        let lines = options.grants.iter().flatten().map(String::len).sum::<usize>();
        call.charge(fuel_for_bytes((bytes + lines) as u64));
        if !is_exact_name(&name) {
            let name = name.chars().take(128).collect();
            return Err(call.deny(Spawn::NAME, name, "not the name of a plugin").into());
        }
        let right = call.admit::<SpawnRule>(SpawnWant(name)).await?;
        if bytes > SURROUNDINGS_BYTES {
            return invalid("arguments and environment have more than 1 MiB");
        }
        if options.nice > 19 {
            return invalid("nice is 0 to 19: a child is never favoured over its parent");
        }
        if options.stdin == Stdio::Inherit {
            return invalid("stdin is null or piped: a child does not inherit it");
        }
        let mut grants = None;
        if let Some(lines) = &options.grants {
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
            grants = Some(passed);
        }
        let capacity = usize::try_from(call.account().limits().mailbox.0).unwrap_or(usize::MAX);
        let (to, from) = (Mailbox::new(capacity), Mailbox::new(capacity));
        let output = |choice: Stdio, inherited: &PipeWriter| match choice {
            Stdio::Null => (pipe::sink(), None),
            Stdio::Inherit => (inherited.clone(), None),
            Stdio::Piped => {
                let (writer, reader) = pipe::pipe(capacity);
                (writer, Some(reader))
            }
        };
        let (stdout, stdout_end) = output(options.stdout, &call.session.stdout);
        let (stderr, stderr_end) = output(options.stderr, &call.session.stderr);
        let (stdin_end, stdin) = match options.stdin {
            Stdio::Piped => {
                let (writer, reader) = pipe::pipe(capacity);
                (Some(writer), reader)
            }
            _ => (None, pipe::empty()),
        };
        let request = Request {
            plugin: options.plugin,
            arguments: options.arguments,
            environment: options.environment,
            directory: options.directory.unwrap_or_else(|| call.session.directory.clone()),
            stdin,
            stdout,
            stderr,
            grants,
            fuel: options.fuel.map(Fuel),
            memory: options.memory,
            nice: options.nice,
            mail: (to.clone(), from.clone()),
        };
        let caller = Caller {
            control: call.control().clone(),
            authority: call.authority().clone(),
            operator: call.operator().cloned(),
            directory: call.session.directory.clone(),
        };
        let driver = call.session.driver.clone();
        let started = driver.start(caller, request).await.map_err(|refused| refuse(&mut call, refused))?;
        call.about(&started.pid.to_string());
        let state = Started {
            pid: started.pid,
            account: started.account,
            exit: started.exit,
            mail: (to, from),
            stdin: Mutex::new(stdin_end),
            stdout: Mutex::new(stdout_end),
            stderr: Mutex::new(stderr_end),
        };
        match call.push(Child { right, state: Arc::new(state) }) {
            Ok(child) => Ok(child),
            Err(refusal) => {
                driver.kill(started.pid);
                Err(refusal.into())
            }
        }
    }

    async fn pid(&mut self, child: Resource<Child>) -> Result<u64> {
        let (_, child) = self.child(&LOOK, &child).await?;
        Ok(child.state.pid.into())
    }

    async fn subscribe(&mut self, child: Resource<Child>) -> wasmtime::Result<Resource<DynPollable>> {
        self.poll(|call| {
            let child = call.get(&child)?.clone();
            Ok(Ended(child.state.exit.clone(), call.lapse(&child.right)))
        })
        .await
    }

    async fn status(&mut self, child: Resource<Child>) -> Result<Option<wit::Exit>> {
        let (_, child) = self.child(&LOOK, &child).await?;
        Ok(child.state.exit.borrow().as_ref().map(exit))
    }

    async fn wait(&mut self, child: Resource<Child>) -> Result<wit::Exit> {
        let (mut call, mut child) = self.child(&WAIT, &child).await?;
        let status = call.while_granted(&mut child.right, ended(child.state.exit.clone())).await?;
        Ok(status.as_ref().map_or(wit::Exit::Killed, exit))
    }

    async fn usage(&mut self, child: Resource<Child>) -> Result<Usage> {
        let (_, child) = self.child(&LOOK, &child).await?;
        let account = &child.state.account;
        Ok(Usage { fuel: account.spent().0, memory: account.level(Level::Memory), syscalls: 0 })
    }

    async fn kill(&mut self, child: Resource<Child>) -> Result<()> {
        let (call, child) = self.child(&KILL, &child).await?;
        call.session.driver.kill(child.state.pid);
        Ok(())
    }

    async fn stdin(&mut self, child: Resource<Child>) -> Result<Option<Resource<DynOutputStream>>> {
        let (mut call, child) = self.child(&STREAM, &child).await?;
        let Some(writer) = child.state.stdin.lock().take() else { return Ok(None) };
        let stream: DynOutputStream = writer.stream(None);
        drop(writer);
        match call.wasi().1.push(stream) {
            Ok(stream) => Ok(Some(stream)),
            Err(_) => Err(handles(&mut call)),
        }
    }

    async fn stdout(&mut self, child: Resource<Child>) -> Result<Option<Resource<DynInputStream>>> {
        self.input(child, |started| &started.stdout).await
    }

    async fn stderr(&mut self, child: Resource<Child>) -> Result<Option<Resource<DynInputStream>>> {
        self.input(child, |started| &started.stderr).await
    }

    async fn send(&mut self, child: Resource<Child>, message: Vec<u8>) -> Result<()> {
        let (mut call, child) = self.child(&SEND, &child).await?;
        post(&mut call, &child.state.mail.0, message)
    }

    async fn receive(&mut self, child: Resource<Child>) -> Result<Option<Vec<u8>>> {
        let (_, child) = self.child(&RECEIVE, &child).await?;
        Ok(child.state.mail.1.receive())
    }

    async fn mail(&mut self, child: Resource<Child>) -> wasmtime::Result<Resource<DynPollable>> {
        self.poll(|call| {
            let child = call.get(&child)?.clone();
            Ok(Mail(child.state.mail.1.clone(), Some(call.lapse(&child.right))))
        })
        .await
    }

    async fn drop(&mut self, child: Resource<Child>) -> wasmtime::Result<()> {
        self.release(child).map(drop)
    }
}

fn post(call: &mut Entered<'_, Spawn>, mailbox: &Mailbox, message: Vec<u8>) -> Result<()> {
    if message.len() > MESSAGE_BYTES {
        return invalid("a message has at most 64 KiB");
    }
    call.charge(fuel_for_bytes(message.len() as u64));
    match mailbox.send(message) {
        Ok(()) => Ok(()),
        Err(SendError::Full) => Err(Interrupt::Guest(Error::Full)),
        Err(SendError::Closed) => Err(Refusal::Errno(Errno::NotFound).into()),
    }
}

impl HostParent for Syscall<'_, Spawn> {
    async fn open(&mut self) -> Result<Resource<Parent>> {
        let mut call = self.enter(&LOOK).await?;
        let Some(mail) = call.session.parent.clone() else { return Err(Refusal::Errno(Errno::NotFound).into()) };
        Ok(call.push(Parent { mail })?)
    }

    async fn send(&mut self, parent: Resource<Parent>, message: Vec<u8>) -> Result<()> {
        let mut call = self.enter(&SEND).await?;
        let mailbox = call.get(&parent)?.mail.0.clone();
        post(&mut call, &mailbox, message)
    }

    async fn receive(&mut self, parent: Resource<Parent>) -> Result<Option<Vec<u8>>> {
        let mut call = self.enter(&RECEIVE).await?;
        Ok(call.get(&parent)?.mail.1.receive())
    }

    async fn wait(&mut self, parent: Resource<Parent>) -> Result<Vec<u8>> {
        let mut call = self.enter(&WAIT).await?;
        let mailbox = call.get(&parent)?.mail.1.clone();
        mailbox.next().await.ok_or_else(|| Refusal::Errno(Errno::Cancelled).into())
    }

    async fn mail(&mut self, parent: Resource<Parent>) -> wasmtime::Result<Resource<DynPollable>> {
        self.poll(|call| Ok(Mail(call.get(&parent)?.mail.1.clone(), None))).await
    }

    async fn drop(&mut self, parent: Resource<Parent>) -> wasmtime::Result<()> {
        self.release(parent).map(drop)
    }
}
