//! `diff` and `cmp`, on uutils' library.

mod folders;

use diffutilslib::cmp::{self, Cmp};
use diffutilslib::params::{Format, Params, parse_params};
use diffutilslib::{context_diff, ed_diff, normal_diff, side_by_side_diff, unified_diff};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};

/// Something could not be compared.
const TROUBLE: u8 = 2;

/// Bytes of each of two files: both are held, and a table of their lines.
const SIZE: u64 = 64 << 20;

#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    wasi_process::begin();
    let called = std::env::args().next().unwrap_or_default();
    match called.rsplit('/').next() {
        Some("cmp") => compare_bytes(arguments),
        _ => compare_lines(arguments),
    }
}

fn words(name: &str, arguments: Vec<String>) -> impl Iterator<Item = OsString> {
    std::iter::once(name.to_owned()).chain(arguments).map(OsString::from)
}

fn compare_bytes(arguments: Vec<String>) -> u8 {
    let outcome = cmp::parse_params(words("cmp", arguments).peekable()).and_then(|params| cmp::cmp(&params));
    match outcome {
        Ok(Cmp::Equal) => 0,
        Ok(Cmp::Different) => 1,
        Err(text) => {
            eprintln!("{text}");
            TROUBLE
        }
    }
}

/// The library writes a range of one line as two numbers: `5a6,6` where others write `5a6`.
fn shortened(text: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let shown = String::from_utf8_lossy(line);
        let command =
            shown.starts_with(|first: char| first.is_ascii_digit()).then(|| shown.find(['a', 'c', 'd'])).flatten();
        match command {
            Some(place) => {
                let one = |range: &str| match range.split_once(',') {
                    Some((first, last)) if first == last => first.to_owned(),
                    _ => range.to_owned(),
                };
                let (left, right) = (one(&shown[..place]), one(shown[place + 1..].trim_end()));
                all.extend(format!("{left}{}{right}\n", &shown[place..=place]).bytes());
            }
            None => all.extend(line),
        }
    }
    all
}

/// A label stands for a name and a time.
fn without_times(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
    let shorter = |(place, line): (usize, &[u8])| match line.iter().position(|byte| *byte == b'\t') {
        Some(end) if place < 2 => [&line[..end], b"\n"].concat(),
        _ => line.to_vec(),
    };
    lines.flat_map(shorter).collect()
}

/// What the library's command line does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Looseness {
    recursive: bool,
    absent_as_empty: bool,
    case: bool,
    all_space: bool,
    space_change: bool,
    blank_lines: bool,
    excluded: Vec<String>,
    labels: Vec<String>,
}

fn compare_lines(arguments: Vec<String>) -> u8 {
    let (loose, rest) = Looseness::read(arguments);
    let params = match parse_params(words("diff", rest).peekable()) {
        Ok(params) => params,
        Err(text) => {
            eprintln!("{text}");
            return TROUBLE;
        }
    };
    let is_folder = |path: &OsString| fs::metadata(path).is_ok_and(|found| found.is_dir());
    let outcome = match (is_folder(&params.from), is_folder(&params.to)) {
        (true, true) => folders::compare(&params, &loose),
        (true, false) => compare_files(&within(&params.from, &params.to), &params.to, &params, &loose, None),
        (false, true) => compare_files(&params.from, &within(&params.to, &params.from), &params, &loose, None),
        (false, false) => compare_files(&params.from, &params.to, &params, &loose, None),
    };
    outcome.unwrap_or_else(|text| {
        eprintln!("diff: {text}");
        TROUBLE
    })
}

/// The file of the other's name in a folder.
fn within(folder: &OsString, other: &OsString) -> OsString {
    let name = std::path::Path::new(other).file_name().unwrap_or_default();
    std::path::Path::new(folder).join(name).into_os_string()
}

impl Looseness {
    /// Takes its own options out of the command line.
    fn read(arguments: Vec<String>) -> (Self, Vec<String>) {
        let mut loose = Self::default();
        let mut rest = Vec::new();
        let mut words = arguments.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--" => {
                    rest.push(word);
                    break;
                }
                "--recursive" => loose.recursive = true,
                "--new-file" => loose.absent_as_empty = true,
                "--ignore-case" => loose.case = true,
                "--ignore-all-space" => loose.all_space = true,
                "--ignore-space-change" => loose.space_change = true,
                "--ignore-blank-lines" => loose.blank_lines = true,
                "-W" => rest.extend(words.next().map(|width| format!("--width={width}"))),
                "--exclude" | "-x" => loose.excluded.extend(words.next()),
                "--label" | "-L" => loose.labels.extend(words.next()),
                "--text" | "--minimal" | "--no-dereference" | "--color" => {}
                long if long.starts_with("--exclude=") => loose.excluded.push(long["--exclude=".len()..].to_owned()),
                long if long.starts_with("--label=") => loose.labels.push(long["--label=".len()..].to_owned()),
                long if long.starts_with("--color=") => {}
                long if long.starts_with("--") || long == "-" => rest.push(word),
                short if short.starts_with('-') => rest.extend(loose.letters(short)),
                _ => rest.push(word),
            }
        }
        rest.extend(words);
        (loose, rest)
    }

    /// Takes its letters out of a word of several.
    fn letters(&mut self, word: &str) -> Option<String> {
        let mut rest = String::from("-");
        for letter in word.chars().skip(1) {
            match letter {
                'r' => self.recursive = true,
                'N' => self.absent_as_empty = true,
                'i' => self.case = true,
                'w' => self.all_space = true,
                'b' => self.space_change = true,
                'B' => self.blank_lines = true,
                'a' | 'd' | 'P' => {}
                letter => rest.push(letter),
            }
        }
        (rest.len() > 1).then_some(rest)
    }

    fn is_loose(&self) -> bool {
        self.case || self.all_space || self.space_change || self.blank_lines
    }

    /// The text as it counts.
    fn reduced(&self, bytes: &[u8]) -> Vec<u8> {
        let mut all = Vec::with_capacity(bytes.len());
        for line in bytes.split(|byte| *byte == b'\n') {
            let start = all.len();
            let mut space = false;
            for byte in line {
                let is_space = byte.is_ascii_whitespace();
                if is_space && (self.all_space || self.space_change) {
                    space = true;
                    continue;
                }
                if std::mem::take(&mut space) && self.space_change && !self.all_space {
                    all.push(b' ');
                }
                all.push(if self.case { byte.to_ascii_lowercase() } else { *byte });
            }
            if self.blank_lines && all.len() == start {
                continue;
            }
            all.push(b'\n');
        }
        all
    }
}

fn content(path: &OsString, loose: &Looseness) -> Result<Vec<u8>, String> {
    let shown = path.to_string_lossy();
    let mut bytes = Vec::new();
    let read = match shown.as_ref() {
        "-" => io::stdin().take(SIZE + 1).read_to_end(&mut bytes),
        _ => match fs::File::open(path) {
            Ok(file) => file.take(SIZE + 1).read_to_end(&mut bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound && loose.absent_as_empty => Ok(0),
            Err(error) => Err(error),
        },
    };
    match read {
        Ok(_) if bytes.len() as u64 > SIZE => Err(format!("{shown}: more than {SIZE} bytes")),
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("{shown}: {}", reason(&error))),
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "No such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "Permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "Is a directory".to_owned(),
        _ => error.to_string(),
    }
}

/// Compares two files; `heading` goes before what is printed.
fn compare_files(
    from: &OsString,
    to: &OsString,
    params: &Params,
    loose: &Looseness,
    heading: Option<&str>,
) -> Result<u8, String> {
    let (left, right) = (content(from, loose)?, content(to, loose)?);
    let same = left == right || (loose.is_loose() && loose.reduced(&left) == loose.reduced(&right));
    let label = |place: usize, path: &OsString| loose.labels.get(place).map_or_else(|| path.clone(), OsString::from);
    let params = Params { from: label(0, from), to: label(1, to), ..params.clone() };
    let (shown_from, shown_to) = (from.to_string_lossy(), to.to_string_lossy());
    if same {
        if params.report_identical_files {
            println!("Files {shown_from} and {shown_to} are identical");
        }
        return Ok(0);
    }
    if params.brief {
        println!("Files {shown_from} and {shown_to} differ");
        return Ok(1);
    }
    if left.contains(&0) || right.contains(&0) {
        println!("Binary files {shown_from} and {shown_to} differ");
        return Ok(TROUBLE);
    }
    let text = match params.format {
        Format::Normal => shortened(&normal_diff(&left, &right, &params)),
        Format::Unified => unified_diff(&left, &right, &params),
        Format::Context => context_diff(&left, &right, &params),
        Format::Ed => ed_diff(&left, &right, &params).map_err(|error| error.to_string())?,
        Format::SideBySide => {
            let mut text = Vec::new();
            side_by_side_diff(&left, &right, &mut text, &params);
            text
        }
    };
    let text = if loose.labels.is_empty() { text } else { without_times(&text) };
    let mut stdout = io::stdout().lock();
    let written =
        heading.map_or(Ok(()), |heading| writeln!(stdout, "{heading}")).and_then(|()| stdout.write_all(&text));
    written.map_err(|error| error.to_string())?;
    Ok(1)
}

#[cfg(test)]
mod tests {
    use super::Looseness;

    #[test]
    fn options_of_both_are_told_apart() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let (loose, rest) = Looseness::read(words("-ruN -w --exclude=x a b"));
        assert!(loose.recursive && loose.absent_as_empty && loose.all_space);
        assert_eq!(loose.excluded, ["x"]);
        assert_eq!(rest, ["-u", "a", "b"]);
    }

    #[test]
    fn what_does_not_count_is_left_out() {
        let loose = Looseness { space_change: true, case: true, ..Looseness::default() };
        assert_eq!(loose.reduced(b"A  b \n"), b"a b\n\n");
        let blank = Looseness { blank_lines: true, ..Looseness::default() };
        assert_eq!(blank.reduced(b"a\n\nb\n"), b"a\nb\n");
    }
}
