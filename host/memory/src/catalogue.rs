//! What is known of a space's records without reading them: in memory while the space is open.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use crate::{
    query::Filter,
    record::{Millis, Record, RecordId, Session},
    store::Kept,
};

/// Stands for no session, speaker or place.
pub(crate) const NONE: u32 = u32::MAX;

/// A record's place among those of its space, in order of their ids.
pub(crate) type Place = u32;

/// It stands: neither forgotten nor damaged.
const LIVES: u8 = 1;
/// It is shown whatever time it is: nothing bounds when it holds, and nothing took its place.
const ALWAYS: u8 = 2;
/// Its bytes cannot be read.
const DAMAGED: u8 = 4;

/// What is known of one record.
pub(crate) struct Entry {
    pub(crate) id: RecordId,
    pub(crate) version: u32,
    /// The version in which its text became what it is.
    pub(crate) worded: u32,
    /// Which turn of its session it is.
    pub(crate) turn: u32,
    pub(crate) speaker: u32,
    pub(crate) time: Millis,
    pub(crate) from: Millis,
    pub(crate) until: Millis,
    pub(crate) expires: Millis,
    pub(crate) superseded: bool,
    pub(crate) fingerprint: Option<u64>,
    /// Bytes that it counts against the quota, kept versions included.
    pub(crate) cost: u64,
    /// What it can be filtered by, as numbers. They say "perhaps": whoever reads the record looks again.
    labels: Box<[u32]>,
}

/// A conversation and its turns in order.
pub(crate) struct Turns {
    pub(crate) name: String,
    pub(crate) places: Vec<Place>,
}

/// All records of one space.
#[derive(Default)]
pub(crate) struct Catalogue {
    pub(crate) entries: Vec<Entry>,
    /// Beside the entries, since they are looked at for every word that is found: how each stands, and its session.
    states: Vec<u8>,
    pub(crate) session_of: Vec<u32>,
    pub(crate) sessions: Vec<Turns>,
    sessions_by_name: HashMap<String, u32>,
    pub(crate) speakers: Vec<String>,
    speakers_by_name: HashMap<String, u32>,
    by_fingerprint: HashMap<u64, Place>,
    derived: HashMap<RecordId, Vec<RecordId>>,
    labels: RandomState,
    pub(crate) live: u64,
    /// When the first of them expires.
    pub(crate) next_expiry: Option<Millis>,
}

impl Catalogue {
    /// Takes in a record that is newer than all others.
    pub(crate) fn add(&mut self, kept: &Kept) -> Place {
        let record = &kept.record;
        let place = self.entries.len() as Place;
        let session = match &record.session {
            None => NONE,
            Some(name) => {
                let sessions = &mut self.sessions;
                *self.sessions_by_name.entry(name.clone()).or_insert_with(|| {
                    sessions.push(Turns { name: name.clone(), places: Vec::new() });
                    sessions.len() as u32 - 1
                })
            }
        };
        let turn = self.sessions.get_mut(session as usize).map_or(0, |turns| {
            turns.places.push(place);
            turns.places.len() as u32 - 1
        });
        let speaker = record.said_by.as_ref().map_or(NONE, |name| {
            let speakers = &mut self.speakers;
            *self.speakers_by_name.entry(name.clone()).or_insert_with(|| {
                speakers.push(name.clone());
                speakers.len() as u32 - 1
            })
        });
        for parent in &record.derived_from {
            self.derived.entry(*parent).or_default().push(record.id);
        }
        self.entries.push(Entry {
            id: record.id,
            version: 0,
            worded: 0,
            turn,
            speaker,
            time: record.time,
            from: 0,
            until: 0,
            expires: 0,
            superseded: false,
            fingerprint: None,
            cost: kept.cost,
            labels: Box::default(),
        });
        self.states.push(LIVES);
        self.session_of.push(session);
        self.live += 1;
        self.changed(place, kept);
        place
    }

    /// Takes in a record that is there and cannot be read.
    pub(crate) fn add_damaged(&mut self, id: RecordId, cost: u64) {
        self.entries.push(Entry {
            id,
            version: 0,
            worded: 0,
            turn: 0,
            speaker: NONE,
            time: 0,
            from: Millis::MIN,
            until: Millis::MAX,
            expires: Millis::MAX,
            superseded: false,
            fingerprint: None,
            cost,
            labels: Box::default(),
        });
        self.states.push(DAMAGED);
        self.session_of.push(NONE);
        self.live += 1;
    }

    /// Takes in another version of a record.
    pub(crate) fn changed(&mut self, place: Place, kept: &Kept) {
        let record = &kept.record;
        let labels = self.labels_of(record);
        let at = place as usize;
        let entry = &mut self.entries[at];
        entry.version = record.version;
        entry.worded = kept.worded;
        entry.from = record.valid_from.unwrap_or(Millis::MIN);
        entry.until = record.valid_until.unwrap_or(Millis::MAX);
        entry.expires = record.expires.unwrap_or(Millis::MAX);
        entry.superseded = record.superseded_by.is_some();
        entry.cost = kept.cost;
        entry.labels = labels;
        if let Some(old) = std::mem::replace(&mut entry.fingerprint, kept.fingerprint)
            && self.by_fingerprint.get(&old) == Some(&place)
        {
            self.by_fingerprint.remove(&old);
        }
        let bounded = record.valid_from.is_some() || record.valid_until.is_some() || record.expires.is_some();
        self.states[at] = LIVES | if bounded || entry.superseded { 0 } else { ALWAYS };
        if let Some(fingerprint) = kept.fingerprint.filter(|_| record.superseded_by.is_none()) {
            self.by_fingerprint.insert(fingerprint, place);
        }
        if let Some(expires) = record.expires {
            self.next_expiry = Some(self.next_expiry.map_or(expires, |next| next.min(expires)));
        }
    }

    /// Lets a record go.
    pub(crate) fn remove(&mut self, place: Place) {
        let at = place as usize;
        if self.states[at] & (LIVES | DAMAGED) == 0 {
            return;
        }
        self.states[at] = 0;
        self.live -= 1;
        let entry = &mut self.entries[at];
        entry.labels = Box::default();
        if let Some(fingerprint) = entry.fingerprint.take()
            && self.by_fingerprint.get(&fingerprint) == Some(&place)
        {
            self.by_fingerprint.remove(&fingerprint);
        }
        self.derived.remove(&entry.id);
    }

    /// Where a record stands, damaged or not.
    pub(crate) fn place(&self, id: RecordId) -> Option<Place> {
        let place = self.entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
        (self.states[place] & (LIVES | DAMAGED) != 0).then_some(place as Place)
    }

    /// The first place whose id is greater.
    pub(crate) fn after(&self, id: Option<RecordId>) -> usize {
        id.map_or(0, |id| self.entries.partition_point(|entry| entry.id <= id))
    }

    /// Whether it stands and can be read.
    pub(crate) fn lives(&self, place: Place) -> bool {
        self.states[place as usize] & LIVES != 0
    }

    /// Whether it stands and cannot be read.
    pub(crate) fn damaged(&self, place: Place) -> bool {
        self.states[place as usize] & DAMAGED != 0
    }

    /// The record that says the same.
    pub(crate) fn same(&self, fingerprint: u64) -> Option<Place> {
        self.by_fingerprint.get(&fingerprint).copied()
    }

    /// What was derived from a record, directly.
    pub(crate) fn derived(&self, id: RecordId) -> &[RecordId] {
        self.derived.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Some records that have expired, and when the next of the others does.
    pub(crate) fn expired(&self, now: Millis, most: usize) -> (Vec<RecordId>, Option<Millis>) {
        let standing = self.entries.iter().enumerate().filter(|(place, _)| self.lives(*place as Place));
        let bounded = standing.map(|(_, entry)| entry).filter(|entry| entry.expires != Millis::MAX);
        let next = bounded.clone().map(|entry| entry.expires).filter(|expires| *expires > now).min();
        (bounded.filter(|entry| entry.expires <= now).map(|entry| entry.id).take(most).collect(), next)
    }

    /// The turns before and after a record, as far as they stand.
    pub(crate) fn beside(&self, place: Place) -> [Option<Place>; 2] {
        let Some(turns) = self.sessions.get(self.session_of[place as usize] as usize) else { return [None; 2] };
        let turn = self.entries[place as usize].turn as usize;
        let living = |turn: Option<usize>| {
            turn.and_then(|turn| turns.places.get(turn)).copied().filter(|place| self.lives(*place))
        };
        [living(turn.checked_sub(1)), living(Some(turn + 1))]
    }

    /// The session of a name.
    pub(crate) fn session(&self, name: &str) -> Option<&Turns> {
        self.sessions.get(*self.sessions_by_name.get(name)? as usize)
    }

    /// The sessions, in order of their first records.
    pub(crate) fn sessions(&self, now: Millis) -> Vec<Session> {
        let short = |turns: &Turns| {
            let shown = |place: &&Place| self.lives(**place) && self.entries[**place as usize].expires > now;
            let times = || turns.places.iter().filter(shown).map(|place| self.entries[*place as usize].time);
            let (first, last) = (times().min()?, times().max()?);
            Some(Session { name: turns.name.clone(), first, last, records: times().count() as u64 })
        };
        self.sessions.iter().filter_map(short).collect()
    }

    /// A filter as it can be compared with many entries.
    pub(crate) fn sift(&self, filter: &Filter, now: Millis) -> Sift {
        let label = |sort: u8, text: &str| self.label(sort, text, "");
        let mut all: Vec<u32> = filter.tags.iter().map(|tag| label(b't', tag)).collect();
        all.extend(filter.metadata.iter().map(|(key, value)| self.label(b'm', key, value)));
        all.extend(filter.origin.iter().map(|origin| label(b'o', origin)));
        all.extend(filter.plugin.iter().map(|plugin| label(b'p', plugin)));
        // A name that is not there fits nothing.
        let known = |name: &Option<String>, names: &HashMap<String, u32>| {
            name.as_ref().map(|name| names.get(name).copied().unwrap_or(NONE - 1))
        };
        Sift {
            kinds: filter.kinds.iter().map(|kind| label(b'k', kind)).collect(),
            except: filter.except.iter().map(|kind| label(b'k', kind)).collect(),
            all,
            session: known(&filter.session, &self.sessions_by_name),
            speaker: known(&filter.said_by, &self.speakers_by_name),
            since: filter.since,
            until: filter.until,
            at: filter.at.unwrap_or(now),
            asked_at: filter.at.is_some(),
            past: filter.past,
            now,
        }
    }

    /// Whether a record fits, as far as can be said without reading it.
    pub(crate) fn fits(&self, place: Place, sift: &Sift) -> bool {
        let at = place as usize;
        let state = self.states[at];
        if state & LIVES == 0 {
            return false;
        }
        if sift.is_open() && state & ALWAYS != 0 {
            return true;
        }
        let entry = &self.entries[at];
        let holds = entry.from <= sift.at && sift.at < entry.until && (!entry.superseded || sift.asked_at);
        entry.expires > sift.now
            && (sift.past || holds)
            && sift.session.is_none_or(|session| session == self.session_of[at])
            && sift.speaker.is_none_or(|speaker| speaker == entry.speaker)
            && sift.since.is_none_or(|since| entry.time >= since)
            && sift.until.is_none_or(|until| entry.time < until)
            && (sift.kinds.is_empty() || sift.kinds.iter().any(|kind| entry.labels.contains(kind)))
            && !sift.except.iter().any(|kind| entry.labels.contains(kind))
            && sift.all.iter().all(|label| entry.labels.contains(label))
    }

    fn labels_of(&self, record: &Record) -> Box<[u32]> {
        let mut labels = vec![
            self.label(b'k', &record.kind, ""),
            self.label(b'o', &record.origin, ""),
            self.label(b'p', &record.provenance.plugin, ""),
        ];
        labels.extend(record.tags.iter().map(|tag| self.label(b't', tag, "")));
        labels.extend(record.metadata.iter().map(|(key, value)| self.label(b'm', key, value)));
        labels.into()
    }

    fn label(&self, sort: u8, one: &str, other: &str) -> u32 {
        self.labels.hash_one((sort, one, other)) as u32
    }
}

/// A filter, ready.
pub(crate) struct Sift {
    kinds: Vec<u32>,
    except: Vec<u32>,
    all: Vec<u32>,
    session: Option<u32>,
    speaker: Option<u32>,
    since: Option<Millis>,
    until: Option<Millis>,
    at: Millis,
    asked_at: bool,
    past: bool,
    now: Millis,
}

impl Sift {
    /// Whether nothing is asked but that it stands.
    fn is_open(&self) -> bool {
        self.kinds.is_empty()
            && self.except.is_empty()
            && self.all.is_empty()
            && self.session.is_none()
            && self.speaker.is_none()
            && self.since.is_none()
            && self.until.is_none()
    }
}

/// Whether a record fits: the last word, after it was read.
pub(crate) fn fits(record: &Record, filter: &Filter, now: Millis) -> bool {
    let at = filter.at.unwrap_or(now);
    let begun = record.valid_from.is_none_or(|from| from <= at);
    let holds = begun && record.valid_until.is_none_or(|until| at < until);
    let stands = record.superseded_by.is_none() || filter.at.is_some();
    let equal = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
    record.expires.is_none_or(|expires| expires > now)
        && (filter.past || (holds && stands))
        && (filter.kinds.is_empty() || filter.kinds.contains(&record.kind))
        && !filter.except.contains(&record.kind)
        && filter.tags.iter().all(|tag| record.tags.contains(tag))
        && filter.metadata.iter().all(|pair| record.metadata.contains(pair))
        && (filter.session.is_none() || filter.session == record.session)
        && (filter.said_by.is_none() || filter.said_by == record.said_by)
        && equal(&filter.origin, &record.origin)
        && equal(&filter.plugin, &record.provenance.plugin)
        && filter.since.is_none_or(|since| record.time >= since)
        && filter.until.is_none_or(|until| record.time < until)
}
