//! What the kernel does for its devices: starts children, answers tool calls with plugins, asks policies.

use std::{
    path::PathBuf,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::oneshot::error::RecvError;

use super::{
    facade::Inner,
    launch::{Launch, Parentage, Passes},
    spawn::{Exit, Spawn, SpawnError, ToolError},
};
use crate::{
    account::{Bytes, Exceeded, Level, Limits},
    bindings::holm::sys::tool_types,
    devices::{
        llm,
        spawn::{self, Caller, Image, Refused, Request, Started},
        tool::{self, Admits, Called, Found, ServerCall, ServerError},
    },
    engine::{Entry, Outcome},
    process::{ExitStatus, KilledBy, Pid},
    program::{Code, Offer, Offers, Program, ProgramError, ToolDescription},
    sched::Nice,
    syscall::{
        Authority, Operator, Question,
        door::BoxFuture,
        policy::{Actor, Decision, Event, Judged, Judges, Moment},
    },
};

/// The kernel, as devices know it.
pub(super) struct Services(pub(super) Weak<Inner>);

impl From<SpawnError> for Refused {
    fn from(error: SpawnError) -> Self {
        match error {
            SpawnError::Exceeded(exceeded) => Refused::Exceeded(exceeded),
            SpawnError::Program(error) => Refused::Program(error),
            SpawnError::Full(processes) => {
                Refused::Exceeded(Exceeded { limit: "processes", maximum: processes.into() })
            }
            other => Refused::Other(other.to_string()),
        }
    }
}

impl From<tool_types::ToolError> for ToolError {
    fn from(error: tool_types::ToolError) -> Self {
        match error {
            tool_types::ToolError::NoSuchTool => ToolError::NoSuchTool,
            tool_types::ToolError::InvalidArguments(text) => ToolError::InvalidArguments(text),
            tool_types::ToolError::Failed(text) => ToolError::Failed(text),
        }
    }
}

fn gone() -> Refused {
    Refused::Other("the kernel is shutting down".to_owned())
}

impl spawn::Driver for Services {
    fn start(&self, caller: Caller, request: Request) -> BoxFuture<'_, Result<Started, Refused>> {
        Box::pin(async move {
            let kernel = self.0.upgrade().ok_or_else(gone)?;
            let own = || kernel.program_of(caller.control.pid).ok_or_else(gone);
            let mut command = None;
            let program = match request.image {
                Image::Own => own()?,
                Image::Plugin(name) => kernel.program(&name).await?,
                Image::Command(name) => {
                    let program = Arc::new(as_caller(&*own()?, kernel.command(&name).await?));
                    command = Some(name);
                    program
                }
            };
            let nice = kernel.cpu.view(caller.control.pid).map_or(Nice::default(), |view| view.nice);
            let mut limits = Limits { ..caller.control.account.limits().clone() };
            if let Some(memory) = request.memory {
                limits.memory = limits.memory.min(Bytes(memory));
            }
            if let Some(tokens) = request.tokens {
                limits.tokens = limits.tokens.min(tokens);
            }
            if let Some(money) = request.money {
                limits.money = limits.money.min(money);
            }
            let spawn = Spawn {
                program,
                command,
                arguments: request.arguments.clone(),
                environment: request.environment,
                directory: PathBuf::from(request.directory),
                stdin: request.stdin,
                stdout: request.stdout,
                stderr: request.stderr,
                nice: nice.plus(request.nice),
                limits,
                operator: caller.operator.clone(),
                listener: None,
                client: None,
                record: false,
            };
            let parent = Parentage {
                caller,
                fuel: request.fuel,
                passes: Passes::Within(request.grants),
                mail: Some(request.mail),
            };
            let entry = Entry::Run { arguments: request.arguments };
            let (running, _) =
                kernel.launch(Launch { spawn, entry, parent: Some(parent), without_grants: false }).await?;
            let control = &running.control;
            let (account, syscalls) = (control.account.clone(), control.syscalls.clone());
            Ok(Started { pid: running.pid, account, syscalls, exit: running.exit })
        })
    }

    fn offers<'a>(&'a self, command: &'a str) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move {
            let kernel = self.0.upgrade().ok_or_else(gone)?;
            kernel.command(command).await.map(drop)
        })
    }

    fn kill(&self, pid: Pid) {
        if let Some(kernel) = self.0.upgrade() {
            // It may have ended meanwhile.
            let _ = kernel.kill_tree(pid, KilledBy::Parent);
        }
    }
}

impl llm::Shares for Services {
    fn nice(&self, pid: Pid) -> Nice {
        let view = self.0.upgrade().and_then(|kernel| kernel.cpu.view(pid));
        view.map_or(Nice::default(), |view| view.nice)
    }
}

impl tool::Driver for Services {
    fn list(&self) -> Vec<(String, Arc<dyn Offer>, usize)> {
        let Some(kernel) = self.0.upgrade() else { return Vec::new() };
        let mut tools = Vec::new();
        for offer in kernel.offers() {
            let named =
                |(at, tool): (usize, &ToolDescription)| (format!("{}/{}", offer.name(), tool.name), offer.clone(), at);
            tools.extend(offer.tools().iter().enumerate().map(named));
        }
        tools.sort_by(|a, b| a.0.cmp(&b.0));
        tools
    }

    fn search(&self, query: String, admits: Admits, limit: usize) -> BoxFuture<'_, (Vec<Found>, usize)> {
        Box::pin(async move {
            let Some(kernel) = self.0.upgrade() else { return Default::default() };
            kernel.search(query, admits, limit).await
        })
    }

    fn find(&self, plugin: &str, tool: &str) -> Option<ToolDescription> {
        let kernel = self.0.upgrade()?;
        match kernel.parts.programs.find(plugin) {
            Err(ProgramError::NotFound(_)) => kernel.parts.servers.find(plugin, tool),
            program => program.ok()?.tools.iter().find(|known| known.name == tool).cloned(),
        }
    }

    fn call<'a>(
        &'a self,
        caller: Caller,
        plugin: &'a str,
        tool: &'a str,
        arguments: String,
    ) -> BoxFuture<'a, Result<Called, Refused>> {
        Box::pin(async move {
            let kernel = self.0.upgrade().ok_or_else(gone)?;
            let program = match kernel.program(plugin).await {
                // One name is never both.
                Err(Refused::Program(ProgramError::NotFound(_))) if kernel.parts.servers.knows(plugin) => {
                    let account = caller.control.account.clone();
                    let call = server_call(caller, plugin, tool, arguments);
                    // A hundred calls under way may each hold as long an answer.
                    let held = account.hold(Level::Memory, call.maximum.0).map_err(Refused::Exceeded)?;
                    let answer = kernel.parts.servers.call(call).await;
                    drop(held);
                    return answered(answer);
                }
                program => program?,
            };
            let spawn = Spawn {
                // The paths in its arguments are its caller's; they confer nothing.
                directory: PathBuf::from(&caller.directory),
                limits: caller.control.account.limits().clone(),
                operator: caller.operator.clone(),
                ..Spawn::new(program)
            };
            // What its installer was not shown is not called, whatever the component would answer to now.
            if !spawn.program.tools.iter().any(|shown| shown.name == tool) {
                return Ok(Called::Answered(Err(tool_types::ToolError::NoSuchTool)));
            }
            let entry = Entry::Call { tool: tool.to_owned(), arguments };
            Ok(match kernel.call(spawn, caller, entry).await? {
                (_, Ok(Outcome::Answered(answer))) => Called::Answered(answer),
                (_, Ok(Outcome::Exited(status))) => Called::Ended(status),
                (exit, _) => Called::Ended(exit.status),
            })
        })
    }
}

/// Other code under a program's name, rights and folders. What it offers to others stays the program's.
fn as_caller(caller: &Program, code: Code) -> Program {
    Program { code, tools: Vec::new(), offers: Offers::default(), judges: Vec::new(), ..caller.clone() }
}

fn server_call(caller: Caller, server: &str, tool: &str, arguments: String) -> ServerCall {
    ServerCall {
        root: caller.control.tree,
        pid: caller.control.pid,
        plugin: caller.control.plugin.to_string(),
        server: server.to_owned(),
        tool: tool.to_owned(),
        arguments,
        maximum: caller.control.account.limits().hostcall,
        operator: caller.operator,
    }
}

/// A server's answer as the device knows answers.
fn answered(answer: Result<String, ServerError>) -> Result<Called, Refused> {
    let error = match answer {
        Ok(result) => return Ok(Called::Answered(Ok(result))),
        Err(error) => error,
    };
    Ok(Called::Answered(Err(match error {
        ServerError::NoSuchTool => tool_types::ToolError::NoSuchTool,
        ServerError::InvalidArguments(text) => tool_types::ToolError::InvalidArguments(text),
        ServerError::Failed(text) => tool_types::ToolError::Failed(text),
        ServerError::Suspended(rule) => return Err(Refused::Denied(rule)),
        ServerError::Unavailable(text) => return Err(Refused::Other(text)),
    })))
}

impl Judges for Services {
    fn over(&self, authority: &Authority, moment: Moment) -> Vec<String> {
        // One that cannot be asked fails: what cannot be judged is denied.
        let Some(kernel) = self.0.upgrade() else { return vec!["of a kernel that is shutting down".to_owned()] };
        let programs = &kernel.parts.programs;
        let mut over: Vec<String> = Vec::new();
        for policy in authority.plugins().iter().flat_map(|plugin| programs.policies(plugin, moment)) {
            if !over.contains(&policy) {
                over.push(policy);
            }
        }
        over
    }

    fn judge<'a>(&'a self, judged: Judged, policy: &'a str, event: Event) -> BoxFuture<'a, Result<Decision, String>> {
        Box::pin(async move {
            let kernel = self.0.upgrade().ok_or_else(|| gone().to_string())?;
            let program = kernel.program(policy).await.map_err(|refused| refused.to_string())?;
            if program.judges.is_empty() {
                return Err(format!("`{policy}` is no policy any more"));
            }
            let Judged { control, authority, operator, client } = judged;
            let actor = Actor {
                plugin: client.unwrap_or_else(|| control.plugin.clone()).to_string(),
                root: control.root.to_string(),
                pid: control.pid.into(),
            };
            let limits = Limits { wall_time: JUDGED_WITHIN, ..control.account.limits().clone() };
            // Its operator is told of what it is denied, as of any other process.
            let spawn = Spawn { limits, operator: operator.clone(), ..Spawn::new(program) };
            let caller = Caller { control, authority, operator, directory: "/".to_owned() };
            let entry = Entry::Judge { actor, event: Box::new(event) };
            match kernel.call(spawn, caller, entry).await.map_err(|refused| refused.to_string())? {
                (_, Ok(Outcome::Judged(decision))) => Ok(decision),
                (exit, _) => Err(exit.status.to_string()),
            }
        })
    }

    fn defer(&self, tree: Pid, question: Question, operator: Option<Arc<dyn Operator>>) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let Some(kernel) = self.0.upgrade() else { return false };
            kernel.waiting.wait(tree, question, operator).await
        })
    }
}

/// A policy that has not answered by then has failed.
const JUDGED_WITHIN: Duration = Duration::from_secs(30);

impl Inner {
    /// An installed program. Its files are looked at off the workers: a slow disk holds up its caller alone.
    async fn program(self: &Arc<Self>, name: &str) -> Result<Arc<Program>, Refused> {
        let (kernel, name) = (self.clone(), name.to_owned());
        let found = tokio::task::spawn_blocking(move || kernel.parts.programs.find(&name)).await;
        found.map_err(|_| Refused::Other("the store of plugins failed".to_owned()))?.map_err(Refused::Program)
    }

    /// The code of a command, looked at alike.
    async fn command(self: &Arc<Self>, name: &str) -> Result<Code, Refused> {
        let (kernel, name) = (self.clone(), name.to_owned());
        let found = tokio::task::spawn_blocking(move || kernel.parts.programs.command(&name)).await;
        found.map_err(|_| Refused::Other("the store of plugins failed".to_owned()))?.map_err(Refused::Program)
    }

    /// All that offers tools. It may wait for disks.
    fn offers(&self) -> Vec<Arc<dyn Offer>> {
        let programs = self.parts.programs.list().into_iter().map(|program| program as Arc<dyn Offer>);
        programs.chain(self.parts.servers.offers()).collect()
    }

    /// Looks for tools, off the workers, and how many it looked at.
    pub(super) async fn search(self: &Arc<Self>, query: String, admits: Admits, limit: usize) -> (Vec<Found>, usize) {
        let Ok(turn) = self.searches.clone().acquire_owned().await else { return Default::default() };
        let kernel = self.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let offers = kernel.offers();
            let all = offers.iter().map(|offer| offer.tools().len()).sum();
            let found = kernel.parts.index.find(&offers, &query, &admits, limit);
            drop(turn);
            (found, all)
        });
        looking.await.unwrap_or_default()
    }

    /// Runs what answers its caller, under its own rights and at its caller's cost.
    async fn call(
        self: &Arc<Self>,
        spawn: Spawn,
        caller: Caller,
        entry: Entry,
    ) -> Result<(Exit, Result<Outcome, RecvError>), Refused> {
        let nice = self.cpu.view(caller.control.pid).map_or(Nice::default(), |view| view.nice);
        let spawn = Spawn { nice, ..spawn };
        let parent = Parentage { caller, fuel: None, passes: Passes::Own, mail: None };
        let launched = self.launch(Launch { spawn, entry, parent: Some(parent), without_grants: false }).await;
        let (running, outcome) = launched?;
        // A caller that goes away, or loses the right meanwhile, takes the call with it.
        let guard = EndOnDrop(Arc::downgrade(self), running.pid);
        let exit = running.wait().await;
        drop(guard);
        Ok((exit, outcome.await))
    }
}

struct EndOnDrop(Weak<Inner>, Pid);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        if let Some(kernel) = self.0.upgrade() {
            kernel.end(self.1, ExitStatus::Killed(KilledBy::Parent));
        }
    }
}
