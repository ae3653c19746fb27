//! One process from its first instruction to its last.

use std::sync::Arc;

use wasmtime::{CallHook, Store, Trap};

use super::{Image, Kind, Process, Spawned, typed};
use crate::{
    account::Fuel,
    bindings::{exports::holm::sys::tools, holm::sys::tool_types},
    devices::wasi::ExitCode,
    process::{ExitStatus, Fault},
    program::{Fetch, Offers, ToolDescription},
    syscall::policy::{Actor, Decision, Event},
};

/// What a process does.
pub(crate) enum Entry {
    /// Its `run`, whichever it has.
    Run {
        /// Without the program's own name.
        arguments: Vec<String>,
    },
    /// One of its tools.
    Call {
        /// The tool.
        tool: String,
        /// A JSON object.
        arguments: String,
    },
    /// Something that it offers beside its tools.
    Fetch(Fetch),
    /// Tells its tools.
    Describe,
    /// Tells what it offers beside them.
    Offers,
    /// Judges what another does.
    Judge {
        /// Who does it.
        actor: Actor,
        /// What.
        event: Box<Event>,
    },
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It ran and ended.
    Exited(ExitStatus),
    /// The tool answered.
    Answered(Result<String, tool_types::ToolError>),
    /// All its tools.
    Described(Vec<ToolDescription>),
    /// All that it offers beside them.
    Offered(Offers),
    /// What it says of it.
    Judged(Decision),
}

/// A component that offers more tools than this is refused.
const TOOLS: usize = 1024;

/// More fuel than any budget: what a process may burn is its account's to say, since a store
/// that ran dry cannot go on.
const ENDLESS: u64 = u64::MAX / 2;

/// Runs a process to its end. Dropping the future ends it where it is.
pub(crate) async fn run(image: Arc<Image>, entry: Entry, spawned: Box<Spawned>, quantum: Fuel) -> Outcome {
    let control = spawned.core.control().clone();
    let limits = control.account.limits().clone();
    let mut store = Store::new(image.pre.engine(), Process::new(*spawned));
    store.limiter(|process| &mut process.limiter);
    store.set_hostcall_fuel(usize::try_from(limits.hostcall.0).unwrap_or(usize::MAX));
    store.set_max_component_handles(usize::try_from(limits.handles).unwrap_or(usize::MAX));
    let armed = store.set_fuel(ENDLESS).and_then(|()| store.fuel_async_yield_interval(Some(quantum.0.max(1))));
    if let Err(error) = armed {
        return Outcome::Exited(ExitStatus::Fault(Fault::Host(format!("{error:#}"))));
    }
    // Fires at each system call and at the end of each slice: the account always knows. A call that
    // used the slice up is the last thing in it, also where its interface cannot wait in the door:
    // the guest then yields at its next branch.
    let mut short = false;
    store.call_hook(move |mut store, hook| {
        match hook {
            CallHook::CallingHost | CallHook::ReturningFromWasm => {
                control.account.set_burned(Fuel(ENDLESS - wasmtime::AsContext::as_context(&store).get_fuel()?));
            }
            CallHook::ReturningFromHost => {
                let spent = control.slice_spent() >= quantum || control.empty();
                if std::mem::replace(&mut short, spent) != spent {
                    store.fuel_async_yield_interval(Some(if spent { 1 } else { quantum.0.max(1) }))?;
                }
            }
            CallHook::CallingWasm => {}
        }
        Ok(())
    });
    match drive(&image, entry, &mut store).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Exited(blame(error)),
    }
}

async fn drive(image: &Image, entry: Entry, store: &mut Store<Process>) -> wasmtime::Result<Outcome> {
    match entry {
        Entry::Run { arguments } => {
            let instance = image.pre.instantiate_async(&mut *store).await?;
            let code = match image.kind {
                Kind::Agent => {
                    let run = instance.get_typed_func::<(Vec<String>,), (u8,)>(&mut *store, "run")?;
                    run.call_async(&mut *store, (arguments,)).await?.0
                }
                Kind::Command => {
                    let missing = || wasmtime::Error::msg("it exports no `wasi:cli/run`");
                    let interface = image.exports.iter().find(|name| name.starts_with("wasi:cli/run@"));
                    let interface = instance
                        .get_export_index(&mut *store, None, interface.ok_or_else(missing)?)
                        .ok_or_else(missing)?;
                    let index = instance.get_export_index(&mut *store, Some(&interface), "run").ok_or_else(missing)?;
                    let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, index)?;
                    u8::from(run.call_async(&mut *store, ()).await?.0.is_err())
                }
                Kind::Toolbox | Kind::Policy | Kind::Typed => return Err(wasmtime::Error::msg("it cannot be run")),
            };
            Ok(Outcome::Exited(ExitStatus::Code(code)))
        }
        Entry::Call { tool, arguments } if image.tools.is_none() => {
            let answer = typed::call(image, &tool, arguments, store).await?;
            Ok(Outcome::Answered(answer.unwrap_or(Err(tool_types::ToolError::NoSuchTool))))
        }
        Entry::Call { tool, arguments } => {
            let tools = toolbox(image, store).await?;
            Ok(Outcome::Answered(match tools.holm_sys_tools().call_call(&mut *store, &tool, &arguments).await? {
                Ok(result) => Ok(result),
                Err(error) => Err(error),
            }))
        }
        Entry::Fetch(fetch) => Ok(Outcome::Answered(super::offers::fetch(image, store, fetch).await?)),
        Entry::Offers => Ok(Outcome::Offered(super::offers::list(image, store).await?)),
        Entry::Judge { actor, event } => {
            let pre = image.policy.as_ref().ok_or_else(|| wasmtime::Error::msg("it is no policy"))?;
            let policy = pre.instantiate_async(&mut *store).await?;
            Ok(Outcome::Judged(policy.holm_sys_policy().call_judge(store, &actor, &event).await?))
        }
        Entry::Describe => {
            let tools = toolbox(image, store).await?;
            let listed = tools.holm_sys_tools().call_list(&mut *store).await?;
            if listed.len() > TOOLS {
                return Err(wasmtime::Error::new(Fault::Limit(format!("it offers more than {TOOLS} tools"))));
            }
            let mut described = Vec::new();
            for tools::Summary { name, description: summary } in listed {
                if let Some(tool) = tools.holm_sys_tools().call_describe(&mut *store, &name).await? {
                    let tools::Description { description, input_schema, output_schema, .. } = tool;
                    described.push(ToolDescription { name, summary, description, input_schema, output_schema });
                }
            }
            Ok(Outcome::Described(described))
        }
    }
}

async fn toolbox(image: &Image, store: &mut Store<Process>) -> wasmtime::Result<crate::bindings::Kernel> {
    let pre = image.tools.as_ref().ok_or_else(|| wasmtime::Error::msg("it offers no tools"))?;
    pre.instantiate_async(store).await
}

/// How a process ended, from the engine's error.
fn blame(error: wasmtime::Error) -> ExitStatus {
    if let Some(ExitCode(code)) = error.downcast_ref() {
        return ExitStatus::Code(*code);
    }
    if let Some(fault) = error.downcast_ref::<Fault>() {
        return ExitStatus::Fault(fault.clone());
    }
    match error.downcast_ref::<wasmtime_wasi::ResourceTableError>() {
        // WASI gives the calls that make handles no error to return.
        Some(wasmtime_wasi::ResourceTableError::Full) => {
            return ExitStatus::Fault(Fault::Limit("it holds as many handles as `handles` allows".to_owned()));
        }
        Some(_) => return ExitStatus::Fault(Fault::BadHandle(format!("{error:#}"))),
        None => {}
    }
    if error.downcast_ref::<wasmtime::PoolConcurrencyLimitError>().is_some() {
        return ExitStatus::Fault(Fault::Limit("the kernel holds as many processes as this machine can".to_owned()));
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => ExitStatus::Fault(Fault::StackOverflow),
        Some(Trap::OutOfFuel) => ExitStatus::Fault(Fault::OutOfFuel),
        Some(trap) => ExitStatus::Fault(Fault::Trap(trap.to_string())),
        None => ExitStatus::Fault(by_message(format!("{error:#}"))),
    }
}

/// Some of the engine's errors have no type of their own.
fn by_message(text: String) -> Fault {
    let has = |part: &str| text.contains(part);
    if has("fuel allocated for hostcalls") || has("hostcall fuel") {
        Fault::Hostcall
    } else if has("unknown handle") || has("handle index") || has("resource handle") {
        Fault::BadHandle(text)
    } else if has("limit") || has("exceeds") || has("resource") {
        Fault::Limit(text)
    } else {
        Fault::Trap(text)
    }
}
