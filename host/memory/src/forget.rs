//! Forgetting: first the rows, then the key, then every trace in the indexes. What a crash cuts short is noted in the
//! store and done when the folder is opened.

use std::{collections::HashSet, sync::Arc};

use redb::ReadableTable;

use crate::{
    catalogue::Place,
    check,
    error::MemoryError,
    limits::BATCH,
    memory::{Memory, Opened, now},
    record::{RecordId, SpaceId},
    seal::Slot,
    space::{Space, remove, sound},
    store::{self, stopped},
};

/// Places, and the opening of the space that they are of.
pub(crate) type Places = Option<(u64, Vec<Place>)>;

impl Memory {
    /// Forgets records, with what was derived from them, and returns when nothing on disk says what they said: their
    /// keys are overwritten, their vectors too, and the parts of the index that held them are written anew. Tells
    /// which went; those that are not there are passed over.
    pub fn forget(&self, space: &SpaceId, ids: &[RecordId]) -> Result<Vec<RecordId>, MemoryError> {
        check::ids(ids.len())?;
        let Some(opened) = self.find(space)? else { return Ok(Vec::new()) };
        drop(opened.space.read(&self.ground.lend())?);
        let (gone, slots, places) = self.remove_rows(&opened, ids)?;
        self.ground.keys.erase(&slots)?;
        self.purge(&opened.space, &gone, places)?;
        self.writer.write(move |tables| Ok((tables.erased(&slots)?, Box::new(|| {}))))?;
        Ok(gone)
    }

    /// Forgets what has expired. `remember` does so too, where something has; whoever keeps a space that is seldom
    /// written calls this now and then.
    pub fn forget_expired(&self, space: &SpaceId) -> Result<Vec<RecordId>, MemoryError> {
        let mut gone = Vec::new();
        loop {
            let Some(opened) = self.find(space)? else { return Ok(gone) };
            let (expired, next) = opened.space.read(&self.ground.lend())?.catalogue.expired(now(), BATCH);
            if expired.is_empty() {
                if let Some(mut state) = opened.space.loaded() {
                    state.catalogue.next_expiry = next;
                }
                return Ok(gone);
            }
            gone.extend(self.forget(space, &expired)?);
        }
    }

    /// Forgets records whose space goes with them: its folder is removed whole.
    pub(crate) fn forget_rows(&self, opened: &Opened, ids: &[RecordId]) -> Result<(), MemoryError> {
        let (_, slots, _) = self.remove_rows(opened, ids)?;
        self.ground.keys.erase(&slots)?;
        self.writer.write(move |tables| Ok((tables.erased(&slots)?, Box::new(|| {}))))
    }

    fn remove_rows(
        &self,
        opened: &Opened,
        ids: &[RecordId],
    ) -> Result<(Vec<RecordId>, Vec<Slot>, Places), MemoryError> {
        let ids = ids.to_vec();
        let opened = Opened { space: opened.space.clone(), row: opened.row.clone(), others: Vec::new() };
        self.writer.write(move |tables| {
            let number = opened.space.number;
            let (mut gone, mut slots, mut freed) = (Vec::new(), Vec::new(), 0);
            let mut seen: HashSet<RecordId> = ids.iter().copied().collect();
            let mut next = ids;
            while let Some(id) = next.pop() {
                let Some(row) = tables.records.get((number, id.0)).map_err(stopped)?.map(|row| row.value().to_vec())
                else {
                    continue;
                };
                let cost = {
                    let state = opened.space.peek();
                    let state = state.as_deref();
                    let derived = state.map_or(&[][..], |state| state.catalogue.derived(id));
                    next.extend(derived.iter().copied().filter(|id| seen.insert(*id)));
                    let place = state.and_then(|state| state.catalogue.place(id).map(|place| (state, place)));
                    place.map(|(state, place)| state.catalogue.entries[place as usize].cost)
                };
                let fresh = tables.derived.iter().filter(|(space, parent, _)| *space == number && *parent == id);
                next.extend(fresh.map(|(_, _, child)| *child).filter(|id| seen.insert(*id)));
                let read = tables.read(number, id).ok().flatten();
                freed += read.map(|(_, _, kept)| kept.cost).or(cost).unwrap_or(0);
                let slot = store::head(&row).map(|(slot, ..)| slot);
                match slot {
                    Some(slot) => {
                        tables.remove(number, id, slot)?;
                        slots.push(slot);
                    }
                    None => drop(tables.records.remove((number, id.0)).map_err(stopped)?),
                }
                gone.push(id);
            }
            {
                let mut row = opened.row.lock();
                row.bytes = row.bytes.saturating_sub(freed);
                row.records = row.records.saturating_sub(gone.len() as u64);
                tables.space(&opened.space.id, &row)?;
            }
            gone.sort_unstable();
            let (space, removed) = (opened.space.clone(), gone.clone());
            let places = space
                .peek()
                .map(|state| (state.opening, removed.iter().filter_map(|id| state.catalogue.place(*id)).collect()));
            let effect = move || {
                let Some(mut state) = space.loaded() else { return };
                let state = &mut *state;
                for id in removed {
                    if let Some(place) = state.catalogue.place(id) {
                        state.catalogue.remove(place);
                        state.text.remove(&state.catalogue, place);
                    }
                }
            };
            Ok(((gone, slots, places), Box::new(effect)))
        })
    }

    /// Removes every trace of records from the indexes of a space.
    pub(crate) fn purge(&self, space: &Arc<Space>, ids: &[RecordId], places: Places) -> Result<(), MemoryError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ground = self.ground.lend();
        // Whoever writes the index now may be writing one of them.
        let _indexing = space.indexing.lock();
        {
            let mut state = space.write(&ground)?;
            let opening = state.opening;
            match (&mut state.vectors, places) {
                (Some(vectors), Some((of, places))) if of == opening => vectors.erase(&places)?,
                // It was opened after the rows went, and has overwritten them then.
                (Some(_), _) => {}
                // Nobody knows which of them are whose without the model.
                (None, _) => remove(&space.vector_file()),
            }
        }
        let again = {
            let state = space.read(&ground)?;
            let Some(disk) = &state.text.disk else { return Ok(()) };
            sound(|| disk.again())
        };
        // Not under the lock: others recall meanwhile.
        let again = again.and_then(|disk| sound(|| if disk.purge(ids)? { disk.again().map(Some) } else { Ok(None) }));
        let swept = again.and_then(|again| {
            let Some(mut disk) = again else { return Ok(()) };
            let mut state = space.write(&ground).map_err(|error| error.to_string())?;
            let state = &mut *state;
            sound(|| disk.map(&state.catalogue, state.text.disk.as_ref()))?;
            // The one before holds on to its files.
            let disk = state.text.disk.insert(disk);
            sound(|| disk.sweep())
        });
        if let Err(why) = swept {
            // An index that cannot be written anew is removed: that forgets as well.
            space.distrust(&why);
        }
        Ok(())
    }
}
