//! Children: too many, too deep, with more rights or longer lives than their parents.

use holm_kernel::{
    Config, SpawnError,
    account::{Bytes, Fuel},
    process::KilledBy,
};
use holm_tests::{Guest, Machine, Neighbour, OVERSHOOT, component, eventually, guest, machine};

use crate::{Directory, run, wat};

#[test]
fn fork_wide() {
    run(async {
        let report = guest("fork_wide").grant("spawn=self").attack().await;
        report.exits(0).over("children").prints("64 children, then quota children 64\n");
    });
}

#[test]
fn fork_deep() {
    run(async {
        let report = guest("fork_deep").grant("spawn=self").attack().await;
        // The descendant that was refused has records of its own.
        report.exits(0).prints("at depth 8: quota depth 8\n");
    });
}

#[test]
fn fork_bomb() {
    run(async {
        let report = guest("fork_bomb").grant("spawn=self").attack().await;
        report.exits(0).over("children").prints("quota children 64\n");
    });
}

#[test]
fn dead_mail() {
    run(async {
        let attacker = guest("dead_mail").grant("spawn=self");
        let report = attacker.limit(|limits| limits.memory = Bytes(16 << 20)).attack().await;
        let told = "quota memory 16777216\ncode 1\nbounded: true\nread all: true\nagain: code 0\nnot-found\n";
        report.exits(0).prints(told);
    });
}

#[test]
fn dead_streams() {
    run(async {
        let attacker = guest("dead_streams").grant("spawn=self");
        let report = attacker.limit(|limits| limits.memory = Bytes(16 << 20)).attack().await;
        report.exits(0).prints("code 1\nbounded: true\nread all: true\nagain: code 0\nand again: code 0 code 0\n");
    });
}

#[test]
fn orphan_fuel() {
    run(async {
        let attacker = guest("orphan_fuel").grant("spawn=self").limit(|limits| limits.fuel = Fuel(40_000_000));
        let report = attacker.attack().await;
        report.faults("out-of-fuel");
        // Each child's orphan burned two million, or all it had: none of it came back to be burned again.
        let children = report.records.iter().filter(|record| record.device == "spawn" && record.operation == "start");
        assert!(children.count() <= 40, "{report:#?}");
    });
}

#[test]
fn wider_child() {
    run(async {
        let wider = [
            "fs=/data:rw",
            "fs=/:ro",
            "fs=*:ro",
            "fs=/data/../etc:ro",
            "storage=notes:rw",
            "storage=*:ro",
            "storage=shared/notes:ro",
            "spawn=*",
            "tool=deputy/put",
            "tool=*/*",
            "net=https://*",
            "net=*://*",
        ];
        let own = ["fs=/data:ro", "storage=notes:ro", "spawn=self", "tool=deputy/get", "net=https://a.example"];
        let attacker = own.iter().fold(guest("wider_child"), |guest, grant| guest.grant(grant));
        let report = attacker.arguments(wider.into_iter().chain(["fs=/data/sub:ro"])).attack().await;
        report.exits(0);
        let lines: Vec<&str> = report.stdout.lines().collect();
        for (line, wanted) in lines.iter().zip(wider) {
            let asked = wanted.replace("/data/../etc", "/etc");
            assert_eq!(*line, format!("{wanted}: denied {asked}: a parent passes on no more than it has"));
        }
        assert_eq!(lines[wider.len()..], ["STARTED", "fs=/data/sub:ro: code 0"]);
    });
}

#[test]
fn borrowed_rights() {
    let directory = Directory::new().with("secret", "SECRET");
    run(async move {
        let secret = directory.join("secret");
        // The child is granted the secret; its parent is not, and so neither is the child.
        let rich = guest("path_escape").named("rich").grant(&format!("fs={}:rw", directory.join("")));
        rich.install().await;
        let attacker = guest("borrowed_rights").grant("spawn=rich").arguments(["rich", secret.as_str()]);
        let report = attacker.attack().await;
        report.exits(0);
        assert!(!report.stdout.contains("SECRET") && !report.stdout.contains("DONE"), "{report:#?}");
        assert!(report.stdout.contains("beyond the grants of its parent"), "{report:#?}");
        // A plugin that it may not start, and one that is not there.
        let other = guest("borrowed_rights").named("borrower").grant("spawn=absent").arguments(["rich", "x"]);
        other.attack().await.exits(0).prints("denied spawn=rich: not granted\n");
        let other = guest("borrowed_rights").named("borrower").grant("spawn=absent").arguments(["absent", "x"]);
        other.attack().await.exits(0).prints("not-found\n");
    });
}

#[test]
fn full_table() {
    let machine = Machine::alone(Config { capacity: 16, ..Config::default() }, |_| ());
    machine.block_on(async move {
        let sleeper = || Guest::new(machine, "sleeper", component("waits")).arguments(["poll"]);
        let mut sleepers = Vec::new();
        for _ in 0..16 {
            sleepers.push(sleeper().start().await);
        }
        assert!(matches!(sleeper().try_start().await.err(), Some(SpawnError::Full(16))));
        let first = sleepers.remove(0);
        first.kill();
        first.wait().await.killed(KilledBy::Operator);
        sleepers.push(sleeper().start().await);
        for sleeper in sleepers {
            sleeper.kill();
            sleeper.wait().await.killed(KilledBy::Operator);
        }
        // A guest that fills the table meets a quota, and its neighbour works on.
        let bomb = Guest::new(machine, "fork_wide", component("fork_wide")).grant("spawn=self");
        bomb.attack().await.exits(0).over("processes").prints("14 children, then quota processes 16\n");
        assert_eq!(machine.kernel.snapshot().len(), 0);
    });
}

#[test]
fn many_memories_take_many_places() {
    // Each has 64 memories and so 258 mappings, as many as 43 small processes.
    let machine = Machine::alone(Config { capacity: 100, ..Config::default() }, |_| ());
    machine.block_on(async move {
        let memories = (0..64).map(|_| "(memory 1)").collect::<String>();
        let text = wat::module(&format!("{memories} (func (export \"run\") (result i32) (loop (br 0)) (i32.const 0))"));
        let attacker = || Guest::new(machine, "many-memories", wat::component(&text));
        let (first, second) = (attacker().start().await, attacker().start().await);
        assert!(matches!(attacker().try_start().await.err(), Some(SpawnError::Full(100))));
        // There is room for its neighbours still.
        let mut neighbour = Neighbour::of(machine, "many-memories").await;
        neighbour.works().await;
        first.kill();
        first.wait().await.killed(KilledBy::Operator);
        let third = attacker().start().await;
        neighbour.ends().await;
        for attacker in [second, third] {
            attacker.kill();
            attacker.wait().await.killed(KilledBy::Operator);
        }
    });
}

#[test]
fn stopped_before_a_dear_call_it_takes_enough_to_go_on() {
    run(async {
        let attacker = guest("dear_call").named("too-little").grant("storage=notes:rw").limit(|limits| {
            limits.fuel = Fuel(500_000);
            limits.on_empty = holm_kernel::account::OnEmpty::Stop;
        });
        let report = attacker
            .attack_with(async |started| {
                started.is("stopped").await;
                let (account, calls) = (started.running.account(), started.output());
                // Fuel, and less than a put costs: it neither goes on nor goes round in circles.
                for _ in 0..3 {
                    machine().kernel.top_up(started.running.pid, Fuel(1)).unwrap();
                    started.is("stopped").await;
                }
                assert!(account.left() > Fuel(0) && started.output() == calls, "{account:?}");
                machine().kernel.top_up(started.running.pid, Fuel(500_000)).unwrap();
                eventually(|| started.output().len() > calls.len(), || format!("{account:?}")).await;
                started.is("stopped").await;
                started.kill();
            })
            .await;
        report.killed(KilledBy::Operator);
    });
}

#[test]
fn stopped_on_empty_it_goes_on() {
    run(async {
        let attacker = guest("loop_without_calls").named("stopped").limit(|limits| {
            limits.fuel = Fuel(20_000_000);
            limits.on_empty = holm_kernel::account::OnEmpty::Stop;
        });
        let report = attacker
            .attack_with(async |started| {
                for round in 1..=3 {
                    started.is("stopped").await;
                    let spent = started.running.account().spent().0;
                    assert!((round * 20_000_000..=round * 20_000_000 + OVERSHOOT).contains(&spent), "{spent}");
                    machine().kernel.top_up(started.running.pid, Fuel(20_000_000)).unwrap();
                }
                started.is("stopped").await;
                // Its operator stops it as well: fuel alone does not wake it now, their word does.
                let (kernel, pid, account) = (&machine().kernel, started.running.pid, started.running.account());
                let spent = account.spent();
                kernel.stop(pid).unwrap();
                kernel.top_up(pid, Fuel(20_000_000)).unwrap();
                assert_eq!((started.state().as_str(), account.spent()), ("stopped", spent));
                kernel.resume(pid).unwrap();
                eventually(|| account.spent() > spent, || format!("{account:?}")).await;
                started.is("stopped").await;
                started.kill();
            })
            .await;
        report.killed(KilledBy::Operator);
    });
}
