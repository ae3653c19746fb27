//! Paths: a word with something special becomes the files whose names it matches.

use super::pattern::{Pattern, escaped, is_pattern};
use super::split::Field;
use crate::limits::BRACES;
use crate::shell::{Outcome, Shell, Stop};
use std::fs;

impl Shell {
    /// The word itself, or the paths that it matches.
    pub(crate) fn paths(&self, field: Field) -> Outcome<Vec<String>> {
        let text: String = field.iter().map(|(text, _)| text.as_str()).collect();
        let special = field.iter().any(|(text, quoted)| !quoted && is_pattern(text))
            // A set or an extended pattern may hold what is quoted.
            || field.iter().any(|(text, quoted)| !quoted && text.contains(['[', '(']));
        if self.options.noglob || !special {
            return Ok(vec![text]);
        }
        let pattern: String =
            field.iter().map(|(text, quoted)| if *quoted { escaped(text) } else { text.clone() }).collect();
        if !is_pattern(&pattern) {
            return Ok(vec![text]);
        }
        let mut found = self.glob(&pattern)?;
        found.sort();
        match (found.is_empty(), self.options.shopt.contains("nullglob"), self.options.shopt.contains("failglob")) {
            (false, ..) => Ok(found),
            (true, _, true) => {
                self.complain(format_args!("no match: {text}"));
                Err(Stop::Discard(1))
            }
            (true, true, _) => Ok(Vec::new()),
            (true, false, _) => Ok(vec![text]),
        }
    }

    /// The paths that a pattern matches.
    pub(crate) fn glob(&self, pattern: &str) -> Outcome<Vec<String>> {
        let pieces: Vec<&str> = pattern.split('/').collect();
        let mut found = vec![String::new()];
        for (index, piece) in pieces.iter().enumerate() {
            let last = index + 1 == pieces.len();
            let mut next = Vec::new();
            for folder in &found {
                self.extend(folder, piece, last, &mut next);
                if next.len() > BRACES {
                    self.complain(format_args!("{pattern}: more than {BRACES} paths"));
                    return Err(Stop::Discard(1));
                }
            }
            found = next;
        }
        Ok(found)
    }

    fn extend(&self, folder: &str, piece: &str, last: bool, next: &mut Vec<String>) {
        let end = if last { "" } else { "/" };
        if piece.is_empty() {
            next.push(format!("{folder}{end}"));
            return;
        }
        if !is_pattern(piece) {
            let path = format!("{folder}{}", unescaped(piece));
            // A folder on the way is not asked for: it may lie above what was granted.
            if !last || fs::symlink_metadata(self.path(&path)).is_ok() {
                next.push(format!("{path}{end}"));
            }
            return;
        }
        if piece == "**" && self.options.shopt.contains("globstar") {
            self.below(folder, last, next);
            return;
        }
        let matcher = Pattern::new(piece).caseless(self.options.shopt.contains("nocaseglob"));
        let hidden = piece.starts_with('.') || piece.starts_with("\\.") || self.options.shopt.contains("dotglob");
        for (name, is_folder) in self.entries(folder) {
            let visible = !name.starts_with('.') || (hidden && name != "." && name != "..");
            if visible && (last || is_folder) && matcher.matches(&name) {
                next.push(format!("{folder}{name}{end}"));
            }
        }
    }

    /// The folder and all below it.
    fn below(&self, folder: &str, last: bool, next: &mut Vec<String>) {
        if !last || !folder.is_empty() {
            next.push(folder.to_owned());
        }
        for (name, is_folder) in self.entries(folder) {
            if name.starts_with('.') || next.len() > BRACES {
                continue;
            }
            let path = format!("{folder}{name}");
            let link = fs::symlink_metadata(self.path(&path)).is_ok_and(|found| found.is_symlink());
            match (is_folder && !link, last) {
                (true, true) => {
                    next.push(path.clone());
                    self.below(&format!("{path}/"), last, next);
                    next.retain(|found| *found != format!("{path}/"));
                }
                (true, false) => self.below(&format!("{path}/"), last, next),
                (false, true) => next.push(path),
                (false, false) => {}
            }
        }
    }

    fn entries(&self, folder: &str) -> Vec<(String, bool)> {
        let path = if folder.is_empty() { self.directory.clone() } else { self.path(folder) };
        let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
        let entry = |entry: fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let kind = entry.file_type().ok()?;
            let is_folder = kind.is_dir() || (kind.is_symlink() && entry.path().is_dir());
            Some((name, is_folder))
        };
        entries.filter_map(|found| found.ok().and_then(entry)).collect()
    }
}

fn unescaped(piece: &str) -> String {
    let mut characters = piece.chars();
    let mut all = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => all.extend(characters.next()),
            character => all.push(character),
        }
    }
    all
}
