//! The process table: slots with generations, and who is whose child.

#[cfg(test)]
mod tests;

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
