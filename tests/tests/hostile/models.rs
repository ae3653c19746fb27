//! Models: budgets that many spend at once, replies that nobody reads, prompts without bounds.

use std::sync::atomic::Ordering::SeqCst;

use holm_kernel::{
    Config,
    account::{Fuel, Limits, Money},
    process::KilledBy,
};
use holm_tests::{Guest, Machine, component, eventually, guest, machine};

use crate::run;

/// The attacker on a machine whose provider nobody else asks: what it counts is the attacker's.
fn alone() -> &'static Machine {
    Machine::alone(Config { capacity: 100, ..Config::default() }, |_| ())
}

fn attacker(machine: &'static Machine, arguments: &[&str]) -> Guest {
    Guest::new(machine, "models", component("models")).arguments(arguments.iter().copied())
}

/// Tokens that all lines of its output say were spent.
fn spent(stdout: &str) -> u64 {
    stdout.lines().filter_map(|line| line.split(' ').next()?.parse::<u64>().ok()).sum()
}

#[test]
fn a_model_that_is_not_granted() {
    run(async {
        let report = guest("models").arguments(["calls", "dear", "1"]).grant("llm=fast").attack().await;
        report.exits(0).denied("llm", "not granted").prints("open: denied llm=dear: not granted\n");
        let report = guest("models").arguments(["calls", "slow", "1"]).grant("llm=*").attack().await;
        report.exits(0).prints("open: not-found\n");
    });
}

#[test]
fn requests_beyond_all_bounds() {
    run(async {
        let attacks = [
            (["prompt", "fast", "3900000"], "quota tokens 1000000\n"),
            (["messages", "fast", "5000"], "malformed a request has 1 to 4096 messages\n"),
            (["schema", "fast", "2000"], "malformed "),
        ];
        for (arguments, said) in attacks {
            let report = guest("models").arguments(arguments).grant("llm=fast").attack().await;
            report.exits(0);
            assert!(report.stdout.starts_with(said), "{arguments:?}: {report:#?}");
        }
    });
}

#[test]
fn calls_without_end() {
    run(async {
        let attacker = guest("models").arguments(["calls", "fast", "1000"]).grant("llm=fast");
        let report = attacker.limit(|limits| limits.model_calls = 7).attack().await;
        report.exits(0).over("model-calls").prints("7 made, then quota model-calls 7\n");
        assert_eq!((report.exit.model_calls, report.exit.tokens), (7, 7 * 11));
    });
}

#[test]
fn a_grants_calls_are_counted_too() {
    run(async {
        let attacker = guest("models").named("counted").arguments(["calls", "fast", "1000"]);
        let report = attacker.grant("llm=fast:calls=3/hour").attack().await;
        report.exits(0);
        assert!(report.stdout.starts_with("3 made, then quota "), "{report:#?}");
    });
}

#[test]
fn twenty_children_and_one_budget() {
    let limited = |change: fn(&mut Limits), grant: &'static str| {
        let machine = alone();
        machine.block_on(async {
            let attacker = attacker(machine, &["race", "fast", "20"]).grant(grant).grant("spawn=self");
            let report = attacker.limit(change).attack().await;
            report.exits(0);
            assert_eq!(report.stdout.lines().count(), 21, "{report:#?}");
            let (told, used) = (spent(&report.stdout), machine.obedient.used.load(SeqCst));
            assert_eq!(told, used, "the provider counts what they were told");
            assert_eq!(report.exit.tokens, used, "and so does the account");
            assert!(used <= 10_000, "{used} of 10000");
            // Most of it can be spent: what a call sets aside beforehand comes back.
            assert!(used > 9_000, "{used} of 10000");
        });
    };
    // As a limit of the process, as a budget of its grant.
    limited(|limits| limits.tokens = 10_000, "llm=fast");
    limited(|_| (), "llm=fast:tokens=10000/run");
}

#[test]
fn a_tree_of_agents_and_one_budget() {
    let limited = |change: fn(&mut Limits), grant: &'static str| {
        let machine = alone();
        machine.block_on(async {
            let attacker = attacker(machine, &["tree", "dear", "3", "3"]).grant(grant).grant("spawn=self");
            let report = attacker.limit(change).attack().await;
            report.exits(0);
            // Itself, three children, nine grandchildren, twenty-seven below those.
            assert_eq!(report.stdout.lines().count(), 40, "{report:#?}");
            let used = machine.obedient.used.load(SeqCst);
            assert_eq!((report.exit.tokens, report.exit.money), (used, Money(used)));
            assert!((9_000..=10_000).contains(&used), "{used} of 10000");
        });
    };
    limited(|limits| limits.tokens = 10_000, "llm=dear");
    limited(|limits| limits.money = Money(10_000), "llm=dear");
    limited(|_| (), "llm=dear:tokens=10000/run");
    limited(|_| (), "llm=dear:usd=0.01/day");
}

#[test]
fn money_is_a_limit_too() {
    let machine = alone();
    machine.block_on(async {
        let attacker = attacker(machine, &["race", "dear", "20"]).grant("llm=dear").grant("spawn=self");
        // A dollar for a million tokens: a cent buys ten thousand.
        let report = attacker.limit(|limits| limits.money = Money(10_000)).attack().await;
        report.exits(0);
        let used = machine.obedient.used.load(SeqCst);
        assert_eq!(report.exit.money, Money(used));
        assert!((9_000..=10_000).contains(&used), "{used}");
    });
}

#[test]
fn replies_that_nobody_reads() {
    let machine = alone();
    machine.block_on(async {
        let report = attacker(machine, &["unread", "fast"]).grant("llm=fast");
        let report = report.limit(|limits| limits.model_streams = 5).attack().await;
        report.exits(0).over("model-streams").prints("5 begun, then quota model-streams 5\n");
        // With the process go its replies, connections included.
        let open = || machine.obedient.open.load(SeqCst);
        eventually(|| open() == 0, || format!("{} replies are still under way", open())).await;
    });
}

#[test]
fn a_thousand_opens() {
    run(async {
        let attacker = guest("models").arguments(["opens", "fast"]).grant("llm=fast");
        let report = attacker.limit(|limits| limits.handles = 1_000).attack().await;
        report.exits(0).over("handles");
        assert!(report.stdout.ends_with(" open, then quota handles 1000\n"), "{report:#?}");
    });
}

#[test]
fn what_is_let_go_of_is_paid_for() {
    let machine = alone();
    machine.block_on(async {
        let attacker = attacker(machine, &["cancel", "fast", "20"]).grant("llm=fast");
        let report = attacker.attack_with(async |started| {
            started.shows("let go").await;
            let open = || machine.obedient.open.load(SeqCst);
            eventually(|| open() == 0, || "the reply goes on".to_owned()).await;
            started.kill();
        });
        let report = report.await;
        report.killed(KilledBy::Operator);
        let used = machine.obedient.used.load(SeqCst);
        assert!(used >= 30, "{used}");
        // Never less than was used; not the whole that was set aside for a hundred thousand words.
        assert!(report.exit.tokens >= used, "{} of {used}", report.exit.tokens);
    });
}

#[test]
fn a_killed_process_pays_for_its_call() {
    let machine = alone();
    machine.block_on(async {
        let attacker = attacker(machine, &["hang", "fast"]).grant("llm=fast");
        let report = attacker.attack_with(async |started| {
            let open = || machine.obedient.open.load(SeqCst);
            eventually(|| open() == 1, || "it asks nobody".to_owned()).await;
            started.kill();
        });
        let report = report.await;
        report.killed(KilledBy::Operator);
        assert!(report.exit.tokens >= machine.obedient.used.load(SeqCst), "{report:#?}");
        assert_eq!(machine.obedient.open.load(SeqCst), 0);
    });
}

#[test]
fn a_provider_that_breaks_off_is_replaced_before_anybody_notices() {
    run(async {
        let report = guest("models").arguments(["stream", "frail"]).grant("llm=frail").attack().await;
        report.exits(0);
        // What nobody read in time is joined, or never shown.
        let (lost, rest) = report.stdout.split_once("restart\n").expect("it begins anew");
        let text = |shown: &str| shown.replace("text ", "").replace('\n', "");
        assert!("lost lost lost ".starts_with(&text(lost)), "{report:#?}");
        assert_eq!(text(rest), "word word done by obedient/any, 2 tokens");
    });
}

#[test]
fn a_revoked_model_answers_no_more() {
    run(async {
        let attacker = guest("models").arguments(["hang", "fast"]).grant("llm=fast");
        let report = attacker.attack_with(async |started| {
            let asked = || machine().obedient.open.load(SeqCst) > 0;
            eventually(asked, || "it asks nobody".to_owned()).await;
            started.revoke("llm=fast");
        });
        report.await.exits(0).prints("denied llm=fast: revoked\n");
    });
}

#[test]
fn schema_bomb() {
    const TOO_LONG: &str = "malformed it would take too long to check the reply against the schema\n";
    const PATTERNS: &str = "malformed a schema has at most 64 patterns\n";
    const UNEVALUATED: &str =
        "malformed a schema is closed by `additionalProperties` or `items`, not by `unevaluatedProperties`\n";
    let attacks = [
        ("doubling", TOO_LONG),
        ("unevaluated", UNEVALUATED),
        ("nested", TOO_LONG),
        ("chain", "malformed the schema nests more than 256 subschemas\n"),
        ("pattern", TOO_LONG),
        ("patterns", PATTERNS),
    ];
    run(async {
        for (way, said) in attacks {
            let attacker = guest("schema_bomb").arguments([way]).grant("llm=fast");
            attacker.attack().await.exits(0).prints(&said.repeat(8));
        }
    });
}

#[test]
fn checks_of_schemas_cost_fuel() {
    run(async {
        let attacker = guest("schema_bomb").arguments(["doubling"]).grant("llm=fast");
        let report = attacker.limit(|limits| limits.fuel = Fuel(4_000_000)).attack().await;
        report.exits(0);
        assert!(report.stdout.contains("quota fuel 4000000\n"), "{report:#?}");
    });
}
