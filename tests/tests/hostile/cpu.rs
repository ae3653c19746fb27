//! Loops, recursion, starts that do not end: what burns.

use holm_kernel::account::Fuel;
use holm_tests::{OVERSHOOT, Report, guest};

use crate::{run, wat, written};

const BUDGET: u64 = 20_000_000;

/// It burned what it had (less than a cheap call was left), and no more than one slice and one call beyond.
fn out_of_fuel(report: &Report) {
    report.faults("out-of-fuel");
    assert!((Fuel(BUDGET - 1_000)..=Fuel(BUDGET + OVERSHOOT)).contains(&report.exit.fuel), "{report:#?}");
}

#[test]
fn loop_without_calls() {
    run(async {
        let report = guest("loop_without_calls").limit(|limits| limits.fuel.0 = BUDGET).attack().await;
        out_of_fuel(&report);
    });
}

#[test]
fn loop_of_calls() {
    run(async {
        let report = guest("loop_of_calls").limit(|limits| limits.fuel.0 = BUDGET).attack().await;
        out_of_fuel(&report);
        // Each call costs: more than instructions alone were paid for.
        assert!(report.exit.syscalls > 10_000 && report.exit.syscalls < BUDGET / 50, "{report:#?}");
    });
}

/// Their interface cannot wait, and the engine looks at its fuel at branches only.
#[test]
fn calls_without_a_branch() {
    run(async {
        written("straight-few", &wat::straight(500)).attack().await.exits(0);
        let report = written("straight", &wat::straight(3_000)).attack().await;
        report.faults("limit");
        // One slice of them, and 64 more.
        assert!(report.exit.fuel.0 < OVERSHOOT && report.exit.syscalls < 1_000, "{report:#?}");
    });
}

#[test]
fn loop_of_refusals() {
    for call in ["get", "open", "tool", "log"] {
        run(async move {
            let attacker = guest("loop_of_refusals").named(&format!("refusals-{call}")).arguments([call]);
            let report = attacker.grant("storage=notes:rw").limit(|limits| limits.fuel.0 = BUDGET).attack().await;
            // Three megabytes are 393,216 fuel, whatever becomes of them.
            assert!(report.exit.syscalls < BUDGET / 393_216 + 20, "{report:#?}");
            report.faults("out-of-fuel");
            assert!(report.exit.fuel.0 <= BUDGET + OVERSHOOT, "{report:#?}");
        });
    }
}

#[test]
fn deep_recursion() {
    run(async {
        guest("deep_recursion").attack().await.faults("stack-overflow");
    });
}

#[test]
fn looping_start() {
    run(async {
        let text = wat::module(
            r#"(func $start (loop (br 0))) (start $start) (func (export "run") (result i32) (i32.const 0))"#,
        );
        out_of_fuel(&written("looping-start", &text).limit(|limits| limits.fuel.0 = BUDGET).attack().await);
    });
}

#[test]
fn trapping_start() {
    run(async {
        let text =
            wat::module("(func $start unreachable) (start $start) (func (export \"run\") (result i32) (i32.const 0))");
        written("trapping-start", &text).attack().await.faults("trap").traps("unreachable");
    });
}

#[test]
fn looping_realloc() {
    run(async {
        let text = wat::realloc("(loop (br 0)) (i32.const 0)");
        out_of_fuel(&written("looping-realloc", &text).limit(|limits| limits.fuel.0 = BUDGET).attack().await);
    });
}

#[test]
fn trapping_realloc() {
    run(async {
        // The call is over and paid for when its result cannot be lowered: nothing stays reserved.
        let report = written("trapping-realloc", &wat::realloc("unreachable")).attack().await;
        report.traps("unreachable");
        assert!(report.exit.fuel.0 >= 200 && report.exit.syscalls == 1, "{report:#?}");
        written("wild-realloc", &wat::realloc("(i32.const -1)")).attack().await.faults("trap");
    });
}

#[test]
fn dear_call() {
    run(async {
        let attacker = guest("dear_call").grant("storage=notes:rw").limit(|limits| limits.fuel.0 = 500_000);
        let report = attacker.attack().await.faults("out-of-fuel").exit.clone();
        // The call that it could not pay was not made: nothing was spent on it.
        assert!((500_000 - 25_000..=500_000 + OVERSHOOT).contains(&report.fuel.0), "{report:?}");
    });
}
