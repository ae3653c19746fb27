//! A workbook, opened once its package has been checked.

use calamine::{Reader, Xlsx};
use holm::{Error, Result};
use ooxml::{Bytes, Package};
use std::io::Cursor;

/// A workbook that is read.
pub(crate) type Book = Xlsx<Cursor<Bytes>>;

/// Opens a workbook, with or without reading formulas.
pub(crate) fn open(path: &str, formulas: bool) -> Result<Book> {
    let mut package = Package::open(path, "xlsx")?;
    if formulas {
        crate::value::check_shared_formulas(&mut package, path)?;
    }
    Book::new(Cursor::new(package.into_bytes())).map_err(|error| failed(path, &error))
}

/// The name of the sheet that is meant, and those there are if it is not among them.
pub(crate) fn sheet(book: &Book, wanted: Option<&str>) -> Result<String> {
    let names = book.sheet_names();
    match wanted {
        None => names.first().cloned().ok_or_else(|| Error::new("the workbook has no sheet")),
        Some(wanted) if names.iter().any(|name| name == wanted) => Ok(wanted.to_owned()),
        Some(wanted) => Err(Error::arguments(format!("sheet: there is no {wanted:?}; the sheets are {names:?}"))),
    }
}

/// The reader's error, with the file.
pub(crate) fn failed(path: &str, error: &calamine::XlsxError) -> Error {
    Error::new(format!("cannot read {path}: {error}"))
}
