//! How much is read of a workbook, and written to one.

/// Rows unless the caller asks for more or fewer.
pub(crate) const ROWS: u32 = 1_000;
/// Cells of one answer: a cell in the last row and one in the last column span seventeen thousand million.
pub(crate) const CELLS: usize = 200_000;
/// Bytes of text of one answer: cells that all repeat one long text.
pub(crate) const TEXT: usize = 8 * 1024 * 1024;
/// Cells that one sheet is read for: one that says the same cell without end.
pub(crate) const SCANNED: u64 = 20_000_000;
/// The number of a shared formula: its reader takes memory for all numbers below it.
pub(crate) const SHARED_FORMULA: u64 = 65_535;
/// The most rows and columns of a sheet.
pub(crate) const SHEET: (u32, u32) = (1_048_576, 16_384);
/// Cells of a workbook that is written: they are held in memory.
pub(crate) const WRITTEN: usize = 1_000_000;
