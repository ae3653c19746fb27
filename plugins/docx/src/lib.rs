//! docx: reads, writes and edits Word documents, hostile ones included. A command and four tools.

mod command;
mod limits;
mod model;
mod output;
mod parse;
mod parts;
mod render;
mod replace;
mod write;

pub use replace::{Replaced, Replacement};
pub use write::Written;

use holm::Result;

/// Reads the text of a Word document (.docx), one paragraph a line, cells of a table with tabs between.
/// Inserted text is included, deleted text, comments, headers and footers are not.
#[holm::tool]
pub fn text(
    /// Path of the document.
    document: String,
) -> Result<String> {
    render::text(&model::Document::open(&document)?)
}

/// Reads a Word document (.docx) as Markdown: headings, lists, tables, links, bold, italic, code and
/// footnotes. Inserted text is included, deleted text, comments, headers and footers are not.
#[holm::tool]
pub fn markdown(
    /// Path of the document.
    document: String,
) -> Result<String> {
    render::markdown(&model::Document::open(&document)?)
}

/// Writes a new Word document from Markdown: headings, nested lists, tables, quotes, code, links,
/// footnotes, bold, italic and strikethrough. Images are written as their text.
#[holm::tool]
pub fn write(
    /// Path of the document.
    document: String,
    /// The contents, as Markdown.
    markdown: String,
    /// Replaces a file that is already there.
    #[serde(default)]
    overwrite: bool,
) -> Result<Written> {
    write::write(&document, &markdown, overwrite)
}

/// Replaces text in a Word document and keeps everything else as it is: a text takes the format of the
/// first character it replaces. Headers, footers and notes are included; a text is found within one
/// paragraph.
#[holm::tool]
pub fn replace(
    /// Path of the document.
    document: String,
    /// Path of the new document.
    into: String,
    /// What is replaced, in order; each sees what those before it left.
    replacements: Vec<Replacement>,
    /// Replaces a file that is already there.
    #[serde(default)]
    overwrite: bool,
) -> Result<Replaced> {
    replace::replace(&document, &into, &replacements, overwrite)
}

holm::export_tools![text, markdown, write, replace];

#[holm::main]
fn main(arguments: Vec<String>) -> Result<u8> {
    command::run(arguments)
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
