//! Tools that servers answer: the door's law is the same for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use futures_core::future::BoxFuture;
use holm_kernel::{
    Config,
    devices::tool::{ServerCall, ServerError, Servers},
    process::Pid,
    program::{Offer, Offered, ToolDescription},
};
use holm_tests::{Guest, Machine, component};
use parking_lot::Mutex;

/// A server `clock`, whose tools are called as what they do.
#[derive(Default)]
struct Clock {
    called: Mutex<Vec<(Pid, String, String)>>,
    ended: Mutex<Vec<Pid>>,
    cancelled: Arc<AtomicBool>,
}

const TOOLS: [&str; 6] = ["Set.time", "changed", "fails", "gone", "now", "waits"];

/// Says that it was dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

impl Servers for Clock {
    fn offers(&self) -> Vec<Arc<dyn Offer>> {
        let tools = TOOLS.iter().filter_map(|tool| self.find("clock", tool)).collect();
        vec![Arc::new(Offered { name: "clock".to_owned(), tools })]
    }

    fn knows(&self, server: &str) -> bool {
        server == "clock"
    }

    fn find(&self, server: &str, tool: &str) -> Option<ToolDescription> {
        (server == "clock" && TOOLS.contains(&tool)).then(|| ToolDescription {
            name: tool.to_owned(),
            summary: "It is a clock".to_owned(),
            description: format!("It is a clock: {tool}"),
            input_schema: "{}".to_owned(),
            output_schema: None,
        })
    }

    fn call(&self, call: ServerCall) -> BoxFuture<'static, Result<String, ServerError>> {
        let waits = call.tool == "waits";
        let answer = match call.tool.as_str() {
            "now" | "Set.time" => Ok(call.arguments.clone()),
            "fails" => Err(ServerError::Failed("it is slow".to_owned())),
            "gone" => Err(ServerError::Unavailable("it ended".to_owned())),
            "changed" => Err(ServerError::Suspended("it changed since it was accepted".to_owned())),
            _ => Err(ServerError::NoSuchTool),
        };
        self.called.lock().push((call.root, call.plugin, call.tool));
        let cancelled = self.cancelled.clone();
        Box::pin(async move {
            if waits {
                let _dropped = Dropped(cancelled);
                std::future::pending::<()>().await;
            }
            answer
        })
    }

    fn ended(&self, root: Pid) {
        self.ended.lock().push(root);
    }
}

fn machine() -> (&'static Machine, Arc<Clock>) {
    let clock = Arc::<Clock>::default();
    let behind = clock.clone();
    (Machine::alone(Config { capacity: 50, ..Config::default() }, move |parts| parts.servers = behind), clock)
}

fn caller(machine: &'static Machine) -> Guest {
    Guest::new(machine, "tool_ok", component("tool_ok"))
}

#[test]
fn tool_ok() {
    let (machine, clock) = machine();
    machine.block_on(async {
        let arguments = [
            "list",
            "",
            "describe",
            "clock/now",
            "call",
            "clock/now",
            "{\"at\":\"noon\"}",
            "call",
            "clock/Set.time",
            "{\"at\":\"noon\"}",
            "call",
            "clock/Set.time",
            "{\"at\":\"night\"}",
            "call",
            "clock/fails",
            "{}",
            "call",
            "clock/gone",
            "{}",
            "call",
            "clock/changed",
            "{}",
            "call",
            "clock/none",
            "{}",
            "call",
            "other/now",
            "{}",
        ];
        let grants = ["now", "fails", "gone", "changed", "none", "Set.*?at=noon"];
        let mut guest = caller(machine).arguments(arguments);
        for grant in grants {
            guest = guest.grant(&format!("tool=clock/{grant}"));
        }
        let report = guest.run().await;
        let lines: Vec<&str> = report.stdout.lines().collect();
        assert_eq!(lines[0], "clock/Set.time clock/changed clock/fails clock/gone clock/now");
        assert_eq!(lines[1], "It is a clock: now");
        assert_eq!(lines[2..4], ["{\"at\":\"noon\"}"; 2]);
        assert!(lines[4].starts_with("denied: not granted"), "{lines:?}");
        assert!(lines[5].contains("it is slow") && lines[6].contains("it ended"), "{lines:?}");
        assert_eq!(lines[7], "denied: it changed since it was accepted");
        assert!(lines[8].contains("NoSuchTool") && lines[9].starts_with("denied"), "{lines:?}");
        report.denied("tool", "it changed since it was accepted");
        report.exits(0);
        let called = clock.called.lock();
        let tools: Vec<&str> = called.iter().map(|(.., tool)| tool.as_str()).collect();
        // What is not granted does not reach it.
        assert_eq!(tools, ["now", "Set.time", "fails", "gone", "changed", "none"]);
        let root = called[0].0;
        assert!(called.iter().all(|(other, plugin, _)| *other == root && plugin.starts_with("tool-ok")), "{called:?}");
        assert_eq!(*clock.ended.lock(), [root]);
    });
}

#[test]
fn a_call_ends_with_its_right() {
    let (machine, clock) = machine();
    machine.block_on(async {
        let guest = caller(machine).grant("tool=clock/waits").arguments(["call", "clock/waits", "{}"]);
        let started = guest.start().await;
        while clock.called.lock().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!clock.cancelled.load(SeqCst));
        started.revoke("tool");
        let report = started.wait().await;
        assert!(report.stdout.starts_with("denied"), "{}", report.stdout);
        assert!(clock.cancelled.load(SeqCst));
    });
}

#[test]
fn budgets_hold_for_servers_as_for_plugins() {
    let (machine, clock) = machine();
    machine.block_on(async {
        let call = ["call", "clock/now", "{}"];
        let guest = caller(machine).grant("tool=clock/*:calls=1/run").arguments(call.into_iter().chain(call));
        let report = guest.run().await;
        let lines: Vec<&str> = report.stdout.lines().collect();
        assert!(lines[0] == "{}" && lines[1].contains("Quota"), "{lines:?}");
        assert_eq!(clock.called.lock().len(), 1);
    });
}
