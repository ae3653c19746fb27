//! Command substitution, and process substitution by files.

use crate::limits::CAUGHT;
use crate::shell::{Outcome, Shell, Stop, Temporary};
use crate::stream::{Source, Stream};
use brush_parser::ast::{CompoundList, ProcessSubstitutionKind};
use std::fs;
use std::rc::Rc;

impl Shell {
    /// What commands write, without the line ends at its end.
    pub(crate) fn command_substitution(&mut self, text: &str) -> Outcome<String> {
        if let Some(path) = text.trim().strip_prefix('<').filter(|path| !path.starts_with(['<', '('])) {
            return self.whole_file(path.trim());
        }
        let program = self.parsed_within(text)?;
        let caught = Stream::new(Source::Caught(Vec::new()));
        let mut shell = self.subshell();
        shell.descriptors.insert(1, caught.clone());
        shell.first_line = self.line.saturating_sub(1);
        if !self.options.shopt.contains("inherit_errexit") && !self.options.posix {
            shell.options.errexit = false;
        }
        let status = self.deeper("command substitution", |outer| {
            shell.depth = outer.depth;
            Ok(shell.run_to_end(&program))
        })?;
        self.substituted = Some(status);
        self.status = status;
        self.text_of(caught.borrow_mut().caught())
    }

    fn text_of(&self, mut bytes: Vec<u8>) -> Outcome<String> {
        bytes.retain(|byte| *byte != 0);
        while bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        self.within(bytes.len())?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// `$(< file)`.
    fn whole_file(&mut self, word: &str) -> Outcome<String> {
        let path = self.expand_string(word)?;
        match self.open(&path, fs::OpenOptions::new().read(true)) {
            Ok(stream) => {
                let bytes = stream.borrow_mut().rest(CAUGHT).unwrap_or_default();
                self.substituted = Some(0);
                self.text_of(bytes)
            }
            Err(text) => {
                self.complain(format_args!("{path}: {text}"));
                self.substituted = Some(1);
                Ok(String::new())
            }
        }
    }

    /// A file that stands for the commands' output, or for their input.
    pub(crate) fn process_substitution(
        &mut self,
        kind: &ProcessSubstitutionKind,
        list: &CompoundList,
    ) -> Outcome<String> {
        let number = self.next_random();
        let folder = self.get("TMPDIR").unwrap_or_else(|| "/tmp".to_owned());
        let path = format!("{}/.bash-{:x}", folder.trim_end_matches('/'), number & 0xffff_ffff_ffff);
        let reader = match kind {
            ProcessSubstitutionKind::Read => {
                let caught = Stream::new(Source::Caught(Vec::new()));
                let mut shell = self.subshell();
                shell.descriptors.insert(1, caught.clone());
                self.deeper("process substitution", |outer| {
                    shell.depth = outer.depth;
                    Ok(shell.list_to_end(list))
                })?;
                let bytes = caught.borrow_mut().caught();
                self.made(&path, fs::write(self.path(&path), bytes))?;
                None
            }
            ProcessSubstitutionKind::Write => {
                self.made(&path, fs::write(self.path(&path), b""))?;
                Some(Rc::new(list.clone()))
            }
        };
        self.temporary.push(Temporary { path: path.clone(), reader });
        Ok(path)
    }

    fn made(&self, path: &str, result: std::io::Result<()>) -> Outcome<()> {
        result.map_err(|error| {
            self.complain(format_args!("{path}: {}", crate::redirect::reason(&error)));
            Stop::Discard(1)
        })
    }

    /// What reads the files of `>(…)` runs, and the files are removed.
    pub(crate) fn end_substitutions(&mut self, keep: usize) {
        for Temporary { path, reader } in self.temporary.split_off(keep.min(self.temporary.len())) {
            if let Some(list) = reader
                && let Ok(stream) = self.open(&path, fs::OpenOptions::new().read(true))
            {
                let mut shell = self.subshell();
                shell.descriptors.insert(0, stream);
                shell.list_to_end(&list);
            }
            let _ = fs::remove_file(self.path(&path));
        }
    }
}
