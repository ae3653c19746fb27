//! What is told of files: `stat`, `du`; and `chmod`, which means nothing where files have no modes.

use crate::Outcome;
use crate::input::reason;
use std::fs::{self, Metadata};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Folders within each other: a link that leads to where it lies.
const DEPTH: usize = 128;

/// Nothing is changed: WASI's files have no modes, and what may be read may be run. The files have to be there.
pub(crate) fn chmod(arguments: &[String]) -> u8 {
    let option = |word: &&String| word.starts_with("--") || matches!(word.as_str(), "-R" | "-v" | "-c" | "-f");
    let mut words = arguments.iter().skip_while(option);
    let (mode, files) = (words.next(), words);
    if mode.is_none() {
        eprintln!("chmod: missing operand");
        return 1;
    }
    let mut code = 0;
    for file in files.filter(|file| fs::symlink_metadata(file).is_err()) {
        eprintln!("chmod: cannot access '{file}': No such file or directory");
        code = 1;
    }
    code
}

fn seconds(found: &Metadata) -> u64 {
    found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs())
}

/// `stat -c FORMAT FILE…`, `stat --printf=FORMAT`.
pub(crate) fn stat(arguments: &[String]) -> Outcome {
    let (mut format, mut paths, mut end) = ("  File: %n\n  Size: %s\n  Type: %F".to_owned(), Vec::new(), "\n");
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-c" | "--format" => format.clone_from(words.next().ok_or("-c wants a format")?),
            "-L" | "--dereference" => {}
            long if long.starts_with("--format=") => long["--format=".len()..].clone_into(&mut format),
            long if long.starts_with("--printf=") => {
                format = long["--printf=".len()..].replace("\\n", "\n").replace("\\t", "\t");
                end = "";
            }
            option if option.starts_with('-') && option.len() > 1 => {
                return Err(format!("unrecognized option '{option}'"));
            }
            path => paths.push(path),
        }
    }
    let mut code = 0;
    for path in paths {
        let found = match fs::symlink_metadata(path) {
            Ok(found) => found,
            Err(error) => {
                eprintln!("stat: cannot statx '{path}': {}", reason(&error));
                code = 1;
                continue;
            }
        };
        print!("{}{end}", told(&format, path, &found));
    }
    Ok(code)
}

fn told(format: &str, path: &str, found: &Metadata) -> String {
    let kind = match (found.is_dir(), found.is_symlink(), found.len()) {
        (true, ..) => "directory",
        (_, true, _) => "symbolic link",
        (.., 0) => "regular empty file",
        _ => "regular file",
    };
    let mut all = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            all.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => all.push_str(path),
            Some('N') => all.push_str(&format!("'{path}'")),
            Some('s') => all.push_str(&found.len().to_string()),
            Some('F') => all.push_str(kind),
            Some('Y' | 'X' | 'Z') => all.push_str(&seconds(found).to_string()),
            Some('W') => all.push('0'),
            // Whoever runs here may read all that is granted; there are no other modes.
            Some('a') => all.push_str(if found.is_dir() { "755" } else { "644" }),
            Some('A') => all.push_str(if found.is_dir() { "drwxr-xr-x" } else { "-rw-r--r--" }),
            Some('U' | 'G') => all.push_str("holm"),
            Some('u' | 'g') => all.push_str("1000"),
            Some('h') => all.push('1'),
            Some('b') => all.push_str(&found.len().div_ceil(512).to_string()),
            Some('%') | None => all.push('%'),
            Some(other) => all.extend(['%', other]),
        }
    }
    all
}

/// `du [-s] [-h] [-k] [-b] [-a] [-c] [-d N]`: bytes rounded up to 4 KiB, as most file systems hold them.
pub(crate) fn du(arguments: &[String]) -> Outcome {
    let mut wish = Du { sum: false, human: false, bytes: false, all: false, depth: usize::MAX };
    let (mut total, mut paths) = (false, Vec::new());
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--max-depth" | "-d" => {
                wish.depth = words.next().and_then(|text| text.parse().ok()).ok_or("-d wants a number")?
            }
            long if long.starts_with("--max-depth=") => {
                wish.depth = long["--max-depth=".len()..].parse().map_err(|_| "--max-depth wants a number")?;
            }
            short if short.starts_with('-') && !short.starts_with("--") => {
                for letter in short.chars().skip(1) {
                    match letter {
                        's' => wish.sum = true,
                        'h' => wish.human = true,
                        'b' => wish.bytes = true,
                        'a' => wish.all = true,
                        'c' => total = true,
                        'k' | 'x' | 'L' => {}
                        other => return Err(format!("invalid option -- '{other}'")),
                    }
                }
            }
            path => paths.push(path),
        }
    }
    if paths.is_empty() {
        paths.push(".");
    }
    let (mut sum, mut code) = (0, 0);
    for path in paths {
        match wish.size(Path::new(path), 0) {
            Ok(size) => sum += size,
            Err(text) => {
                eprintln!("du: {text}");
                code = 1;
            }
        }
    }
    if total {
        println!("{}\ttotal", wish.shown(sum));
    }
    Ok(code)
}

struct Du {
    sum: bool,
    human: bool,
    bytes: bool,
    all: bool,
    depth: usize,
}

impl Du {
    fn size(&self, path: &Path, depth: usize) -> Result<u64, String> {
        let failed = |error: &std::io::Error| format!("cannot access '{}': {}", path.display(), reason(error));
        let found = fs::symlink_metadata(path).map_err(|error| failed(&error))?;
        let own = if self.bytes { found.len() } else { found.len().div_ceil(4096) * 4096 };
        if !found.is_dir() {
            if depth == 0 || (self.all && !self.sum && depth <= self.depth) {
                println!("{}\t{}", self.shown(own), path.display());
            }
            return Ok(own);
        }
        let mut size = if self.bytes { found.len() } else { 4096 };
        if depth < DEPTH {
            let mut entries: Vec<_> = fs::read_dir(path).map_err(|error| failed(&error))?.flatten().collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                size += self.size(&entry.path(), depth + 1)?;
            }
        }
        if depth == 0 || (!self.sum && depth <= self.depth) {
            println!("{}\t{}", self.shown(size), path.display());
        }
        Ok(size)
    }

    fn shown(&self, size: u64) -> String {
        if !self.human {
            return if self.bytes { size } else { size.div_ceil(1024) }.to_string();
        }
        let (mut number, mut unit) = (size as f64, "");
        for next in ["K", "M", "G", "T"] {
            if number < 1024.0 {
                break;
            }
            (number, unit) = (number / 1024.0, next);
        }
        match unit {
            "" => size.to_string(),
            unit if number < 10.0 => format!("{:.1}{unit}", (number * 10.0).ceil() / 10.0),
            unit => format!("{:.0}{unit}", number.ceil()),
        }
    }
}
