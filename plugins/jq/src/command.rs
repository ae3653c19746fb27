//! The command: `jq [OPTIONS] FILTER [FILE..]`, with jq's own options and exit codes.

use crate::filter::{self, Inputs, Stop};
use holm::{Error, files, serde_json};
use jaq_all::data::Runner;
use jaq_all::json::{Val, write};
use lexopt::{Arg, Parser, ValueExt};
use std::io::{self, BufWriter, Write};

const HELP: &str = "\
Usage: jq [OPTIONS] FILTER [FILE..]      (without a file, reads stdin)

  -n, --null-input        the filter's input is null; `inputs` reads the files
  -s, --slurp             one array of all inputs
  -r, --raw-output        strings without quotes
  -j, --join-output       as -r, without newlines
  -c, --compact-output    one line a value
  -S, --sort-keys         the keys of objects in order
  -e, --exit-status       1 if the last result is false or null, 4 if there is none
      --tab, --indent N   how far to indent
      --arg NAME TEXT, --argjson NAME JSON    a variable, $NAME
  -f, --from-file PATH    reads the filter from a file
";

/// jq's exit codes.
mod code {
    pub(super) const FALSE: u8 = 1;
    pub(super) const USAGE: u8 = 2;
    pub(super) const COMPILE: u8 = 3;
    pub(super) const NO_RESULT: u8 = 4;
    pub(super) const FAILED: u8 = 5;
}

#[derive(Default)]
struct Options {
    filter: Option<String>,
    files: Vec<String>,
    variables: Vec<(String, Val)>,
    null_input: bool,
    slurp: bool,
    raw: bool,
    join: bool,
    exit_status: bool,
    help: bool,
    pretty: write::Pp,
}

pub(crate) fn run(arguments: Vec<String>) -> u8 {
    let options = match parse(arguments) {
        Ok(options) => options,
        Err(error) => return complain(&format!("{error}\n\n{HELP}"), code::USAGE),
    };
    let mut stdout = BufWriter::new(io::stdout().lock());
    if options.help {
        return match stdout.write_all(HELP.as_bytes()) {
            Ok(()) => 0,
            Err(_) => code::USAGE,
        };
    }
    options.run(&mut stdout)
}

fn parse(arguments: Vec<String>) -> holm::Result<Options> {
    let mut options = Options {
        pretty: write::Pp { indent: Some("  ".to_owned()), sep_space: true, ..write::Pp::default() },
        ..Options::default()
    };
    let mut parser = Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('n') | Arg::Long("null-input") => options.null_input = true,
            Arg::Short('s') | Arg::Long("slurp") => options.slurp = true,
            Arg::Short('r') | Arg::Long("raw-output") => options.raw = true,
            Arg::Short('j') | Arg::Long("join-output") => options.join = true,
            Arg::Short('c') | Arg::Long("compact-output") => {
                options.pretty.indent = None;
                options.pretty.sep_space = false;
            }
            Arg::Short('S') | Arg::Long("sort-keys") => options.pretty.sort_keys = true,
            Arg::Short('e') | Arg::Long("exit-status") => options.exit_status = true,
            Arg::Short('h') | Arg::Long("help") => options.help = true,
            Arg::Long("tab") => options.pretty.indent = Some("\t".to_owned()),
            Arg::Long("indent") => {
                let width: u8 = parser.value()?.parse()?;
                options.pretty.indent = Some(" ".repeat(width.min(8).into()));
            }
            Arg::Long("arg") => {
                let (name, text) = (parser.value()?.string()?, parser.value()?.string()?);
                options.variables.push((name, Val::from(text)));
            }
            Arg::Long("argjson") => {
                let (name, json) = (parser.value()?.string()?, parser.value()?.string()?);
                let value: serde_json::Value = serde_json::from_str(&json)?;
                options.variables.push((name, filter::value_of(&value)?));
            }
            Arg::Short('f') | Arg::Long("from-file") => {
                let path = parser.value()?.string()?;
                options.filter = Some(files::read_to_string(path)?);
            }
            Arg::Value(value) if options.filter.is_none() => {
                options.filter = Some(value.string()?);
            }
            Arg::Value(value) => options.files.push(value.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    if options.filter.is_none() && !options.help {
        return Err(Error::new("a filter is missing"));
    }
    Ok(options)
}

impl Options {
    fn run(&self, out: &mut dyn Write) -> u8 {
        let names: Vec<String> = self.variables.iter().map(|(name, _)| name.clone()).collect();
        let compiled = match filter::compile(self.filter.as_deref().unwrap_or("."), &names) {
            Ok(compiled) => compiled,
            Err(error) => return complain(&error.to_string(), code::COMPILE),
        };
        let variables = self.variables.iter().map(|(_, value)| value.clone());
        let runner = Runner { null_input: self.null_input, ..Runner::default() };
        let mut last = None;
        let result = filter::run_with(&runner, &compiled, variables.collect(), self.inputs(), &mut |value| {
            last = Some(!matches!(value, Val::Null | Val::Bool(false)));
            self.print(out, value).map_err(|error| Stop::Output(error.to_string()))
        });
        let flushed = out.flush().map_err(|error| Stop::Output(error.to_string()));
        match result.and(flushed) {
            Ok(()) | Err(Stop::Enough) => match last {
                Some(false) if self.exit_status => code::FALSE,
                None if self.exit_status => code::NO_RESULT,
                _ => 0,
            },
            Err(Stop::Halt(code)) => code,
            Err(Stop::Input(text) | Stop::Output(text)) => complain(&text, code::USAGE),
            Err(Stop::Filter(text)) => complain(&text, code::FAILED),
        }
    }

    fn inputs(&self) -> Inputs<'_> {
        let inputs = if self.files.is_empty() {
            filter::of_reader("stdin", io::BufReader::new(io::stdin()))
        } else {
            filter::of_files(&self.files)
        };
        // With -n the filter reads the inputs itself, if at all.
        if self.slurp && !self.null_input { filter::slurped(inputs) } else { inputs }
    }

    fn print(&self, out: &mut dyn Write, value: &Val) -> io::Result<()> {
        match value {
            Val::TStr(text) if self.raw || self.join => out.write_all(text)?,
            _ => write::write(out, &self.pretty, 0, value)?,
        }
        if self.join { Ok(()) } else { out.write_all(b"\n") }
    }
}

fn complain(text: &str, code: u8) -> u8 {
    // Nobody is left to tell if stderr is closed.
    let _ = writeln!(io::stderr(), "jq: {}", text.trim_end());
    code
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::io::Write;

    fn run(arguments: &[&str]) -> (u8, String) {
        let arguments = arguments.iter().map(|a| (*a).to_owned()).collect();
        let mut out = Vec::new();
        let options = parse(arguments).expect("they parse");
        let code = options.run(&mut out);
        (code, String::from_utf8(out).expect("text"))
    }

    #[test]
    fn prints_as_jq_does() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(br#"{"b": [1, {}], "a": "x"} null"#).expect("written");
        let path = file.path().to_str().expect("a path");
        let pretty = "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": \"x\"\n}\nnull\n";
        assert_eq!(run(&[".", path]), (0, pretty.to_owned()));
        let sorted = "{\"a\":\"x\",\"b\":[1,{}]}\nnull\n";
        assert_eq!(run(&["-cS", ".", path]), (0, sorted.to_owned()));
        assert_eq!(run(&["-r", ".a", path]), (0, "x\nnull\n".to_owned()));
        assert_eq!(run(&["-e", ".a", path]), (1, "\"x\"\nnull\n".to_owned()));
        assert_eq!(run(&["-n", "[inputs] | length", path]), (0, "2\n".to_owned()));
        assert_eq!(run(&["-s", "length", path]), (0, "2\n".to_owned()));
    }

    #[test]
    fn exit_codes_are_jqs() {
        assert_eq!(run(&["-n", "empty", "-e"]).0, 4);
        assert_eq!(run(&["-n", "error(\"no\")"]).0, 5);
        assert_eq!(run(&["-n", "|"]).0, 3);
        assert_eq!(run(&["-n", "7 | halt"]).0, 0);
        assert_eq!(run(&[".", "/no/such"]).0, 2);
    }

    #[test]
    fn variables_are_text_or_json() {
        let printed = run(&["-nc", "--arg", "a", "1", "--argjson", "b", "[1]", "[$a, $b]"]);
        assert_eq!(printed, (0, "[\"1\",[1]]\n".to_owned()));
        assert!(parse(vec!["--argjson".into(), "a".into(), "{".into(), ".".into()]).is_err());
        assert!(parse(vec![]).is_err());
        assert!(parse(vec!["--nothing".into()]).is_err());
    }
}
