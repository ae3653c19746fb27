//! A query's rows, bounded and as JSON.

use crate::store::Tables;
use gluesql_core::ast::DataType;
use gluesql_core::data::Value as SqlValue;
use gluesql_core::prelude::{Glue, Payload};
use holm::serde_json::{Number, Value};
use holm::{Error, Result};

/// Rows unless the caller asks for more or fewer.
pub(crate) const ROWS: u32 = 1_000;

/// The rows that a query found.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each with a value for every column.
    pub rows: Vec<Vec<Value>>,
    /// Whether there were more rows than the limit.
    pub truncated: bool,
}

/// A file as a query sees it.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct TableDescription {
    /// The table's name.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// Its columns, in order.
    pub columns: Vec<ColumnDescription>,
}

/// A column as a query sees it.
#[holm::json]
#[derive(Debug, PartialEq)]
pub struct ColumnDescription {
    /// Its name, matched exactly.
    pub name: String,
    /// INT, FLOAT, BOOLEAN or TEXT.
    pub kind: String,
}

impl Tables {
    /// Runs one statement.
    pub(crate) fn query(self, sql: &str, limit: u32) -> Result<Rows> {
        let tables = self.in_words();
        let failed = |error: gluesql_core::error::Error| Error::new(format!("{error}\nThe tables are: {tables}"));
        let mut glue = Glue::new(self);
        let mut payloads = glue.execute(sql).map_err(failed)?;
        let payload = payloads.pop();
        if !payloads.is_empty() {
            return Err(Error::arguments("sql: one statement at a time"));
        }
        let (columns, rows) = match payload {
            Some(Payload::Select { labels, rows }) => (labels, rows),
            Some(Payload::ShowColumns(columns)) => shown(columns),
            _ => return Err(Error::arguments("sql: a SELECT is wanted; files are not changed")),
        };
        let limit = limit as usize;
        let truncated = rows.len() > limit;
        let rows = rows.into_iter().take(limit);
        Ok(Rows {
            columns,
            rows: rows.map(|row| row.into_iter().map(json).collect()).collect::<Result<_>>()?,
            truncated,
        })
    }

    pub(crate) fn describe(&self) -> Vec<TableDescription> {
        let table = |table: &crate::table::Table| TableDescription {
            table: table.name().to_owned(),
            rows: table.rows,
            columns: table
                .columns
                .iter()
                .map(|column| ColumnDescription { name: column.name.clone(), kind: column.kind.name() })
                .collect(),
        };
        self.0.iter().map(table).collect()
    }

    /// `sales (city TEXT, price FLOAT)`, so that whoever misspelt a name sees the right one.
    fn in_words(&self) -> String {
        let describe = |table: TableDescription| {
            let columns: Vec<String> =
                table.columns.iter().map(|column| format!("{:?} {}", column.name, column.kind)).collect();
            format!("{} ({})", table.table, columns.join(", "))
        };
        let tables: Vec<String> = self.describe().into_iter().map(describe).collect();
        tables.join(", ")
    }
}

/// `SHOW COLUMNS` as rows.
fn shown(columns: Vec<(String, DataType)>) -> (Vec<String>, Vec<Vec<SqlValue>>) {
    let row = |(name, kind): (String, DataType)| vec![SqlValue::Str(name), SqlValue::Str(kind.to_string())];
    (vec!["name".to_owned(), "kind".to_owned()], columns.into_iter().map(row).collect())
}

fn json(value: SqlValue) -> Result<Value> {
    match value {
        // JSON has no number for these.
        SqlValue::F64(number) => Ok(Number::from_f64(number).map_or(Value::Null, Value::Number)),
        value => Value::try_from(value).map_err(Error::from),
    }
}

#[cfg(test)]
#[path = "results_tests.rs"]
mod tests;
