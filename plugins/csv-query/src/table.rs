//! One table: its columns, their types as all rows bear them out, and its rows.

use crate::source::{Rows, Source};
use csv::ByteRecord;
use gluesql_core::ast::{ColumnDef, DataType};
use gluesql_core::data::{Schema, Value};
use holm::{Error, Result};
use std::collections::HashSet;

/// Columns of a table: a line without end is one row of very many fields.
const COLUMNS: usize = 4_096;

/// A table whose types are known; its rows stay in the file.
#[derive(Debug)]
pub(crate) struct Table {
    source: Source,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: u64,
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// The narrowest type that holds all values of a column so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No value yet.
    Unknown,
    Boolean,
    Integer,
    Float,
    Text,
}

impl Table {
    /// Reads all rows once for their types.
    pub(crate) fn open(source: Source) -> Result<Self> {
        let mut reader = source.rows()?;
        let mut row = ByteRecord::new();
        let mut names: Vec<String> = Vec::new();
        let mut kinds: Vec<Kind> = Vec::new();
        let mut rows = 0;
        if !source.layout.no_header && next(&mut reader, &mut row, &source)? {
            names = row.iter().map(|name| text(name).trim().to_owned()).collect();
        }
        while next(&mut reader, &mut row, &source)? {
            rows += 1;
            kinds.resize(kinds.len().max(row.len()), Kind::Unknown);
            for (kind, field) in kinds.iter_mut().zip(row.iter()) {
                *kind = kind.with(&text(field));
            }
        }
        drop(reader);
        kinds.resize(kinds.len().max(names.len()), Kind::Unknown);
        names.resize(kinds.len(), String::new());
        let columns = distinct(names).into_iter().zip(kinds);
        let columns = columns.map(|(name, kind)| Column { name, kind }).collect();
        Ok(Self { source, columns, rows })
    }

    pub(crate) fn name(&self) -> &str {
        &self.source.name
    }

    pub(crate) fn schema(&self) -> Schema {
        let column = |column: &Column| ColumnDef {
            name: column.name.clone(),
            data_type: column.kind.data_type(),
            nullable: true,
            default: None,
            unique: None,
            comment: None,
        };
        Schema {
            table_name: self.name().to_owned(),
            column_defs: Some(self.columns.iter().map(column).collect()),
            indexes: Vec::new(),
            engine: None,
            foreign_keys: Vec::new(),
            comment: None,
        }
    }

    /// Its rows, read from the file as they are taken.
    pub(crate) fn scan(&self) -> Result<impl Iterator<Item = Result<Vec<Value>>> + '_> {
        let mut reader = self.source.rows()?;
        let mut row = ByteRecord::new();
        if !self.source.layout.no_header {
            next(&mut reader, &mut row, &self.source)?;
        }
        Ok(std::iter::from_fn(move || match next(&mut reader, &mut row, &self.source) {
            Ok(true) => Some(Ok(self.values(&row))),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }))
    }

    fn values(&self, row: &ByteRecord) -> Vec<Value> {
        let field = |(index, column): (usize, &Column)| {
            let field = row.get(index).unwrap_or_default();
            column.kind.value(&text(field))
        };
        self.columns.iter().enumerate().map(field).collect()
    }
}

fn next(reader: &mut Rows<'_>, row: &mut ByteRecord, source: &Source) -> Result<bool> {
    let place = source.place();
    let more = reader.read_byte_record(row).map_err(|error| Error::new(format!("{place}: {error}")))?;
    if row.len() > COLUMNS {
        return Err(Error::new(format!("{place}: over {COLUMNS} columns")));
    }
    Ok(more)
}

fn text(field: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(field)
}

/// Names for all columns, none twice: `column_3` for one without, `name_2` for a second `name`.
fn distinct(names: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut result = Vec::with_capacity(names.len());
    for (index, name) in names.into_iter().enumerate() {
        let base = match name.trim_start_matches('\u{feff}') {
            "" => format!("column_{}", index + 1),
            name => name.to_owned(),
        };
        let mut name = base.clone();
        let mut count = 1;
        while !seen.insert(name.clone()) {
            count += 1;
            name = format!("{base}_{count}");
        }
        result.push(name);
    }
    result
}

impl Kind {
    /// The kind that holds this field as well. An empty field is NULL, which every kind holds.
    fn with(self, field: &str) -> Self {
        if field.is_empty() || self == Self::Text {
            return self;
        }
        match (self, Self::of(field)) {
            (Self::Unknown, kind) => kind,
            (kind, other) if kind == other => kind,
            (Self::Integer, Self::Float) | (Self::Float, Self::Integer) => Self::Float,
            _ => Self::Text,
        }
    }

    fn of(field: &str) -> Self {
        if is_boolean(field) {
            return Self::Boolean;
        }
        let digits = field.strip_prefix('-').unwrap_or(field);
        let leading_zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        // 007 is a code, and +1 or `inf` are no numbers in a table.
        if leading_zero || !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return Self::Text;
        }
        if field.parse::<i64>().is_ok() {
            Self::Integer
        } else if digits.bytes().any(|b| b".eE".contains(&b)) && field.parse::<f64>().is_ok() {
            Self::Float
        } else {
            Self::Text
        }
    }

    fn value(self, field: &str) -> Value {
        let value = match self {
            _ if field.is_empty() => Some(Value::Null),
            Self::Boolean => Some(Value::Bool(field.eq_ignore_ascii_case("true"))),
            Self::Integer => field.parse().ok().map(Value::I64),
            Self::Float => field.parse().ok().map(Value::F64),
            Self::Unknown | Self::Text => None,
        };
        value.unwrap_or_else(|| Value::Str(field.to_owned()))
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int,
            Self::Float => DataType::Float,
            Self::Unknown | Self::Text => DataType::Text,
        }
    }

    pub(crate) fn name(self) -> String {
        self.data_type().to_string()
    }
}

fn is_boolean(field: &str) -> bool {
    field.eq_ignore_ascii_case("true") || field.eq_ignore_ascii_case("false")
}

#[cfg(test)]
mod tests {
    use super::{Kind, distinct};

    #[test]
    fn kinds_widen() {
        let of = |fields: &[&str]| fields.iter().fold(Kind::Unknown, |kind, f| kind.with(f));
        assert_eq!(of(&["1", "", "-20"]), Kind::Integer);
        assert_eq!(of(&["1", "2.5", "1e3"]), Kind::Float);
        assert_eq!(of(&["true", "False", ""]), Kind::Boolean);
        assert_eq!(of(&["1", "true"]), Kind::Text);
        assert_eq!(of(&["007"]), Kind::Text);
        assert_eq!(of(&["inf", "nan"]), Kind::Text);
        assert_eq!(of(&["2024-01-02"]), Kind::Text);
        assert_eq!(of(&["99999999999999999999"]), Kind::Text);
        assert_eq!(of(&["0", "0.5"]), Kind::Float);
        assert_eq!(of(&["", ""]), Kind::Unknown);
    }

    #[test]
    fn names_are_distinct() {
        let names = ["\u{feff}a", "a", "", "a"].map(str::to_owned).to_vec();
        assert_eq!(distinct(names), ["a", "a_2", "column_3", "a_3"]);
    }
}
