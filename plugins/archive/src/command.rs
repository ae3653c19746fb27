//! The command: `archive list FILE`, `archive extract FILE DIRECTORY`.

use crate::extract::{Wanted, extract};
use crate::limits::Limits;
use crate::listing::list;
use holm::{Error, Result};
use lexopt::{Arg, Parser, ValueExt};
use std::io::{self, BufWriter, Write};

const HELP: &str = "\
Usage: archive list FILE
       archive extract FILE DIRECTORY

Reads zip, tar and tar.gz.

      --only NAME       extracts only this entry and all below it; may be given again
      --overwrite       replaces files that are already there
      --skip-links      leaves out links and devices, instead of refusing the archive
      --max-entries N, --max-bytes N, --max-ratio N    how much the archive may hold
";

pub(crate) fn run(arguments: Vec<String>) -> Result<u8> {
    let mut words = Vec::new();
    let mut limits = Limits::default();
    let mut wanted = Wanted { only: Vec::new(), overwrite: false, skip_links: false };
    let mut parser = Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("only") => wanted.only.push(parser.value()?.string()?),
            Arg::Long("overwrite") => wanted.overwrite = true,
            Arg::Long("skip-links") => wanted.skip_links = true,
            Arg::Long("max-entries") => limits.entries = parser.value()?.parse()?,
            Arg::Long("max-bytes") => limits.bytes = parser.value()?.parse()?,
            Arg::Long("max-ratio") => limits.ratio = parser.value()?.parse()?,
            Arg::Short('h') | Arg::Long("help") => {
                io::stdout().write_all(HELP.as_bytes())?;
                return Ok(0);
            }
            Arg::Value(word) => words.push(word.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["list", file] => print_list(file, limits)?,
        ["extract", file, directory] => {
            let done = extract(file, directory, &wanted, limits)?;
            for entry in &done.skipped {
                writeln!(io::stderr(), "left out: {entry:?}")?;
            }
            writeln!(io::stdout(), "{} files, {} bytes", done.files, done.bytes)?;
        }
        _ => return Err(Error::new(format!("what to do?\n\n{HELP}"))),
    }
    Ok(0)
}

fn print_list(file: &str, limits: Limits) -> Result<()> {
    let listing = list(file, limits)?;
    let mut out = BufWriter::new(io::stdout().lock());
    for entry in listing.entries {
        // Escaped: a name must not play with the terminal.
        let name = entry.name.escape_debug();
        write!(out, "{:>12}  {:<9}  {name}", entry.bytes, entry.kind)?;
        match entry.refused {
            Some(refused) => writeln!(out, "  (refused: {refused})")?,
            None => writeln!(out)?,
        }
    }
    Ok(out.flush()?)
}
