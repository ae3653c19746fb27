//! The process table: slots with generations, and who is whose child.

use std::collections::BTreeSet;

use super::Pid;

/// The processes that live, each with a value, in a tree by parent.
///
/// A slot is used again with the next generation, so the pid of a process that is gone finds
/// nothing. Slots count from 1. Only [`Table::iter`] looks at every slot.
#[derive(Debug)]
pub struct Table<T> {
    /// The slot `n` lies at index `n - 1`.
    slots: Vec<Slot<T>>,
    /// Slots that may be used again; a retired slot is not among them.
    free: Vec<u32>,
    capacity: usize,
    len: usize,
}

#[derive(Debug)]
struct Slot<T> {
    /// Of the process that lives here, or of the next one.
    generation: u32,
    entry: Option<Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    parent: Option<Pid>,
    children: BTreeSet<Pid>,
    value: T,
}

/// No more processes: a fork bomb ends here, whichever account pays for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the process table is full: it holds {capacity} processes")]
pub struct Full {
    /// How many processes the table holds at most.
    pub capacity: usize,
}

/// Why a process does not get another parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalParent {
    /// It, or its new parent, is not in the table.
    #[error("no such process: {0}")]
    NoSuchProcess(Pid),
    /// The new parent is the process itself or one of its descendants.
    #[error("process {0} cannot descend from itself")]
    Descendant(Pid),
}

impl<T> Table<T> {
    /// An empty table for at most `capacity` processes at a time. It grows as they come.
    pub fn new(capacity: usize) -> Self {
        Self { slots: Vec::new(), free: Vec::new(), capacity, len: 0 }
    }

    /// Adds the process that `make` builds for its pid. A parent that is not in the table counts
    /// as none.
    pub fn insert(&mut self, parent: Option<Pid>, make: impl FnOnce(Pid) -> T) -> Result<Pid, Full> {
        let full = Full { capacity: self.capacity };
        if self.len >= self.capacity {
            return Err(full);
        }
        let pid = match self.free.last() {
            Some(&slot) => Pid::new(slot, self.slots[index(slot)].generation),
            None => Pid::new(u32::try_from(self.slots.len() + 1).map_err(|_| full)?, 0),
        };
        // Nothing has changed yet: should `make` panic, the table is as it was.
        let value = make(pid);
        if self.free.pop().is_none() {
            self.slots.push(Slot { generation: 0, entry: None });
        }
        let parent = parent.filter(|&parent| self.contains(parent));
        self.slots[index(pid.slot())].entry = Some(Entry { parent, children: BTreeSet::new(), value });
        self.link(parent, pid);
        self.len += 1;
        Ok(pid)
    }

    /// The value of a process.
    pub fn get(&self, pid: Pid) -> Option<&T> {
        self.entry(pid).map(|entry| &entry.value)
    }

    /// The value of a process, to change.
    pub fn get_mut(&mut self, pid: Pid) -> Option<&mut T> {
        self.entry_mut(pid).map(|entry| &mut entry.value)
    }

    /// Whether the process is in the table.
    pub fn contains(&self, pid: Pid) -> bool {
        self.entry(pid).is_some()
    }

    /// The parent of a process; none for the root of a tree and for an unknown pid.
    pub fn parent(&self, pid: Pid) -> Option<Pid> {
        self.entry(pid)?.parent
    }

    /// The root of the tree of a process: itself, if it has no parent.
    pub fn root(&self, pid: Pid) -> Option<Pid> {
        let mut root = self.contains(pid).then_some(pid)?;
        while let Some(parent) = self.parent(root) {
            root = parent;
        }
        Some(root)
    }

    /// The children of a process, by pid.
    pub fn children(&self, pid: Pid) -> impl Iterator<Item = Pid> + '_ {
        self.entry(pid).into_iter().flat_map(|entry| entry.children.iter().copied())
    }

    /// The children of a process, their children and so on, without the process itself.
    ///
    /// A parent comes before its children: stopped or killed in this order, none can spawn one
    /// that is not on the list. Reversed, every child comes before its parent.
    pub fn descendants(&self, pid: Pid) -> Vec<Pid> {
        let mut found: Vec<Pid> = self.children(pid).collect();
        let mut seen = 0;
        while let Some(&next) = found.get(seen) {
            found.extend(self.children(next));
            seen += 1;
        }
        found
    }

    /// Takes a process out. Its children become those of its parent, or roots if it has none.
    pub fn remove(&mut self, pid: Pid) -> Option<T> {
        self.entry(pid)?;
        let slot = &mut self.slots[index(pid.slot())];
        let entry = slot.entry.take()?;
        // The last generation retires the slot: a pid never comes back.
        if let Some(generation) = slot.generation.checked_add(1) {
            slot.generation = generation;
            self.free.push(pid.slot());
        }
        self.len -= 1;
        self.unlink(entry.parent, pid);
        for child in entry.children {
            self.set_parent(child, entry.parent);
        }
        Some(entry.value)
    }

    /// Gives a process another parent, or makes it the root of a tree of its own.
    pub fn reparent(&mut self, pid: Pid, parent: Option<Pid>) -> Result<(), IllegalParent> {
        for pid in [Some(pid), parent].into_iter().flatten() {
            if !self.contains(pid) {
                return Err(IllegalParent::NoSuchProcess(pid));
            }
        }
        let mut ancestor = parent;
        while let Some(each) = ancestor {
            if each == pid {
                return Err(IllegalParent::Descendant(pid));
            }
            ancestor = self.parent(each);
        }
        self.unlink(self.parent(pid), pid);
        self.set_parent(pid, parent);
        Ok(())
    }

    /// Every process, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (Pid, &T)> {
        (1..).zip(&self.slots).filter_map(|(number, slot)| {
            let entry = slot.entry.as_ref()?;
            Some((Pid::new(number, slot.generation), &entry.value))
        })
    }

    /// How many processes there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many processes there may be at a time.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    fn entry(&self, pid: Pid) -> Option<&Entry<T>> {
        let slot = self.slots.get(index(pid.slot()))?;
        slot.entry.as_ref().filter(|_| slot.generation == pid.generation())
    }

    fn entry_mut(&mut self, pid: Pid) -> Option<&mut Entry<T>> {
        let slot = self.slots.get_mut(index(pid.slot()))?;
        slot.entry.as_mut().filter(|_| slot.generation == pid.generation())
    }

    fn set_parent(&mut self, pid: Pid, parent: Option<Pid>) {
        if let Some(entry) = self.entry_mut(pid) {
            entry.parent = parent;
        }
        self.link(parent, pid);
    }

    fn link(&mut self, parent: Option<Pid>, child: Pid) {
        if let Some(entry) = parent.and_then(|parent| self.entry_mut(parent)) {
            entry.children.insert(child);
        }
    }

    fn unlink(&mut self, parent: Option<Pid>, child: Pid) {
        if let Some(entry) = parent.and_then(|parent| self.entry_mut(parent)) {
            entry.children.remove(&child);
        }
    }
}

/// Slot 0 is never used: it wraps to an index that no table reaches.
fn index(slot: u32) -> usize {
    (slot as usize).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
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
}
