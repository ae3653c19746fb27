//! The tool `read`: cells of a sheet as rows, streamed, so that a sheet costs what is asked of it.

use crate::address::Range;
use crate::limits::{CELLS, SCANNED, TEXT};
use crate::{book, value};
use calamine::{Cell, DataRef};
use holm::serde_json::{Value, json};
use holm::{Error, Result};
use std::collections::BTreeMap;

/// What is told of each cell.
#[holm::json]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Cells {
    /// Its value.
    #[default]
    Values,
    /// Its value and its kind: `{"kind": "date", "value": "2026-11-28"}`.
    Typed,
    /// Its formula, or else its value.
    Formulas,
}

/// The cells of a range.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Rows {
    /// The sheet's name.
    pub sheet: String,
    /// Where the rows lie; none if no cell holds anything.
    pub range: Option<String>,
    /// The rows, each with a value for every column of the range.
    pub rows: Vec<Vec<Value>>,
    /// Whether there was more than is given.
    pub truncated: bool,
}

/// What the caller asked for.
pub(crate) struct Wanted {
    pub(crate) sheet: Option<String>,
    pub(crate) range: Option<String>,
    pub(crate) cells: Cells,
    pub(crate) rows: u32,
}

pub(crate) fn read(path: &str, wanted: &Wanted) -> Result<Rows> {
    let range = wanted.range.as_deref().map_or(Ok(Range::ALL), Range::parse)?;
    let mut book = book::open(path, wanted.cells == Cells::Formulas)?;
    let sheet = book::sheet(&book, wanted.sheet.as_deref())?;
    let failed = |error: calamine::XlsxError| book::failed(path, &error);
    let mut reader = book.worksheet_cells_reader(&sheet).map_err(failed)?;
    let mut found = Found { range, cells: BTreeMap::new(), text: 0, truncated: false };
    for scanned in 0.. {
        if scanned > SCANNED {
            return Err(Error::new(format!("{path}: over {SCANNED} cells")));
        }
        let (cell, formula) = if wanted.cells == Cells::Formulas {
            match reader.next_cell_with_formula().map_err(failed)? {
                Some(cell) => (Cell::new(cell.pos, cell.value), cell.formula),
                None => break,
            }
        } else {
            match reader.next_cell().map_err(failed)? {
                Some(cell) => (cell, None),
                None => break,
            }
        };
        if !found.add(&cell, formula, wanted.cells) {
            break;
        }
    }
    Ok(found.rows(sheet, wanted.rows))
}

/// The cells of the range that were found so far.
struct Found {
    range: Range,
    cells: BTreeMap<(u32, u32), Value>,
    text: usize,
    truncated: bool,
}

impl Found {
    /// Takes a cell; false once there is no room for more.
    fn add(&mut self, cell: &Cell<DataRef<'_>>, formula: Option<String>, wanted: Cells) -> bool {
        let (row, column) = cell.get_position();
        let formula = formula.filter(|formula| !formula.is_empty());
        if !self.range.holds(row, column) || (*cell.get_value() == DataRef::Empty && formula.is_none()) {
            return true;
        }
        self.text += formula.as_ref().map_or(0, String::len);
        self.text += match cell.get_value() {
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.len(),
            DataRef::SharedString(text) => text.len(),
            _ => 0,
        };
        if self.cells.len() >= CELLS || self.text > TEXT {
            self.truncated = true;
            return false;
        }
        let (value, kind) = value::json(cell.get_value());
        let value = match (wanted, formula) {
            (Cells::Values, _) => value,
            (Cells::Typed, _) => json!({ "kind": kind, "value": value }),
            (Cells::Formulas, Some(formula)) => Value::from(format!("={}", formula.trim_start_matches('='))),
            (Cells::Formulas, None) => value,
        };
        self.cells.insert((row, column), value);
        true
    }

    /// As rows, from the first cell that holds something to the last.
    fn rows(mut self, sheet: String, limit: u32) -> Rows {
        let used = self.cells.keys().fold(None, |range, cell| Some(Range::with(range, *cell)));
        let Some(mut used) = used else {
            return Rows { sheet, range: None, rows: Vec::new(), truncated: self.truncated };
        };
        let columns = used.last.1 - used.first.1 + 1;
        // Two cells at the ends of a sheet span all of it.
        let limit = limit.clamp(1, (CELLS as u32 / columns).max(1));
        if used.last.0 - used.first.0 >= limit {
            self.truncated = true;
            used.last.0 = used.first.0 + limit - 1;
        }
        let mut row = |row| {
            let cell = |column| self.cells.remove(&(row, column)).unwrap_or_default();
            (used.first.1..=used.last.1).map(cell).collect()
        };
        let rows = (used.first.0..=used.last.0).map(&mut row).collect();
        Rows { sheet, range: Some(used.text()), rows, truncated: self.truncated }
    }
}

impl Rows {
    /// As CSV.
    pub(crate) fn csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &self.rows {
            writer.write_record(row.iter().map(|value| match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                value => value.to_string(),
            }))?;
        }
        let bytes = writer.into_inner().map_err(|error| Error::new(error.error()))?;
        Ok(String::from_utf8(bytes)?)
    }
}
