//! Remembering: drafts become records, or repeats of records; what they supersede holds no longer.

use std::collections::HashMap;

use crate::{
    check,
    error::MemoryError,
    limits::{RECORD_OVERHEAD, RECORDS, VERSION_OVERHEAD, VERSIONS},
    memory::{Memory, Opened, now},
    record::{Change, Draft, Millis, Provenance, Record, RecordId, Remembered, SpaceId},
    seal::{Key, Slot},
    store::{self, Kept, SpaceRow, stopped},
    words,
    writer::{Effect, Tables},
};
use redb::ReadableTable;

/// What a draft becomes.
enum Plan {
    /// A record of its own.
    New(RecordId, Option<u64>),
    /// One more repeat of a record.
    Repeat(RecordId),
}

/// Records as they will be in memory.
type Applied = Vec<Kept>;

impl Memory {
    /// Makes records of drafts: all, or none where one of them is refused. What is returned is on disk. A draft that
    /// says what a record says already (and is no turn of a session) counts as a repeat of that.
    pub fn remember(&self, space: &SpaceId, drafts: Vec<Draft>, quota: u64) -> Result<Vec<Remembered>, MemoryError> {
        check::space(space)?;
        check::drafts(&drafts)?;
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let opened = self.make(space)?;
        // Opened here, so that the writer never waits for it.
        drop(opened.space.read(&self.ground.lend())?);
        let prints: Vec<Option<u64>> = drafts
            .iter()
            .map(|draft| {
                let whole = draft.session.is_some() || draft.body.is_some() || !draft.supersedes.is_empty();
                (!whole && draft.derived_from.is_empty()).then(|| words::fingerprint(draft))
            })
            .collect();
        let opened_space = opened.space.clone();
        let remembered = self.writer.write(move |tables| {
            let plans = plan(tables, &opened, &drafts, &prints, quota)?;
            let now = now();
            let mut applied: Applied = Vec::new();
            let mut remembered = Vec::new();
            for (draft, plan) in drafts.into_iter().zip(plans) {
                remembered.push(match plan {
                    Plan::New(id, print) => {
                        make(tables, &opened, id, draft, print, now, &mut applied)?;
                        Remembered { id, repeated: false }
                    }
                    Plan::Repeat(id) => {
                        repeat(tables, &opened, id, draft.provenance, &mut applied)?;
                        Remembered { id, repeated: true }
                    }
                });
            }
            let row = *opened.row.lock();
            tables.space(&opened.space.id, &row)?;
            Ok((remembered, effect(&opened, applied)))
        })?;
        self.tell(&opened_space)?;
        let expired =
            opened_space.peek().is_some_and(|state| state.catalogue.next_expiry.is_some_and(|next| next <= now()));
        if expired {
            self.forget_expired(space)?;
        }
        Ok(remembered)
    }

    /// Writes another version of a record; the one before is kept.
    pub fn update(
        &self,
        space: &SpaceId,
        id: RecordId,
        change: Change,
        provenance: Provenance,
        quota: u64,
    ) -> Result<Record, MemoryError> {
        check::change(&change, &provenance)?;
        self.rewrite(space, id, move |tables, opened| {
            let (slot, key, mut kept) = tables.read(opened.space.number, id)?.ok_or(MemoryError::NoSuchRecord(id))?;
            lasts(&kept.record)?;
            let before = content(&kept.record);
            apply(&mut kept, change, provenance);
            let added = VERSION_OVERHEAD + RECORD_OVERHEAD + content(&kept.record);
            room(opened, added, quota)?;
            keep_version(tables, opened, &mut kept, before)?;
            Ok((slot, key, kept))
        })
    }

    /// Goes back to the version before: what the last change said is gone, and the record is as it was, by a new number.
    pub fn undo(&self, space: &SpaceId, id: RecordId, provenance: Provenance) -> Result<Record, MemoryError> {
        check::change(&Change::default(), &provenance)?;
        self.rewrite(space, id, move |tables, opened| {
            let number = opened.space.number;
            let (slot, key, now) = tables.read(number, id)?.ok_or(MemoryError::NoSuchRecord(id))?;
            lasts(&now.record)?;
            let last = {
                let mut kept = tables.versions.range((number, id.0, 0)..=(number, id.0, u32::MAX)).map_err(stopped)?;
                let last = kept.next_back().transpose().map_err(stopped)?;
                last.map(|(key, sealed)| (key.value().2, sealed.value().to_vec()))
            };
            let (version, sealed) = last.ok_or(MemoryError::NoEarlierVersion(id))?;
            let mut kept = store::open(&key, number, id, version, &sealed).ok_or(MemoryError::DamagedRecord(id))?;
            tables.versions.remove((number, id.0, version)).map_err(stopped)?;
            let changed = kept.record.text != now.record.text;
            kept.record.version = now.record.version + 1;
            kept.record.written = self::now();
            kept.record.provenance = provenance;
            kept.worded = if changed { kept.record.version } else { now.worded };
            let freed = content(&now.record) + VERSION_OVERHEAD + sealed.len() as u64;
            let floor = RECORD_OVERHEAD + content(&kept.record);
            kept.cost = (now.cost + content(&kept.record)).saturating_sub(freed).max(floor);
            let mut row = opened.row.lock();
            row.bytes = (row.bytes + kept.cost).saturating_sub(now.cost);
            Ok((slot, key, kept))
        })
    }

    fn rewrite(
        &self,
        space: &SpaceId,
        id: RecordId,
        change: impl FnOnce(&mut Tables, &Opened) -> Result<(Slot, Key, Kept), MemoryError> + Send + 'static,
    ) -> Result<Record, MemoryError> {
        let opened = self.find(space)?.ok_or(MemoryError::NoSuchRecord(id))?;
        drop(opened.space.read(&self.ground.lend())?);
        let space = opened.space.clone();
        let record = self.writer.write(move |tables| {
            let (slot, key, kept) = change(tables, &opened)?;
            tables.record(opened.space.number, slot, &key, &kept)?;
            let row = *opened.row.lock();
            tables.space(&opened.space.id, &row)?;
            Ok((kept.record.clone(), effect(&opened, vec![kept])))
        })?;
        self.tell(&space)?;
        Ok(record)
    }
}

/// Refuses what has expired: it is on the disk until the next write erases it, and is shown to nobody.
pub(crate) fn lasts(record: &Record) -> Result<(), MemoryError> {
    match record.expires.is_some_and(|expires| expires <= now()) {
        true => Err(MemoryError::NoSuchRecord(record.id)),
        false => Ok(()),
    }
}

/// Bytes that a record's own words take.
fn content(record: &Record) -> u64 {
    let pairs = record.metadata.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
    let tags = record.tags.iter().map(String::len).sum::<usize>();
    (record.text.len() + record.kind.len() + tags + pairs) as u64
}

/// Whether a quota has room, for what shares it.
pub(crate) fn room(opened: &Opened, added: u64, quota: u64) -> Result<(), MemoryError> {
    let mut used = opened.row.lock().bytes;
    for other in opened.others.iter().filter(|other| !std::sync::Arc::ptr_eq(other, &opened.row)) {
        used += other.lock().bytes;
    }
    match used.checked_add(added) {
        Some(all) if all <= quota => Ok(()),
        _ => Err(MemoryError::Quota { needed: added, left: quota.saturating_sub(used), quota }),
    }
}

/// Says what becomes of each draft, and refuses what cannot be, before anything is written.
fn plan(
    tables: &mut Tables,
    opened: &Opened,
    drafts: &[Draft],
    prints: &[Option<u64>],
    quota: u64,
) -> Result<Vec<Plan>, MemoryError> {
    let number = opened.space.number;
    let SpaceRow { mut next, records, .. } = *opened.row.lock();
    let mut fresh: HashMap<u64, RecordId> = HashMap::new();
    let (mut plans, mut added) = (Vec::with_capacity(drafts.len()), 0);
    for (draft, print) in drafts.iter().zip(prints) {
        for id in draft.supersedes.iter().chain(&draft.derived_from) {
            let row = tables.records.get((number, id.0)).map_err(stopped)?;
            row.map(drop).ok_or(MemoryError::NoSuchRecord(*id))?;
        }
        for id in &draft.supersedes {
            // It will be read to be changed: said here, while nothing is changed yet.
            let kept = tables.read(number, *id)?;
            added += kept.map_or(0, |(_, _, kept)| VERSION_OVERHEAD + RECORD_OVERHEAD + content(&kept.record));
        }
        let same = print.and_then(|print| {
            let in_catalogue = || {
                opened.space.peek().and_then(|state| {
                    let place = state.catalogue.same(print)?;
                    Some(state.catalogue.entries[place as usize].id)
                })
            };
            fresh.get(&print).copied().or_else(|| tables.same.get(&(number, print)).copied()).or_else(in_catalogue)
        });
        // It may be gone, or changed, by a call that shares this flush.
        let stands = |id: &RecordId| {
            fresh.values().any(|fresh| fresh == id)
                || tables.read(number, *id).ok().flatten().is_some_and(|(_, _, kept)| {
                    let lasts = kept.record.expires.is_none_or(|expires| expires > now());
                    kept.fingerprint == *print && kept.record.superseded_by.is_none() && lasts
                })
        };
        match same.filter(stands) {
            Some(id) => plans.push(Plan::Repeat(id)),
            None => {
                let id = RecordId(next);
                next += 1;
                added += cost(draft);
                fresh.extend(print.map(|print| (print, id)));
                plans.push(Plan::New(id, *print));
            }
        }
    }
    let made = plans.iter().filter(|plan| matches!(plan, Plan::New(..))).count();
    if records as usize + made > RECORDS {
        return Err(MemoryError::TooMuch {
            what: "records of a space",
            limit: RECORDS,
            found: records as usize + made,
        });
    }
    if made > 0 {
        room(opened, added, quota)?;
    }
    for (print, id) in fresh {
        tables.same.insert((number, print), id);
    }
    Ok(plans)
}

/// What a draft will count against the quota.
fn cost(draft: &Draft) -> u64 {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let pairs = draft.metadata.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
    let tags = draft.tags.iter().map(String::len).sum::<usize>();
    let words = draft.text.len() + draft.kind.len() + tags + pairs;
    let rest = draft.body.as_ref().map_or(0, Vec::len) + length(&draft.said_by) + length(&draft.session);
    let links = 8 * (draft.supersedes.len() + draft.derived_from.len());
    (words + rest + links) as u64 + RECORD_OVERHEAD
}

fn make(
    tables: &mut Tables,
    opened: &Opened,
    id: RecordId,
    draft: Draft,
    fingerprint: Option<u64>,
    now: Millis,
    applied: &mut Applied,
) -> Result<(), MemoryError> {
    let number = opened.space.number;
    let cost = cost(&draft);
    let since = draft.valid_from.or(draft.time).unwrap_or(now);
    for old in &draft.supersedes {
        let Some((slot, key, mut kept)) = tables.read(number, *old)? else { continue };
        let before = content(&kept.record);
        kept.record.version += 1;
        kept.record.written = now;
        kept.record.superseded_by = Some(id);
        kept.record.valid_until = Some(kept.record.valid_until.map_or(since, |until| until.min(since)));
        keep_version(tables, opened, &mut kept, before)?;
        tables.record(number, slot, &key, &kept)?;
        applied.push(kept);
    }
    let (slot, key) = tables.key()?;
    if let Some(body) = &draft.body {
        let sealed = tables.seal(&key, &store::about(b'b', number, id.0, 0), body)?;
        tables.bodies.insert((number, id.0), &sealed[..]).map_err(stopped)?;
    }
    for parent in &draft.derived_from {
        tables.derived.push((number, *parent, id));
    }
    let kept = Kept {
        body: draft.body.is_some(),
        fingerprint,
        worded: 1,
        cost,
        record: Record {
            id,
            version: 1,
            text: draft.text,
            kind: draft.kind,
            tags: draft.tags,
            metadata: draft.metadata,
            said_by: draft.said_by,
            origin: draft.origin,
            session: draft.session,
            time: draft.time.unwrap_or(now),
            created: now,
            written: now,
            valid_from: draft.valid_from,
            valid_until: draft.valid_until,
            expires: draft.expires,
            superseded_by: None,
            supersedes: draft.supersedes,
            derived_from: draft.derived_from,
            repeats: 0,
            body: None,
            provenance: draft.provenance,
        },
    };
    tables.record(number, slot, &key, &kept)?;
    let mut row = opened.row.lock();
    row.next = row.next.max(id.0 + 1);
    row.records += 1;
    row.bytes += cost;
    applied.push(kept);
    Ok(())
}

fn repeat(
    tables: &mut Tables,
    opened: &Opened,
    id: RecordId,
    provenance: Provenance,
    applied: &mut Applied,
) -> Result<(), MemoryError> {
    let number = opened.space.number;
    let Some((slot, key, mut kept)) = tables.read(number, id)? else { return Ok(()) };
    kept.record.repeats = kept.record.repeats.saturating_add(1);
    kept.record.provenance = provenance;
    tables.record(number, slot, &key, &kept)?;
    applied.push(kept);
    Ok(())
}

fn apply(kept: &mut Kept, change: Change, provenance: Provenance) {
    let record = &mut kept.record;
    record.version += 1;
    record.written = now();
    record.provenance = provenance;
    // What it says now may be said elsewhere: it is itself from here on.
    kept.fingerprint = None;
    if let Some(text) = change.text.filter(|text| *text != record.text) {
        record.text = text;
        kept.worded = record.version;
    }
    record.kind = change.kind.unwrap_or_else(|| std::mem::take(&mut record.kind));
    record.tags = change.tags.unwrap_or_else(|| std::mem::take(&mut record.tags));
    record.metadata = change.metadata.unwrap_or_else(|| std::mem::take(&mut record.metadata));
    record.valid_from = change.valid_from.unwrap_or(record.valid_from);
    record.valid_until = change.valid_until.unwrap_or(record.valid_until);
    record.expires = change.expires.unwrap_or(record.expires);
}

/// Puts the version that stands aside, as it was sealed, and lets the oldest go where there are too many.
fn keep_version(tables: &mut Tables, opened: &Opened, kept: &mut Kept, before: u64) -> Result<(), MemoryError> {
    let (number, id) = (opened.space.number, kept.record.id);
    let row = tables.records.get((number, id.0)).map_err(stopped)?.map(|row| row.value().to_vec());
    let Some((_, version, sealed)) = row.as_deref().and_then(store::head) else { return Ok(()) };
    tables.versions.insert((number, id.0, version), sealed).map_err(stopped)?;
    let of_it = (number, id.0, 0)..=(number, id.0, u32::MAX);
    let kept_versions: Vec<u32> = {
        let rows = tables.versions.range(of_it).map_err(stopped)?;
        rows.map(|row| row.map(|(key, _)| key.value().2)).collect::<Result<_, _>>().map_err(stopped)?
    };
    // What was said is counted as it is kept, and what goes as it was kept: else a short version that goes would make
    // room for a long one.
    let mut added = (VERSION_OVERHEAD + sealed.len() as u64 + content(&kept.record)) as i64 - before as i64;
    if kept_versions.len() > VERSIONS {
        let gone = tables.versions.remove((number, id.0, kept_versions[0])).map_err(stopped)?;
        added -= gone.map_or(0, |gone| VERSION_OVERHEAD + gone.value().len() as u64) as i64;
    }
    let floor = RECORD_OVERHEAD + content(&kept.record);
    let cost = kept.cost.saturating_add_signed(added).max(floor);
    let mut row = opened.row.lock();
    row.bytes = (row.bytes + cost).saturating_sub(kept.cost);
    kept.cost = cost;
    Ok(())
}

/// Takes records into what is in memory, where the space is open.
fn effect(opened: &Opened, applied: Applied) -> Effect {
    let space = opened.space.clone();
    Box::new(move || {
        let Some(mut state) = space.loaded() else { return };
        let state = &mut *state;
        for kept in applied {
            let id = kept.record.id;
            let (place, changed) = match state.catalogue.place(id) {
                // It was read from disk meanwhile, or it is another version.
                Some(place) => {
                    let changed = state.catalogue.entries[place as usize].worded != kept.worded;
                    state.catalogue.changed(place, &kept);
                    (place, changed)
                }
                None if state.catalogue.entries.last().is_some_and(|last| last.id >= id) => continue,
                None => (state.catalogue.add(&kept), true),
            };
            if changed {
                state.text.add(&state.catalogue, place, &kept.record.text);
                if let Some(vectors) = &mut state.vectors {
                    vectors.outdated(place);
                    state.wanting.push_back(place);
                }
            }
        }
    })
}
