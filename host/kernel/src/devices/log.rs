//! The log device: lines for the operator, and the reason of the last denial.

use std::sync::Arc;

use crate::{
    account::{Level, Total},
    bindings::{
        self,
        holm::sys::log::{Host, Level as Severity},
    },
    process::Pid,
    syscall::{Device, Errno, Interrupt, Op, Syscall, device::fuel_for_bytes},
};

/// Where log lines go. Must not block: it is called from within system calls.
pub trait Sink: Send + Sync + 'static {
    /// Takes one line, its control characters replaced.
    fn line(&self, pid: Pid, plugin: &str, level: &'static str, message: &str);
}

impl Sink for () {
    fn line(&self, _: Pid, _: &str, _: &'static str, _: &str) {}
}

/// A longer line is cut.
const LINE_BYTES: usize = 4096;

pub(crate) struct Log;

impl Device for Log {
    const NAME: &'static str = "log";
    type Session = Arc<dyn Sink>;
}

static WRITE: Op = Op::query("write", 500);
static LAST_DENIAL: Op = Op::query("last-denial", 50);
static USAGE: Op = Op::query("usage", 50);

impl Host for Syscall<'_, Log> {
    async fn write(&mut self, level: Severity, message: String) -> Result<(), Interrupt<Errno>> {
        let mut call = self.enter(&WRITE).await?;
        // All of it was moved, though only a line of it is kept.
        call.charge(fuel_for_bytes(message.len() as u64));
        let line = printable(&message[..message.floor_char_boundary(LINE_BYTES)]);
        call.take(Total::LogLines, 1)?;
        if let Err(refusal) = call.take(Total::LogBytes, line.len() as u64) {
            call.account().untake(Total::LogLines, 1);
            return Err(refusal.into());
        }
        let level = match level {
            Severity::Error => "error",
            Severity::Warn => "warn",
            Severity::Info => "info",
            Severity::Debug => "debug",
            Severity::Trace => "trace",
        };
        call.session.line(call.control().pid, &call.control().plugin, level, &line);
        Ok(())
    }

    async fn last_denial(&mut self) -> wasmtime::Result<Option<bindings::Denial>> {
        Ok(match self.enter(&LAST_DENIAL).await {
            Ok(call) => call.last_denial().cloned(),
            Err(_) => None,
        })
    }

    async fn usage(&mut self) -> wasmtime::Result<bindings::Usage> {
        let Ok(call) = self.enter(&USAGE).await else { return Ok(bindings::Usage { fuel: 0, memory: 0, syscalls: 0 }) };
        let control = call.control();
        Ok(bindings::Usage {
            fuel: control.account.spent().0,
            memory: control.account.level(Level::Memory),
            syscalls: control.syscalls.load(std::sync::atomic::Ordering::Relaxed),
        })
    }
}

/// The text with control characters replaced, so that no guest writes to its operator's terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

impl crate::bindings::holm::sys::types::Host for Syscall<'_, Log> {
    fn convert_errno(&mut self, error: Interrupt<Errno>) -> wasmtime::Result<Errno> {
        error.for_guest()
    }
}

impl crate::bindings::holm::sys::tool_types::Host for Syscall<'_, Log> {}
