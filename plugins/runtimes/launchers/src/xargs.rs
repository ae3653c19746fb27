//! `xargs`: arguments from the input.

use crate::run::{Running, start};
use std::io::{self, Read};

/// Bytes of input: an endless one.
const INPUT: u64 = 64 << 20;

/// Bytes of one command line, as GNU's default.
const LINE: usize = 128 << 10;

/// A command ended with something between 1 and 125.
const SOME_FAILED: u8 = 123;

/// A command ended with 255.
const STOPPED: u8 = 124;

#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    delimiter: Option<u8>,
    most: Option<usize>,
    lines: Option<usize>,
    replace: Option<String>,
    skip_empty: bool,
    verbose: bool,
    end: Option<String>,
    file: Option<String>,
    command: Vec<String>,
}

pub(crate) fn run(arguments: Vec<String>) -> Result<u8, String> {
    let wish = read(arguments)?;
    let mut bytes = Vec::new();
    let read = match &wish.file {
        Some(path) => std::fs::File::open(path).and_then(|file| file.take(INPUT + 1).read_to_end(&mut bytes)),
        None => io::stdin().take(INPUT + 1).read_to_end(&mut bytes),
    };
    read.map_err(|error| format!("xargs: {error}"))?;
    if bytes.len() as u64 > INPUT {
        return Err(format!("xargs: more than {INPUT} bytes of input"));
    }
    let items = items(&bytes, &wish)?;
    let mut code = 0;
    for words in command_lines(&wish, items) {
        if wish.verbose {
            eprintln!("{}", words.join(" "));
        }
        let (command, rest) = words.split_first().ok_or("xargs: no command")?;
        let variables: Vec<_> = std::env::vars().collect();
        let running = Running { no_input: true, ..Running::default() };
        match start("xargs", command, rest, &variables, None, running) {
            Err(failed) => return Ok(failed),
            Ok(child) => match child.end() {
                0 => {}
                255 => {
                    eprintln!("xargs: {command}: exited with status 255; aborting");
                    return Ok(STOPPED);
                }
                137 => return Ok(125),
                _ => code = SOME_FAILED,
            },
        }
    }
    Ok(code)
}

fn read(arguments: Vec<String>) -> Result<Wish, String> {
    let mut wish = Wish::default();
    let mut words = arguments.into_iter();
    while let Some(word) = words.next() {
        let Some(option) = word.strip_prefix('-').filter(|option| !option.is_empty()) else {
            wish.command.push(word);
            break;
        };
        if option == "-" {
            break;
        }
        let (name, value) = match option.strip_prefix('-') {
            Some(long) => match long.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (long.to_owned(), None),
            },
            None => {
                let (letter, rest) = option.split_at(1);
                // Letters without a value may stand together: `-0r`.
                let mut rest = rest;
                let mut letter = letter;
                while "0rtxp".contains(letter) && !rest.is_empty() {
                    set(&mut wish, letter, None)?;
                    (letter, rest) = rest.split_at(1);
                }
                (letter.to_owned(), (!rest.is_empty()).then(|| rest.to_owned()))
            }
        };
        let takes = [
            "n",
            "max-args",
            "L",
            "max-lines",
            "I",
            "d",
            "delimiter",
            "P",
            "max-procs",
            "s",
            "max-chars",
            "E",
            "a",
            "arg-file",
        ];
        let value = match value {
            None if takes.contains(&name.as_str()) => {
                Some(words.next().ok_or_else(|| format!("xargs: option requires an argument -- '{name}'"))?)
            }
            value => value,
        };
        set(&mut wish, &name, value)?;
    }
    wish.command.extend(words);
    if wish.command.is_empty() {
        wish.command.push("echo".to_owned());
    }
    Ok(wish)
}

fn set(wish: &mut Wish, name: &str, value: Option<String>) -> Result<(), String> {
    let number = |value: &Option<String>| {
        let text = value.as_deref().unwrap_or_default();
        text.parse::<usize>().ok().filter(|number| *number > 0).ok_or_else(|| format!("xargs: invalid number '{text}'"))
    };
    match name {
        "0" | "null" => wish.delimiter = Some(0),
        "r" | "no-run-if-empty" => wish.skip_empty = true,
        "t" | "verbose" => wish.verbose = true,
        "n" | "max-args" => wish.most = Some(number(&value)?),
        "L" | "max-lines" => wish.lines = Some(number(&value)?),
        "I" => wish.replace = value,
        "i" | "replace" => wish.replace = Some(value.unwrap_or_else(|| "{}".to_owned())),
        "E" => wish.end = value,
        "a" | "arg-file" => wish.file = value,
        "d" | "delimiter" => {
            wish.delimiter = Some(match value.as_deref().unwrap_or_default() {
                "\\n" => b'\n',
                "\\t" => b'\t',
                "\\0" => 0,
                text => text.bytes().next().ok_or("xargs: the delimiter is empty")?,
            });
        }
        // One at a time here, whatever is asked for; lines are as long as they need to be.
        "P" | "max-procs" | "s" | "max-chars" | "x" | "exit" | "p" | "interactive" => {}
        other => return Err(format!("xargs: invalid option -- '{other}'")),
    }
    Ok(())
}

/// The items of the input, and after which of them a line ended.
fn items(bytes: &[u8], wish: &Wish) -> Result<Vec<(String, bool)>, String> {
    let text = String::from_utf8_lossy(bytes);
    if let Some(delimiter) = wish.delimiter {
        let text = text.strip_suffix(char::from(delimiter)).unwrap_or(&text);
        if text.is_empty() {
            return Ok(Vec::new());
        }
        return Ok(text.split(char::from(delimiter)).map(|item| (item.to_owned(), true)).collect());
    }
    if wish.replace.is_some() {
        let lines = text.lines().map(|line| line.trim_start()).filter(|line| !line.is_empty());
        return lines.map(|line| Ok((unquoted(line)?, true))).collect();
    }
    let mut all: Vec<(String, bool)> = Vec::new();
    let mut item: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => item.get_or_insert_default().extend(characters.next()),
            '\'' | '"' => {
                let inner = item.get_or_insert_default();
                loop {
                    match characters.next() {
                        Some(end) if end == character => break,
                        Some('\n') | None => {
                            let kind = if character == '"' { "double" } else { "single" };
                            return Err(format!(
                                "xargs: unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option"
                            ));
                        }
                        Some(other) => inner.push(other),
                    }
                }
            }
            space if space.is_whitespace() => {
                if let Some(item) = item.take() {
                    if wish.end.as_ref() == Some(&item) {
                        return Ok(all);
                    }
                    all.push((item, false));
                }
                if let ('\n', Some(last)) = (space, all.last_mut()) {
                    last.1 = true;
                }
            }
            other => item.get_or_insert_default().push(other),
        }
    }
    all.extend(item.map(|item| (item, true)));
    Ok(all)
}

fn unquoted(line: &str) -> Result<String, String> {
    let mut all = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => all.extend(characters.next()),
            '\'' | '"' => {
                for inner in characters.by_ref() {
                    if inner == character {
                        break;
                    }
                    all.push(inner);
                }
            }
            other => all.push(other),
        }
    }
    Ok(all)
}

/// The command lines that the items make.
fn command_lines(wish: &Wish, items: Vec<(String, bool)>) -> Vec<Vec<String>> {
    if let Some(mark) = &wish.replace {
        let line = |(item, _): (String, bool)| wish.command.iter().map(|word| word.replace(mark, &item)).collect();
        return items.into_iter().map(line).collect();
    }
    if items.is_empty() {
        return if wish.skip_empty { Vec::new() } else { vec![wish.command.clone()] };
    }
    let mut all = Vec::new();
    let mut line = wish.command.clone();
    let (mut count, mut lines, mut size) = (0, 0, 0);
    for (item, ends_line) in items {
        let full = wish.most.is_some_and(|most| count >= most)
            || wish.lines.is_some_and(|most| lines >= most)
            || (count > 0 && size + item.len() > LINE);
        if full {
            all.push(std::mem::replace(&mut line, wish.command.clone()));
            (count, lines, size) = (0, 0, 0);
        }
        size += item.len() + 1;
        count += 1;
        lines += usize::from(ends_line);
        line.push(item);
    }
    all.push(line);
    all
}

#[cfg(test)]
mod tests {
    use super::{command_lines, items, read};

    fn lines(options: &str, input: &str) -> Vec<String> {
        let wish = read(options.split_whitespace().map(str::to_owned).collect()).unwrap_or_default();
        let items = items(input.as_bytes(), &wish).unwrap_or_default();
        command_lines(&wish, items).into_iter().map(|words| words.join("|")).collect()
    }

    #[test]
    fn items_make_command_lines() {
        assert_eq!(lines("", "a b\n'c d' e\\ f\n"), ["echo|a|b|c d|e f"]);
        assert_eq!(lines("-n1 x", "a b"), ["x|a", "x|b"]);
        assert_eq!(lines("-n 2 x -y", "a b c"), ["x|-y|a|b", "x|-y|c"]);
        assert_eq!(lines("-I{} mv {} {}.bak", "a b\nc\n"), ["mv|a b|a b.bak", "mv|c|c.bak"]);
        assert_eq!(lines("-0r x", "a b\0c\0"), ["x|a b|c"]);
        assert_eq!(lines("-r x", ""), [""; 0]);
        assert_eq!(lines("x", ""), ["x"]);
        assert_eq!(lines("-L1 x", "a b\nc\n"), ["x|a|b", "x|c"]);
        assert_eq!(lines("-d , x", "a,b"), ["x|a|b"]);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        let wish = read(Vec::new()).unwrap_or_default();
        assert!(items(b"it's", &wish).is_err());
        assert!(read(vec!["-n".to_owned(), "0".to_owned()]).is_err());
        assert!(read(vec!["-y".to_owned()]).is_err());
    }
}
