//! What a provider's user allows of it: rates, and turns.

use std::time::Duration;

use holm_tests::{Act, routed};

use super::{actor, machine, run};

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
