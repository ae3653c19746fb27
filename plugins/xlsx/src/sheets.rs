//! The tool `sheets`: what a workbook holds.

use crate::address::Range;
use crate::book;
use crate::limits::SCANNED;
use calamine::{DataRef, Reader, SheetType, SheetVisible};
use holm::{Error, Result};

/// One sheet of a workbook.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct SheetDescription {
    /// Its name.
    pub name: String,
    /// The smallest range of all cells that hold something; none if none does.
    pub range: Option<String>,
    /// How many cells hold something.
    pub cells: u64,
    /// Whether Excel shows it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub hidden: bool,
    /// What it is, if it has no cells: a chart, a macro.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

pub(crate) fn describe(path: &str) -> Result<Vec<SheetDescription>> {
    let mut book = book::open(path, false)?;
    let mut scanned = 0;
    let mut result = Vec::new();
    for sheet in book.sheets_metadata().to_vec() {
        let kind = match sheet.typ {
            SheetType::WorkSheet => None,
            kind => Some(format!("{kind:?}")),
        };
        let (mut range, mut cells) = (None, 0);
        if kind.is_none() {
            let failed = |error: calamine::XlsxError| book::failed(path, &error);
            let mut reader = book.worksheet_cells_reader(&sheet.name).map_err(failed)?;
            while let Some(cell) = reader.next_cell().map_err(failed)? {
                scanned += 1;
                if scanned > SCANNED {
                    return Err(Error::new(format!("{path}: over {SCANNED} cells")));
                }
                let (row, column) = cell.get_position();
                // A file may name rows that no sheet has; `read` does not see them either.
                if *cell.get_value() != DataRef::Empty && Range::ALL.holds(row, column) {
                    range = Some(Range::with(range, (row, column)));
                    cells += 1;
                }
            }
        }
        result.push(SheetDescription {
            name: sheet.name,
            range: range.map(|range| range.text()),
            cells,
            hidden: sheet.visible != SheetVisible::Visible,
            kind,
        });
    }
    Ok(result)
}
