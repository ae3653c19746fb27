//! Looking records up: by number, in order, by session; versions; and notes.

use redb::{ReadTransaction, ReadableTable};

use crate::{
    catalogue::{self, Place},
    check,
    error::MemoryError,
    limits::{PAGE, PAGE_BYTES, VERSION_OVERHEAD},
    memory::{Memory, now},
    query::Filter,
    record::{Page, Record, RecordId, Session, SpaceId, Version},
    remember::{lasts, room},
    seal::Slot,
    space::{State, read, read_whole},
    store::{self, NOTES, RECORDS, VERSIONS, stopped},
};

impl Memory {
    /// Records by their numbers, with their bodies where they are wanted `whole`; none where one is not there or has expired, an error where its
    /// bytes are damaged.
    pub fn get(
        &self,
        space: &SpaceId,
        ids: &[RecordId],
        whole: bool,
    ) -> Result<Vec<Result<Option<Record>, MemoryError>>, MemoryError> {
        check::ids(ids.len())?;
        let Some(opened) = self.find(space)? else { return Ok(ids.iter().map(|_| Ok(None)).collect()) };
        let (view, now) = (self.ground.store.view()?, now());
        let one = |id: &RecordId| {
            let read = if whole { read_whole } else { read };
            let kept = read(&view, &self.ground.keys, opened.space.number, *id)?;
            Ok(kept.map(|kept| kept.record).filter(|record| record.expires.is_none_or(|expires| expires > now)))
        };
        Ok(ids.iter().map(one).collect())
    }

    /// The records that fit, in order of their numbers, without bodies. With `past` in the filter: all that stand.
    pub fn list(
        &self,
        space: &SpaceId,
        after: Option<RecordId>,
        limit: usize,
        filter: &Filter,
    ) -> Result<Page, MemoryError> {
        check::filter(filter)?;
        let Some(opened) = self.find(space)? else { return Ok(Page::default()) };
        let state = opened.space.read(&self.ground.lend())?;
        let now = now();
        let sift = state.catalogue.sift(filter, now);
        let first = state.catalogue.after(after) as Place;
        let all = first..state.catalogue.entries.len() as Place;
        let chosen = all.filter(|place| state.catalogue.damaged(*place) || state.catalogue.fits(*place, &sift));
        let view = self.ground.store.view()?;
        page(&state, chosen, limit, |id| {
            let kept = read(&view, &self.ground.keys, opened.space.number, id)?;
            Ok(kept.map(|kept| kept.record).filter(|record| catalogue::fits(record, filter, now)))
        })
    }

    /// The turns of a session in order, with their bodies.
    pub fn session(
        &self,
        space: &SpaceId,
        name: &str,
        after: Option<RecordId>,
        limit: usize,
    ) -> Result<Page, MemoryError> {
        let Some(opened) = self.find(space)? else { return Ok(Page::default()) };
        let state = opened.space.read(&self.ground.lend())?;
        let Some(turns) = state.catalogue.session(name) else { return Ok(Page::default()) };
        let first = state.catalogue.after(after) as Place;
        let from = turns.places.partition_point(|place| *place < first);
        let chosen = turns.places[from..].iter().copied().filter(|place| state.catalogue.lives(*place));
        let (view, now) = (self.ground.store.view()?, now());
        page(&state, chosen, limit, |id| {
            let kept = read_whole(&view, &self.ground.keys, opened.space.number, id)?;
            Ok(kept.map(|kept| kept.record).filter(|record| record.expires.is_none_or(|expires| expires > now)))
        })
    }

    /// The sessions of a space, in order of their first turns.
    pub fn sessions(&self, space: &SpaceId) -> Result<Vec<Session>, MemoryError> {
        let Some(opened) = self.find(space)? else { return Ok(Vec::new()) };
        Ok(opened.space.read(&self.ground.lend())?.catalogue.sessions(now()))
    }

    /// The versions of a record, the oldest first; the last is how it stands.
    pub fn history(&self, space: &SpaceId, id: RecordId) -> Result<Vec<Version>, MemoryError> {
        let opened = self.find(space)?.ok_or(MemoryError::NoSuchRecord(id))?;
        let number = opened.space.number;
        let view = self.ground.store.view()?;
        let newest = read(&view, &self.ground.keys, number, id)?.ok_or(MemoryError::NoSuchRecord(id))?.record;
        lasts(&newest)?;
        let key = self.ground.keys.read(slot(&view, number, id)?)?.ok_or(MemoryError::DamagedRecord(id))?;
        let mut versions = Vec::new();
        let rows = view.open_table(VERSIONS).map_err(stopped)?;
        for row in rows.range((number, id.0, 0)..=(number, id.0, u32::MAX)).map_err(stopped)? {
            let (place, sealed) = row.map_err(stopped)?;
            let version = place.value().2;
            let record = store::open(&key, number, id, version, sealed.value()).map(|kept| kept.record);
            versions.push(Version { version, written: record.as_ref().map_or(0, |record| record.written), record });
        }
        versions.push(Version { version: newest.version, written: newest.written, record: Some(newest) });
        Ok(versions)
    }

    /// A note: a small state that is kept beside the records, by name.
    pub fn note(&self, space: &SpaceId, key: &str) -> Result<Option<Vec<u8>>, MemoryError> {
        check::note(key, None)?;
        let Some(opened) = self.find(space)? else { return Ok(None) };
        let number = opened.space.number;
        let view = self.ground.store.view()?;
        let notes = view.open_table(NOTES).map_err(stopped)?;
        let Some(row) = notes.get((number, key)).map_err(stopped)? else { return Ok(None) };
        let broken = || MemoryError::DamagedNote(key.to_owned());
        let (slot, sealed) = note_row(row.value()).ok_or_else(broken)?;
        let sealing = self.ground.keys.read(slot)?.ok_or_else(broken)?;
        sealing.open(&store::about_note(number, key), sealed).map(Some).ok_or_else(broken)
    }

    /// Sets a note, or removes it. What it said before is gone from the disk when this returns.
    pub fn set_note(&self, space: &SpaceId, key: &str, value: Option<Vec<u8>>, quota: u64) -> Result<(), MemoryError> {
        check::note(key, value.as_deref())?;
        let opened = match (self.find(space)?, &value) {
            (Some(opened), _) => opened,
            (None, None) => return Ok(()),
            (None, Some(_)) => self.make(space)?,
        };
        let key = key.to_owned();
        let old = self.writer.write(move |tables| {
            let number = opened.space.number;
            let before = tables.notes.get((number, &*key)).map_err(stopped)?.map(|row| row.value().to_vec());
            let cost = |row: &[u8]| row.len() as u64 + key.len() as u64 + VERSION_OVERHEAD;
            let freed = before.as_deref().map_or(0, cost);
            // What sealing adds to it.
            const SEALED: usize = 4 + 12 + 16;
            let added = value.as_ref().map_or(0, |value| cost(&vec![0; value.len() + SEALED]));
            if added > freed {
                room(&opened, added - freed, quota)?;
            }
            match &value {
                None => drop(tables.notes.remove((number, &*key)).map_err(stopped)?),
                Some(value) => {
                    // Each value has a key of its own: the one before can be destroyed.
                    let (slot, sealing) = tables.key()?;
                    let sealed = tables.seal(&sealing, &store::about_note(number, &key), value)?;
                    let row = [&slot.to_le_bytes()[..], &sealed].concat();
                    tables.notes.insert((number, &*key), &row[..]).map_err(stopped)?;
                }
            }
            let old = before.as_deref().and_then(note_row).map(|(slot, _)| slot);
            if let Some(slot) = old {
                tables.erasing.insert(slot, (number, 0)).map_err(stopped)?;
            }
            let mut row = opened.row.lock();
            row.bytes = (row.bytes + added).saturating_sub(freed);
            tables.space(&opened.space.id, &row)?;
            Ok((old, Box::new(|| {})))
        })?;
        let Some(slot) = old else { return Ok(()) };
        self.ground.keys.erase(&[slot])?;
        self.writer.write(move |tables| Ok((tables.erased(&[slot])?, Box::new(|| {}))))
    }
}

fn slot(view: &ReadTransaction, space: u32, id: RecordId) -> Result<Slot, MemoryError> {
    let records = view.open_table(RECORDS).map_err(stopped)?;
    let row = records.get((space, id.0)).map_err(stopped)?.ok_or(MemoryError::NoSuchRecord(id))?;
    store::head(row.value()).map(|(slot, ..)| slot).ok_or(MemoryError::DamagedRecord(id))
}

fn note_row(row: &[u8]) -> Option<(Slot, &[u8])> {
    let (slot, sealed) = row.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*slot), sealed))
}

/// Reads records in order until a page is full.
fn page(
    state: &State,
    mut chosen: impl Iterator<Item = Place>,
    limit: usize,
    read: impl Fn(RecordId) -> Result<Option<Record>, MemoryError>,
) -> Result<Page, MemoryError> {
    let limit = limit.clamp(1, PAGE);
    let (mut page, mut bytes, mut last) = (Page::default(), 0, None);
    for place in chosen.by_ref() {
        if page.records.len() + page.damaged.len() == limit || bytes > PAGE_BYTES {
            page.next = last;
            break;
        }
        let id = state.catalogue.entries[place as usize].id;
        last = Some(id);
        match read(id) {
            Ok(None) => {}
            Ok(Some(record)) => {
                bytes += record.text.len() + record.body.as_ref().map_or(0, Vec::len);
                page.records.push(record);
            }
            Err(MemoryError::DamagedRecord(id)) => page.damaged.push(id),
            Err(error) => return Err(error),
        }
    }
    Ok(page)
}
