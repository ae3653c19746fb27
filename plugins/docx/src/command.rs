//! The command: `docx text FILE`, `docx markdown FILE`, `docx write FILE`, `docx replace FILE INTO`.

use crate::limits::MARKDOWN;
use crate::model::Document;
use crate::replace::{Replacement, replace};
use crate::{render, write};
use holm::{Error, Result};
use lexopt::{Arg, Parser, ValueExt};
use std::io::{self, Read, Write};

const HELP: &str = "\
Usage: docx text FILE
       docx markdown FILE
       docx write FILE             from Markdown on stdin
       docx replace FILE INTO --text FIND=REPLACEMENT [--text ..]

      --overwrite    replaces a file that is there
";

pub(crate) fn run(arguments: Vec<String>) -> Result<u8> {
    let (mut words, mut overwrite, mut replacements) = (Vec::new(), false, Vec::new());
    let mut parser = Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("overwrite") => overwrite = true,
            Arg::Long("text") => {
                let text = parser.value()?.string()?;
                let (find, replace) = text.split_once('=').ok_or_else(|| Error::new("--text is FIND=REPLACEMENT"))?;
                replacements.push(Replacement { find: find.to_owned(), replace: replace.to_owned() });
            }
            Arg::Short('h') | Arg::Long("help") => {
                io::stdout().write_all(HELP.as_bytes())?;
                return Ok(0);
            }
            Arg::Value(word) => words.push(word.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut out = io::stdout();
    match words.as_slice() {
        ["text", file] => out.write_all(render::text(&Document::open(file)?)?.as_bytes())?,
        ["markdown", file] => out.write_all(render::markdown(&Document::open(file)?)?.as_bytes())?,
        ["write", file] => {
            let mut text = String::new();
            io::stdin().take(MARKDOWN as u64 + 1).read_to_string(&mut text)?;
            let written = write::write(file, &text, overwrite)?;
            writeln!(out, "{} paragraphs, {} tables", written.paragraphs, written.tables)?;
        }
        ["replace", file, into] => {
            let replaced = replace(file, into, &replacements, overwrite)?;
            for (count, wanted) in replaced.counts.iter().zip(&replacements) {
                writeln!(out, "{count}  {:?}", wanted.find)?;
            }
        }
        _ => return Err(Error::new(format!("what to do?\n\n{HELP}"))),
    }
    Ok(0)
}
