//! How much is read of a PDF file.

/// Bytes of a file: it is held in memory.
pub(crate) const FILE: u64 = 128 * 1024 * 1024;
/// Bytes that one stream becomes: a bomb in a page or a font. While it grows it takes three times as much.
pub(crate) const STREAM: usize = 32 * 1024 * 1024;
/// Bytes that all streams together become, pictures aside, which nobody looks into.
pub(crate) const STREAMS: usize = 256 * 1024 * 1024;
/// Filters of one stream: each may multiply what those before it made.
pub(crate) const FILTERS: usize = 8;
/// Levels of lists and dictionaries within others: reading one takes more time than the square of them.
pub(crate) const NESTED: usize = 64;
/// Pages: a page tree whose branches lead to the same leaves.
pub(crate) const PAGES: usize = 20_000;
/// Instructions of one page, those of the forms it draws included: forms that draw forms that draw forms.
pub(crate) const INSTRUCTIONS: u64 = 20_000_000;
/// Levels of forms within forms.
pub(crate) const FORMS: usize = 32;
/// Glyphs of one page, and bytes of their text: one glyph may stand for any text.
pub(crate) const GLYPHS: usize = 500_000;
pub(crate) const PAGE_TEXT: usize = 8 * 1024 * 1024;
/// Bytes of text of one answer.
pub(crate) const TEXT: usize = 32 * 1024 * 1024;
/// Ruled lines of one page: finding which of them meet takes the square of their number.
pub(crate) const RULES: usize = 4_000;
/// Cells of one table: rules that cross in very many places.
pub(crate) const CELLS: usize = 50_000;
/// Entries of an outline, which may lead in a circle; and its levels.
pub(crate) const OUTLINE: usize = 5_000;
pub(crate) const OUTLINE_LEVELS: usize = 16;
/// Columns of a line whose words stay where they are: a word far to the right.
pub(crate) const LINE: usize = 400;
/// Named places of a file, and nodes of the tree they are in.
pub(crate) const NAMES: usize = 50_000;
/// Bytes of a title or an author.
pub(crate) const STRING: usize = 4_096;
/// Files of one merge.
pub(crate) const FILES: usize = 200;
