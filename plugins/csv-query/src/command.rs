//! The command: `csv-query [OPTIONS] SQL [FILE..]`, CSV or JSON on stdout.

use crate::results::Rows;
use crate::source::{Layout, Source};
use crate::store::Tables;
use holm::serde_json::{self, Map, Value};
use holm::{Error, Result};
use lexopt::{Arg, Parser, ValueExt};
use std::io::{self, BufWriter, Read, Write};

const HELP: &str = "\
Usage: csv-query [OPTIONS] SQL [FILE..]

Each file is a table named after it, or after NAME in NAME=FILE.
Without a file, stdin is the table `stdin`.

  -d, --delimiter CHARACTER    between fields (, or a tab for .tsv)
      --no-header              the first line holds values; columns are column_1, ..
      --json                   one JSON object a line, instead of CSV
";

pub(crate) fn run(arguments: Vec<String>) -> Result<u8> {
    let (mut sql, mut files, mut layout, mut as_json) = (None, Vec::new(), Layout::default(), false);
    let mut parser = Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('d') | Arg::Long("delimiter") => {
                layout.delimiter = Some(delimiter(&parser.value()?.string()?)?);
            }
            Arg::Long("no-header") => layout.no_header = true,
            Arg::Long("json") => as_json = true,
            Arg::Short('h') | Arg::Long("help") => {
                io::stdout().write_all(HELP.as_bytes())?;
                return Ok(0);
            }
            Arg::Value(value) if sql.is_none() => sql = Some(value.string()?),
            Arg::Value(value) => files.push(value.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let sql = sql.ok_or_else(|| Error::new(format!("a query is missing\n\n{HELP}")))?;
    let rows = tables(&files, layout)?.query(&sql, u32::MAX)?;
    let out = BufWriter::new(io::stdout().lock());
    if as_json {
        write_json(rows, out)?;
    } else {
        write_csv(rows, out)?;
    }
    Ok(0)
}

fn tables(files: &[String], layout: Layout) -> Result<Tables> {
    if files.is_empty() {
        let mut text = Vec::new();
        io::stdin().read_to_end(&mut text)?;
        return Tables::open([Ok(Source::text("stdin", text, layout))]);
    }
    Tables::open(files.iter().map(|file| Source::file(file, layout)))
}

fn delimiter(text: &str) -> Result<char> {
    match text {
        "\\t" | "tab" => Ok('\t'),
        text => text.parse().map_err(|_| Error::new("--delimiter is one character")),
    }
}

fn write_csv(rows: Rows, out: impl Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(&rows.columns)?;
    for row in rows.rows {
        writer.write_record(row.into_iter().map(|value| match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            value => value.to_string(),
        }))?;
    }
    Ok(writer.flush()?)
}

fn write_json(rows: Rows, mut out: impl Write) -> Result<()> {
    for row in rows.rows {
        let object: Map<String, Value> = rows.columns.iter().cloned().zip(row).collect();
        serde_json::to_writer(&mut out, &object)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::{Layout, Source, Tables, delimiter, write_csv, write_json};

    fn printed(json: bool) -> String {
        let source = Source::text("stdin", b"a,b\n1,\"x,y\"\n,z\n".to_vec(), Layout::default());
        let tables = Tables::open([Ok(source)]).expect("it opens");
        let rows = tables.query("SELECT b, a FROM stdin", 9).expect("rows");
        let mut out = Vec::new();
        if json {
            write_json(rows, &mut out).expect("written");
        } else {
            write_csv(rows, &mut out).expect("written");
        }
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn prints_csv_or_json() {
        assert_eq!(printed(false), "b,a\n\"x,y\",1\nz,\n");
        assert_eq!(printed(true), "{\"a\":1,\"b\":\"x,y\"}\n{\"a\":null,\"b\":\"z\"}\n");
    }

    #[test]
    fn delimiters() {
        assert_eq!(delimiter("\\t").ok(), Some('\t'));
        assert_eq!(delimiter(";").ok(), Some(';'));
        assert!(delimiter("ab").is_err());
    }
}
