//! The clocks: time of day, a monotonic clock, and waiting.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wasmtime::component::Resource;
use wasmtime_wasi::{
    async_trait,
    p2::{DynPollable, Pollable},
};

use crate::{
    bindings::wasi::clocks::{
        monotonic_clock,
        wall_clock::{self, Datetime},
    },
    syscall::{Device, Op, Syscall, device::WasiDevice},
};

pub(crate) struct Clocks;

impl Device for Clocks {
    const NAME: &'static str = "clocks";
    /// When the process began: its monotonic clock counts from here, and tells nothing of the host's.
    type Session = Instant;
}

impl WasiDevice for Clocks {}

static NOW: Op = Op::query("now", 100);
static SUBSCRIBE: Op = Op::query("subscribe", 500);

/// A moment to wait for.
struct Deadline(Option<tokio::time::Instant>);

#[async_trait]
impl Pollable for Deadline {
    async fn ready(&mut self) {
        match self.0 {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            // Further away than clocks reach.
            None => std::future::pending().await,
        }
    }
}

impl Syscall<'_, Clocks> {
    async fn deadline(&mut self, from_now: Duration) -> wasmtime::Result<Resource<DynPollable>> {
        let mut call = self.enter(&SUBSCRIBE).await.map_err(super::io::trap)?;
        let (_, table) = call.wasi();
        let deadline = table.push(Deadline(tokio::time::Instant::now().checked_add(from_now)))?;
        wasmtime_wasi::p2::subscribe(table, deadline)
    }
}

impl monotonic_clock::Host for Syscall<'_, Clocks> {
    async fn now(&mut self) -> wasmtime::Result<u64> {
        let call = self.enter(&NOW).await.map_err(super::io::trap)?;
        Ok(nanoseconds(call.session.elapsed()))
    }

    async fn resolution(&mut self) -> wasmtime::Result<u64> {
        let _call = self.enter(&NOW).await.map_err(super::io::trap)?;
        Ok(1)
    }

    async fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = {
            let call = self.enter(&NOW).await.map_err(super::io::trap)?;
            nanoseconds(call.session.elapsed())
        };
        self.deadline(Duration::from_nanos(when.saturating_sub(now))).await
    }

    async fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.deadline(Duration::from_nanos(duration)).await
    }
}

impl wall_clock::Host for Syscall<'_, Clocks> {
    async fn now(&mut self) -> wasmtime::Result<Datetime> {
        let _call = self.enter(&NOW).await.map_err(super::io::trap)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Datetime { seconds: now.as_secs(), nanoseconds: now.subsec_nanos() })
    }

    async fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        let _call = self.enter(&NOW).await.map_err(super::io::trap)?;
        Ok(Datetime { seconds: 0, nanoseconds: 1 })
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
