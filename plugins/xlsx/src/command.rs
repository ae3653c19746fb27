//! The command: `xlsx sheets FILE`, `xlsx read FILE`, `xlsx csv FILE`, `xlsx write FILE`.

use crate::read::{Cells, Wanted, read};
use crate::write::{NewSheet, write};
use crate::{limits, sheets};
use holm::serde_json;
use holm::{Error, Result};
use lexopt::{Arg, Parser, ValueExt};
use std::io::{self, BufWriter, Read, Write};

const HELP: &str = "\
Usage: xlsx sheets FILE
       xlsx read FILE     one JSON array a row
       xlsx csv FILE
       xlsx write FILE    from JSON on stdin: [{\"name\": \"Sales\", \"rows\": [[\"city\", \"price\"], [\"Rome\", 2.5]]}]

      --sheet NAME       the first unless told otherwise
      --range B2:F40     all cells that hold something unless told otherwise
      --typed            read: each cell with its kind
      --formulas         read: formulas in place of their values
      --limit N          read: at most so many rows
      --overwrite        write: replaces a file that is there
";

/// Bytes of JSON on stdin: it is held in memory.
const INPUT: u64 = 64 * 1024 * 1024;

pub(crate) fn run(arguments: Vec<String>) -> Result<u8> {
    let (mut words, mut overwrite) = (Vec::new(), false);
    let mut wanted = Wanted { sheet: None, range: None, cells: Cells::Values, rows: u32::MAX };
    let mut parser = Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("sheet") => wanted.sheet = Some(parser.value()?.string()?),
            Arg::Long("range") => wanted.range = Some(parser.value()?.string()?),
            Arg::Long("typed") => wanted.cells = Cells::Typed,
            Arg::Long("formulas") => wanted.cells = Cells::Formulas,
            Arg::Long("limit") => wanted.rows = parser.value()?.parse()?,
            Arg::Long("overwrite") => overwrite = true,
            Arg::Short('h') | Arg::Long("help") => {
                io::stdout().write_all(HELP.as_bytes())?;
                return Ok(0);
            }
            Arg::Value(word) => words.push(word.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["sheets", file] => {
            for sheet in sheets::describe(file)? {
                serde_json::to_writer(&mut out, &sheet)?;
                writeln!(out)?;
            }
        }
        [what @ ("read" | "csv"), file] => {
            let rows = read(file, &wanted)?;
            if *what == "csv" {
                out.write_all(rows.csv()?.as_bytes())?;
            } else {
                for row in &rows.rows {
                    serde_json::to_writer(&mut out, row)?;
                    writeln!(out)?;
                }
            }
            out.flush()?;
            if rows.truncated {
                writeln!(io::stderr(), "there is more; --range and --limit ({} cells at once)", limits::CELLS)?;
            }
        }
        ["write", file] => {
            let mut text = String::new();
            if io::stdin().take(INPUT + 1).read_to_string(&mut text)? as u64 > INPUT {
                return Err(Error::new(format!("over {INPUT} bytes of JSON")));
            }
            let sheets: Vec<NewSheet> = serde_json::from_str(&text)?;
            let written = write(file, sheets, overwrite)?;
            writeln!(out, "{} sheets, {} cells", written.sheets, written.cells)?;
        }
        _ => return Err(Error::new(format!("what to do?\n\n{HELP}"))),
    }
    Ok(out.flush().map(|()| 0)?)
}
