//! The command: `web [OPTIONS] URL`, its text on stdout.

use crate::{Format, fetch::fetch, page};
use holm::{Error, Result};
use lexopt::{Arg, Parser, ValueExt};
use std::io::{self, Write};

const HELP: &str = "\
Usage: web [OPTIONS] URL

      --format FORMAT   markdown (the default), text, or raw
      --links           its links instead, one a line
";

pub(crate) fn run(arguments: Vec<String>) -> Result<u8> {
    let (mut url, mut format, mut links) = (None, Format::Markdown, false);
    let mut parser = Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("format") => format = named(&parser.value()?.string()?)?,
            Arg::Long("links") => links = true,
            Arg::Short('h') | Arg::Long("help") => {
                io::stdout().write_all(HELP.as_bytes())?;
                return Ok(0);
            }
            Arg::Value(address) if url.is_none() => url = Some(address.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let fetched = fetch(&url.ok_or_else(|| Error::new("name a page, like https://example.com/"))?)?;
    let failed = fetched.status >= 400;
    let mut text = String::new();
    if links {
        for link in page::links(&fetched, Some(u32::MAX))?.links {
            text.push_str(&format!("{}\t{}\n", link.url, link.text));
        }
    } else {
        // What one asks for on a command line is not cut.
        text = format!("{}\n", page::read(fetched, format, Some(u32::MAX))?.text.trim_end());
    }
    io::stdout().write_all(text.as_bytes())?;
    Ok(u8::from(failed))
}

fn named(format: &str) -> Result<Format> {
    match format {
        "markdown" => Ok(Format::Markdown),
        "text" => Ok(Format::Text),
        "raw" => Ok(Format::Raw),
        _ => Err(Error::new("--format is markdown, text or raw")),
    }
}
