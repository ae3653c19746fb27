//! What every policy keeps, and scripts that tell what each decides.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};

use super::{Fair, Nice, RoundRobin, Scheduler};
use crate::process::Pid;

/// Runs a script, commands parted by `;`, and shows what it tells:
///
/// - `admit a [under b] [nice 5]`, `renice a 5`, `ready a b`, `unready a`, `remove a`
/// - `next`: tells who runs. `ran a 1000`: it ran and burned that much fuel
/// - `run 8 1000`: eight slices of that much fuel, each process ready again after; tells the order
/// - `len`: tells how many wait
fn script(scheduler: &mut dyn Scheduler, text: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut trees: BTreeMap<Pid, Pid> = BTreeMap::new();
    let mut told = Vec::new();
    for line in text.split(';').map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let pid_of = |name: &str| {
            let slot = names.iter().position(|each| *each == name);
            Pid::new(slot.unwrap_or_else(|| panic!("who is {name}?")) as u32, 0)
        };
        let after = |word: &str| {
            let place = words.iter().position(|each| *each == word)?;
            words.get(place + 1).copied()
        };
        match words[..] {
            ["admit", name, ..] => {
                let parent = after("under").map(pid_of);
                let nice = after("nice").map_or(Nice::default(), |nice| nice.parse().expect("nice"));
                let pid = Pid::new(names.len() as u32, 0);
                let tree = parent.map_or(pid, |parent| trees[&parent]);
                names.push(name);
                trees.insert(pid, tree);
                scheduler.admit(pid, tree, parent, nice);
            }
            ["ready", ref all @ ..] => all.iter().for_each(|name| scheduler.ready(pid_of(name))),
            ["unready", name] => scheduler.unready(pid_of(name)),
            ["renice", name, nice] => scheduler.renice(pid_of(name), nice.parse().expect("nice")),
            ["remove", name] => scheduler.remove(pid_of(name)),
            ["ran", name, fuel] => scheduler.ran(pid_of(name), fuel.parse().expect("fuel")),
            ["next"] => told.push(match scheduler.next() {
                Some(pid) => format!("next: {}", names[pid.slot() as usize]),
                None => "next: nobody".into(),
            }),
            ["run", count, fuel] => {
                let mut order = Vec::new();
                for _ in 0..count.parse().expect("count") {
                    let Some(pid) = scheduler.next() else { break };
                    order.push(names[pid.slot() as usize]);
                    scheduler.ran(pid, fuel.parse().expect("fuel"));
                    scheduler.ready(pid);
                }
                told.push(format!("run: {}", order.join(" ")));
            }
            ["len"] => told.push(format!("len: {}", scheduler.len())),
            _ => panic!("no such command: {line}"),
        }
    }
    told.join("\n")
}

/// The script under the fair scheduler, with slices of 1000.
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&script(&mut Fair::new(1000), text));
}

#[test]
fn nobody() {
    check(
        "next; len; admit a; next; ready a; len; next; next; len",
        expect![[r#"
        next: nobody
        len: 0
        next: nobody
        len: 1
        next: a
        next: nobody
        len: 0"#]],
    );
}

#[test]
fn equals_take_turns() {
    check("admit a; admit b; admit c; ready a b c; run 9 1000", expect!["run: a b c a b c a b c"]);
}

#[test]
fn who_burns_less_runs_more() {
    check(
        "admit a; admit b; ready a b; next; ran a 1000; ready a; next; ran b 100; ready b; run 4 100",
        expect![[r#"
        next: a
        next: b
        run: b b b b"#]],
    );
}

#[test]
fn nice_is_a_share() {
    check(
        "admit a; admit b nice -3; admit c nice -6; ready a b c; run 21 1000",
        expect!["run: a b c c b c c a b c c b c c a b c c b c c"],
    );
}

#[test]
fn a_child_runs_on_the_share_of_its_parent() {
    check(
        "admit a; admit b; admit b1 under b; admit b2 under b; admit b3 under b;
         ready a b b1 b2 b3; run 16 1000",
        expect!["run: a b b1 a b2 a b3 a b a b1 a b2 a b3 a"],
    );
}

#[test]
fn a_sibling_does_not_feel_grandchildren() {
    check(
        "admit r; admit a under r; admit b under r; admit b1 under b; admit b2 under b;
         ready a b1 b2; run 12 1000",
        expect!["run: a b1 b2 a b1 a b2 a b1 a b2 a"],
    );
}

#[test]
fn a_new_process_comes_before_all_who_wait() {
    check(
        "admit a; admit b; admit c; ready a b c; run 7 1000; admit new; ready new; run 8 1000",
        expect![[r#"
        run: a b c a b c a
        run: new b c new a b c new"#]],
    );
}

#[test]
fn a_sleeper_gets_its_credit_and_no_more() {
    check(
        "admit a; admit s; ready a s; run 2 1000; unready s; run 100 1000; ready s; run 20 1000",
        expect![[r#"
        run: a s
        run: a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a
        run: s s s s s s s a s a s a s a s a s a s a"#]],
    );
}

#[test]
fn workers_spread_over_trees() {
    check(
        "admit a; admit a1 under a; admit a2 under a; admit a3 under a; admit b; admit b1 under b;
         ready a a1 a2 a3 b b1; next; next; next; next; next; next; next",
        expect![[r#"
            next: a
            next: b
            next: a1
            next: b1
            next: a2
            next: a3
            next: nobody"#]],
    );
}

#[test]
fn one_that_runs_is_not_picked_again_before_it_ran() {
    check(
        "admit a; ready a; next; ready a; len; next; ran a 10; len; next; ready a; unready a; ran a 10; next",
        expect![[r#"
            next: a
            len: 0
            next: nobody
            len: 1
            next: a
            next: nobody"#]],
    );
}

#[test]
fn renice_works_at_once() {
    check(
        "admit a nice 19; admit b; ready a b; run 12 1000; renice a 0; run 8 1000; renice b 10; run 12 1000",
        expect![[r#"
            run: a b b b b b b b b b b b
            run: a b a b a b a b
            run: a a a a a a a a a b a a"#]],
    );
}

#[test]
fn a_parent_that_exits_does_not_multiply_its_share() {
    check(
        "admit a; admit b; admit b1 under b; admit b2 under b; admit b3 under b;
         ready a b b1 b2 b3; run 4 1000; remove b; run 12 1000; remove b1; run 8 1000; remove b3; run 8 1000",
        expect![[r#"
            run: a b b1 a
            run: b2 a b3 a b1 a b2 a b3 a b1 a
            run: b2 a b3 a b2 a b3 a
            run: b2 a b2 a b2 a b2 a"#]],
    );
}

#[test]
fn an_orphan_of_an_unknown_parent_joins_its_tree() {
    let mut scheduler = Fair::new(1000);
    let [a, b, c, gone] = [0, 1, 2, 9].map(|slot| Pid::new(slot, 0));
    scheduler.admit(a, a, None, Nice::default());
    scheduler.admit(b, b, None, Nice::default());
    scheduler.admit(c, b, Some(gone), Nice::default());
    for pid in [a, b, c] {
        scheduler.ready(pid);
    }
    let mut ran = [0; 3];
    for _ in 0..40 {
        let pid = scheduler.next().expect("three are ready");
        ran[pid.slot() as usize] += 1;
        scheduler.ran(pid, 1000);
        scheduler.ready(pid);
    }
    assert_eq!(ran, [20, 10, 10]);
}

#[test]
fn the_unknown_are_ignored() {
    for scheduler in [&mut Fair::default() as &mut dyn Scheduler, &mut RoundRobin::new()] {
        let (pid, stale) = (Pid::new(1, 1), Pid::new(1, 0));
        scheduler.admit(pid, pid, None, Nice::default());
        scheduler.ready(stale);
        scheduler.unready(stale);
        scheduler.ran(stale, 5);
        scheduler.renice(stale, Nice::MAX);
        scheduler.remove(stale);
        assert_eq!((scheduler.len(), scheduler.next()), (0, None));
        scheduler.ready(pid);
        scheduler.admit(pid, pid, None, Nice::MAX);
        assert_eq!((scheduler.len(), scheduler.next()), (1, Some(pid)));
    }
}

#[test]
fn round_robin_goes_round() {
    let told = script(
        &mut RoundRobin::new(),
        "admit a; admit b nice 19; admit c under a; ready a b c; run 7 1000; unready c; run 4 1; len;
         ready c; next; ready b; len; remove a; next; next; ran b 0; next",
    );
    expect![[r#"
        run: a b c a b c a
        run: b a b a
        len: 2
        next: b
        len: 2
        next: c
        next: nobody
        next: b"#]]
    .assert_eq(&told);
}

#[derive(Clone, Debug)]
enum Act {
    /// The parent by its place among all that were ever admitted.
    Admit(Option<prop::sample::Index>, i8),
    Ready(prop::sample::Index),
    Unready(prop::sample::Index),
    Next,
    Ran(prop::sample::Index, u64),
    /// The end of a slice of one that runs, and ready again.
    Preempt(prop::sample::Index, u64),
    Renice(prop::sample::Index, i8),
    Remove(prop::sample::Index),
}

fn act() -> impl Strategy<Value = Act> {
    use proptest::strategy::Just;
    let who = any::<prop::sample::Index>;
    let fuel = || prop_oneof![4 => 0..3_000_u64, 1 => 0..=u64::MAX / 2];
    prop_oneof![
        2 => (any::<Option<prop::sample::Index>>(), -20..=19_i8).prop_map(|(parent, nice)| Act::Admit(parent, nice)),
        4 => who().prop_map(Act::Ready),
        1 => who().prop_map(Act::Unready),
        6 => Just(Act::Next),
        1 => (who(), fuel()).prop_map(|(pid, fuel)| Act::Ran(pid, fuel)),
        5 => (who(), fuel()).prop_map(|(pid, fuel)| Act::Preempt(pid, fuel)),
        1 => (who(), -20..=19_i8).prop_map(|(pid, nice)| Act::Renice(pid, nice)),
        1 => who().prop_map(Act::Remove),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Idle,
    Ready,
    Running { again: bool },
}

/// Plays the acts against a model that knows who is ready and nothing of shares; `inspect` looks
/// at the scheduler after each.
fn play<S: Scheduler>(mut scheduler: S, acts: Vec<Act>, inspect: impl Fn(&S)) {
    let mut model: BTreeMap<Pid, Phase> = BTreeMap::new();
    let mut ever: Vec<(Pid, Pid)> = Vec::new();
    let count = |model: &BTreeMap<Pid, Phase>| model.values().filter(|phase| **phase == Phase::Ready).count();
    let next = |scheduler: &mut S, model: &mut BTreeMap<Pid, Phase>| match scheduler.next() {
        Some(pid) => {
            let phase = model.insert(pid, Phase::Running { again: false });
            assert_eq!(phase, Some(Phase::Ready), "{pid} was picked");
        }
        None => assert_eq!(count(model), 0, "workers rest while somebody is ready"),
    };
    for act in acts {
        let somebody = |index: prop::sample::Index| match ever.is_empty() {
            true => Pid::new(99, 0),
            false => index.get(&ever).0,
        };
        match act {
            Act::Admit(parent, nice) => {
                let pid = Pid::new(ever.len() as u32, 0);
                let parent = parent.filter(|_| !ever.is_empty()).map(|index| *index.get(&ever));
                let tree = parent.map_or(pid, |(_, tree)| tree);
                scheduler.admit(pid, tree, parent.map(|(parent, _)| parent), Nice::new(nice).expect("in range"));
                ever.push((pid, tree));
                model.insert(pid, Phase::Idle);
            }
            Act::Ready(index) => {
                scheduler.ready(somebody(index));
                if let Some(phase) = model.get_mut(&somebody(index)) {
                    *phase = match *phase {
                        Phase::Idle | Phase::Ready => Phase::Ready,
                        Phase::Running { .. } => Phase::Running { again: true },
                    }
                }
            }
            Act::Unready(index) => {
                scheduler.unready(somebody(index));
                if let Some(phase) = model.get_mut(&somebody(index)) {
                    *phase = match *phase {
                        Phase::Idle | Phase::Ready => Phase::Idle,
                        Phase::Running { .. } => Phase::Running { again: false },
                    }
                }
            }
            Act::Next => next(&mut scheduler, &mut model),
            Act::Ran(index, fuel) => {
                scheduler.ran(somebody(index), fuel);
                if let Some(phase) = model.get_mut(&somebody(index)) {
                    *phase = match *phase {
                        Phase::Running { again: false } => Phase::Idle,
                        Phase::Running { again: true } => Phase::Ready,
                        other => other,
                    }
                }
            }
            Act::Preempt(index, fuel) => {
                let running = model.iter().filter(|(_, phase)| matches!(phase, Phase::Running { .. }));
                let running: Vec<Pid> = running.map(|(pid, _)| *pid).collect();
                if !running.is_empty() {
                    let pid = *index.get(&running);
                    scheduler.ran(pid, fuel);
                    scheduler.ready(pid);
                    model.insert(pid, Phase::Ready);
                }
            }
            Act::Renice(index, nice) => scheduler.renice(somebody(index), Nice::new(nice).expect("in range")),
            Act::Remove(index) => {
                scheduler.remove(somebody(index));
                model.remove(&somebody(index));
            }
        }
        assert_eq!(scheduler.len(), count(&model));
        inspect(&scheduler);
    }
    // Nobody who is ready was lost.
    for _ in 0..=count(&model) {
        next(&mut scheduler, &mut model);
    }
    assert_eq!(count(&model), 0);
    for pid in model.into_keys() {
        scheduler.remove(pid);
        inspect(&scheduler);
    }
    assert_eq!((scheduler.len(), scheduler.next()), (0, None));
}

proptest! {
    #[test]
    fn fair_keeps_the_rules(acts in prop::collection::vec(act(), 1..300)) {
        play(Fair::new(1000), acts, Fair::assert_sound);
    }

    #[test]
    fn round_robin_keeps_the_rules(acts in prop::collection::vec(act(), 1..300)) {
        play(RoundRobin::new(), acts, |_| ());
    }

    #[test]
    fn no_slice_is_too_great(acts in prop::collection::vec(act(), 1..100)) {
        play(Fair::new(u64::MAX), acts, Fair::assert_sound);
    }
}
