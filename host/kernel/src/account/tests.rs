//! The account tree, tested as data.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Account, Bytes, Charge, Fuel, Hold, Level, Limits, Total};

const BUDGET: u64 = 10_000;

fn limits() -> Limits {
    Limits { fuel: Fuel(BUDGET), memory: Bytes(1_000), children: 6, depth: 3, files_created: 50, ..Limits::default() }
}

#[test]
fn a_child_is_carved_and_closed() {
    let root = Account::root(limits());
    let child = root.carve(&limits(), Some(Fuel(4_000))).expect("there is enough");
    assert_eq!((root.left(), child.left()), (Fuel(6_000), Fuel(4_000)));
    child.set_burned(Fuel(1_000));
    Charge::reserve(&child, Fuel(500)).expect("there is enough").settle_at(Fuel(200));
    assert_eq!((child.left(), root.spent()), (Fuel(2_800), Fuel(0)));
    child.close();
    child.close();
    assert_eq!((root.left(), root.spent(), root.level(Level::Children)), (Fuel(8_800), Fuel(1_200), 0));
}

#[test]
fn a_parent_that_ends_first_hands_on_what_its_children_burn() {
    let root = Account::root(limits());
    let child = root.carve(&limits(), Some(Fuel(4_000))).expect("there is enough");
    let grandchild = child.carve(&limits(), Some(Fuel(3_000))).expect("there is enough");
    let held = grandchild.hold(Level::Memory, 100).expect("there is room");
    child.set_burned(Fuel(10));
    child.close();
    grandchild.set_burned(Fuel(2_000));
    assert_eq!(root.level(Level::Memory), 100);
    drop(held);
    grandchild.close();
    assert_eq!((root.spent(), root.left()), (Fuel(2_010), Fuel(7_990)));
    assert_eq!((root.level(Level::Children), root.level(Level::Memory)), (0, 0));
}

#[test]
fn a_dropped_charge_costs_its_reservation() {
    let root = Account::root(limits());
    let charge = Charge::reserve(&root, Fuel(300)).expect("there is enough");
    assert_eq!((root.left(), root.spent()), (Fuel(9_700), Fuel(0)));
    drop(charge);
    assert_eq!((root.left(), root.spent()), (Fuel(9_700), Fuel(300)));
    assert!(Charge::reserve(&root, Fuel(9_701)).is_err());
}

#[test]
fn what_the_operator_adds_was_never_the_parents() {
    let root = Account::root(limits());
    let child = root.carve(&limits(), Some(Fuel(1_000))).expect("there is enough");
    child.top_up(Fuel(500));
    child.set_burned(Fuel(1_200));
    child.close();
    assert_eq!((root.spent(), root.left()), (Fuel(700), Fuel(9_300)));
}

#[test]
fn a_hold_that_goes_while_its_account_settles_is_given_back_once() {
    for _ in 0..2_000 {
        let root = Account::root(limits());
        let other = root.hold(Level::Memory, 100).expect("there is room");
        let child = root.carve(&limits(), Some(Fuel(10))).expect("there is enough");
        let hold = child.hold(Level::Memory, 10).expect("there is room");
        let start = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                drop(hold);
            });
            start.wait();
            child.close();
        });
        assert_eq!((root.level(Level::Memory), child.level(Level::Memory)), (100, 0));
        drop(other);
        assert_eq!(root.level(Level::Memory), 0);
    }
}

/// What may happen to the accounts of a tree; accounts are named by where they lie in the list.
#[derive(Clone, Debug)]
enum Act {
    Carve(usize, Option<u64>),
    Burn(usize, u64),
    Work(usize, u64, u64),
    Drop(usize, u64),
    Hold(usize, Level, u64),
    Release(usize),
    Take(usize, u64),
    Close(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let level = prop_oneof![Just(Level::Memory), Just(Level::OpenFiles)];
    prop_oneof![
        3 => (0..8_usize, proptest::option::of(0..6_000_u64)).prop_map(|(of, fuel)| Act::Carve(of, fuel)),
        3 => (0..8_usize, 0..2_000_u64).prop_map(|(of, fuel)| Act::Burn(of, fuel)),
        2 => (0..8_usize, 0..500_u64, 0..500_u64).prop_map(|(of, fuel, used)| Act::Work(of, fuel, used.min(fuel))),
        1 => (0..8_usize, 0..500_u64).prop_map(|(of, fuel)| Act::Drop(of, fuel)),
        2 => (0..8_usize, level, 0..600_u64).prop_map(|(of, level, amount)| Act::Hold(of, level, amount)),
        1 => (0..8_usize).prop_map(Act::Release),
        1 => (0..8_usize, 0..20_u64).prop_map(|(of, amount)| Act::Take(of, amount)),
        2 => (1..8_usize).prop_map(Act::Close),
    ]
}

/// An account, what it burned, and what it holds; an ended one holds nothing and burns no more.
struct Process {
    account: Arc<Account>,
    burned: u64,
    holds: Vec<Hold>,
    ended: bool,
}

/// A process ends: its holds go, then its account closes, as the kernel does it.
fn end(processes: &mut [Process], index: usize) {
    let process = &mut processes[index];
    if !process.ended {
        process.ended = true;
        process.holds.clear();
        process.account.close();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// No account lends, reserves and spends more than it has; when all have ended, the root has paid
    /// for exactly what was burned and worked anywhere, and nothing is held.
    #[test]
    fn the_tree_balances(acts in proptest::collection::vec(act(), 1..80), order in any::<u64>()) {
        let root = Account::root(limits());
        let mut all = vec![Process { account: root.clone(), burned: 0, holds: Vec::new(), ended: false }];
        let (mut paid, mut made) = (0, 0);
        for act in acts {
            let live = |of: usize, all: &[Process]| Some(of % all.len()).filter(|of| !all[*of].ended);
            match act {
                Act::Carve(of, fuel) => if let Some(of) = live(of, &all) {
                    let before = all[of].account.left();
                    if let Ok(account) = all[of].account.carve(&limits(), fuel.map(Fuel)) {
                        prop_assert_eq!(all[of].account.left().0 + account.left().0, before.0);
                        all.push(Process { account, burned: 0, holds: Vec::new(), ended: false });
                    }
                },
                Act::Burn(of, fuel) => if let Some(of) = live(of, &all) {
                    // The scheduler gives no slice to an empty account; here a slice never overshoots.
                    let fuel = fuel.min(all[of].account.left().0);
                    all[of].burned += fuel;
                    paid += fuel;
                    all[of].account.set_burned(Fuel(all[of].burned));
                },
                Act::Work(of, fuel, used) => if let Some(of) = live(of, &all)
                    && let Ok(charge) = Charge::reserve(&all[of].account, Fuel(fuel))
                {
                    charge.settle_at(Fuel(used));
                    paid += used;
                },
                Act::Drop(of, fuel) => if let Some(of) = live(of, &all)
                    && let Ok(charge) = Charge::reserve(&all[of].account, Fuel(fuel))
                {
                    drop(charge);
                    paid += fuel;
                },
                Act::Hold(of, level, amount) => if let Some(of) = live(of, &all)
                    && let Ok(hold) = all[of].account.hold(level, amount)
                {
                    all[of].holds.push(hold);
                },
                Act::Release(of) => if let Some(of) = live(of, &all) { all[of].holds.pop(); },
                Act::Take(of, amount) => if let Some(of) = live(of, &all)
                    && all[of].account.take(Total::FilesCreated, amount).is_ok()
                {
                    made += amount;
                },
                Act::Close(of) => if let Some(of) = live(of, &all) && of > 0 { end(&mut all, of) },
            }
            for process in &all {
                let account = &process.account;
                prop_assert!(account.spent().0 + account.left().0 <= account.budget().0);
                prop_assert!(account.level(Level::Memory) <= 1_000);
                prop_assert!(account.level(Level::Children) <= 6);
                prop_assert!(account.depth() <= 3);
            }
            prop_assert!(root.spent().0 <= paid && paid <= BUDGET, "{} of {paid}", root.spent());
            prop_assert_eq!(root.total(Total::FilesCreated), made);
            prop_assert!(made <= 50);
        }
        // They end in any order, parents before children or after.
        let mut order = order;
        while all[1..].iter().any(|process| !process.ended) {
            order = order.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let count = all.len();
            end(&mut all, 1 + (order >> 33) as usize % (count - 1));
        }
        all[0].holds.clear();
        prop_assert_eq!(root.spent().0, paid);
        prop_assert_eq!(root.left().0, BUDGET - paid);
        for level in [Level::Memory, Level::OpenFiles, Level::Children] {
            prop_assert_eq!(root.level(level), 0);
        }
    }
}
