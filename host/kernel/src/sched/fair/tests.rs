//! Simulations: workers and loads in a time of fuel, and what each process gets of it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use super::{Fair, Nice, Phase, Pid, Scheduler, TOP, Weight};

const SLICE: u64 = 1_000_000;

/// What a process does, for ever.
#[derive(Clone, Copy)]
enum Load {
    /// Burns slices of this much fuel.
    Burn(u64),
    /// Burns that much in one slice, then sleeps that long.
    Sleep { burn: u64, sleep: u64 },
    /// Burns that much in one slice and exits.
    Exit(u64),
}

#[derive(Default)]
struct Process {
    got: u64,
    slices: u64,
    /// When it became ready.
    since: u64,
    longest_wait: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Ran(Pid, u64),
    Wake(Pid),
}

/// Workers that burn one unit of fuel per unit of time.
struct Machine {
    scheduler: Fair,
    idle: u32,
    now: u64,
    events: BinaryHeap<Reverse<(u64, u64, Happening)>>,
    turn: u64,
    loads: BTreeMap<Pid, Load>,
    processes: BTreeMap<Pid, Process>,
}

impl Machine {
    fn new(workers: u32) -> Self {
        Self {
            scheduler: Fair::new(SLICE),
            idle: workers,
            now: 0,
            events: BinaryHeap::new(),
            turn: 0,
            loads: BTreeMap::new(),
            processes: BTreeMap::new(),
        }
    }

    fn spawn(&mut self, parent: Option<Pid>, nice: i8, load: Load) -> Pid {
        let pid = Pid::new(self.processes.len() as u32, 0);
        self.scheduler.admit(pid, parent.unwrap_or(pid), parent, Nice::new(nice).expect("in range"));
        self.loads.insert(pid, load);
        self.processes.insert(pid, Process::default());
        self.wake(pid);
        pid
    }

    fn spawn_many(&mut self, count: usize, parent: Option<Pid>, nice: i8, load: Load) -> Vec<Pid> {
        (0..count).map(|_| self.spawn(parent, nice, load)).collect()
    }

    fn wake(&mut self, pid: Pid) {
        self.processes.get_mut(&pid).expect("spawned").since = self.now;
        self.scheduler.ready(pid);
    }

    fn later(&mut self, after: u64, happening: Happening) {
        self.turn += 1;
        self.events.push(Reverse((self.now + after, self.turn, happening)));
    }

    /// Lets that many full slices of each worker go by.
    fn run(&mut self, slices: u64) {
        let end = self.now + slices * SLICE;
        loop {
            while self.idle > 0
                && let Some(pid) = self.scheduler.next()
            {
                self.idle -= 1;
                let process = self.processes.get_mut(&pid).expect("spawned");
                process.longest_wait = process.longest_wait.max(self.now - process.since);
                let (Load::Burn(fuel) | Load::Exit(fuel) | Load::Sleep { burn: fuel, .. }) = self.loads[&pid];
                self.later(fuel, Happening::Ran(pid, fuel));
            }
            let Some(Reverse((at, _, happening))) = self.events.peek().copied() else { break };
            if at > end {
                break;
            }
            self.events.pop();
            self.now = at;
            match happening {
                Happening::Wake(pid) => self.wake(pid),
                Happening::Ran(pid, fuel) => {
                    self.idle += 1;
                    let process = self.processes.get_mut(&pid).expect("spawned");
                    process.got += fuel;
                    process.slices += 1;
                    self.scheduler.ran(pid, fuel);
                    match self.loads[&pid] {
                        Load::Burn(_) => self.wake(pid),
                        Load::Sleep { sleep, .. } => self.later(sleep, Happening::Wake(pid)),
                        Load::Exit(_) => self.scheduler.remove(pid),
                    }
                }
            }
        }
        self.now = end;
    }

    fn got(&self, pids: &[Pid]) -> f64 {
        pids.iter().map(|pid| self.processes[pid].got as f64).sum()
    }

    /// Forgets what was, to measure from here on.
    fn reset(&mut self) {
        for process in self.processes.values_mut() {
            *process = Process { since: process.since.max(self.now), ..Process::default() };
        }
    }

    fn wait(&self, pid: Pid) -> f64 {
        self.processes[&pid].longest_wait as f64 / SLICE as f64
    }
}

/// Within `percent` of each other.
#[track_caller]
fn near(left: f64, right: f64, percent: f64) {
    let off = (left / right - 1.0).abs() * 100.0;
    assert!(off <= percent, "{left} and {right} differ by {off:.2} %");
}

#[test]
fn fuel_goes_by_weight() {
    // 1 : 2 : 4, as near as nice comes to it.
    for slice in [SLICE, SLICE / 100] {
        let mut machine = Machine::new(1);
        let [one, two, four] = [0, -3, -6].map(|nice| machine.spawn(None, nice, Load::Burn(slice)));
        machine.run(7 * 200);
        let got = [one, two, four].map(|pid| machine.got(&[pid]));
        let weight = |nice| f64::from(Nice::new(nice).expect("in range").weight().0);
        near(got[1] / got[0], weight(-3) / weight(0), 2.0);
        near(got[2] / got[0], weight(-6) / weight(0), 2.0);
    }
}

#[test]
fn fuel_goes_by_weight_on_many_workers() {
    for workers in [2, 4, 16] {
        let mut machine = Machine::new(workers);
        let trees = [0, -3, -6].map(|nice| {
            let root = machine.spawn(None, nice, Load::Burn(SLICE));
            let mut all = machine.spawn_many(30, Some(root), nice, Load::Burn(SLICE));
            all.push(root);
            all
        });
        machine.run(1000);
        let got = trees.map(|tree| machine.got(&tree));
        near(got[1] / got[0], 1991.0 / 1024.0, 2.0);
        near(got[2] / got[0], 3906.0 / 1024.0, 2.0);
    }
}

#[test]
fn fuel_counts_and_not_slices() {
    let mut machine = Machine::new(2);
    let long = machine.spawn_many(8, None, 0, Load::Burn(SLICE));
    let short = machine.spawn_many(8, None, 0, Load::Burn(SLICE / 7));
    let huge = machine.spawn_many(8, None, 0, Load::Burn(SLICE * 20));
    machine.run(20_000);
    near(machine.got(&long), machine.got(&short), 2.0);
    near(machine.got(&long), machine.got(&huge), 2.0);
}

#[test]
fn a_hundred_children_get_the_share_of_one() {
    for workers in [1, 2] {
        let mut machine = Machine::new(workers);
        let bomb = machine.spawn(None, 0, Load::Burn(SLICE));
        let mut bombs = machine.spawn_many(100, Some(bomb), 0, Load::Burn(SLICE));
        bombs.push(bomb);
        let other = machine.spawn(None, 0, Load::Burn(SLICE));
        let child = machine.spawn(Some(other), 0, Load::Burn(SLICE));
        machine.run(5000);
        near(machine.got(&bombs), machine.got(&[other, child]), 1.0);
        // And inside, the parent gets what each child gets.
        near(machine.got(&bombs[..50]), machine.got(&bombs[50..100]), 3.0);
        near(machine.got(&[bomb]), machine.got(&bombs[..1]), 10.0);
    }
}

#[test]
fn a_sibling_is_no_slower_for_the_children_of_another() {
    let mut machine = Machine::new(1);
    let root = machine.spawn(None, 0, Load::Sleep { burn: 1000, sleep: 100 * SLICE });
    let quiet = machine.spawn(Some(root), 0, Load::Burn(SLICE));
    let busy = machine.spawn(Some(root), 0, Load::Burn(SLICE));
    let mut all = machine.spawn_many(20, Some(busy), 0, Load::Burn(SLICE));
    all.push(busy);
    machine.run(2000);
    near(machine.got(&[quiet]), machine.got(&all), 1.0);
    // Nor when the other exits and leaves them behind.
    machine.loads.insert(busy, Load::Exit(0));
    machine.run(50);
    machine.reset();
    machine.run(2000);
    assert_eq!(machine.got(&[busy]), 0.0);
    near(machine.got(&[quiet]), machine.got(&all), 1.0);
}

#[test]
fn an_interactive_process_comes_before_64_burners() {
    for (workers, nice) in [(1, 0), (2, 0), (2, -20), (2, 19), (8, 0)] {
        let mut machine = Machine::new(workers);
        machine.spawn_many(64, None, nice, Load::Burn(SLICE));
        // Until their own head start is used up, which is long at nice −20.
        machine.run(4000);
        for round in 0..50 {
            // One that lives on and one that is new each time.
            let sleeper = machine.spawn(None, 0, Load::Sleep { burn: SLICE / 50, sleep: 3 * SLICE + round });
            machine.run(20 + round % 7);
            assert!(machine.processes[&sleeper].slices >= 3);
            let waited = machine.wait(sleeper);
            assert!(waited <= 1.1, "waited {waited} slices for one of {workers} workers beside nice {nice}");
            machine.scheduler.remove(sleeper);
            machine.loads.insert(sleeper, Load::Exit(0));
        }
    }
}

#[test]
fn a_sleeper_takes_no_more_than_its_share_and_credit() {
    let mut machine = Machine::new(1);
    let burner = machine.spawn(None, 0, Load::Burn(SLICE));
    let sleeper = machine.spawn(None, 0, Load::Sleep { burn: SLICE, sleep: 1000 * SLICE });
    machine.run(1500);
    // From when it wakes next, at 2002, it burns without end.
    machine.loads.insert(sleeper, Load::Burn(SLICE));
    machine.run(502);
    machine.reset();
    machine.run(500);
    assert!(machine.wait(burner) <= 8.0, "the burner waited {} slices", machine.wait(burner));
    let more = (machine.got(&[sleeper]) - machine.got(&[burner])) / SLICE as f64;
    assert!((0.0..=8.0).contains(&more), "it got {more} slices more");
}

#[test]
fn everybody_runs_within_his_round() {
    // Whatever the others weigh and burn, nobody waits longer than a round takes, and some.
    for workers in [1, 2, 4] {
        let mut machine = Machine::new(workers);
        let mut all = Vec::new();
        for nice in -5..=5 {
            all.extend(machine.spawn_many(3, None, nice, Load::Burn(SLICE)));
            let root = machine.spawn(None, nice, Load::Burn(SLICE / 3));
            all.push(root);
            all.extend(machine.spawn_many(3, Some(root), nice, Load::Burn(SLICE)));
            machine.spawn(None, nice, Load::Sleep { burn: SLICE / 2, sleep: 5 * SLICE });
        }
        machine.run(6_000);
        let weight = |nice: i8| f64::from(Nice::new(nice).expect("in range").weight().0);
        let total: f64 = (-5..=5).map(|nice| 5.0 * weight(nice)).sum();
        // The least favoured share is a child's of a tree at nice 5, a quarter of the tree's.
        let round = total / (weight(5) / 4.0) / f64::from(workers);
        for pid in all {
            assert!(machine.wait(pid) < 1.5 * round + 10.0, "{} > {round}", machine.wait(pid));
        }
    }
}

#[test]
fn a_row_of_new_processes_starves_nobody() {
    for length in [SLICE / 10, SLICE] {
        let mut machine = Machine::new(1);
        let burners = machine.spawn_many(4, None, 0, Load::Burn(SLICE));
        machine.run(20);
        machine.reset();
        for _ in 0..1000 {
            // As many as there is room for, were it not for the burners.
            machine.spawn_many((SLICE / length) as usize, None, 0, Load::Exit(length));
            machine.run(1);
        }
        for pid in burners {
            // The row grows while the burners get their turns: what they wait for is all who came.
            let Process { slices, longest_wait, .. } = machine.processes[&pid];
            assert!(slices >= 5 && longest_wait < 400 * SLICE, "{slices} slices, waited {longest_wait}");
        }
    }
}

#[test]
fn one_that_had_a_worker_to_itself_owes_nothing_for_it() {
    // Three workers for two at nice 0 and one at nice 19, which so runs far ahead of its share.
    let mut machine = Machine::new(3);
    machine.spawn_many(2, None, 0, Load::Burn(SLICE));
    let last = machine.spawn(None, 19, Load::Burn(SLICE));
    machine.run(5000);
    machine.reset();
    let others = machine.spawn_many(2, None, 0, Load::Burn(SLICE));
    machine.run(500);
    assert!(machine.wait(last) < 120.0, "waited {}", machine.wait(last));
    for pid in others {
        assert!(machine.wait(pid) < 5.0, "waited {}", machine.wait(pid));
    }
    // And one that is heavier than a worker does not save up for later.
    let mut machine = Machine::new(2);
    let heavy = machine.spawn(None, -20, Load::Burn(SLICE));
    let light = machine.spawn_many(4, None, 0, Load::Burn(SLICE));
    machine.run(5000);
    machine.reset();
    machine.spawn(Some(heavy), -20, Load::Exit(SLICE));
    machine.run(500);
    for pid in light {
        assert!(machine.wait(pid) < 10.0, "waited {}", machine.wait(pid));
    }
}

#[test]
fn no_charge_turns_time_round() {
    let mut fair = Fair::new(SLICE);
    let [a, b] = [0, 1].map(|slot| Pid::new(slot, 0));
    fair.admit(a, a, None, Nice::MAX);
    fair.admit(b, b, None, Nice::MIN);
    fair.ready(a);
    for _ in 0..10_000 {
        assert_eq!(fair.next(), Some(a));
        fair.ran(a, u64::MAX / 2);
        fair.ready(a);
    }
    fair.ready(b);
    assert_eq!(fair.next(), Some(b));
    fair.ran(b, u64::MAX / 2);
    fair.ready(b);
    // The debt is bounded: both run again.
    let mut ran = [0, 0];
    for _ in 0..200_000 {
        let pid = fair.next().expect("both are ready");
        ran[pid.slot() as usize] += 1;
        fair.ran(pid, SLICE);
        fair.ready(pid);
    }
    assert!(ran[0] > 10 && ran[1] > 10, "{ran:?}");
}

#[test]
fn what_building_cost_is_owed_at_the_start() {
    let mut fair = Fair::new(SLICE);
    let [a, b, new] = [0, 1, 2].map(|slot| Pid::new(slot, 0));
    for pid in [a, b] {
        fair.admit(pid, pid, None, Nice::default());
        fair.ready(pid);
    }
    fair.admit(new, new, None, Nice::default());
    fair.ran(new, 10 * SLICE);
    fair.ready(new);
    let mut before = 0;
    while let Some(pid) = fair.next()
        && pid != new
    {
        before += 1;
        fair.ran(pid, SLICE);
        fair.ready(pid);
    }
    assert!((19..=22).contains(&before), "{before} slices of the others");
}

#[test]
fn what_ended_leaves_nothing() {
    let mut fair = Fair::default();
    for round in 0..1000 {
        let mut parent = None;
        let pids: Vec<Pid> = (0..10).map(|slot| Pid::new(slot, round)).collect();
        for &pid in &pids {
            fair.admit(pid, pids[0], parent, Nice::default());
            fair.ready(pid);
            parent = Some(pid);
        }
        fair.next();
        pids.iter().for_each(|&pid| fair.remove(pid));
        fair.assert_sound();
    }
    assert_eq!((fair.pids.len(), fair.groups.len(), fair.free.len()), (0, 11, 10));
}

impl Fair {
    /// Everything that two places know is known alike.
    #[track_caller]
    pub(in crate::sched) fn assert_sound(&self) {
        let mut known = 0;
        let mut ready = 0;
        for (index, group) in self.groups.iter().enumerate() {
            if self.free.contains(&index) {
                continue;
            }
            known += usize::from(group.pid.is_some());
            ready += usize::from(group.phase == Phase::Ready);
            let (weight, keys) = group.queue.weight_and_keys();
            let keys: Vec<_> = keys.collect();
            let heavy: u64 = keys.iter().map(|key| u64::from(self.groups[key.member].weight.0)).sum();
            assert_eq!(weight, heavy);
            for key in &keys {
                let member = &self.groups[key.member];
                let place = if key.member == index { &member.own } else { &member.group };
                assert_eq!(place.key.as_ref(), Some(key));
                assert!(key.member == index || member.parent == index);
            }
            assert_eq!(group.own.key.is_some(), group.phase == Phase::Ready);
            let running: u64 = group.children.iter().map(|&child| self.groups[child].running).sum();
            let own = matches!(group.phase, Phase::Running { .. });
            if index == TOP {
                continue;
            }
            assert_eq!(group.running, running + u64::from(own));
            assert_eq!(group.group.key.is_some(), !group.queue.is_empty());
            assert!(self.groups[group.parent].children.contains(&index));
            assert!(group.phase != Phase::Gone || group.children.len() > 1);
            assert_eq!(group.phase == Phase::Gone, group.pid.is_none());
            assert!(group.pid.is_none_or(|pid| self.pids.get(&pid) == Some(&index)));
            assert!(group.weight > Weight(0));
        }
        assert_eq!((known, ready), (self.pids.len(), self.ready));
    }
}
