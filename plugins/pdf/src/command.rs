//! The command: `pdf info FILE`, `pdf text FILE`, `pdf tables FILE`, `pdf split FILE INTO`, `pdf merge FILE.. INTO`.

use crate::{info, open, tables, text, write};
use holm::{Error, Result, serde_json};
use lexopt::{Arg, Parser, ValueExt};
use std::io::{self, BufWriter, Write};

const HELP: &str = "\
Usage: pdf info FILE
       pdf text FILE              a form feed between pages
       pdf tables FILE            one JSON object a table
       pdf split FILE INTO --pages 1-3,7
       pdf merge FILE.. INTO

      --pages 1-3,7     these pages; all unless told otherwise
      --layout          text: words stay where they stand on the page
      --password WORD   of a file that needs one
      --overwrite       replaces a file that is there
";

pub(crate) fn run(arguments: Vec<String>) -> Result<u8> {
    let (mut words, mut pages, mut password) = (Vec::new(), None, None);
    let (mut layout, mut overwrite) = (false, false);
    let mut parser = Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("pages") => pages = Some(parser.value()?.string()?),
            Arg::Long("password") => password = Some(parser.value()?.string()?),
            Arg::Long("layout") => layout = true,
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
    let (password, pages) = (password.as_deref(), pages.as_deref());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["info", file] => {
            let info = open::with(file, password, |document| Ok(info::info(document)))?;
            serde_json::to_writer_pretty(&mut out, &info)?;
            writeln!(out)?;
        }
        ["text", file] => {
            let text = open::with(file, password, |document| text::text(document, pages, layout))?;
            for (index, page) in text.iter().enumerate() {
                write!(out, "{}{}", if index > 0 { "\u{c}" } else { "" }, page.text)?;
            }
        }
        ["tables", file] => {
            for table in open::with(file, password, |document| tables::tables(document, pages))? {
                serde_json::to_writer(&mut out, &table)?;
                writeln!(out)?;
            }
        }
        ["split", file, into] => {
            let pages = pages.ok_or_else(|| Error::new("which pages? --pages 1-3,7"))?;
            let written = write::split(file, pages, into, password, overwrite)?;
            writeln!(out, "{} pages", written.pages)?;
        }
        ["merge", files @ .., into] if !files.is_empty() => {
            let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
            let written = write::merge(&files, into, overwrite)?;
            writeln!(out, "{} pages", written.pages)?;
        }
        _ => return Err(Error::new(format!("what to do?\n\n{HELP}"))),
    }
    Ok(out.flush().map(|()| 0)?)
}
