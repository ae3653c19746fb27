//! Killed, or past its time, in the middle of each kind of system call.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use holm_kernel::{Config, account::Total, process::KilledBy};
use holm_tests::{Guest, Machine, component, eventually, guest, machine};

use crate::{Directory, deputy, run};

#[test]
fn killed_while_a_file_is_opened_none_is_counted() {
    let directory = Directory::new().with("0", "it was here before");
    let (reached, go_on) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (target, reach, go) = (directory.path().join("0"), reached.clone(), go_on.clone());
    // Holm asks whether an open file is its own: that is where the open is held up.
    let is_open = move |path: &Path| {
        let links = std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| entry.ok()?.path().read_link().ok());
        path == target && links.into_iter().any(|link| link == target)
    };
    let machine = Machine::alone(Config { capacity: 50, ..Config::default() }, |parts| {
        parts.protected = Arc::new(move |path| {
            if is_open(path) {
                reach.store(true, SeqCst);
                while !go.load(SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            false
        });
    });
    machine.block_on(async move {
        let guest = Guest::new(machine, "many_files", component("many_files"));
        let guest = guest.arguments([directory.join("").as_str()]).grant(&format!("fs={}:rw", directory.join("")));
        let started = guest.start().await;
        eventually(|| reached.load(SeqCst), || "it opens the file".to_owned()).await;
        let running = started.running.clone();
        let counted = || running.account().total(Total::FilesCreated);
        assert_eq!(counted(), 1);
        started.kill();
        started.wait().await.killed(KilledBy::Operator);
        go_on.store(true, SeqCst);
        eventually(|| counted() == 0, || format!("{} files are counted", counted())).await;
    });
}

#[test]
fn waits() {
    let directory = Directory::new();
    std::fs::write(directory.join("large"), vec![1; 1 << 20]).unwrap();
    run(async move {
        deputy(machine(), "deputy", &[]).await;
        let large = directory.join("large");
        for kind in ["get", "put", "list", "poll", "spawn", "any", "mail", "tool", "stdin", "file"] {
            let attacker = guest("waits").named(&format!("waits-{kind}")).arguments([kind, large.as_str()]);
            let attacker = attacker.grant("storage=notes:rw").grant("spawn=self").grant("tool=deputy/*").keep_stdin();
            let attacker = attacker.grant(&format!("fs={large}:ro"));
            let report = attacker
                .attack_with(async |started| {
                    started.shows("it begins").await;
                    match kind {
                        "get" | "put" | "list" => eventually(|| machine().gate.waiting() > 0, || kind.to_owned()).await,
                        "spawn" | "any" | "mail" | "tool" => {
                            let children = || started.running.account().level(holm_kernel::account::Level::Children);
                            eventually(|| children() == 1, || kind.to_owned()).await;
                            started.is("blocked").await;
                        }
                        _ => started.is("blocked").await,
                    }
                    started.kill();
                })
                .await;
            report.killed(KilledBy::Operator);
            assert!(!report.stdout.contains("returned"), "{report:#?}");
            // The driver's operation went with it.
            eventually(|| machine().gate.waiting() == 0, || "the driver still waits".to_owned()).await;
        }
    });
}

#[test]
fn past_its_time() {
    run(async {
        for kind in ["poll", "stdin", "spawn"] {
            let attacker = guest("waits").named(&format!("late-{kind}")).arguments([kind]).grant("spawn=self");
            let attacker = attacker.keep_stdin().limit(|limits| limits.wall_time = Duration::from_millis(400));
            attacker.attack_with(async |started| started.is("gone").await).await.faults("deadline");
        }
        let burner = guest("loop_without_calls").named("late-loop");
        burner.limit(|limits| limits.wall_time = Duration::from_millis(400)).attack().await.faults("deadline");
    });
}

#[test]
fn killed_while_it_loops_and_while_it_is_stopped() {
    run(async {
        let burner = || guest("loop_without_calls").named("killed");
        let report = burner().attack_with(async |started| started.kill()).await;
        report.killed(KilledBy::Operator);
        let report = burner()
            .attack_with(async |started| {
                machine().kernel.stop(started.running.pid).unwrap();
                started.is("stopped").await;
                started.kill();
            })
            .await;
        report.killed(KilledBy::Operator);
    });
}
