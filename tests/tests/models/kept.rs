//! What is kept: replies in the cache, and what budgets have used.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    time::Duration,
};

use holm_kernel::{
    Config,
    account::Bytes,
    storage::{BucketId, Change, Driver, DriverError, Page, Version, Versioned},
};
use holm_tests::{Act, Actor, Guest, Machine, component, routed};

use super::{actor, caller, machine, run};

const FIRST: &str = "first/any: 10 in, 5 out, cost 15\n";
const AGAIN: &str = "cache:first/any: 0 in, 0 out, cost 0\n";

#[test]
fn the_same_is_asked_once() {
    let actor = actor(Act::Slowly(Duration::from_millis(50), 5));
    let machine = machine(routed([&actor], |_| ()));
    let report = run(machine, &["herd fast 8 hi", "cached fast hi", "cached fast other", "complete fast hi"]);
    report.exits(0);
    let mut lines: Vec<_> = report.stdout.lines().collect();
    let rest = lines.split_off(8);
    assert_eq!(lines.iter().filter(|line| line.starts_with("first/")).count(), 1, "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("cache:")).count(), 7, "{lines:?}");
    assert_eq!(rest, [AGAIN.trim_end(), FIRST.trim_end(), FIRST.trim_end()]);
    assert_eq!(actor.count(), 3);
    // Another run shares nothing.
    run(machine, &["cached fast hi"]).prints(FIRST);
}

#[test]
fn replies_are_shared_where_grants_allow() {
    let asked = |name: &str, grant: &str, machine: &'static Machine| {
        let guest = Guest::new(machine, name, component("llm_ok")).grant(grant).arguments(["cached fast hi"]);
        machine.block_on(guest.run()).stdout
    };
    let machine = machine(routed([&actor(Act::Says(5))], |_| ()));
    assert_eq!(asked("a", "llm=fast:shared-cache", machine), FIRST);
    assert_eq!(asked("b", "llm=fast:shared-cache", machine), AGAIN);
    assert_eq!(asked("c", "llm=fast", machine), FIRST);
}

#[test]
fn another_plugin_in_the_same_run_shares_nothing() {
    let machine = machine(routed([&actor(Act::Says(5))], |_| ()));
    machine.block_on(async {
        Guest::new(machine, "other", component("llm_ok")).grant("llm=fast").install().await;
        let steps = ["cached fast hi", "cached fast hi", "fork", "cached fast hi"];
        let own = caller(machine, &steps).grant("spawn=self").run().await;
        own.prints(&format!("{FIRST}{AGAIN}{AGAIN}"));
        let steps = ["cached fast hi", "fork other", "cached fast hi", "cached fast hi"];
        let other = caller(machine, &steps).grant("spawn=other").run().await;
        other.prints(&format!("{FIRST}{FIRST}{AGAIN}"));
    });
}

#[test]
fn what_a_budget_cut_off_is_not_given_to_others() {
    let actor = actor(Act::Says(50));
    let machine = machine(routed([&actor], |_| ()));
    let asked = |name: &str, grant: &str| {
        let guest = Guest::new(machine, name, component("llm_ok")).grant(grant).arguments(["cached fast hi"]);
        machine.block_on(guest.run()).stdout
    };
    // 82 are set aside for the request, the rest for the reply.
    assert_eq!(asked("poor", "llm=fast:shared-cache,tokens=100/run"), "first/any: 10 in, 18 out, cost 28\n");
    assert_eq!(asked("rich", "llm=fast:shared-cache"), "first/any: 10 in, 50 out, cost 60\n");
    assert_eq!(asked("poor", "llm=fast:shared-cache,tokens=100/run"), "cache:first/any: 0 in, 0 out, cost 0\n");
}

/// A store whose kernel's own bucket can be read, or not, or not yet.
struct Shut {
    behind: Arc<dyn Driver>,
    state: Arc<AtomicU8>,
}

const READABLE: u8 = 0;
const BROKEN: u8 = 1;
const WAITS: u8 = 2;

type Told<'a, T> = Pin<Box<dyn Future<Output = Result<T, DriverError>> + Send + 'a>>;

impl Driver for Shut {
    fn get<'a>(&'a self, bucket: &'a BucketId, key: &'a str) -> Told<'a, Option<Versioned>> {
        Box::pin(async move {
            while self.state.load(SeqCst) == WAITS {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            match self.state.load(SeqCst) {
                BROKEN => Err(DriverError::Io("a bad block".to_owned())),
                _ => self.behind.get(bucket, key).await,
            }
        })
    }

    fn list<'a>(
        &'a self,
        bucket: &'a BucketId,
        prefix: &'a str,
        cursor: Option<&'a str>,
        limit: usize,
    ) -> Told<'a, Page> {
        self.behind.list(bucket, prefix, cursor, limit)
    }

    fn commit<'a>(&'a self, bucket: &'a BucketId, changes: Vec<Change>, quota: Bytes) -> Told<'a, u64> {
        assert_eq!(self.state.load(SeqCst), READABLE, "nothing is written over what was not read");
        self.behind.commit(bucket, changes, quota)
    }

    fn versions<'a>(&'a self, bucket: &'a BucketId, key: &'a str) -> Told<'a, Vec<Version>> {
        self.behind.versions(bucket, key)
    }

    fn get_version<'a>(&'a self, bucket: &'a BucketId, key: &'a str, version: u64) -> Told<'a, Option<Vec<u8>>> {
        self.behind.get_version(bucket, key, version)
    }

    fn used<'a>(&'a self, owner: &'a BucketId) -> Told<'a, Bytes> {
        self.behind.used(owner)
    }
}

fn shut(actor: &Arc<Actor>, state: u8) -> (&'static Machine, Arc<AtomicU8>) {
    let state = Arc::new(AtomicU8::new(state));
    let own = state.clone();
    let machine = Machine::alone(Config { capacity: 100, ..Config::default() }, |parts| {
        parts.models = routed([actor], |_| ());
        parts.storage = Arc::new(Shut { behind: parts.storage.clone(), state: own });
    });
    (machine, state)
}

#[test]
fn budgets_that_cannot_be_read_are_not_spent() {
    let actor = actor(Act::Says(5));
    let (machine, state) = shut(&actor, BROKEN);
    machine.block_on(async {
        let budgeted = || Guest::new(machine, "llm_ok", component("llm_ok")).grant("llm=fast:calls=5/day");
        let report = budgeted().arguments(["complete fast hi"]).run().await;
        report.prints(
            "denied fast: what its budgets of hours and days have used cannot be read from Holm's store; see the kernel's log\n",
        );
        assert_eq!(actor.count(), 0);
        // A run's own budget needs no memory.
        let run = Guest::new(machine, "llm_ok", component("llm_ok")).grant("llm=fast:calls=5/run");
        run.arguments(["complete fast hi"]).run().await.prints(FIRST);
        // It is tried again.
        state.store(READABLE, SeqCst);
        let mut tries = 0;
        while budgeted().arguments(["complete fast hi"]).run().await.stdout != FIRST {
            tries += 1;
            assert!(tries < 100, "it stays shut");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

#[test]
fn budgets_are_read_before_they_are_spent() {
    let actor = actor(Act::Says(5));
    let (machine, state) = shut(&actor, WAITS);
    machine.block_on(async {
        let budgeted = Guest::new(machine, "llm_ok", component("llm_ok")).grant("llm=fast:calls=5/day");
        let started = budgeted.arguments(["complete fast hi"]).start().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(actor.count(), 0);
        state.store(READABLE, SeqCst);
        started.wait().await.prints(FIRST);
    });
}
