//! The tool `write`: a new workbook from rows of JSON.

use crate::address::column_number;
use crate::limits::{SHEET, WRITTEN};
use holm::serde_json::Value;
use holm::{Error, Result, files};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use zip::ZipArchive;
use zip::write::{SimpleFileOptions, ZipWriter};

/// A sheet that is written.
#[holm::json]
#[derive(Debug)]
#[serde(deny_unknown_fields)]
pub struct NewSheet {
    /// Its name, at most 31 characters; `Sheet1` and so on unless told otherwise.
    #[serde(default)]
    pub name: Option<String>,
    /// Its rows of cells.
    pub rows: Vec<Vec<Value>>,
    /// Whether the first row is a header: bold, and it stays in view.
    #[serde(default = "yes")]
    pub header: bool,
    /// Widths of columns in characters, by letter: `{"A": 20}`. The others fit what they hold.
    #[serde(default)]
    pub widths: BTreeMap<String, f64>,
    /// Number formats of columns, by letter: `{"C": "#,##0.00", "D": "0 %", "E": "yyyy-mm-dd"}`.
    #[serde(default)]
    pub formats: BTreeMap<String, String>,
}

/// What was written.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Written {
    /// The path of the workbook.
    pub workbook: String,
    /// How many sheets it has.
    pub sheets: usize,
    /// How many cells it has.
    pub cells: usize,
}

fn yes() -> bool {
    true
}

pub(crate) fn write(path: &str, sheets: Vec<NewSheet>, overwrite: bool) -> Result<Written> {
    if sheets.is_empty() {
        return Err(Error::arguments("sheets: a workbook has at least one"));
    }
    if !overwrite && std::fs::symlink_metadata(path).is_ok() {
        return Err(Error::new(format!("{path} is there already; overwrite replaces it")));
    }
    let cells = sheets.iter().flat_map(|sheet| &sheet.rows).map(Vec::len).sum();
    if cells > WRITTEN {
        return Err(Error::arguments(format!("over {WRITTEN} cells")));
    }
    let mut workbook = Workbook::new();
    let count = sheets.len();
    for (index, sheet) in sheets.into_iter().enumerate() {
        let name = sheet.name.clone().unwrap_or_else(|| format!("Sheet{}", index + 1));
        let wrong = |error: Error| Error::arguments(format!("sheet {name:?}: {error}"));
        let worksheet = workbook.add_worksheet();
        worksheet.set_name(&name).map_err(|error| wrong(error.into()))?;
        fill(worksheet, &sheet).map_err(wrong)?;
    }
    // Two sheets of one name, say: found when it is put together.
    let bytes = workbook.save_to_buffer().map_err(Error::arguments)?;
    files::write(path, without_values(bytes)?)?;
    Ok(Written { workbook: path.to_owned(), sheets: count, cells })
}

/// The library writes 0 as the value of each formula, which readers and LibreOffice take for one that was
/// calculated. No value says that it is to be.
fn without_values(bytes: Vec<u8>) -> Result<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let name = archive.by_index_raw(index)?.name()?.into_owned();
        if name.starts_with("xl/worksheets/sheet") {
            let mut text = String::new();
            archive.by_index(index)?.read_to_string(&mut text)?;
            writer.start_file(name, SimpleFileOptions::default())?;
            writer.write_all(text.replace("</f><v>0</v>", "</f>").as_bytes())?;
        } else {
            writer.raw_copy_file(archive.by_index_raw(index)?)?;
        }
    }
    Ok(writer.finish()?.into_inner())
}

fn fill(worksheet: &mut Worksheet, sheet: &NewSheet) -> Result<()> {
    let mut formats = BTreeMap::new();
    for (letter, format) in &sheet.formats {
        formats.insert(column(letter)?, format.as_str());
    }
    for (row, cells) in (0..).zip(&sheet.rows) {
        for (column, cell) in (0..).zip(cells) {
            if row >= SHEET.0 || column >= SHEET.1 {
                return Err(Error::new(format!("a sheet has {} rows and {} columns", SHEET.0, SHEET.1)));
            }
            let mut cell = NewCell::parse(cell)
                .map_err(|error| error.during(format!("cell {}{}", crate::address::column_name(column), row + 1)))?;
            cell.bold |= sheet.header && row == 0;
            let own = cell.format.take();
            let of_column = formats.get(&column).filter(|_| !(sheet.header && row == 0));
            put(worksheet, (row, column as u16), &cell, own.or(of_column.copied()))?;
        }
    }
    worksheet.autofit();
    for (letter, width) in &sheet.widths {
        if !(0.0..=255.0).contains(width) {
            return Err(Error::new(format!("widths: {width} is not between 0 and 255")));
        }
        worksheet.set_column_width(column(letter)? as u16, *width)?;
    }
    if sheet.header {
        worksheet.set_freeze_panes(1, 0)?;
    }
    Ok(())
}

fn column(letter: &str) -> Result<u32> {
    column_number(letter).ok_or_else(|| Error::new(format!("{letter:?} is no column; A and AB are")))
}

/// A cell as the caller gave it.
struct NewCell<'a> {
    value: &'a Value,
    format: Option<&'a str>,
    bold: bool,
}

impl<'a> NewCell<'a> {
    fn parse(cell: &'a Value) -> Result<Self> {
        let Value::Object(fields) = cell else {
            return Ok(Self { value: cell, format: None, bold: false });
        };
        let mut parsed = Self { value: &Value::Null, format: None, bold: false };
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("value", value) => parsed.value = value,
                ("format", Value::String(format)) => parsed.format = Some(format),
                ("bold", Value::Bool(bold)) => parsed.bold = *bold,
                _ => return Err(Error::new(format!("{name:?} is none of value, format (text), bold (true, false)"))),
            }
        }
        Ok(parsed)
    }
}

fn put(worksheet: &mut Worksheet, (row, column): (u32, u16), cell: &NewCell<'_>, format: Option<&str>) -> Result<()> {
    let mut style = Format::new();
    if cell.bold {
        style = style.set_bold();
    }
    if let Some(format) = format {
        style = style.set_num_format(format);
    }
    match cell.value {
        Value::Null if format.is_none() && !cell.bold => {}
        Value::Null => drop(worksheet.write_blank(row, column, &style)?),
        Value::Bool(value) => drop(worksheet.write_boolean_with_format(row, column, *value, &style)?),
        Value::Number(number) => {
            let number = number.as_f64().filter(|number| number.is_finite());
            let number = number.ok_or_else(|| Error::new("a number that Excel does not have"))?;
            worksheet.write_number_with_format(row, column, number, &style)?;
        }
        Value::String(text) if text.len() > 1 && text.starts_with('=') => {
            worksheet.write_formula_with_format(row, column, Formula::new(text), &style)?;
        }
        Value::String(text) => match moment(text) {
            Some((moment, own)) => {
                let style = if format.is_none() { style.set_num_format(own) } else { style };
                worksheet.write_datetime_with_format(row, column, &moment, &style)?;
            }
            None => {
                let text = text.strip_prefix('\'').unwrap_or(text);
                worksheet.write_string_with_format(row, column, text, &style)?;
            }
        },
        Value::Array(_) | Value::Object(_) => return Err(Error::new("a cell holds no list and no object")),
    }
    Ok(())
}

/// `2026-11-28` and `2026-11-28T09:30:00` as what Excel takes for one, and how it is shown.
fn moment(text: &str) -> Option<(ExcelDateTime, &'static str)> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let format = match shape.as_str() {
        "0000-00-00" => "yyyy-mm-dd",
        "0000-00-00T00:00:00" | "0000-00-00 00:00:00" => "yyyy-mm-dd hh:mm:ss",
        _ => return None,
    };
    // Days that are none, and years before 1900, stay text.
    ExcelDateTime::parse_from_str(text).ok().map(|moment| (moment, format))
}
