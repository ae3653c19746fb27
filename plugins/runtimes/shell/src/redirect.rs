//! Redirections: where a command's streams lead.

use crate::shell::{Outcome, Shell};
use crate::stream::{Handle, Source, Stream};
use brush_parser::ast::{IoFileRedirectKind, IoFileRedirectTarget, IoRedirect};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};

impl Shell {
    /// Redirects the shell's own streams; false where one could not be, which was said.
    pub(crate) fn redirect<'a>(&mut self, redirects: impl Iterator<Item = &'a IoRedirect>) -> Outcome<bool> {
        for redirect in redirects {
            if !self.one(redirect)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn one(&mut self, redirect: &IoRedirect) -> Outcome<bool> {
        match redirect {
            IoRedirect::File(number, kind, target) => self.file(*number, kind, target),
            IoRedirect::HereDocument(number, document) => {
                let text = match document.requires_expansion {
                    true => self.expand_document(&document.doc.value)?,
                    false => document.doc.value.clone(),
                };
                self.put(number.unwrap_or(0), Stream::bytes(text.into_bytes()))
            }
            IoRedirect::HereString(number, word) => {
                let mut text = self.expand_string(&word.value)?;
                text.push('\n');
                self.put(number.unwrap_or(0), Stream::bytes(text.into_bytes()))
            }
            IoRedirect::OutputAndError(word, append) => {
                let kind = if *append { IoFileRedirectKind::Append } else { IoFileRedirectKind::Write };
                self.both(&word.value, &kind)
            }
        }
    }

    fn put(&mut self, number: impl TryInto<u32>, stream: Handle) -> Outcome<bool> {
        if let Ok(number) = number.try_into() {
            self.descriptors.insert(number, stream);
        }
        Ok(true)
    }

    fn both(&mut self, word: &str, kind: &IoFileRedirectKind) -> Outcome<bool> {
        let Some(path) = self.one_path(word)? else { return Ok(false) };
        let Some(stream) = self.opened(&path, kind) else { return Ok(false) };
        self.put(1_u32, stream.clone())?;
        self.put(2_u32, stream)
    }

    /// The one path that a word makes.
    fn one_path(&mut self, word: &str) -> Outcome<Option<String>> {
        let mut words = self.expand_words([word])?;
        match (words.pop(), words.is_empty()) {
            (Some(path), true) => Ok(Some(path)),
            _ => {
                self.complain(format_args!("{word}: ambiguous redirect"));
                Ok(None)
            }
        }
    }

    fn file(&mut self, number: Option<i32>, kind: &IoFileRedirectKind, target: &IoFileRedirectTarget) -> Outcome<bool> {
        let usual = match kind {
            IoFileRedirectKind::Read | IoFileRedirectKind::ReadAndWrite | IoFileRedirectKind::DuplicateInput => 0,
            _ => 1,
        };
        let own = number.and_then(|number| u32::try_from(number).ok()).unwrap_or(usual);
        match target {
            IoFileRedirectTarget::Filename(word) => {
                let Some(path) = self.one_path(&word.value)? else { return Ok(false) };
                match self.opened(&path, kind) {
                    Some(stream) => self.put(own, stream),
                    None => Ok(false),
                }
            }
            IoFileRedirectTarget::ProcessSubstitution(which, subshell) => {
                let path = self.process_substitution(which, &subshell.list)?;
                match self.opened(&path, kind) {
                    Some(stream) => self.put(own, stream),
                    None => Ok(false),
                }
            }
            IoFileRedirectTarget::Fd(other) => self.duplicate(own, &other.to_string()),
            IoFileRedirectTarget::Duplicate(word) => {
                let text = self.expand_string(&word.value)?;
                let is_number = text.trim_end_matches('-').chars().all(|digit| digit.is_ascii_digit());
                match (is_number, number, kind) {
                    (true, ..) => self.duplicate(own, &text),
                    (false, None, IoFileRedirectKind::DuplicateOutput) => {
                        self.both(&word.value, &IoFileRedirectKind::Write)
                    }
                    _ => {
                        self.complain(format_args!("{text}: ambiguous redirect"));
                        Ok(false)
                    }
                }
            }
        }
    }

    /// `2>&1`, `2>&-`, `3>&1-`.
    fn duplicate(&mut self, own: u32, text: &str) -> Outcome<bool> {
        let source = text.trim_end_matches('-');
        if !source.is_empty() {
            let Some(stream) = source.parse().ok().and_then(|other| self.descriptor(other)) else {
                self.complain(format_args!("{source}: Bad file descriptor"));
                return Ok(false);
            };
            self.put(own, stream)?;
        }
        if let Some(closed) = text.strip_suffix('-') {
            self.descriptors.remove(&closed.parse().unwrap_or(own));
        }
        Ok(true)
    }

    fn opened(&self, path: &str, kind: &IoFileRedirectKind) -> Option<Handle> {
        let mut options = OpenOptions::new();
        match kind {
            IoFileRedirectKind::Read | IoFileRedirectKind::DuplicateInput => options.read(true),
            IoFileRedirectKind::Append => options.append(true).create(true),
            IoFileRedirectKind::ReadAndWrite => options.read(true).write(true).create(true).truncate(false),
            _ => options.write(true).create(true).truncate(true),
        };
        let exists = || fs::metadata(self.path(path)).is_ok_and(|found| found.is_file());
        if matches!(kind, IoFileRedirectKind::Write) && self.options.noclobber && exists() {
            self.complain(format_args!("{path}: cannot overwrite existing file"));
            return None;
        }
        match self.open(path, &options) {
            Ok(stream) => Some(stream),
            Err(text) => {
                self.complain(format_args!("{path}: {text}"));
                None
            }
        }
    }

    /// Opens a file, or one of the few devices there are; the reason where it cannot.
    pub(crate) fn open(&self, path: &str, options: &OpenOptions) -> Result<Handle, String> {
        let number = match path {
            "/dev/null" => return Ok(Stream::new(Source::Null)),
            "/dev/stdin" => Some("0"),
            "/dev/stdout" => Some("1"),
            "/dev/stderr" => Some("2"),
            "/dev/tty" => return Err("No such device or address".to_owned()),
            path => path.strip_prefix("/dev/fd/"),
        };
        if let Some(number) = number {
            let stream = number.parse().ok().and_then(|number| self.descriptor(number));
            return stream.ok_or_else(|| "No such file or directory".to_owned());
        }
        let full = self.path(path);
        match options.open(&full) {
            Ok(_) if path.is_empty() => Err("No such file or directory".to_owned()),
            Ok(file) if file.metadata().is_ok_and(|found| found.is_dir()) => Err("Is a directory".to_owned()),
            Ok(file) => Ok(Stream::new(Source::File(file))),
            Err(error) => Err(reason(&error)),
        }
    }
}

/// An error as C programs say it.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "No such file or directory",
        ErrorKind::PermissionDenied => "Permission denied",
        ErrorKind::IsADirectory => "Is a directory",
        ErrorKind::NotADirectory => "Not a directory",
        ErrorKind::AlreadyExists => "File exists",
        ErrorKind::ReadOnlyFilesystem => "Read-only file system",
        ErrorKind::StorageFull => "No space left on device",
        ErrorKind::BrokenPipe => "Broken pipe",
        ErrorKind::InvalidInput => "Invalid argument",
        ErrorKind::DirectoryNotEmpty => "Directory not empty",
        _ => {
            let text = error.to_string();
            return text.split(" (os error").next().unwrap_or_default().to_owned();
        }
    }
    .to_owned()
}
