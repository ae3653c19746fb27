//! What the kernel does for its devices: starts children, and answers tool calls with plugins.

use std::{
    path::PathBuf,
    sync::{Arc, Weak},
};

use super::{
    facade::Inner,
    launch::{Launch, Parentage, Passes},
    spawn::{Spawn, SpawnError, ToolError},
};
use crate::{
    account::{Bytes, Exceeded, Limits},
    bindings::holm::sys::tool_types,
    devices::{
        llm, pipe,
        spawn::{self, Caller, Refused, Request, Started},
        tool::{self, Called},
    },
    engine::{Entry, Outcome},
    process::{ExitStatus, KilledBy, Pid},
    program::ToolDescription,
    sched::Nice,
    syscall::door::BoxFuture,
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
            let program = match &request.plugin {
                Some(name) => kernel.parts.programs.find(name).map_err(Refused::Program)?,
                None => kernel.program_of(caller.control.pid).ok_or_else(gone)?,
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
                arguments: request.arguments.clone(),
                environment: request.environment,
                directory: PathBuf::from(request.directory),
                stdin: request.stdin,
                stdout: request.stdout,
                stderr: request.stderr,
                nice: nice.plus(request.nice),
                limits,
                operator: caller.operator.clone(),
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
    fn list(&self) -> Vec<(String, ToolDescription)> {
        let Some(kernel) = self.0.upgrade() else { return Vec::new() };
        let mut tools: Vec<_> = kernel
            .parts
            .programs
            .list()
            .iter()
            .flat_map(|program| {
                program.tools.iter().map(|tool| (format!("{}/{}", program.name, tool.name), tool.clone()))
            })
            .collect();
        tools.sort_by(|a, b| a.0.cmp(&b.0));
        tools
    }

    fn find(&self, plugin: &str, tool: &str) -> Option<ToolDescription> {
        let program = self.0.upgrade()?.parts.programs.find(plugin).ok()?;
        program.tools.iter().find(|known| known.name == tool).cloned()
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
            let program = kernel.parts.programs.find(plugin).map_err(Refused::Program)?;
            let nice = kernel.cpu.view(caller.control.pid).map_or(Nice::default(), |view| view.nice);
            let spawn = Spawn {
                program,
                arguments: Vec::new(),
                environment: Vec::new(),
                // The paths in its arguments are its caller's; they confer nothing.
                directory: PathBuf::from(&caller.directory),
                stdin: pipe::empty(),
                stdout: pipe::sink(),
                stderr: pipe::sink(),
                nice,
                limits: caller.control.account.limits().clone(),
                operator: caller.operator.clone(),
            };
            let parent = Parentage { caller, fuel: None, passes: Passes::Own, mail: None };
            let entry = Entry::Call { tool: tool.to_owned(), arguments };
            let launched = kernel.launch(Launch { spawn, entry, parent: Some(parent), without_grants: false }).await;
            let (running, outcome) = launched?;
            // A caller that goes away, or loses the right meanwhile, takes the call with it.
            let guard = EndOnDrop(Arc::downgrade(&kernel), running.pid);
            let exit = running.wait().await;
            drop(guard);
            Ok(match outcome.await {
                Ok(Outcome::Answered(answer)) => Called::Answered(answer),
                Ok(Outcome::Exited(status)) => Called::Ended(status),
                _ => Called::Ended(exit.status),
            })
        })
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
