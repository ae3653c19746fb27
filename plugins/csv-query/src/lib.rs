//! csv-query: queries CSV files with SQL, by GlueSQL. A command and two tools.

mod command;
mod results;
mod source;
mod store;
mod table;

pub use results::{Rows, TableDescription};
pub use source::Layout;

use holm::Result;
use source::Source;
use store::Tables;

/// Queries CSV files with SQL. Each file is a table, named after it without its ending; a file
/// given as `name=path` has that name. Column names come from the first line and are matched
/// exactly; quote one with blanks as "Unit Price".
///
/// `SELECT` with `WHERE`, `JOIN`, `GROUP BY`, `HAVING`, `ORDER BY`, `LIMIT`, subqueries, `CASE` and
/// the usual functions works; files are never changed. Whole numbers are INT, other numbers
/// FLOAT, true and false BOOLEAN, all else TEXT; an empty field is NULL.
#[holm::tool]
pub fn query(
    /// The query, e.g. `SELECT city, SUM(price) AS total FROM sales GROUP BY city`.
    sql: String,
    /// Paths of CSV files, or `name=path`.
    files: Vec<String>,
    /// The character between fields; a comma, or a tab for `.tsv`, unless told otherwise.
    delimiter: Option<char>,
    /// Whether the first line already holds values; columns are then `column_1` and so on.
    #[serde(default)]
    no_header: bool,
    /// Gives at most this many rows; 1,000 unless told otherwise.
    limit: Option<u32>,
) -> Result<Rows> {
    let layout = Layout { delimiter, no_header };
    let sources = files.iter().map(|file| Source::file(file, layout));
    Tables::open(sources)?.query(&sql, limit.unwrap_or(results::ROWS))
}

/// Describes CSV files: their tables, columns and types as `query` sees them, and how many rows.
#[holm::tool]
pub fn describe(
    /// Paths of CSV files, or `name=path`.
    files: Vec<String>,
    /// The character between fields; a comma, or a tab for `.tsv`, unless told otherwise.
    delimiter: Option<char>,
    /// Whether the first line already holds values; columns are then `column_1` and so on.
    #[serde(default)]
    no_header: bool,
) -> Result<Vec<TableDescription>> {
    let layout = Layout { delimiter, no_header };
    let sources = files.iter().map(|file| Source::file(file, layout));
    Ok(Tables::open(sources)?.describe())
}

holm::export_tools![query, describe];

#[holm::main]
fn main(arguments: Vec<String>) -> Result<u8> {
    command::run(arguments)
}
