//! Which script is meant, and what runs it.

use crate::run::WORK;
use holm::{Error, Result};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Component, Path, PathBuf},
};

/// Where the skill's files lie.
pub(crate) const SKILL: &str = "/skill";

/// A longer first line names no interpreter.
const SHEBANG_BYTES: u64 = 256;

/// A script, and the command that runs it.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) path: PathBuf,
    pub(crate) command: String,
}

/// Finds the script that is named: within the skill, or by an absolute path.
pub(crate) fn find(name: &str) -> Result<Script> {
    let path = within(name)?;
    let file = holm::files::open(&path)?;
    let command = by_extension(&path).map(str::to_owned).or_else(|| by_shebang(file)).ok_or_else(|| {
        Error::new(format!(
            "`{name}` is no script that can be run: it ends with none of .py, .js, .mjs, .cjs, .ts, .sh and .bash, \
             and its first line names no interpreter (`#!…`)"
        ))
    })?;
    Ok(Script { path, command })
}

/// A path within the skill, or within the run's own folder. What climbs out of either is refused: who may have a
/// skill read to them may not have the user's files read to them.
pub(crate) fn within(name: &str) -> Result<PathBuf> {
    match name.strip_prefix("/work/") {
        Some(own) => below(WORK, own, name),
        None => below(SKILL, name.strip_prefix("/skill/").unwrap_or(name), name),
    }
}

/// A path below a folder, by name alone.
pub(crate) fn below(folder: &str, path: &str, name: &str) -> Result<PathBuf> {
    let path = Path::new(path);
    let mut inner = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => inner.push(part),
            Component::CurDir => {}
            Component::ParentDir if inner.pop() => {}
            _ => return Err(Error::new(format!("`{name}` is not in the skill, nor in {WORK}"))),
        }
    }
    Ok(Path::new(folder).join(inner))
}

fn by_extension(path: &Path) -> Option<&'static str> {
    Some(match path.extension()?.to_str()? {
        "py" => "python",
        "js" | "mjs" | "cjs" => "node",
        "ts" | "mts" | "cts" => "tsx",
        "sh" => "sh",
        "bash" => "bash",
        _ => return None,
    })
}

/// `#!/usr/bin/env -S python3 -u` and `#!/bin/bash` name python3 and bash.
fn by_shebang(file: File) -> Option<String> {
    let mut line = Vec::new();
    BufReader::new(file.take(SHEBANG_BYTES)).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8(line).ok()?;
    let mut words = line.strip_prefix("#!")?.split_whitespace();
    let name = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    match name(words.next()?) {
        env if env == "env" => words.find(|word| !word.starts_with('-') && !word.contains('=')).map(name),
        interpreter => Some(interpreter),
    }
}

#[cfg(test)]
mod tests {
    use super::{by_extension, by_shebang, within};
    use std::{io::Write, path::Path};

    #[test]
    fn scripts_are_found_within_the_skill() {
        assert_eq!(within("scripts/a.py").unwrap(), Path::new("/skill/scripts/a.py"));
        assert_eq!(within("./a/../b.sh").unwrap(), Path::new("/skill/b.sh"));
        assert_eq!(within("/work/x.py").unwrap(), Path::new("/work/x.py"));
        assert_eq!(within("/skill/a.py").unwrap(), Path::new("/skill/a.py"));
        assert!(within("../x.py").is_err() && within("a/../../x").is_err());
        assert!(within("/etc/passwd").is_err() && within("/work/../etc/passwd").is_err());
    }

    #[test]
    fn interpreters_are_named_by_extension_or_first_line() {
        assert_eq!(by_extension(Path::new("a.mjs")), Some("node"));
        assert_eq!(by_extension(Path::new("a")), None);
        let shebang = |text: &str| {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            std::io::Seek::rewind(&mut file).unwrap();
            by_shebang(file)
        };
        assert_eq!(shebang("#!/usr/bin/env -S A=1 python3 -u\nx").as_deref(), Some("python3"));
        assert_eq!(shebang("#! /bin/bash -e\n").as_deref(), Some("bash"));
        assert_eq!(shebang("print()\n"), None);
        assert_eq!(shebang(""), None);
    }
}
