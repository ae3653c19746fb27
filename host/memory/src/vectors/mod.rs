//! Vectors: one bit for each number in memory, one byte in a file. The bits say which few hundred are looked at; the
//! bytes say how near they are.
//!
//! The file is read by position and never mapped, so that whoever cuts it short ends nothing. Each row is checked; a
//! row that is damaged is no row, and its vector is made anew.

mod quantum;
mod rows;

use std::path::Path;

use self::{quantum::Planes, rows::Rows};
use crate::{
    catalogue::{Catalogue, NONE, Place},
    error::MemoryError,
};

/// Vectors that are looked at by their bytes. Chosen by measurement: see the benchmark `scale`.
const LOOKED_AT: usize = 1_000;

/// The vectors of a space's records.
pub(crate) struct Vectors {
    rows: Rows,
    planes: Planes,
    /// By row: whose it is, or none where it is free.
    places: Vec<Place>,
    /// By record: its row.
    row_of: Vec<u32>,
    free: Vec<u32>,
}

/// How near some records are to a query: cosines, of those that were looked at.
pub(crate) struct Near {
    /// The nearest among those that fit, the nearest first.
    pub(crate) best: Vec<(Place, f32)>,
    /// Those whose rows were changed on disk.
    pub(crate) broken: Vec<Place>,
    /// By row: about how near, by bits.
    rough: Vec<f32>,
}

impl Vectors {
    /// Opens the file, and lets go what is not of the catalogue. A file of another model is begun anew.
    pub(crate) fn open(
        path: &Path,
        identity: &str,
        dimensions: usize,
        catalogue: &Catalogue,
    ) -> Result<Vectors, MemoryError> {
        let mut rows = Rows::open(path, identity, dimensions)?;
        let mut vectors = Vectors {
            planes: Planes::new(dimensions),
            places: Vec::new(),
            row_of: vec![NONE; catalogue.entries.len()],
            free: Vec::new(),
            rows: Rows::unread(&rows),
        };
        let mut stale = Vec::new();
        rows.each(|row, found| {
            let place = found.as_ref().and_then(|found| {
                let place = catalogue.place(found.id)?;
                let newest = catalogue.entries[place as usize].worded == found.version;
                (newest && vectors.row_of[place as usize] == NONE).then_some(place)
            });
            match (place, found) {
                (Some(place), Some(found)) => {
                    vectors.planes.set(row, &found.bytes);
                    vectors.places.push(place);
                    vectors.row_of[place as usize] = row;
                }
                (_, found) => {
                    vectors.planes.set(row, &[]);
                    vectors.places.push(NONE);
                    vectors.free.push(row);
                    stale.extend(found.map(|_| row));
                }
            }
        })?;
        // What is forgotten leaves nothing behind, whatever cut it short.
        for row in &stale {
            rows.erase(*row)?;
        }
        if !stale.is_empty() {
            rows.sync()?;
        }
        vectors.rows = rows;
        Ok(vectors)
    }

    /// Whether a record has its vector.
    pub(crate) fn holds(&self, place: Place) -> bool {
        self.row_of.get(place as usize).is_some_and(|row| *row != NONE)
    }

    /// How many have theirs.
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Gives a record its vector.
    pub(crate) fn set(&mut self, catalogue: &Catalogue, place: Place, vector: &[f32]) -> Result<(), MemoryError> {
        self.row_of.resize(self.row_of.len().max(catalogue.entries.len()), NONE);
        let entry = &catalogue.entries[place as usize];
        let row = match self.row_of[place as usize] {
            NONE => self.free.pop().unwrap_or(self.places.len() as u32),
            row => row,
        };
        let bytes = self.rows.write(row, entry.id, entry.worded, vector)?;
        self.planes.set(row, &bytes);
        if row as usize == self.places.len() {
            self.places.push(place);
        } else {
            self.places[row as usize] = place;
        }
        self.row_of[place as usize] = row;
        Ok(())
    }

    /// Lets go of a vector, since its record says something else now.
    pub(crate) fn outdated(&mut self, place: Place) {
        let Some(row) = self.row_of.get_mut(place as usize) else { return };
        let row = std::mem::replace(row, NONE);
        if row != NONE {
            self.places[row as usize] = NONE;
            self.planes.set(row, &[]);
            self.free.push(row);
        }
    }

    /// Overwrites the vectors of some records, and returns when that is on disk.
    pub(crate) fn erase(&mut self, places: &[Place]) -> Result<(), MemoryError> {
        let mut any = false;
        for place in places {
            let Some(row) = self.row_of.get_mut(*place as usize) else { continue };
            let row = std::mem::replace(row, NONE);
            if row == NONE {
                continue;
            }
            any = true;
            self.places[row as usize] = NONE;
            self.planes.set(row, &[]);
            self.free.push(row);
            self.rows.erase(row)?;
        }
        if any { self.rows.sync() } else { Ok(()) }
    }

    /// The records nearest to a query, among those that fit.
    pub(crate) fn near(&self, query: &[f32], fits: &mut dyn FnMut(Place) -> bool) -> Result<Near, MemoryError> {
        let mut rough: Vec<(f32, u32)> = Vec::new();
        let scan = self.planes.scan(query);
        for (row, near) in scan.iter().copied().enumerate() {
            let place = self.places[row];
            if place != NONE && fits(place) {
                rough.push((near, row as u32));
            }
        }
        if rough.len() > LOOKED_AT {
            rough.select_nth_unstable_by(LOOKED_AT, |one, other| other.0.total_cmp(&one.0));
            rough.truncate(LOOKED_AT);
        }
        let mut rows: Vec<u32> = rough.into_iter().map(|(_, row)| row).collect();
        rows.sort_unstable();
        let (mut best, mut broken) = (Vec::with_capacity(rows.len()), Vec::new());
        self.rows.nearness(query, &rows, |row, near| match near {
            Some(near) => best.push((self.places[row as usize], near)),
            None => broken.push(self.places[row as usize]),
        })?;
        best.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        Ok(Near { best, broken, rough: scan })
    }

    /// About how near a record is, by its bits: good enough for what stands beside a record that is looked at.
    pub(crate) fn about(&self, near: &Near, place: Place) -> Option<f32> {
        let row = self.row_of.get(place as usize).copied().filter(|row| *row != NONE)?;
        near.rough.get(row as usize).copied().filter(|about| about.is_finite())
    }
}
