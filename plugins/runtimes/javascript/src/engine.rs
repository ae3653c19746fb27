//! The engine: its bounds, Node's modules in it, and the run of one script.

use crate::modules::{self, Rules};
use crate::native;
use crate::values::failed;
use rquickjs::function::Func;
use rquickjs::{CatchResultExt, Context, Ctx, Function, Module, Object, Result, Runtime, Undefined};
use std::io::Write;

include!(concat!(env!("OUT_DIR"), "/compiled.rs"));

/// What calls within calls may take of the stack: a recursion without end becomes a `RangeError`, and no trap.
/// The kernel's own limit for a stack is 512 KiB, and a call takes about three times as much of that as of this;
/// 160 KiB was too much for one that goes through `toString`.
const STACK: usize = 144 << 10;

/// Bytes after which the engine first looks for garbage in circles; what is in none is let go of at once.
const GARBAGE: usize = 4 << 20;

/// Runs what the arguments say.
pub(crate) fn run(command: &str, arguments: Vec<String>) -> u8 {
    match start(command, arguments) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell if stderr is closed.
            let _ = writeln!(std::io::stderr(), "{command}: {error}");
            70
        }
    }
}

fn start(command: &str, arguments: Vec<String>) -> std::result::Result<u8, String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    runtime.set_max_stack_size(STACK);
    runtime.set_gc_threshold(GARBAGE);
    runtime.set_loader(Rules, Rules);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(modules::rejected)));
    let context = Context::full(&runtime).map_err(|error| error.to_string())?;
    let exit = native::process::Exit::default();
    let waiting = exit.clone();
    let code = context.with(|ctx| {
        let outcome = (|| {
            let native = native::object(&ctx, &exit)?;
            native.set("command", command)?;
            native.set("arguments", arguments)?;
            native.set("builtin", Func::from(builtin))?;
            let names: Vec<&str> = COMPILED.iter().map(|(name, _)| *name).collect();
            native.set("builtins", names)?;
            builtin(ctx.clone(), "internal/start".to_owned())?.call::<_, ()>((
                Object::new(ctx.clone())?,
                Undefined,
                Object::new(ctx.clone())?,
                native,
            ))
        })();
        match (waiting.code(), outcome.catch(&ctx)) {
            (Some(code), _) => Ok(code),
            (None, Ok(())) => Ok(0),
            (None, Err(error)) => Err(error.to_string()),
        }
    });
    // What a script left behind ends with its process: taking it apart would only take time.
    std::mem::forget(context);
    std::mem::forget(runtime);
    code
}

/// One of Node's modules: the function that makes it.
#[allow(unsafe_code, reason = "the bytecode is what this crate's own build made, for this version of the engine")]
fn builtin(ctx: Ctx<'_>, name: String) -> Result<Function<'_>> {
    let Some((_, compiled)) = COMPILED.iter().find(|(known, _)| *known == name) else {
        return Err(failed(&ctx, "ERR_UNKNOWN_BUILTIN_MODULE", &name));
    };
    let (module, done) = unsafe { Module::load(ctx, compiled) }?.eval()?;
    done.finish::<()>()?;
    module.get("default")
}
