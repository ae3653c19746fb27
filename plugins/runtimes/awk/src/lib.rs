//! `awk`, of awk-rs. A program cannot start commands (`system`, `cmd | getline`): the crate starts them by the
//! operating system, and WASI has no processes; such a call tells failure.

use awk_rs::{Interpreter, Lexer, Parser};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of one program: `-f` of an endless file.
const PROGRAM: u64 = 4 << 20;

/// The exit code of a command line or a program that is wrong.
const WRONG: u8 = 2;

#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    wasi_process::begin();
    match read(arguments).and_then(|wish| run(&wish)) {
        Ok(code) => code as u8,
        Err(error) => {
            eprintln!("awk: {error}");
            WRONG
        }
    }
}

/// What a command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    separator: Option<String>,
    variables: Vec<(String, String)>,
    files: Vec<String>,
    program: Option<String>,
    operands: Vec<String>,
    version: bool,
}

/// Reads the options: `-F x`, `-Fx`, `-v a=b`, `-f file`, `--`.
fn read(arguments: Vec<String>) -> Result<Wish, Box<dyn Error>> {
    let mut wish = Wish::default();
    let mut words = arguments.into_iter();
    while let Some(word) = words.next() {
        let Some(option) = word.strip_prefix('-').filter(|option| !option.is_empty()) else {
            wish.operands.push(word);
            break;
        };
        if option == "-" {
            break;
        }
        if let Some(long) = option.strip_prefix('-') {
            match long {
                "version" => wish.version = true,
                // How closely it keeps to which awk makes no difference that scripts ask for.
                "posix" | "traditional" | "re-interval" | "sandbox" => {}
                other => return Err(format!("unknown option --{other}").into()),
            }
            continue;
        }
        let (letter, rest) = option.split_at(option.chars().next().map_or(0, char::len_utf8));
        let value = match (letter, rest) {
            ("F" | "v" | "f", "") => words.next().ok_or_else(|| format!("option -{letter} wants a value"))?,
            (_, rest) => rest.to_owned(),
        };
        match letter {
            "F" => wish.separator = Some(value),
            "f" => wish.files.push(value),
            "v" => {
                let (name, value) = value.split_once('=').ok_or_else(|| format!("-v {value}: no assignment"))?;
                wish.variables.push((name.to_owned(), value.to_owned()));
            }
            other => return Err(format!("unknown option -{other}").into()),
        }
    }
    wish.operands.extend(words);
    if wish.files.is_empty() && !wish.operands.is_empty() {
        wish.program = Some(wish.operands.remove(0));
    }
    Ok(wish)
}

fn run(wish: &Wish) -> Result<i32, Box<dyn Error>> {
    if wish.version {
        println!("awk (awk-rs, of Holm's runtimes)");
        return Ok(0);
    }
    let mut source = wish.program.clone().unwrap_or_default();
    for path in &wish.files {
        source.push_str(&text_of(path)?);
        source.push('\n');
    }
    if source.is_empty() && wish.program.is_none() && wish.files.is_empty() {
        return Err("usage: awk [-F separator] [-v name=value] 'program' | -f file [file …]".into());
    }
    let tokens = Lexer::new(&source).tokenize()?;
    let program = Parser::new(tokens).parse()?;
    let mut interpreter = Interpreter::new(&program);
    if let Some(separator) = &wish.separator {
        let separator = if separator == "t" { "\t" } else { separator };
        interpreter.set_fs(&unescaped(separator));
    }
    let mut arguments = vec!["awk".to_owned()];
    arguments.extend(wish.operands.iter().cloned());
    interpreter.set_args(arguments);
    for (name, value) in &wish.variables {
        interpreter.set_variable(name, &unescaped(value));
    }
    let mut inputs: Vec<Box<dyn BufRead>> = Vec::new();
    let mut names = Vec::new();
    for operand in &wish.operands {
        match operand.split_once('=') {
            // An assignment among the files holds from the start here, not from its place.
            Some((name, value)) if is_name(name) => interpreter.set_variable(name, &unescaped(value)),
            _ if operand == "-" => {
                inputs.push(Box::new(BufReader::new(io::stdin())));
                names.push(operand.clone());
            }
            _ => {
                let file =
                    File::open(operand).map_err(|error| format!("cannot open \"{operand}\" ({})", reason(&error)))?;
                inputs.push(Box::new(BufReader::new(file)));
                names.push(operand.clone());
            }
        }
    }
    if inputs.is_empty() {
        inputs.push(Box::new(BufReader::new(io::stdin())));
        names.push(String::new());
    }
    interpreter.set_filenames(names);
    let mut output = io::BufWriter::new(io::stdout().lock());
    Ok(interpreter.run(inputs, &mut output)?)
}

fn text_of(path: &str) -> Result<String, Box<dyn Error>> {
    if path == "-" || path == "/dev/stdin" {
        let mut text = String::new();
        io::stdin().take(PROGRAM).read_to_string(&mut text)?;
        return Ok(text);
    }
    let size = fs::metadata(path).map_err(|error| format!("{path}: {}", reason(&error)))?.len();
    match size > PROGRAM {
        true => Err(format!("{path}: more than {PROGRAM} bytes of program").into()),
        false => Ok(fs::read_to_string(path)?),
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "No such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "Permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic())
        && characters.all(|character| character == '_' || character.is_ascii_alphanumeric())
}

/// The escapes of a value on the command line, as those of a string.
fn unescaped(value: &str) -> String {
    let mut all = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            all.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => all.push('\n'),
            Some('t') => all.push('\t'),
            Some('r') => all.push('\r'),
            Some('a') => all.push('\u{7}'),
            Some('b') => all.push('\u{8}'),
            Some('f') => all.push('\u{c}'),
            Some('v') => all.push('\u{b}'),
            Some(other @ ('\\' | '"' | '/')) => all.push(other),
            Some(other) => all.extend(['\\', other]),
            None => all.push('\\'),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{read, unescaped};

    #[test]
    fn options_are_read() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let wish = read(words("-F: -v a=b=c {print} x y=1")).unwrap_or_default();
        assert_eq!(wish.separator.as_deref(), Some(":"));
        assert_eq!(wish.variables, [("a".to_owned(), "b=c".to_owned())]);
        assert_eq!(wish.program.as_deref(), Some("{print}"));
        assert_eq!(wish.operands, ["x", "y=1"]);
        assert!(read(words("-x {print}")).is_err());
        assert!(read(words("-v")).is_err());
        assert_eq!(unescaped("a\\tb\\\\"), "a\tb\\");
    }
}
