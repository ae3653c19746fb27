//! Which command a name means: a runtime's, or what runs a script, by its first line or its name's end.

use crate::shell::Shell;
use std::fs::{self, File};
use std::io::Read;

/// A command of a runtime, and its arguments.
pub(crate) struct Resolved {
    pub(crate) command: String,
    pub(crate) arguments: Vec<String>,
}

/// Where programs lie on other systems; here there is nothing in these folders.
const FOLDERS: [&str; 7] =
    ["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/opt/homebrew/bin", "/usr/local/sbin"];

/// Bytes of a script that are looked at for what runs it.
const HEAD: u64 = 512;

impl Shell {
    /// What to start for these words; or a status, and what to say.
    pub(crate) fn resolve(&self, words: &[String]) -> Result<Resolved, (i32, String)> {
        let (name, rest) = words.split_first().ok_or((0, String::new()))?;
        let own = self.in_path(name);
        let name = own.as_ref().unwrap_or(name);
        if !name.contains('/') {
            return Ok(Resolved { command: name.clone(), arguments: rest.to_vec() });
        }
        let program = name.rsplit_once('/').filter(|(folder, _)| FOLDERS.contains(folder)).map(|(_, program)| program);
        if let (true, Some(program)) = (cfg!(target_family = "wasm"), program) {
            return Ok(Resolved { command: program.to_owned(), arguments: rest.to_vec() });
        }
        let path = self.path(name);
        let found = match fs::metadata(&path) {
            Ok(found) => found,
            Err(error) => {
                return match program {
                    Some(program) => Ok(Resolved { command: program.to_owned(), arguments: rest.to_vec() }),
                    None if error.kind() == std::io::ErrorKind::PermissionDenied => {
                        Err((126, format!("{name}: Permission denied")))
                    }
                    None => Err((127, format!("{name}: No such file or directory"))),
                };
            }
        };
        if found.is_dir() {
            return Err((126, format!("{name}: Is a directory")));
        }
        if !is_executable(&found) {
            return Err((126, format!("{name}: Permission denied")));
        }
        let mut head = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
        if let Err(error) = read {
            return Err((126, format!("{name}: {}", crate::redirect::reason(&error))));
        }
        if cfg!(not(target_family = "wasm")) && head.starts_with(b"\x7fELF") {
            return Ok(Resolved { command: path, arguments: rest.to_vec() });
        }
        let mut interpreter = interpreter(&head, name)
            .ok_or_else(|| (126, format!("{name}: cannot execute binary file: Exec format error")))?;
        let command = interpreter.remove(0);
        interpreter.push(name.clone());
        interpreter.extend_from_slice(rest);
        Ok(Resolved { command, arguments: interpreter })
    }
}

impl Shell {
    /// A script of this name in a folder that was added to the search path. In the usual folders nothing lies.
    pub(crate) fn in_path(&self, name: &str) -> Option<String> {
        if name.contains('/') || name.is_empty() {
            return None;
        }
        let path = self.get("PATH")?;
        let folders = path.split(':').filter(|folder| !folder.is_empty() && !FOLDERS.contains(folder));
        let mut places = folders.map(|folder| format!("{}/{name}", folder.trim_end_matches('/')));
        places.find(|place| fs::metadata(self.path(place)).is_ok_and(|found| found.is_file() && is_executable(&found)))
    }
}

#[cfg(unix)]
fn is_executable(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    found.permissions().mode() & 0o111 != 0
}

/// WASI knows no such bit.
#[cfg(not(unix))]
fn is_executable(_found: &fs::Metadata) -> bool {
    true
}

/// What runs a file, with its own arguments; none where it is no text.
pub(crate) fn interpreter(head: &[u8], name: &str) -> Option<Vec<String>> {
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        if words.first().is_some_and(|first| first.ends_with("/env")) {
            let skipped = words.iter().skip(1).take_while(|word| word.starts_with('-') || word.contains('=')).count();
            words.drain(..=skipped);
        }
        if let Some(first) = words.first_mut() {
            *first = first.rsplit('/').next().unwrap_or_default().to_owned();
            return Some(words);
        }
    }
    let by_name = match name.rsplit_once('.').map(|(_, end)| end) {
        Some("py") => "python3",
        Some("js" | "mjs" | "cjs") => "node",
        Some("rb") => "ruby",
        Some("pl") => "perl",
        _ if head.contains(&0) => return None,
        _ => "bash",
    };
    Some(vec![by_name.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::interpreter;

    #[test]
    fn the_first_line_says_what_runs_it() {
        let found = |head: &str, name: &str| interpreter(head.as_bytes(), name).map(|words| words.join(" "));
        assert_eq!(found("#!/usr/bin/env python3\n", "x").as_deref(), Some("python3"));
        assert_eq!(found("#!/usr/bin/env -S node --no-warnings\n", "x").as_deref(), Some("node --no-warnings"));
        assert_eq!(found("#!/bin/bash -eu\n", "x").as_deref(), Some("bash -eu"));
        assert_eq!(found("print(1)\n", "x.py").as_deref(), Some("python3"));
        assert_eq!(found("echo\n", "x").as_deref(), Some("bash"));
        assert_eq!(found("\0asm", "x"), None);
    }
}
