//! How much is made of a document.

/// Bytes of one answer: a long link repeated on every word, or a row of very many cells under which
/// every other row is filled up.
pub(crate) const OUTPUT: usize = 32 * 1024 * 1024;
/// Columns that one cell may span: `gridSpan` is any number.
pub(crate) const SPAN: usize = 64;
/// Levels of lists, as Word has.
pub(crate) const LIST: usize = 9;
/// Styles that one is based on: they may be based on one another in a circle.
pub(crate) const BASES: usize = 16;
/// Bytes of Markdown that is written: all of the document is held in memory.
pub(crate) const MARKDOWN: usize = 16 * 1024 * 1024;
/// Levels of Markdown's blocks: quotes in lists in quotes.
pub(crate) const NESTED: usize = 64;
/// Replacements of one call.
pub(crate) const REPLACEMENTS: usize = 1_000;
