//! A program's surroundings: arguments, environment, directory, standard streams, exit.

use std::{collections::BTreeMap, fmt, sync::Arc};

use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};

use crate::{
    account::Account,
    bindings::wasi::cli::{
        environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr, terminal_stdin,
        terminal_stdout,
    },
    devices::pipe::{PipeReader, PipeWriter},
    syscall::{
        Device, Op, Syscall,
        device::{WasiDevice, fuel_for_bytes},
    },
};

pub(crate) struct Program;

impl Device for Program {
    const NAME: &'static str = "program";
    type Session = Surroundings;
}

impl WasiDevice for Program {}

/// What a program finds around it.
pub(crate) struct Surroundings {
    /// With the program's own name first.
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) directory: String,
    pub(crate) stdin: PipeReader,
    pub(crate) stdout: PipeWriter,
    pub(crate) stderr: PipeWriter,
    pub(crate) account: Arc<Account>,
}

/// The guest called `exit`. Travels as the engine's error to the end of the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExitCode(pub(crate) u8);

impl fmt::Display for ExitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}", self.0)
    }
}

impl std::error::Error for ExitCode {}

static LOOK: Op = Op::query("look", 100);
static STREAM: Op = Op::query("stream", 500);
static EXIT: Op = Op::query("exit", 10);

impl Syscall<'_, Program> {
    async fn output(&mut self, pick: fn(&Surroundings) -> &PipeWriter) -> wasmtime::Result<Resource<DynOutputStream>> {
        let mut call = self.enter(&STREAM).await.map_err(super::io::trap)?;
        let (around, table) = call.wasi();
        let stream: DynOutputStream = pick(around).stream(Some(around.account.clone()));
        Ok(table.push(stream)?)
    }
}

impl environment::Host for Syscall<'_, Program> {
    async fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        let mut call = self.enter(&LOOK).await.map_err(super::io::trap)?;
        let bytes = call.session.environment.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        call.charge(fuel_for_bytes(bytes as u64));
        Ok(call.session.environment.clone().into_iter().collect())
    }

    async fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        let mut call = self.enter(&LOOK).await.map_err(super::io::trap)?;
        let bytes = call.session.arguments.iter().map(String::len).sum::<usize>();
        call.charge(fuel_for_bytes(bytes as u64));
        Ok(call.session.arguments.clone())
    }

    async fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        let mut call = self.enter(&LOOK).await.map_err(super::io::trap)?;
        call.charge(fuel_for_bytes(call.session.directory.len() as u64));
        Ok(Some(call.session.directory.clone()))
    }
}

impl exit::Host for Syscall<'_, Program> {
    async fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        self.exit_with_code(if status.is_ok() { 0 } else { 1 }).await
    }

    async fn exit_with_code(&mut self, code: u8) -> wasmtime::Result<()> {
        let _call = self.enter(&EXIT).await.map_err(super::io::trap)?;
        Err(wasmtime::Error::new(ExitCode(code)))
    }
}

impl stdin::Host for Syscall<'_, Program> {
    async fn get_stdin(&mut self) -> wasmtime::Result<Resource<DynInputStream>> {
        let mut call = self.enter(&STREAM).await.map_err(super::io::trap)?;
        let (around, table) = call.wasi();
        let stream: DynInputStream = around.stdin.stream();
        Ok(table.push(stream)?)
    }
}

impl stdout::Host for Syscall<'_, Program> {
    async fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.output(|around| &around.stdout).await
    }
}

impl stderr::Host for Syscall<'_, Program> {
    async fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.output(|around| &around.stderr).await
    }
}

// A guest never holds a terminal: what it writes is text for its operator, who filters it.
impl terminal_input::Host for Syscall<'_, Program> {}
impl terminal_output::Host for Syscall<'_, Program> {}

impl terminal_input::HostTerminalInput for Syscall<'_, Program> {
    async fn drop(&mut self, terminal: Resource<terminal_input::TerminalInput>) -> wasmtime::Result<()> {
        self.wasi_table().delete(terminal)?;
        Ok(())
    }
}

impl terminal_output::HostTerminalOutput for Syscall<'_, Program> {
    async fn drop(&mut self, terminal: Resource<terminal_output::TerminalOutput>) -> wasmtime::Result<()> {
        self.wasi_table().delete(terminal)?;
        Ok(())
    }
}

impl terminal_stdin::Host for Syscall<'_, Program> {
    async fn get_terminal_stdin(&mut self) -> wasmtime::Result<Option<Resource<terminal_input::TerminalInput>>> {
        let _call = self.enter(&LOOK).await.map_err(super::io::trap)?;
        Ok(None)
    }
}

impl terminal_stdout::Host for Syscall<'_, Program> {
    async fn get_terminal_stdout(&mut self) -> wasmtime::Result<Option<Resource<terminal_output::TerminalOutput>>> {
        let _call = self.enter(&LOOK).await.map_err(super::io::trap)?;
        Ok(None)
    }
}

impl terminal_stderr::Host for Syscall<'_, Program> {
    async fn get_terminal_stderr(&mut self) -> wasmtime::Result<Option<Resource<terminal_output::TerminalOutput>>> {
        let _call = self.enter(&LOOK).await.map_err(super::io::trap)?;
        Ok(None)
    }
}
