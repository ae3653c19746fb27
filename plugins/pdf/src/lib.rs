//! pdf: reads, splits and merges PDF files, hostile ones included. A command and five tools.

mod bomb;
mod columns;
mod command;
mod cost;
mod filters;
mod glyphs;
mod info;
mod limits;
mod lines;
mod open;
mod outline;
mod pages;
mod tables;
mod text;
mod write;

pub use info::Info;
pub use outline::Entry;
pub use tables::FoundTable;
pub use text::PageText;
pub use write::Written;

use holm::Result;

/// Tells what a PDF file is: how many pages, its title and author, whether it is encrypted, its outline.
#[holm::tool]
pub fn info(
    /// Path of the file.
    file: String,
    /// The password, if it has one.
    password: Option<String>,
) -> Result<Info> {
    open::with(&file, password.as_deref(), |document| Ok(info::info(document)))
}

/// Reads the text of a PDF file's pages, column after column. A page that is only a picture has no text.
#[holm::tool]
pub fn text(
    /// Path of the file.
    file: String,
    /// The pages, e.g. `1-3,7`; all unless told otherwise.
    pages: Option<String>,
    /// Keeps the words where they stand on the page, by blanks between them.
    #[serde(default)]
    layout: bool,
    /// The password, if it has one.
    password: Option<String>,
) -> Result<Vec<PageText>> {
    open::with(&file, password.as_deref(), |document| text::text(document, pages.as_deref(), layout))
}

/// Finds the tables of a PDF file's pages: those with lines around their cells, and text that stands in
/// columns on consecutive lines. What it takes for a table may be none, and the other way round.
#[holm::tool]
pub fn tables(
    /// Path of the file.
    file: String,
    /// The pages, e.g. `1-3,7`; all unless told otherwise.
    pages: Option<String>,
    /// The password, if it has one.
    password: Option<String>,
) -> Result<Vec<FoundTable>> {
    open::with(&file, password.as_deref(), |document| tables::tables(document, pages.as_deref()))
}

/// Writes some pages of a PDF file, in the order that is told, as a new file. Outline, form fields and
/// metadata are not taken along, nor is a password.
#[holm::tool]
pub fn split(
    /// Path of the file.
    file: String,
    /// The pages, e.g. `1-3,7`.
    pages: String,
    /// Path of the new file.
    into: String,
    /// The password, if it has one.
    password: Option<String>,
    /// Replaces a file that is already there.
    #[serde(default)]
    overwrite: bool,
) -> Result<Written> {
    write::split(&file, &pages, &into, password.as_deref(), overwrite)
}

/// Writes all pages of several PDF files, one after another, as a new file. Outlines, form fields and
/// metadata are not taken along.
#[holm::tool]
pub fn merge(
    /// Paths of the files, in order.
    files: Vec<String>,
    /// Path of the new file.
    into: String,
    /// Replaces a file that is already there.
    #[serde(default)]
    overwrite: bool,
) -> Result<Written> {
    write::merge(&files, &into, overwrite)
}

holm::export_tools![info, text, tables, split, merge];

#[holm::main]
fn main(arguments: Vec<String>) -> Result<u8> {
    command::run(arguments)
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
