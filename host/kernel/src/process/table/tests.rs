//! The table against scripts and against a map of parents.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};

use super::{Full, IllegalParent, Pid, Table};

/// Runs `spawn`, `remove` and `move` over names and shows the tree that is left.
fn check(script: &str, expected: Expect) {
    let mut table = Table::new(6);
    let mut pids: BTreeMap<&str, Pid> = BTreeMap::new();
    let mut told = Vec::new();
    for line in script.split(';').map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["spawn", name, ref parent @ ..] => {
                let parent = parent.first().map(|parent| pids[parent]);
                match table.insert(parent, |_| name) {
                    Ok(pid) => drop(pids.insert(name, pid)),
                    Err(full) => told.push(full.to_string()),
                }
            }
            ["remove", name] => match table.remove(pids[name]) {
                Some(removed) => assert_eq!(removed, name),
                None => told.push(format!("no {name}")),
            },
            ["move", name, ref parent @ ..] => {
                let parent = parent.first().map(|parent| pids[parent]);
                if let Err(error) = table.reparent(pids[name], parent) {
                    told.push(error.to_string());
                }
            }
            ["tree", name] => {
                let below = table.descendants(pids[name]);
                let names: Vec<_> = below.iter().filter_map(|pid| table.get(*pid)).copied().collect();
                told.push(format!("below {name}: {}", names.join(" ")));
            }
            _ => panic!("no such command: {line}"),
        }
    }
    for (pid, name) in table.iter() {
        let parent = table.parent(pid).map_or("-".into(), |pid| pid.to_string());
        told.push(format!("{pid} {name} of {parent}"));
    }
    expected.assert_eq(&told.join("\n"));
}

#[test]
fn pids_are_never_used_twice() {
    check(
        "spawn a; spawn b a; spawn c b; remove b; remove b; spawn d c; spawn e; remove d; spawn f",
        expect![[r#"
            no b
            1 a of -
            2.2 f of -
            3 c of 1
            4 e of -"#]],
    );
}

#[test]
fn the_tree() {
    check(
        "spawn a; spawn b a; spawn c a; spawn d b; spawn e d; tree a; tree b; tree e; \
         move b c; move c e; move a a; tree a; move d; tree d; remove a; move b a",
        expect![[r#"
            below a: b c d e
            below b: d e
            below e: 
            process 3 cannot descend from itself
            process 1 cannot descend from itself
            below a: c b d e
            below d: e
            no such process: 1
            2 b of 3
            3 c of -
            4 d of -
            5 e of 4"#]],
    );
}

#[test]
fn the_table_is_bounded() {
    check(
        "spawn a; spawn b; spawn c; spawn d; spawn e; spawn f; spawn g; remove c; spawn g; spawn h",
        expect![[r#"
            the process table is full: it holds 6 processes
            the process table is full: it holds 6 processes
            1 a of -
            2 b of -
            3.1 g of -
            4 d of -
            5 e of -
            6 f of -"#]],
    );
    assert_eq!(Table::new(0).insert(None, |_| ()), Err(Full { capacity: 0 }));
}

#[test]
fn a_worn_out_slot_is_retired() {
    let mut table = Table::new(1);
    let first = table.insert(None, |_| ()).expect("room");
    table.remove(first);
    table.slots[0].generation = u32::MAX;
    let last = table.insert(None, |_| ()).expect("room");
    assert_eq!(last, Pid::new(1, u32::MAX));
    table.remove(last);
    assert_eq!(table.insert(None, |_| ()), Ok(Pid::new(2, 0)));
    assert!(!table.contains(last));
}

#[test]
fn a_panic_in_make_changes_nothing() {
    let mut table: Table<()> = Table::new(1);
    let made = std::panic::AssertUnwindSafe(|| table.insert(None, |_| panic!("bad image")));
    assert!(std::panic::catch_unwind(made).is_err());
    assert_eq!(table.insert(None, |_| ()), Ok(Pid::new(1, 0)));
}

#[test]
fn slot_0_is_nobody() {
    let mut table = Table::new(1);
    table.insert(None, |_| ()).expect("room");
    assert!(!table.contains(Pid::new(0, 0)));
}

#[derive(Clone, Debug)]
enum Act {
    /// A parent by its place among all pids ever given.
    Insert(Option<prop::sample::Index>),
    Remove(prop::sample::Index),
    Reparent(prop::sample::Index, Option<prop::sample::Index>),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => any::<Option<prop::sample::Index>>().prop_map(Act::Insert),
        2 => any::<prop::sample::Index>().prop_map(Act::Remove),
        1 => any::<(prop::sample::Index, Option<prop::sample::Index>)>()
            .prop_map(|(pid, parent)| Act::Reparent(pid, parent)),
    ]
}

/// Whether `below` is `above` or descends from it, in the model.
fn descends(model: &BTreeMap<Pid, Option<Pid>>, below: Pid, above: Pid) -> bool {
    let mut each = Some(below);
    while let Some(pid) = each {
        if pid == above {
            return true;
        }
        each = model[&pid];
    }
    false
}

proptest! {
    #[test]
    fn behaves_as_a_map_of_parents(acts in prop::collection::vec(act(), 1..120)) {
        const CAPACITY: usize = 12;
        let mut table = Table::new(CAPACITY);
        let mut model: BTreeMap<Pid, Option<Pid>> = BTreeMap::new();
        let mut ever = vec![Pid::new(0, 0)];
        for act in acts {
            match act {
                Act::Insert(parent) => {
                    let parent = parent.map(|parent| *parent.get(&ever));
                    let result = table.insert(parent, |pid| pid);
                    if model.len() == CAPACITY {
                        assert_eq!(result, Err(Full { capacity: CAPACITY }));
                    } else {
                        let pid = result.expect("room");
                        assert!(!ever.contains(&pid), "{pid} came back");
                        ever.push(pid);
                        model.insert(pid, parent.filter(|parent| model.contains_key(parent)));
                    }
                }
                Act::Remove(pid) => {
                    let pid = *pid.get(&ever);
                    let parent = model.remove(&pid);
                    assert_eq!(table.remove(pid), parent.map(|_| pid));
                    for each in model.values_mut().filter(|each| **each == Some(pid)) {
                        *each = parent.flatten();
                    }
                }
                Act::Reparent(pid, parent) => {
                    let pid = *pid.get(&ever);
                    let parent = parent.map(|parent| *parent.get(&ever));
                    let result = table.reparent(pid, parent);
                    let known = model.contains_key(&pid)
                        && parent.is_none_or(|parent| model.contains_key(&parent));
                    let cycle =
                        known && parent.is_some_and(|parent| descends(&model, parent, pid));
                    match result {
                        Ok(()) => {
                            assert!(known && !cycle);
                            model.insert(pid, parent);
                        }
                        Err(IllegalParent::NoSuchProcess(_)) => assert!(!known),
                        Err(IllegalParent::Descendant(_)) => assert!(cycle),
                    }
                }
            }
            assert_eq!(table.len(), model.len());
            let listed: Vec<Pid> = table.iter().map(|(pid, value)| {
                assert_eq!(pid, *value);
                pid
            }).collect();
            assert_eq!(listed, model.keys().copied().collect::<Vec<_>>());
            for &pid in &ever {
                assert_eq!(table.get(pid).is_some(), model.contains_key(&pid));
                assert_eq!(table.parent(pid), model.get(&pid).copied().flatten());
                let children = model.iter().filter(|(_, parent)| **parent == Some(pid));
                let children: Vec<Pid> = children.map(|(child, _)| *child).collect();
                assert_eq!(table.children(pid).collect::<Vec<_>>(), children);
                let below = table.descendants(pid);
                let expected = model.keys().filter(|each| {
                    **each != pid && model.contains_key(&pid) && descends(&model, **each, pid)
                });
                assert_eq!(below.len(), expected.clone().count());
                for each in expected {
                    let place = |wanted| below.iter().position(|pid| *pid == wanted);
                    let parent = model[each].filter(|parent| *parent != pid);
                    assert!(place(*each).is_some() && parent.is_none_or(|p| place(p) < place(*each)));
                }
            }
        }
    }
}
