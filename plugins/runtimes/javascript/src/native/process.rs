//! The process itself: its end, its output, its clocks, chance, and code to evaluate.

use crate::modules;
use crate::values::{Bytes, Text, failed};
use rquickjs::context::EvalOptions;
use rquickjs::function::Func;
use rquickjs::{CatchResultExt, CaughtError, Ctx, Exception, Module, Object, Promise, Result, Value, qjs};
use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Whether the script has asked to end, and with which code.
#[derive(Clone, Default)]
pub(crate) struct Exit(Rc<Cell<Option<u8>>>);

impl Exit {
    /// The code, once the script has ended itself.
    pub(crate) fn code(&self) -> Option<u8> {
        self.0.get()
    }

    /// Throws what no `catch` and no `finally` of the script sees.
    #[allow(unsafe_code, reason = "rquickjs has no name for an error that cannot be caught; context and value live")]
    fn leave(&self, ctx: &Ctx<'_>) -> rquickjs::Error {
        let Ok(end) = Exception::from_message(ctx.clone(), "exit") else { return rquickjs::Error::Unknown };
        let value = end.into_object().into_value();
        unsafe { qjs::JS_SetUncatchableError(ctx.as_raw().as_ptr(), value.as_raw()) };
        ctx.throw(value)
    }
}

/// Bytes of one request for random numbers: the kernel gives no more at once.
const RANDOM: usize = 4_096;

pub(super) fn add(native: &Object<'_>, exit: &Exit) -> Result<()> {
    let started = Instant::now();
    let ending = exit.clone();
    native.set(
        "exit",
        Func::from(move |ctx: Ctx<'_>, code: i32| -> Result<()> {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "as a shell sees it: modulo 256"
            )]
            ending.0.set(Some(code as u8));
            Err(ending.leave(&ctx))
        }),
    )?;
    let ending = exit.clone();
    native.set(
        "drain",
        Func::from(move |ctx: Ctx<'_>| -> Result<()> {
            while ctx.execute_pending_job() {
                if ending.code().is_some() {
                    return Err(ending.leave(&ctx));
                }
            }
            Ok(())
        }),
    )?;
    native.set("hrtime", Func::from(move || started.elapsed().as_secs_f64() * 1e9))?;
    native.set("now", Func::from(|| since_epoch().as_secs_f64() * 1e3))?;
    native.set("sleep", Func::from(|milliseconds: f64| std::thread::sleep(duration(milliseconds))))?;
    native.set("write", Func::from(write))?;
    native.set("writeText", Func::from(write_text))?;
    native.set("random", Func::from(random))?;
    native.set("memory", Func::from(memory))?;
    native.set("environment", Func::from(environment))?;
    native.set("directory", Func::from(directory))?;
    native.set("compile", Func::from(compile))?;
    native.set("importNow", Func::from(import_now))?;
    native.set("evaluateModule", Func::from(evaluate_module))?;
    native.set("isModule", Func::from(is_module))?;
    native.set("promiseState", Func::from(promise_state))?;
    native.set("proxyParts", Func::from(proxy_parts))?;
    Ok(())
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A time of JavaScript's: milliseconds, maybe with a fraction, maybe nonsense.
pub(super) fn duration(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds.max(0.0) / 1e3).unwrap_or(Duration::from_secs(u64::from(u32::MAX)))
}

fn write(ctx: Ctx<'_>, stream: u32, bytes: Bytes) -> Result<()> {
    put(&ctx, stream, &bytes.0)
}

fn write_text(ctx: Ctx<'_>, stream: u32, text: Text) -> Result<()> {
    put(&ctx, stream, text.0.as_bytes())
}

/// Writes at once: what was printed is out even if the process is ended in the next moment.
fn put(ctx: &Ctx<'_>, stream: u32, bytes: &[u8]) -> Result<()> {
    let written = if stream == 2 {
        std::io::stderr().write_all(bytes)
    } else {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    };
    written.map_err(|error| failed(ctx, super::files::code(&error), ""))
}

fn random(ctx: Ctx<'_>, count: usize) -> Result<Bytes> {
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(count).is_err() {
        return Err(failed(&ctx, "ENOMEM", ""));
    }
    bytes.resize(count, 0);
    for part in bytes.chunks_mut(RANDOM) {
        getrandom::fill(part).map_err(|error| failed(&ctx, "EIO", &error.to_string()))?;
    }
    Ok(Bytes(bytes))
}

/// Bytes of the process's memory now.
fn memory() -> f64 {
    #[cfg(target_arch = "wasm32")]
    let pages = u32::try_from(core::arch::wasm32::memory_size(0)).unwrap_or(u32::MAX);
    #[cfg(not(target_arch = "wasm32"))]
    let pages = 0_u32;
    f64::from(pages) * 65_536.0
}

fn environment() -> Vec<Vec<String>> {
    std::env::vars().map(|(name, value)| vec![name, value]).collect()
}

fn directory() -> String {
    #[cfg(target_os = "wasi")]
    let own = wasip2::cli::environment::initial_cwd();
    #[cfg(not(target_os = "wasi"))]
    let own = None::<String>;
    let own = own.or_else(|| std::env::var("PWD").ok());
    own.filter(|path| path.starts_with('/')).unwrap_or_else(|| "/".to_owned())
}

/// Evaluates a script under a file's name; a module of CommonJS is a script that is a function.
fn compile<'js>(ctx: Ctx<'js>, source: Text, file: String) -> Result<Value<'js>> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(file);
    ctx.eval_with_options(source.0, options)
}

/// The namespace of a module that does not wait for anything; nothing if it does.
fn import_now<'js>(ctx: Ctx<'js>, name: String) -> Result<Value<'js>> {
    let quoted = ctx.json_stringify(name.as_str())?.ok_or(rquickjs::Error::Unknown)?.to_string()?;
    let source = format!("import * as all from {quoted}; export {{ all }};");
    let (module, done): (_, Promise) = Module::declare(ctx.clone(), format!("{name}?now"), source)?.eval()?;
    match done.result::<Value>() {
        None => Ok(Value::new_undefined(ctx)),
        Some(Err(error)) => Err(error),
        Some(Ok(_)) => module.get("all"),
    }
}

/// Runs a text as a module of that name; what comes back is settled when it has ended.
fn evaluate_module<'js>(ctx: Ctx<'js>, name: String, source: Text) -> Result<Promise<'js>> {
    let module = Module::declare(ctx.clone(), name.as_str(), source.0)?;
    modules::describe(&ctx, &module, &name)?;
    module.eval().map(|(_, done)| done)
}

/// Whether the text is a module of ECMAScript, as far as its own syntax goes. What it imports is looked for from
/// the name; that it is not there, or wrong itself, is found when it is loaded.
fn is_module(ctx: Ctx<'_>, source: Text, name: String) -> bool {
    match Module::declare(ctx.clone(), format!("{name}?probe"), source.0).catch(&ctx) {
        Ok(_) => true,
        Err(CaughtError::Exception(error)) => {
            !error.as_object().get::<_, String>("name").is_ok_and(|name| name == "SyntaxError")
        }
        Err(_) => false,
    }
}

fn promise_state<'js>(promise: Promise<'js>) -> Result<Vec<Value<'js>>> {
    let ctx = promise.ctx().clone();
    let state = match promise.state() {
        rquickjs::promise::PromiseState::Pending => return Ok(Vec::new()),
        rquickjs::promise::PromiseState::Resolved => true,
        rquickjs::promise::PromiseState::Rejected => false,
    };
    let value = match promise.result::<Value>() {
        Some(Ok(value)) => value,
        _ => ctx.catch(),
    };
    Ok(vec![Value::new_bool(ctx, state), value])
}

/// The target of a proxy; undefined for anything else.
fn proxy_parts<'js>(ctx: Ctx<'js>, value: Value<'js>) -> Result<Value<'js>> {
    match rquickjs::Proxy::from_value(value) {
        Ok(proxy) => Ok(proxy.target()?.into_value()),
        Err(_) => Ok(Value::new_undefined(ctx)),
    }
}
