//! What a provider's user allows of it: rates, and turns.

use std::time::Duration;

use holm_tests::{Act, eventually, routed};

use super::{actor, caller, machine, run};

#[test]
fn requests_and_tokens_a_minute() {
    let limits: [fn(&mut holm_kernel::llm::Provider); 2] = [
        |provider| provider.requests_per_minute = Some(2),
        // Each call is expected to be half a thousand tokens, and was eleven: two were given back.
        |provider| provider.tokens_per_minute = Some(1_040),
    ];
    for (at, limit) in limits.into_iter().enumerate() {
        let actor = actor(Act::Slowly(Duration::from_millis(50), 1));
        let mut models = routed([&actor], |_| ());
        limit(&mut models.providers[0]);
        let report = run(machine(models), &["crowd fast 2 hi", "within fast 2000 hi"]);
        let said = "first/any: 10 in, 1 out, cost 11\n";
        if at == 0 {
            // It cannot be its turn within the deadline: so it does not wait for it.
            report.prints(&format!("{}rate-limited, and until when\n", said.repeat(2)));
        } else {
            report.prints(&said.repeat(3));
        }
    }
}

#[test]
fn a_sooner_call_does_not_wait_for_a_later_ones_time() {
    let actor = actor(Act::Says(1));
    let mut models = routed([&actor], |_| ());
    // A token each millisecond; a bucket of a minute is used up by the first.
    models.providers[0].tokens_per_minute = Some(60_000);
    models.models[0].targets[0].max_output = 512;
    let machine = machine(models);
    machine.block_on(async {
        let long = "x".repeat(200_000);
        let steps = [format!("complete fast {long}")];
        let first = super::caller(machine, &[&steps[0]]).run().await;
        assert!(first.stdout.starts_with("first/any"), "{first:?}");
    });
    // The provider counted eleven where fifty thousand were expected: the rest came back.
    run(machine, &["within fast 5000 hi"]).prints("first/any: 10 in, 1 out, cost 11\n");
}

#[test]
fn one_at_a_time_and_all_have_their_turn() {
    let actor = actor(Act::Slowly(Duration::from_millis(5), 1));
    let mut models = routed([&actor], |_| ());
    models.providers[0].concurrency = 1;
    run(machine(models), &["crowd fast 20 hi"]).prints(&"first/any: 10 in, 1 out, cost 11\n".repeat(20));
}

/// How many calls of four others a provider that takes one at a time is sent between the first and the
/// last of twenty calls of a process of this nice, which comes last.
fn others_meanwhile(nice: i8) -> usize {
    let actor = actor(Act::Slowly(Duration::from_millis(20), 1));
    let mut models = routed([&actor], |_| ());
    models.providers[0].concurrency = 1;
    let machine = machine(models);
    machine.block_on(async {
        let others: Vec<_> = (0..4).map(|_| caller(machine, &["crowd fast 32 other"])).collect();
        let others = futures_util::future::join_all(others.into_iter().map(|other| other.start())).await;
        // All of theirs wait before it comes.
        let waiting = || machine.kernel.snapshot().iter().all(|process| process.calling.is_some());
        eventually(|| actor.count() > 0 && waiting(), || "they do not wait".to_owned()).await;
        let favoured = caller(machine, &["crowd fast 20 favoured"]).nice(nice).run().await;
        favoured.prints(&"first/any: 10 in, 1 out, cost 11\n".repeat(20));
        futures_util::future::join_all(others.into_iter().map(|other| other.wait())).await;
    });
    let texts = actor.texts();
    let of = |text: &String| text == "favoured";
    let (first, last) = (texts.iter().position(of).unwrap(), texts.iter().rposition(of).unwrap());
    texts[first..last].iter().filter(|text| !of(text)).count()
}

#[test]
fn nice_counts_among_calls_of_models() {
    // Its weight is nine times theirs: while it makes twenty calls, each of them makes two or three.
    let passed = others_meanwhile(-10);
    assert!(passed <= 20, "{passed} of the others' calls went before its last");
    // Without it, each makes as many.
    let equal = others_meanwhile(0);
    assert!(equal >= 50, "only {equal} of the others' calls went before its last");
}

#[test]
fn what_is_left_is_told_to_who_divides_it() {
    let actor = actor(Act::Says(1));
    let machine = machine(routed([&actor], |_| ()));
    machine.block_on(async {
        let steps = ["left fast -", "complete fast hi", "carve 500", "left fast -", "complete fast hi", "left fast -"];
        let parent = caller(machine, &steps).grant("llm=fast:tokens=2000/day,usd=1/run").grant("spawn=self");
        let report = parent.limit(|limits| limits.model_calls = 9).run().await;
        // The least of its limits and of its grants' budgets; a child has what it was given, and no more.
        report.exits(0).prints(
            "left: 9 calls, 2000 tokens, 1000000\n\
             first/any: 10 in, 1 out, cost 11\n\
             left: 8 calls, 500 tokens, 500\n\
             first/any: 10 in, 1 out, cost 11\n\
             left: 7 calls, 489 tokens, 489\n",
        );
        assert_eq!((report.exit.tokens, report.exit.money.0), (22, 22), "what a child leaves is its parent's");
    });
}
