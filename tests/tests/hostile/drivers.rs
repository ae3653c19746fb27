//! Bugs of the host: drivers and sinks that panic. They end one call or one process, never the kernel.

use std::sync::Arc;

use holm_kernel::{
    Config,
    audit::{Record, Sink},
    log,
    process::Pid,
};
use holm_tests::{Guest, Machine, component, guest};

use crate::run;

#[test]
fn driver_panic() {
    run(async {
        let report = guest("driver_panic").grant("storage=notes:rw").attack().await;
        let failed = "get io the storage driver failed\nput io the storage driver failed\n";
        report.exits(0).prints(&format!("{}[121, 101, 115]\n", failed.repeat(3)));
    });
}

/// A sink that panics for one plugin.
struct Panicking;

impl Sink for Panicking {
    fn record(&self, record: Record) {
        assert!(record.plugin != "victim", "the audit sink panics");
    }
}

impl log::Sink for Panicking {
    fn line(&self, _: Pid, plugin: &str, _: &'static str, _: &str) {
        assert!(plugin != "victim", "the log sink panics");
    }
}

#[test]
fn audit_sink_panics() {
    let machine =
        Machine::alone(Config { capacity: 16, ..Config::default() }, |parts| parts.audit = Arc::new(Panicking));
    machine.block_on(async move {
        // Effects are recorded at once, queries at the end, denials at once: all are lost, none hurts.
        let victim = Guest::new(machine, "victim", component("storage_ok")).grant("storage=notes:rw");
        victim.attack().await.exits(0);
        let victim = Guest::new(machine, "victim", component("fs_denied")).arguments(["/etc/passwd"]);
        victim.attack().await.exits(0);
        let victim = Guest::new(machine, "victim", component("loop_of_calls"));
        victim.limit(|limits| limits.fuel.0 = 5_000_000).attack().await.faults("out-of-fuel");
    });
}

#[test]
fn log_sink_panics() {
    let machine = Machine::alone(Config { capacity: 16, ..Config::default() }, |parts| parts.log = Arc::new(Panicking));
    machine.block_on(async move {
        let victim = Guest::new(machine, "victim", component("log_flood")).arguments(["10"]);
        victim.attack().await.faults("host");
        let other = Guest::new(machine, "other", component("log_flood")).arguments(["10"]);
        other.limit(|limits| limits.log_lines = 10).attack().await.exits(0);
    });
}
