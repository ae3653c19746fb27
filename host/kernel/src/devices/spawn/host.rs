//! WIT's `spawn`, implemented on the door: a process and its children.

mod parent;
mod ready;
mod right;
mod start;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use parking_lot::Mutex;
use tokio::sync::watch;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, Pollable};

pub use self::parent::Parent;
use self::{
    parent::{RECEIVE, SEND, post},
    ready::{Ended, Mail, ended},
    right::Right,
};
use super::{Caller, Driver, ExecRule, ExecWant, Image, Mailbox, Refused};
use crate::{
    account::{Account, Level},
    bindings::{
        Usage,
        holm::sys::{
            exec,
            spawn::{self as wit, Error, Host, HostChild},
        },
    },
    devices::{
        Capability,
        pipe::{PipeReader, PipeWriter},
    },
    process::{ExitStatus, Pid},
    program::ProgramError,
    syscall::{
        Device, Entered, Errno, Interrupt, Op, Refusal, Syscall,
        device::WasiDevice,
        door::Resident,
        named::is_command,
        policy::{Event, Moment, SpawnEnd, Verdict},
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
    pub(crate) stdin: PipeReader,
    pub(crate) stdout: PipeWriter,
    pub(crate) stderr: PipeWriter,
    /// To its parent, and from it.
    pub(crate) parent: Option<(Mailbox, Mailbox)>,
}

/// A process that this one started.
#[derive(Clone)]
pub struct Child {
    right: Right,
    state: Arc<Started>,
}

struct Started {
    pid: Pid,
    account: Arc<Account>,
    syscalls: Arc<AtomicU64>,
    exit: watch::Receiver<Option<ExitStatus>>,
    /// To the child, and from it.
    mail: (Mailbox, Mailbox),
    stdin: Mutex<Option<PipeWriter>>,
    stdout: Mutex<Option<PipeReader>>,
    stderr: Mutex<Option<PipeReader>>,
    /// What policies said of its end, once somebody asked for it.
    judged: Mutex<Option<std::result::Result<(), Errno>>>,
}

impl Drop for Started {
    /// The parent lets go of its end: a child that waits for mail is told, and has what was sent to it;
    /// what it sent is nobody's any more.
    fn drop(&mut self) {
        self.mail.0.close();
        self.mail.1.discard();
    }
}

impl Resident<Spawn> for Child {}

static START: Op = Op::effect("start", 100_000);
static EXECUTE: Op = Op::effect("execute", 100_000);
static FIND: Op = Op::query("find", 10_000);
static LOOK: Op = Op::query("look", 200);
static WAIT: Op = Op::query("wait", 1_000);
static KILL: Op = Op::effect("kill", 2_000);
static STREAM: Op = Op::query("stream", 500);

/// `wait-any` takes at most this many.
const CHILDREN: usize = 1024;
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
        Refused::Program(ProgramError::NotFound(_) | ProgramError::NoCommand(_)) => {
            Refusal::Errno(Errno::NotFound).into()
        }
        Refused::Program(error) => Refusal::Errno(Errno::Io(error.to_string())).into(),
        Refused::Denied(text) | Refused::Other(text) => Refusal::Errno(Errno::Io(text)).into(),
    }
}

/// How a child ended, where no policy withholds it: each is asked once.
async fn told(call: &mut Entered<'_, Spawn>, child: &Child, status: &ExitStatus) -> Result<wit::Exit> {
    let said = child.state.judged.lock().clone();
    let said = match said {
        Some(said) => said,
        None => {
            let (plugin, pid) = (child.right.name(), u64::from(child.state.pid));
            let end = || Event::AfterSpawn(SpawnEnd { plugin: plugin.clone(), pid, exit: status.to_string() });
            let judged = call.judge(Moment::AfterSpawn, &plugin, &status.to_string(), Verdict::default(), end).await;
            let said = match judged {
                Ok(()) => Ok(()),
                Err(Refusal::Errno(errno)) => Err(errno),
                Err(fault) => return Err(fault.into()),
            };
            *child.state.judged.lock() = Some(said.clone());
            said
        }
    };
    said.map_err(Refusal::Errno)?;
    Ok(exit(status))
}

fn exit(status: &ExitStatus) -> wit::Exit {
    match status {
        ExitStatus::Code(code) => wit::Exit::Code(*code),
        ExitStatus::Fault(fault) => wit::Exit::Fault(fault.to_string()),
        ExitStatus::Killed(_) => wit::Exit::Killed,
    }
}

impl Syscall<'_, Spawn> {
    /// Enters with a child whose grant still holds.
    async fn child(&mut self, op: &'static Op, child: &Resource<Child>) -> Result<(Entered<'_, Spawn>, Child)> {
        let mut call = self.enter(op).await?;
        let mut found = call.get(child)?.clone();
        call.renew_right(&mut found.right)?;
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

/// Checks, starts, and hands out a child.
async fn begin(mut call: Entered<'_, Spawn>, image: Image, options: wit::Options) -> Result<Resource<Child>> {
    let (right, request, ends) = start::check(&mut call, image, options).await?;
    let caller = Caller {
        control: call.control().clone(),
        authority: call.authority().clone(),
        operator: call.operator().cloned(),
        directory: call.session.directory.clone(),
    };
    let mail = request.mail.clone();
    let driver = call.session.driver.clone();
    let started = driver.start(caller, request).await.map_err(|refused| refuse(&mut call, refused))?;
    call.about(&started.pid.to_string());
    let state = Started {
        pid: started.pid,
        account: started.account,
        syscalls: started.syscalls,
        exit: started.exit,
        mail,
        stdin: Mutex::new(ends.stdin),
        stdout: Mutex::new(ends.stdout),
        stderr: Mutex::new(ends.stderr),
        judged: Mutex::default(),
    };
    match call.push(Child { right, state: Arc::new(state) }) {
        Ok(child) => Ok(child),
        Err(refusal) => {
            driver.kill(started.pid);
            Err(refusal.into())
        }
    }
}

impl exec::Host for Syscall<'_, Spawn> {
    async fn find(&mut self, command: String) -> Result<()> {
        let mut call = self.enter(&FIND).await?;
        if !is_command(&command) {
            let command = command.chars().take(128).collect();
            return Err(call.deny(ExecRule::NAME, command, "not the name of a command").into());
        }
        call.admit::<ExecRule>(ExecWant(command.clone())).await?;
        let driver = call.session.driver.clone();
        driver.offers(&command).await.map_err(|refused| refuse(&mut call, refused))
    }

    async fn start(&mut self, command: String, options: wit::Options) -> Result<Resource<Child>> {
        let call = self.enter(&EXECUTE).await?;
        if options.plugin.is_some() {
            return invalid("a command is executed, not a plugin: `plugin` is none");
        }
        begin(call, Image::Command(command), options).await
    }
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
            let mut child = call.get(child)?.clone();
            call.renew_right(&mut child.right)?;
            let mut end = Ended(child.state.exit.clone(), call.lapse_of(&child.right));
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
            call.renew_right(right)?;
        }
        Ok(first as u32)
    }
}

impl HostChild for Syscall<'_, Spawn> {
    async fn start(&mut self, options: wit::Options) -> Result<Resource<Child>> {
        let call = self.enter(&START).await?;
        let image = options.plugin.clone().map_or(Image::Own, Image::Plugin);
        begin(call, image, options).await
    }

    async fn pid(&mut self, child: Resource<Child>) -> Result<u64> {
        let (_, child) = self.child(&LOOK, &child).await?;
        Ok(child.state.pid.into())
    }

    async fn subscribe(&mut self, child: Resource<Child>) -> wasmtime::Result<Resource<DynPollable>> {
        self.poll(|call| {
            let child = call.get(&child)?.clone();
            Ok(Ended(child.state.exit.clone(), call.lapse_of(&child.right)))
        })
        .await
    }

    async fn status(&mut self, child: Resource<Child>) -> Result<Option<wit::Exit>> {
        let (mut call, child) = self.child(&LOOK, &child).await?;
        let status = child.state.exit.borrow().clone();
        match status {
            Some(status) => told(&mut call, &child, &status).await.map(Some),
            None => Ok(None),
        }
    }

    async fn wait(&mut self, child: Resource<Child>) -> Result<wit::Exit> {
        let (mut call, mut child) = self.child(&WAIT, &child).await?;
        let status = call.while_right(&mut child.right, ended(child.state.exit.clone())).await?;
        match status {
            Some(status) => told(&mut call, &child, &status).await,
            None => Ok(wit::Exit::Killed),
        }
    }

    async fn usage(&mut self, child: Resource<Child>) -> Result<Usage> {
        let (_, child) = self.child(&LOOK, &child).await?;
        let (account, syscalls) = (&child.state.account, child.state.syscalls.load(Relaxed));
        Ok(Usage { fuel: account.spent().0, memory: account.level(Level::Memory), syscalls })
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
            Ok(Mail(child.state.mail.1.clone(), Some(call.lapse_of(&child.right))))
        })
        .await
    }

    async fn drop(&mut self, child: Resource<Child>) -> wasmtime::Result<()> {
        self.release(child).map(drop)
    }
}
