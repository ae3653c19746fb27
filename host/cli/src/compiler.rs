//! The compiler in a process of its own: what compiling an untrusted component costs is bounded.

use std::{
    io::{Read, Write},
    os::unix::process::ExitStatusExt,
    pin::Pin,
    process::Stdio,
    time::Duration,
};

use holm_kernel::{CompileError, Compiler, InProcess};
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Semaphore,
};

use crate::{confine, session};

/// The hidden verb that the child runs.
pub(crate) const VERB: &str = "compile-component";

/// What one compiler may use.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Bounds {
    /// Bytes of address space
    pub(crate) memory: u64,
    /// Seconds of processor time; half as much again by the clock on the wall
    pub(crate) seconds: u64,
}

impl Default for Bounds {
    /// Stops components whose compilation takes all memory, and those that never end.
    fn default() -> Self {
        Self { memory: 4 << 30, seconds: 120 }
    }
}

/// Machine code that is taken from a compiler; a component has at most 64 MiB.
const CODE_BYTES: u64 = 1 << 30;
/// Compilers at a time.
const AT_ONCE: usize = 2;

/// The component is invalid; why is on stderr.
const INVALID: u8 = 10;
/// The compiler failed; why is on stderr.
const FAILED: u8 = 11;

/// Compiles in child processes of this program.
pub(crate) struct ChildCompiler {
    turns: Semaphore,
    bounds: Bounds,
}

impl ChildCompiler {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { turns: Semaphore::new(AT_ONCE), bounds }
    }

    async fn run(&self, component: Vec<u8>, reservation: u64) -> Result<Vec<u8>, CompileError> {
        let failed = |error: &dyn std::fmt::Display| CompileError::Failed(error.to_string());
        let _turn = self.turns.acquire().await.map_err(|error| failed(&error))?;
        let Bounds { memory, seconds } = self.bounds;
        let wall = Duration::from_secs(seconds).mul_f32(1.5);
        let mut command = tokio::process::Command::from(session::this_program());
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
        command
            .arg(VERB)
            .args([reservation, memory, seconds].map(|number| number.to_string()))
            .env_clear()
            // Each thread reserves address space, which is bounded.
            .env("RAYON_NUM_THREADS", threads.to_string())
            .env("MALLOC_ARENA_MAX", "2")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(CompileError::Failed("it has no pipes".to_owned()));
        };
        let (mut code, mut said) = (Vec::new(), Vec::new());
        let work = async {
            let write = async {
                // A compiler that refuses early does not read to the end.
                let _ = stdin.write_all(&component).await;
                drop(stdin);
                Ok(())
            };
            let (mut stdout, mut stderr) = (stdout.take(CODE_BYTES), stderr.take(8 << 10));
            tokio::try_join!(write, stdout.read_to_end(&mut code), stderr.read_to_end(&mut said))?;
            child.wait().await
        };
        let status = match tokio::time::timeout(wall, work).await {
            Ok(status) => status.map_err(|error| failed(&error))?,
            Err(_) => return Err(CompileError::Exhausted(format!("{} s", wall.as_secs()))),
        };
        let said = holm_packages::printable(String::from_utf8_lossy(&said).trim());
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(code),
            (Some(code), _) if code == i32::from(INVALID) => Err(CompileError::Invalid(said)),
            // Out of memory aborts, out of processor time is killed.
            (None, Some(_)) => {
                let memory = holm_kernel::account::Bytes(memory);
                Err(CompileError::Exhausted(format!("{seconds} s of processor time or {memory} of memory")))
            }
            _ => Err(CompileError::Failed(said)),
        }
    }
}

impl Compiler for ChildCompiler {
    fn compile(
        &self,
        component: Vec<u8>,
        reservation: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, CompileError>> + Send + '_>> {
        Box::pin(self.run(component, reservation))
    }
}

/// The child's side: bounds itself, compiles stdin, writes the code to stdout.
pub(crate) fn compile(reservation: u64, Bounds { memory, seconds }: Bounds) -> u8 {
    let fail = |code: u8, text: &dyn std::fmt::Display| {
        let _ = writeln!(std::io::stderr(), "{text}");
        code
    };
    let limits = [(Resource::As, memory), (Resource::Cpu, seconds), (Resource::Core, 0), (Resource::Fsize, 0)];
    for (resource, limit) in limits {
        if let Err(error) = setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) }) {
            return fail(FAILED, &error);
        }
    }
    let mut component = Vec::new();
    if let Err(error) = std::io::stdin().lock().read_to_end(&mut component) {
        return fail(FAILED, &error);
    }
    // From here on it needs no file and no network. Older kernels cannot take them away.
    confine::from_everything();
    match InProcess::compile_now(&component, reservation) {
        Ok(code) => match std::io::stdout().lock().write_all(&code) {
            Ok(()) => 0,
            Err(error) => fail(FAILED, &error),
        },
        Err(CompileError::Invalid(reason)) => fail(INVALID, &reason),
        Err(CompileError::Failed(reason)) => fail(FAILED, &reason),
        Err(error) => fail(INVALID, &error),
    }
}
