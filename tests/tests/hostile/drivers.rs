//! Bugs of the host: drivers and sinks that panic. They end one call or one process, never the kernel.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use holm_kernel::{
    Answer, CompileError, Compiler, Config, InProcess, Moment, Operator, Parts, Question,
    audit::{Record, Sink},
    log, net,
    process::Pid,
    program::{Code, Program, ProgramError, Programs},
};
use holm_tests::{Guest, Machine, component, guest};

use crate::{Directory, run};

/// A machine on which something panics.
fn frail(change: impl FnOnce(&mut Parts)) -> &'static Machine {
    Machine::alone(Config { capacity: 16, ..Config::default() }, change)
}

#[test]
fn driver_panic() {
    run(async {
        let report = guest("driver_panic").grant("storage=notes:rw").attack().await;
        let failed = "get io the storage driver failed\nput io the storage driver failed\n";
        report.exits(0).prints(&format!("{}[121, 101, 115]\n", failed.repeat(4)));
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
    let machine = frail(|parts| parts.audit = Arc::new(Panicking));
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
    let machine = frail(|parts| parts.log = Arc::new(Panicking));
    machine.block_on(async move {
        let victim = Guest::new(machine, "victim", component("log_flood")).arguments(["10"]);
        victim.attack().await.faults("host");
        let other = Guest::new(machine, "other", component("log_flood")).arguments(["10"]);
        other.limit(|limits| limits.log_lines = 10).attack().await.exits(0);
    });
}

#[test]
fn model_driver_panics() {
    run(async {
        for (name, order) in [("at-once", "panic"), ("later", "panic 3")] {
            let attacker = guest("models").named(name).arguments(["order", "fast", order]).grant("llm=fast");
            attacker.attack().await.exits(0).prints("io the llm driver failed\n");
        }
        guest("models").arguments(["order", "fast", "say 3"]).grant("llm=fast").attack().await.prints("a reply\n");
    });
}

impl net::Driver for Panicking {
    fn send(
        &self,
        request: net::Request,
    ) -> futures_core::future::BoxFuture<'static, Result<http::Response<net::Body>, net::Failure>> {
        let late = request.target.to_string().contains("late");
        Box::pin(async move {
            if late {
                tokio::task::yield_now().await;
            }
            panic!("the network driver panics")
        })
    }

    fn carries(&self, _: &str, _: &holm_kernel::devices::net::law::Target, _: &str) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn network_driver_panics() {
    let machine = frail(|parts| parts.network = Arc::new(Panicking));
    machine.block_on(async move {
        let attacker = Guest::new(machine, "victim", component("requests")).grant("net=http://a.example");
        let report = attacker.arguments(["http://a.example/", "http://a.example/late"]).attack().await;
        report.exits(0);
        assert_eq!(report.stdout.matches("the network driver failed").count(), 2, "{report:#?}");
    });
}

#[test]
fn blocking_threads_panic() {
    // Asked on the threads that open and look at files.
    let protected = |path: &std::path::Path| {
        assert!(!path.ends_with("panics"), "a path that makes its thread panic");
        false
    };
    let machine = frail(|parts| parts.protected = Arc::new(protected));
    let directory = Directory::new().with("panics", "text").with("fine", "text");
    machine.block_on(async move {
        let attacker = Guest::new(machine, "victim", component("path_escape"));
        let attacker = attacker.grant(&format!("fs={}:rw", directory.join("")));
        let paths = [directory.join("panics"), directory.join("fine")];
        let report = attacker.arguments(paths.iter().map(String::as_str)).attack().await;
        report.exits(0);
        let (panics, fine) = report.stdout.split_at(report.stdout.find(&paths[1]).unwrap());
        for way in ["read", "write", "list", "stat", "rename", "remove"] {
            assert!(!panics.contains(&format!("panics {way} DONE")), "{report:#?}");
        }
        assert!(fine.contains("fine read DONE") && fine.contains("fine rename DONE"), "{report:#?}");
    });
}

/// Installed plugins, one of which makes whoever looks for it panic.
impl Programs for Panicking {
    fn find(&self, name: &str) -> Result<Arc<Program>, ProgramError> {
        assert!(name != "panics", "a plugin that makes the store panic");
        Err(ProgramError::NotFound(name.to_owned()))
    }

    fn command(&self, command: &str) -> Result<Code, ProgramError> {
        Err(ProgramError::NoCommand(command.to_owned()))
    }

    fn list(&self) -> Vec<Arc<Program>> {
        Vec::new()
    }

    fn policies(&self, plugin: &str, _: Moment) -> Vec<String> {
        assert!(plugin != "judged", "a plugin whose policies make the store panic");
        Vec::new()
    }
}

#[test]
fn plugin_store_panics() {
    let machine = frail(|parts| parts.programs = Arc::new(Panicking));
    machine.block_on(async move {
        let caller = |name: &str, plugin: &str| {
            let guest = Guest::new(machine, name, component("confused_deputy")).grant("tool=*/*");
            guest.arguments([&format!("{plugin}/get"), "x"])
        };
        caller("victim", "absent").attack().await.exits(0).prints("absent/get not-found\n");
        // On a blocking thread, and in the slice of who is judged.
        caller("victim", "panics").attack().await.exits(0).prints("panics/get io the store of plugins failed\n");
        caller("judged", "absent").attack().await.faults("host");
        let starter = Guest::new(machine, "starter", component("borrowed_rights")).grant("spawn=*");
        starter.arguments(["panics", "x"]).attack().await.exits(0).prints("io the store of plugins failed\n");
    });
}

impl Operator for Panicking {
    fn denied(&self, _: Question) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async {
            tokio::task::yield_now().await;
            panic!("the operator panics")
        })
    }

    fn told(&self, _: Question) {}

    fn approve(&self, _: Question) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(async { false })
    }

    fn deferred(&self, _: Question, _: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

#[test]
fn operator_panics() {
    run(async {
        // After it waited, in the slice that goes on: the process is over, and its neighbour is not.
        let victim = guest("fs_denied").arguments(["/etc/passwd"]).operator(Arc::new(Panicking));
        victim.attack().await.faults("host");
    });
}

/// A compiler that panics the first time.
#[derive(Default)]
struct Recovering(AtomicBool);

impl Compiler for Recovering {
    fn compile(
        &self,
        component: Vec<u8>,
        reservation: u64,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, CompileError>> + Send + '_>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            assert!(self.0.swap(true, SeqCst), "the compiler panics");
            InProcess.compile(component, reservation).await
        })
    }
}

#[test]
fn compiler_panics() {
    let machine = frail(|parts| parts.compiler = Arc::new(Recovering::default()));
    machine.block_on(async move {
        let victim = || Guest::new(machine, "victim", component("storage_ok")).grant("storage=notes:rw");
        let first = tokio::spawn(async move { victim().try_start().await.err() }).await;
        assert!(first.is_err_and(|error| error.is_panic()));
        // Who asks for the same image next has it compiled anew.
        victim().attack().await.exits(0);
    });
}
