//! What of a window is kept beside its log: how each message stands, by a name where it was asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::policy::Place;
use crate::devices::memory::driver::RecordId;

/// Messages that may be pinned. Stops pins that outgrow the note they are kept in.
pub(super) const PINS: usize = 256;
/// Messages whose being brought back is counted.
const RECALLED: usize = 1024;
/// Bytes of the note that a state is kept in.
const NOTE_BYTES: usize = 64 << 10;
/// Snapshots of a window.
pub(super) const SNAPSHOTS: usize = 16;
/// Conversations that a window goes back to by forks.
pub(super) const TRUNK: usize = 16;

/// How the messages of a window stand: ranges of ids, each with both its ends.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub(super) struct Places {
    #[serde(default)]
    out: Vec<(RecordId, RecordId)>,
    #[serde(default)]
    cut: Vec<(RecordId, RecordId)>,
    #[serde(default)]
    pins: Vec<RecordId>,
    #[serde(default)]
    recalled: BTreeMap<RecordId, u8>,
}

/// How one message stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Standing {
    pub(super) place: Place,
    pub(super) pinned: bool,
    pub(super) recalled: u8,
}

impl Places {
    /// From how each message of a log stands, in the order of their ids.
    pub(super) fn of(lines: impl Iterator<Item = (RecordId, Standing)>) -> Places {
        let mut places = Places::default();
        let (mut out, mut cut) = (Ranges::default(), Ranges::default());
        for (id, standing) in lines {
            out.next(id, standing.place == Place::Out);
            cut.next(id, standing.place == Place::Cut);
            if standing.pinned && places.pins.len() < PINS {
                places.pins.push(id);
            }
            if standing.recalled > 0 {
                places.recalled.insert(id, standing.recalled);
            }
        }
        while places.recalled.len() > RECALLED {
            places.recalled.pop_first();
        }
        (places.out, places.cut) = (out.ranges, cut.ranges);
        places
    }

    /// How a message stands.
    pub(super) fn standing(&self, id: RecordId) -> Standing {
        let place = match () {
            () if within(&self.out, id) => Place::Out,
            () if within(&self.cut, id) => Place::Cut,
            () => Place::In,
        };
        let pinned = self.pins.contains(&id);
        Standing { place, pinned, recalled: self.recalled.get(&id).copied().unwrap_or(0) }
    }
}

fn within(ranges: &[(RecordId, RecordId)], id: RecordId) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= id);
    after > 0 && id <= ranges[after - 1].1
}

#[derive(Default)]
struct Ranges {
    ranges: Vec<(RecordId, RecordId)>,
    open: bool,
}

impl Ranges {
    fn next(&mut self, id: RecordId, member: bool) {
        match self.ranges.last_mut() {
            Some(last) if member && self.open => last.1 = id,
            _ if member => self.ranges.push((id, id)),
            _ => {}
        }
        self.open = member;
    }
}

/// A summary, and what it stands for.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub(super) struct Summary {
    /// Its record.
    pub(super) id: RecordId,
    /// The first and the last message that it is about.
    pub(super) first: RecordId,
    pub(super) last: RecordId,
    /// Tokens of it.
    pub(super) tokens: u64,
}

/// A conversation that this one began as, up to a message.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub(super) struct Trunk {
    pub(super) session: String,
    pub(super) last: RecordId,
}

/// All of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub(super) struct State {
    #[serde(default)]
    pub(super) places: Places,
    #[serde(default)]
    pub(super) summaries: Vec<Summary>,
    #[serde(default)]
    pub(super) trunk: Vec<Trunk>,
    #[serde(default)]
    pub(super) snapshots: BTreeSet<String>,
}

/// What was in the context once.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub(super) struct Snapshot {
    pub(super) places: Places,
    /// The last message by then.
    pub(super) last: RecordId,
}

impl Snapshot {
    /// As it is kept.
    pub(super) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// As it was kept; none where that cannot be read.
    pub(super) fn read(bytes: &[u8]) -> Option<Snapshot> {
        serde_json::from_slice(bytes).ok()
    }
}

impl State {
    /// As it is kept.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        if bytes.len() <= NOTE_BYTES {
            return bytes;
        }
        // What a long conversation can do without: how often lines were needed, and which outputs are shortened, which
        // the next render finds again.
        let places = Places { recalled: BTreeMap::new(), cut: Vec::new(), ..self.places.clone() };
        serde_json::to_vec(&State { places, ..self.clone() }).unwrap_or_default()
    }

    /// As it was kept. What cannot be read is begun anew: the log is the truth, and it is whole.
    pub(super) fn read(bytes: Option<&[u8]>) -> State {
        bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_is_what_stood(gaps in proptest::collection::vec((1u64..4, 0u8..3, any::<bool>(), 0u8..3), 0..100)) {
            let mut id = 0;
            let lines: Vec<(RecordId, Standing)> = gaps
                .into_iter()
                .map(|(gap, place, pinned, recalled)| {
                    id += gap;
                    let place = [Place::In, Place::Cut, Place::Out][usize::from(place)];
                    (id, Standing { place, pinned, recalled })
                })
                .collect();
            let state = State { places: Places::of(lines.iter().copied()), ..State::default() };
            let read = State::read(Some(&state.bytes()));
            prop_assert_eq!(&read, &state);
            for (id, standing) in lines {
                prop_assert_eq!(read.places.standing(id), standing);
            }
        }
    }

    #[test]
    fn a_long_state_fits_its_note() {
        let cut = |id| Standing { place: if id % 2 == 0 { Place::Cut } else { Place::In }, ..Standing::default() };
        let out = |id| Standing { place: Place::Out, recalled: 1, ..cut(id) };
        let lines = (0..100_000).map(|id| (id, if id < 50_000 { out(id) } else { cut(id) }));
        let state = State { places: Places::of(lines), ..State::default() };
        let read = State::read(Some(&state.bytes()));
        assert!(state.bytes().len() <= NOTE_BYTES);
        assert_eq!((read.places.standing(49_999).place, read.places.standing(50_000).place), (Place::Out, Place::In));
    }

    #[test]
    fn what_cannot_be_read_is_begun_anew() {
        assert_eq!(State::read(Some(b"{\"places\": 3}")), State::default());
        assert_eq!(State::read(None), State::default());
    }
}
