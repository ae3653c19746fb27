//! One call of a typed function: JSON in, its own types through the engine, JSON out.

use wasmtime::{
    Store,
    component::{Func, Instance, ResourceAny, Val},
};

use super::{
    exports::{Function, Maker},
    lift::{Lift, Unwritten},
    lower::{Lower, Unfit},
    names::Path,
    shape::Shape,
};
use crate::{
    account::{Charge, Fuel, Hold, Level},
    bindings::holm::sys::tool_types::ToolError,
    devices::tool::Arguments,
    engine::{Image, Process},
    process::Fault,
};

type Answer = Result<String, ToolError>;

/// Fuel for each byte of JSON that is read or written.
const BYTE: u64 = 8;

/// What a JSON value takes while it is read, at most.
const VALUE: u64 = 96;

/// Calls a tool. None where the component has no such function.
pub(in crate::engine) async fn call(
    image: &Image,
    tool: &str,
    arguments: String,
    store: &mut Store<Process>,
) -> wasmtime::Result<Option<Answer>> {
    let Some(function) = image.typed.find(tool) else { return Ok(None) };
    let (mut given, _held) = match take(function, &arguments, store) {
        Ok(given) => given,
        Err(Unfit::Wrong(reason)) => return Ok(Some(Err(ToolError::InvalidArguments(reason)))),
        Err(Unfit::TooLarge) => {
            return Err(Fault::Limit("its arguments take more than `memory` or `hostcall` allow".to_owned()).into());
        }
    };
    drop(arguments);
    let instance = image.pre.instantiate_async(&mut *store).await?;
    let made = match &function.maker {
        None => None,
        Some(maker) => {
            let takes = if maker.takes { given.remove(0) } else { Val::Record(Vec::new()) };
            let made = make(maker, takes, &instance, store).await?;
            given.insert(0, Val::Resource(made));
            Some(made)
        }
    };
    let called = find(&function.path, &instance, store)?;
    let mut results = vec![Val::Bool(false); usize::from(function.result.is_some())];
    called.call_async(&mut *store, &given, &mut results).await?;
    let answer = give(function, results.pop(), store)?;
    if let Some(made) = made {
        // It may have something to put away.
        made.resource_drop_async(&mut *store).await?;
    }
    Ok(Some(answer))
}

/// What a method is called on.
async fn make(
    maker: &Maker,
    takes: Val,
    instance: &Instance,
    store: &mut Store<Process>,
) -> wasmtime::Result<ResourceAny> {
    let Val::Record(takes) = takes else { return Err(mistyped()) };
    let takes: Vec<Val> = takes.into_iter().map(|(_, value)| value).collect();
    let mut made = [Val::Bool(false)];
    find(&maker.path, instance, store)?.call_async(&mut *store, &takes, &mut made).await?;
    match made {
        [Val::Resource(made)] => Ok(made),
        _ => Err(mistyped()),
    }
}

fn mistyped() -> wasmtime::Error {
    Fault::Host("a value is not of its type".to_owned()).into()
}

fn find(path: &Path, instance: &Instance, store: &mut Store<Process>) -> wasmtime::Result<Func> {
    let gone = || wasmtime::Error::msg(format!("it exports no `{path}`"));
    let interface = match &path.interface {
        Some(name) => Some(instance.get_export_index(&mut *store, None, name).ok_or_else(gone)?),
        None => None,
    };
    let index = instance.get_export_index(&mut *store, interface.as_ref(), &path.function);
    instance.get_func(&mut *store, index.ok_or_else(gone)?).ok_or_else(gone)
}

/// The arguments, and the memory that they are held against until the call is over.
fn take(function: &Function, text: &str, store: &Store<Process>) -> Result<(Vec<Val>, Hold), Unfit> {
    let account = &store.data().core.control().account;
    let limits = account.limits();
    if text.len() as u64 > limits.hostcall.0 {
        return Err(Unfit::TooLarge);
    }
    let values = 1 + text.bytes().filter(|byte| b",:[{".contains(byte)).count() as u64;
    let reading = account.hold(Level::Memory, values * VALUE + text.len() as u64).map_err(|_| Unfit::TooLarge)?;
    let parsed = Arguments::parse(text).map_err(Unfit::Wrong);
    let mut lower = Lower::new(limits.memory.0.saturating_sub(account.level(Level::Memory)));
    let given = parsed.and_then(|given| lower.arguments(&function.parameters, given.into()));
    drop(reading);
    // It was worked upon, whether it fits or not.
    Charge::credit(account).settle_at(Fuel(BYTE * text.len() as u64 + lower.taken()));
    let held = account.hold(Level::Memory, lower.taken()).map_err(|_| Unfit::TooLarge)?;
    Ok((given?, held))
}

/// The answer in JSON. What a `result` says went wrong is the tool's own error.
fn give(function: &Function, result: Option<Val>, store: &Store<Process>) -> wasmtime::Result<Answer> {
    let account = &store.data().core.control().account;
    let maximum = usize::try_from(account.limits().hostcall.0).unwrap_or(usize::MAX);
    let write = |shape: &Shape, value: &Val| match Lift::json(shape, value, maximum) {
        Ok(text) => {
            Charge::credit(account).settle_at(Fuel(BYTE * text.len() as u64));
            Ok(text)
        }
        Err(Unwritten::TooLong) => Err(wasmtime::Error::from(Fault::Hostcall)),
        Err(Unwritten::Mistyped) => Err(mistyped()),
    };
    let null = || "null".to_owned();
    Ok(match (&function.result, result) {
        (Some(Shape::Result(ok, _)), Some(Val::Result(Ok(value)))) => match (ok, value) {
            (Some(shape), Some(value)) => Ok(write(shape, &value)?),
            _ => Ok(null()),
        },
        (Some(Shape::Result(_, err)), Some(Val::Result(Err(value)))) => Err(ToolError::Failed(match (err, value) {
            // A text is for its caller as it is.
            (Some(_), Some(value)) if matches!(*value, Val::String(_)) => match *value {
                Val::String(text) if text.len() <= maximum => text,
                _ => return Err(Fault::Hostcall.into()),
            },
            (Some(shape), Some(value)) => write(shape, &value)?,
            _ => "it failed, and does not say why".to_owned(),
        })),
        (Some(shape), Some(value)) => Ok(write(shape, &value)?),
        _ => Ok(null()),
    })
}
