//! Routing, as guests meet it: providers that limit, fail, hang and break off; caches and budgets.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod kept;
mod limits;

use std::{sync::Arc, time::Duration};

use holm_kernel::{
    Config, Kernel,
    llm::{Choice, Config as Models, Failure, Usage},
};
use holm_tests::{ASKED, Act, Actor, Guest, Machine, Report, component, eventually, routed};

/// A kernel whose only models these are.
fn machine(models: Models) -> &'static Machine {
    Machine::alone(Config { capacity: 100, ..Config::default() }, |parts| parts.models = models)
}

fn caller(machine: &'static Machine, steps: &[&str]) -> Guest {
    Guest::new(machine, "llm_ok", component("llm_ok")).grant("llm=fast").arguments(steps.iter().copied())
}

/// What the steps print.
fn run(machine: &'static Machine, steps: &[&str]) -> Report {
    machine.block_on(async { caller(machine, steps).run().await })
}

fn limited(retry_after: Option<u64>) -> Failure {
    Failure::RateLimited { retry_after: retry_after.map(Duration::from_millis) }
}

fn down() -> Failure {
    Failure::Unavailable("500".to_owned())
}

#[test]
fn llm_ok() {
    let actor = Actor::new([Act::Says(2)]);
    let machine = machine(routed([&actor], |_| ()));
    let report = run(machine, &["complete fast hi", "stream fast hi", "crowd fast 3 hi"]);
    let told = "first/any: 10 in, 2 out, cost 12\n";
    report.exits(0).prints(&format!("{told}word word| {told}{}", told.repeat(3)));
    assert_eq!((report.exit.tokens, report.exit.model_calls), (5 * 12, 5));
}

#[test]
fn a_limit_is_waited_for_as_long_as_it_says() {
    for (retry_after, least) in [(Some(400), 400), (None, 2_000)] {
        let actor = Actor::new([Act::Fails(limited(retry_after)), Act::Says(1)]);
        run(machine(routed([&actor], |_| ())), &["complete fast hi"]).prints("first/any: 10 in, 1 out, cost 11\n");
        let asked = actor.asked();
        assert_eq!(asked.len(), 2);
        assert!(asked[1] - asked[0] >= Duration::from_millis(least), "{retry_after:?}");
    }
}

#[test]
fn a_limit_beyond_all_patience_is_told() {
    let actor = Actor::new([Act::Fails(limited(Some(60_000)))]);
    run(machine(routed([&actor], |_| ())), &["complete fast hi", "complete fast hi"])
        .prints("rate-limited, and until when\nrate-limited, and until when\n");
    assert_eq!(actor.count(), 1, "who comes later is told without asking");
}

#[test]
fn another_target_takes_over() {
    for failure in
        [limited(Some(60_000)), down(), Failure::ContextLength("long".into()), Failure::BadRequest("no".into())]
    {
        let (first, second) = (Actor::new([Act::Fails(failure.clone())]), Actor::new([Act::Says(1)]));
        run(machine(routed([&first, &second], |_| ())), &["complete fast hi"])
            .prints("second/any: 10 in, 1 out, cost 11\n");
        assert_eq!((first.count(), second.count()), (1, 1), "{failure}");
    }
}

#[test]
fn a_storm_of_failures_opens_the_breaker_and_one_tries_it() {
    let acts = std::iter::repeat_n(Act::Fails(down()), 5).chain([Act::Says(1)]);
    let actor = Actor::new(acts);
    let machine = machine(routed([&actor], |model| model.attempts = 1));
    let storm = run(machine, &["complete fast hi"; 5]);
    storm.prints(&"unavailable: the provider is not available: 500\n".repeat(5));
    let shut = run(machine, &["within fast 500 hi"]);
    assert!(shut.stdout.starts_with("unavailable: its providers failed too often"), "{shut:?}");
    assert_eq!(actor.count(), 5, "nobody is sent there");
    // Who can wait does: one goes first, and the others after it.
    let said = "first/any: 10 in, 1 out, cost 11\n";
    run(machine, &["crowd fast 4 hi"]).prints(&said.repeat(4));
    assert_eq!(actor.count(), 9);
}

#[test]
fn a_key_that_is_not_taken_is_told_at_once() {
    let actor = Actor::new([Act::Fails(Failure::Unauthorized("bad key".into()))]);
    let told = "unavailable: the provider does not take the key: bad key\n";
    run(machine(routed([&actor], |_| ())), &["complete fast hi", "complete fast hi"]).prints(&told.repeat(2));
    assert_eq!(actor.count(), 1);
}

#[test]
fn what_was_told_is_taken_back_whatever_broke_it_off() {
    let failures = [limited(Some(1)), down(), Failure::BadRequest("no".into()), Failure::ContextLength("long".into())];
    for failure in failures {
        let first = Actor::new([Act::Breaks(3, failure.clone())]);
        let second = Actor::new([Act::Says(2)]);
        let report = run(machine(routed([&first, &second], |_| ())), &["stream fast hi"]);
        // What was lost is paid for: its provider told nothing, so all that was set aside.
        let (told, cost) = report.stdout.trim_end().rsplit_once(' ').unwrap();
        assert_eq!(told, "restart word word| second/any: 10 in, 2 out, cost", "{failure}");
        assert!(cost.parse::<u64>().unwrap() > 1_000, "{failure}: {cost}");
        assert_eq!(report.exit.money.0.to_string(), cost);
    }
}

#[test]
fn a_second_is_asked_where_the_first_does_not_begin() {
    for way in ["complete", "stream"] {
        let (first, second) = (Actor::new([Act::Hangs]), Actor::new([Act::Says(2)]));
        let models = routed([&first, &second], |model| model.hedge = Some(Duration::from_millis(50)));
        let report = run(machine(models), &[&format!("{way} fast hi")]);
        assert!(report.stdout.contains("second/any: 10 in, 2 out"), "{report:?}");
        assert!(!report.stdout.contains("restart"), "nothing of the first was told");
        let cost: u64 = report.stdout.trim_end().rsplit_once(' ').unwrap().1.parse().unwrap();
        assert_eq!(report.exit.money.0, cost, "the first may have cost something too");
        assert!(cost > 1_000, "{cost}");
    }
}

#[test]
fn who_failed_beside_another_is_not_asked_again_at_once() {
    let slow = Duration::from_millis(150);
    let first = Actor::new([Act::Slowly(slow, 1)]);
    let second = Actor::new([Act::Fails(Failure::ContextLength("long".into()))]);
    let models = routed([&first, &second], |model| model.hedge = Some(Duration::from_millis(20)));
    run(machine(models), &["complete fast hi"]).prints("first/any: 10 in, 1 out, cost 11\n");
    assert_eq!((first.count(), second.count()), (1, 1));

    let first = Actor::new([Act::Hangs]);
    let (second, third) = (Actor::new([Act::Breaks(0, down())]), Actor::new([Act::Says(1)]));
    let models = routed([&first, &second, &third], |model| {
        model.hedge = Some(Duration::from_millis(20));
        model.attempts = 2;
    });
    run(machine(models), &["within fast 400 hi"]).prints("unavailable: no provider answered within 0.4 s\n");
    assert_eq!((first.count(), second.count(), third.count()), (1, 1, 0), "both were attempts");
}

#[test]
fn chance_follows_weights() {
    let (first, second) = (Actor::new([Act::Says(1)]), Actor::new([Act::Says(1)]));
    let models = routed([&first, &second], |model| {
        model.choice = Choice::Weighted;
        model.targets[0].weight = 4;
    });
    run(machine(models), &["crowd fast 32 hi"; 8]).exits(0);
    // One in five of 256, and far from it only by a chance of one in millions.
    let seconds = second.count();
    assert_eq!(first.count() + seconds, 256);
    assert!((20..90).contains(&seconds), "{seconds}");
}

#[test]
fn a_deadline_ends_a_call() {
    let actor = Actor::new([Act::Hangs]);
    let machine = machine(routed([&actor], |_| ()));
    let report = run(machine, &["within fast 100 hi"]);
    report.prints("unavailable: no provider answered within 0.1 s\n");
    assert!(report.exit.tokens >= ASKED, "it may have been answered: {}", report.exit.tokens);
}

#[test]
fn what_a_provider_does_not_tell_costs_what_was_set_aside() {
    let told = |usage: Option<Usage>| {
        let actor = Actor::new([Act::Tells(3, usage)]);
        run(machine(routed([&actor], |_| ())), &["short fast 100 hi"])
    };
    let usage = |input, output| Some(Usage { input, output, ..Usage::default() });
    told(usage(10, 3)).prints("first/any: 10 in, 3 out, cost 13\n");
    // As Ollama does where it has the prompt in its cache.
    told(usage(0, 3)).prints("first/any: 82 in, 3 out at most, cost 85\n");
    told(usage(10, 0)).prints("first/any: 10 in, 100 out at most, cost 110\n");
    told(None).prints("first/any: 82 in, 100 out at most, cost 182\n");
}

#[test]
fn vectors_are_paid_for() {
    let embedded = |act: Act| {
        let actor = Actor::new([act]);
        let report = run(machine(routed([&actor], |_| ())), &["embed fast 5"]);
        (report.stdout.clone(), report.exit.tokens)
    };
    let made = "5 vectors\n".to_owned();
    assert_eq!(embedded(Act::Embeds(Some(7))), (made.clone(), 7));
    // Ten letters and what a provider may add, each.
    assert_eq!(embedded(Act::Embeds(None)), (made.clone(), 90));
    assert_eq!(embedded(Act::Embeds(Some(0))), (made, 90));
    assert_eq!(embedded(Act::Fails(Failure::TimedOut("late".into()))).1, 90, "it may have done the work");
    assert_eq!(embedded(Act::Fails(down())).1, 0);
}

#[test]
fn what_a_killed_call_used_is_in_the_sums() {
    let actor = Actor::new([Act::Hangs]);
    let machine = machine(routed([&actor], |_| ()));
    machine.block_on(async {
        let started = caller(machine, &["complete fast hi"]).start().await;
        eventually(|| actor.count() == 1, || "it asks nobody".to_owned()).await;
        machine.kernel.kill(started.running.pid).unwrap();
        started.wait().await;
        let sums = || machine.kernel.statistics().into_iter().find(|sum| sum.plugin == "llm-ok").unwrap();
        let counted = || sums().tokens > 1_000 && sums().latency.calls == 1;
        eventually(counted, || format!("{:?}", sums())).await;
        assert_eq!((sums().ended, sums().live), (1, 0));
    });
}

#[test]
fn how_long_calls_took_is_told_of_the_whole_run() {
    let actor = Actor::new([Act::Slowly(Duration::from_millis(20), 1)]);
    let machine = machine(routed([&actor], |_| ()));
    machine.block_on(async {
        let steps = ["complete fast hi", "fork", "crowd fast 3 hi"];
        let report = caller(machine, &steps).grant("spawn=self").run().await;
        report.exits(0);
        let latency = report.exit.latency;
        assert_eq!((latency.calls, report.exit.model_calls), (4, 4), "its child's included");
        assert!(latency.turnaround.p99 >= 0.02 && latency.turnaround.average >= 0.02, "{latency:?}");
    });
}

/// Fifty agents that come at once to a provider that takes ten in a while.
#[test]
fn fifty_agents_and_one_limit() {
    let turns = (0..5).flat_map(|_| {
        let taken = std::iter::repeat_n(Act::Slowly(Duration::from_millis(20), 1), 10);
        taken.chain([Act::Fails(limited(Some(100)))])
    });
    let actor = Actor::new(turns.chain([Act::Says(1)]));
    let machine = machine(routed([&actor], |model| model.attempts = 2));
    machine.block_on(async {
        let agents = (0..50).map(|_| async { caller(machine, &["complete fast hi"]).run().await });
        for report in futures_util::future::join_all(agents).await {
            let well = report.stdout.starts_with("first/any") || report.stdout.starts_with("rate-limited");
            assert!(well, "{report:?}");
        }
    });
    assert!(actor.count() >= 50 - 5, "{}", actor.count());
    assert_eq!(live(&machine.kernel), 0);
}

fn live(kernel: &Kernel) -> usize {
    kernel.snapshot().len()
}

fn actor(act: Act) -> Arc<Actor> {
    Actor::new([act])
}
