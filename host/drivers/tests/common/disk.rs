//! A disk on paper: what was written and synced, and what a power cut may leave of it.
//!
//! The model is that of a journaling file system over a disk with a cache: until a file is
//! synced, any of its writes may be lost or torn, in any order; entries of directories come
//! and go in order, and those before any sync survive with it. `sync_file_range` is nothing,
//! as its manual says: it "does not provide any data integrity guarantees".

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// The unit that a disk writes whole.
const SECTOR: usize = 512;

/// What a process did to the disk, or promised to its user.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The file is there, empty if it was not.
    Create(PathBuf),
    /// Bytes were written.
    Write { file: PathBuf, offset: u64, data: Vec<u8> },
    /// A file was cut off or extended.
    SetLen { file: PathBuf, len: u64 },
    /// A file has another name.
    Rename { from: PathBuf, to: PathBuf },
    /// A file is gone.
    Remove(PathBuf),
    /// A file or directory was synced, all that was done before event `since`.
    Sync { file: PathBuf, since: usize },
    /// A commit was acknowledged.
    Acknowledged(String),
}

/// What survives of unsynced changes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    /// Nothing.
    Lost,
    /// Everything.
    Kept,
    /// Some of the writes.
    Some,
    /// Some of the sectors of some of the writes.
    Torn,
}

/// The files that a cut before `events[cut]` leaves.
pub(crate) fn after_cut(events: &[Event], cut: usize, fate: Fate) -> BTreeMap<PathBuf, Vec<u8>> {
    let events = &events[..cut];
    // The last sync of each file, and of anything: of the entries, what came before stays.
    let mut inodes: HashMap<PathBuf, usize> = HashMap::new();
    let mut made = 0;
    let mut owner = vec![None; events.len()];
    let mut synced: HashMap<usize, usize> = HashMap::new();
    let mut entries_synced = 0;
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Create(path) => {
                owner[at] = Some(*inodes.entry(path.clone()).or_insert_with(|| {
                    made += 1;
                    made
                }));
            }
            Event::Write { file, .. } | Event::SetLen { file, .. } => owner[at] = inodes.get(file).copied(),
            Event::Rename { from, to } => {
                if let Some(inode) = inodes.remove(from) {
                    owner[at] = Some(inode);
                    inodes.insert(to.clone(), inode);
                }
            }
            Event::Remove(path) => drop(inodes.remove(path)),
            Event::Sync { file, since } => {
                entries_synced = *since;
                if let Some(inode) = inodes.get(file) {
                    synced.insert(*inode, *since);
                }
            }
            Event::Acknowledged(_) => {}
        }
    }
    // Entries in order, up to somewhere between the last sync and the cut.
    let entries = match fate {
        Fate::Lost => entries_synced,
        Fate::Kept => cut,
        Fate::Some | Fate::Torn => fastrand::usize(entries_synced..=cut),
    };
    let mut names: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let mut contents: HashMap<usize, Vec<u8>> = HashMap::new();
    for (at, event) in events.iter().enumerate() {
        let durable = owner[at].is_some_and(|inode| synced.get(&inode).is_some_and(|since| at < *since));
        let survives = durable || matches!(fate, Fate::Kept) || !matches!(fate, Fate::Lost) && fastrand::bool();
        match (event, owner[at]) {
            (Event::Create(path), Some(inode)) if at < entries => drop(names.insert(path.clone(), inode)),
            (Event::Rename { from, to }, Some(inode)) if at < entries => {
                names.remove(from);
                names.insert(to.clone(), inode);
            }
            (Event::Remove(path), _) if at < entries => drop(names.remove(path)),
            (Event::SetLen { len, .. }, Some(inode)) if survives => {
                contents.entry(inode).or_default().resize(*len as usize, 0);
            }
            (Event::Write { offset, data, .. }, Some(inode)) if survives => {
                let torn = !durable && matches!(fate, Fate::Torn);
                write(contents.entry(inode).or_default(), *offset as usize, data, torn);
            }
            _ => {}
        }
    }
    names.into_iter().map(|(path, inode)| (path, contents.get(&inode).cloned().unwrap_or_default())).collect()
}

fn write(file: &mut Vec<u8>, offset: usize, data: &[u8], torn: bool) {
    let mut at = 0;
    while at < data.len() {
        let end = data.len().min((offset + at) / SECTOR * SECTOR + SECTOR - offset);
        if !torn || fastrand::bool() {
            if file.len() < offset + end {
                file.resize(offset + end, 0);
            }
            file[offset + at..offset + end].copy_from_slice(&data[at..end]);
        }
        at = end;
    }
}

/// What was acknowledged in these events.
pub(crate) fn acknowledged(events: &[Event]) -> Vec<String> {
    let name = |event: &Event| if let Event::Acknowledged(name) = event { Some(name.clone()) } else { None };
    events.iter().filter_map(name).collect()
}
