//! The tables as GlueSQL's store: it scans files and refuses every change.

use crate::source::Source;
use crate::table::Table;
use gluesql_core::data::{Key, Schema, Value};
use gluesql_core::error::{Error as SqlError, Result as SqlResult};
use gluesql_core::store::{
    AlterTable, CustomFunction, CustomFunctionMut, Index, IndexMut, Metadata, Planner, RowIter, Store, StoreMut,
    Transaction,
};
use holm::{Error, Result};

/// Tables of one query: each file is read once for its types.
const TABLES: usize = 64;

/// All tables that a query sees.
#[derive(Debug)]
pub(crate) struct Tables(pub(crate) Vec<Table>);

impl Tables {
    pub(crate) fn open(sources: impl IntoIterator<Item = Result<Source>>) -> Result<Self> {
        let mut tables: Vec<Table> = Vec::new();
        for source in sources {
            let table = Table::open(source?)?;
            let name = table.name();
            if tables.iter().any(|other| other.name() == name) {
                return Err(Error::arguments(format!("two files are called {name}; name one with `other=path`")));
            }
            tables.push(table);
            if tables.len() > TABLES {
                return Err(Error::arguments(format!("over {TABLES} files")));
            }
        }
        if tables.is_empty() {
            return Err(Error::arguments("there is no file"));
        }
        Ok(Self(tables))
    }

    fn get(&self, name: &str) -> Option<&Table> {
        self.0.iter().find(|table| table.name() == name)
    }
}

fn storage_error(error: Error) -> SqlError {
    SqlError::StorageMsg(error.to_string())
}

impl Store for Tables {
    fn fetch_schema(&self, name: &str) -> SqlResult<Option<Schema>> {
        Ok(self.get(name).map(Table::schema))
    }

    fn fetch_all_schemas(&self) -> SqlResult<Vec<Schema>> {
        Ok(self.0.iter().map(Table::schema).collect())
    }

    fn fetch_data(&self, name: &str, key: &Key) -> SqlResult<Option<Vec<Value>>> {
        for row in self.scan_data(name)? {
            let (other, values) = row?;
            if other == *key {
                return Ok(Some(values));
            }
        }
        Ok(None)
    }

    fn scan_data<'a>(&'a self, name: &str) -> SqlResult<RowIter<'a>> {
        let Some(table) = self.get(name) else {
            return Ok(Box::new(std::iter::empty()));
        };
        let rows = table.scan().map_err(storage_error)?;
        Ok(Box::new((0..).zip(rows).map(|(number, row)| Ok((Key::U64(number), row.map_err(storage_error)?)))))
    }
}

// Each default refuses.
impl StoreMut for Tables {}
impl Index for Tables {}
impl IndexMut for Tables {}
impl AlterTable for Tables {}
impl Transaction for Tables {}
impl Metadata for Tables {}
impl CustomFunction for Tables {}
impl CustomFunctionMut for Tables {}
impl Planner for Tables {}
