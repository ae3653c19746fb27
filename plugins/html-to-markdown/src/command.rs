//! The command: `html-to-markdown [OPTIONS] [FILE]`, Markdown on stdout.

use crate::page::{self, Links};
use holm::{Error, Result, files};
use lexopt::{Arg, Parser, ValueExt};
use std::io::{self, Read, Write};

const HELP: &str = "\
Usage: html-to-markdown [OPTIONS] [FILE]      (without a file, reads stdin)

      --skip TAG       leaves out a tag with all it holds; may be given again
      --links STYLE    inline (the default), referenced, or text
  -o, --output PATH    writes a file instead of stdout
";

pub(crate) fn run(arguments: Vec<String>) -> Result<u8> {
    let (mut file, mut output, mut skip, mut links) = (None, None, Vec::new(), Links::Inline);
    let mut parser = Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("skip") => skip.push(parser.value()?.string()?),
            Arg::Long("links") => links = style(&parser.value()?.string()?)?,
            Arg::Short('o') | Arg::Long("output") => output = Some(parser.value()?.string()?),
            Arg::Short('h') | Arg::Long("help") => {
                io::stdout().write_all(HELP.as_bytes())?;
                return Ok(0);
            }
            Arg::Value(path) if file.is_none() => file = Some(path.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    // What one asks for on a command line is not cut.
    let page = page::markdown(&html(file)?, &skip, links, Some(u32::MAX))?;
    let markdown = format!("{}\n", page.markdown.trim_end());
    match output {
        Some(path) => files::write(path, markdown)?,
        None => io::stdout().write_all(markdown.as_bytes())?,
    }
    Ok(0)
}

fn html(file: Option<String>) -> Result<String> {
    let bytes = match file {
        Some(path) => files::read(path)?,
        None => {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes)?;
            bytes
        }
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn style(name: &str) -> Result<Links> {
    match name {
        "inline" => Ok(Links::Inline),
        "referenced" => Ok(Links::Referenced),
        "text" => Ok(Links::Text),
        _ => Err(Error::new("--links is inline, referenced or text")),
    }
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn converts_a_file_to_a_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name| directory.path().join(name).display().to_string();
        std::fs::write(path("a.html"), "<h2>Hello</h2>").expect("written");
        let arguments = vec![path("a.html"), "-o".to_owned(), path("a.md")];
        assert_eq!(run(arguments).ok(), Some(0));
        let text = std::fs::read_to_string(path("a.md")).expect("it is there");
        assert_eq!(text, "## Hello\n");
        assert!(run(vec![path("none.html")]).is_err());
        assert!(run(vec!["--links".to_owned(), "bold".to_owned()]).is_err());
    }
}
