//! xlsx: reads and writes Excel workbooks, hostile ones included. A command and four tools.

mod address;
mod book;
mod command;
mod limits;
mod read;
mod sheets;
mod value;
mod write;

pub use read::{Cells, Rows};
pub use sheets::SheetDescription;
pub use write::{NewSheet, Written};

use holm::serde_json::Value;
use holm::{Error, Result};
use read::Wanted;

/// Lists the sheets of an Excel workbook (.xlsx, .xlsm), each with the range that holds something.
#[holm::tool]
pub fn sheets(
    /// Path of the workbook.
    workbook: String,
) -> Result<Vec<SheetDescription>> {
    sheets::describe(&workbook)
}

/// Reads a sheet's cells as rows. Numbers are numbers, dates are text (`2026-11-28`,
/// `2026-11-28T09:30:00`), an empty cell is null, an error is its text (`#DIV/0!`). A formula gives
/// the value it had when the workbook was last saved by a program that calculates.
#[holm::tool]
pub fn read(
    /// Path of the workbook.
    workbook: String,
    /// The sheet's name; the first unless told otherwise.
    sheet: Option<String>,
    /// The cells, e.g. `B2:F40` or `A:C`; all that hold something unless told otherwise.
    range: Option<String>,
    /// What is told of each cell; its value unless told otherwise.
    #[serde(default)]
    cells: Cells,
    /// Gives at most this many rows; 1,000 unless told otherwise.
    limit: Option<u32>,
) -> Result<Rows> {
    let rows = limit.unwrap_or(limits::ROWS);
    read::read(&workbook, &Wanted { sheet, range, cells, rows })
}

/// Reads a sheet's cells as CSV, which `csv-query/query` then filters and joins.
#[holm::tool]
pub fn csv(
    /// Path of the workbook.
    workbook: String,
    /// The sheet's name; the first unless told otherwise.
    sheet: Option<String>,
    /// The cells, e.g. `B2:F40` or `A:C`; all that hold something unless told otherwise.
    range: Option<String>,
    /// Writes the CSV to this path, and gives only how many rows there are; a file there is replaced.
    into: Option<String>,
) -> Result<Value> {
    let rows = read::read(&workbook, &Wanted { sheet, range, cells: Cells::Values, rows: u32::MAX })?;
    if rows.truncated {
        return Err(Error::new("the sheet holds more than is read at once; ask for it in ranges"));
    }
    let text = rows.csv()?;
    let Some(into) = into else {
        return Ok(Value::String(text));
    };
    holm::files::write(&into, text)?;
    Ok(Value::from(rows.rows.len()))
}

/// Writes a new workbook. A cell is null, true, false, a number, or text; text that begins with `=` is a
/// formula, and a date (`2026-11-28`, `2026-11-28T09:30:00`) becomes one; a leading `'` keeps text as it
/// is. A cell may also be `{"value": .., "format": "0.00", "bold": true}`. Formulas are calculated by the
/// program that opens the workbook, not here.
#[holm::tool]
pub fn write(
    /// Path of the workbook.
    workbook: String,
    /// Its sheets, in order.
    sheets: Vec<NewSheet>,
    /// Replaces a file that is already there.
    #[serde(default)]
    overwrite: bool,
) -> Result<Written> {
    write::write(&workbook, sheets, overwrite)
}

holm::export_tools![sheets, read, csv, write];

#[holm::main]
fn main(arguments: Vec<String>) -> Result<u8> {
    command::run(arguments)
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
