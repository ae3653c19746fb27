//! The commands of `-exec`, `-execdir`, `-ok`: taken out of the command line, and run.

use holm::spawn::{Command, Error, Exit, Stdio};

/// Begins a mark in the output; no path holds this byte.
pub(crate) const MARK: u8 = 0;

/// Paths given to one `-exec … +`: a command line that no process takes.
const PATHS: usize = 1_000;

/// One command, and what it waits for.
struct Wanted {
    words: Vec<String>,
    /// Many paths at once: `+`.
    gathers: bool,
    /// In the folder of each.
    in_folder: bool,
    waiting: Vec<String>,
}

#[derive(Default)]
pub(crate) struct Commands {
    all: Vec<Wanted>,
    failed: bool,
}

impl Commands {
    /// Takes the commands out of the command line; what stands there instead prints their marks.
    pub(crate) fn read(arguments: Vec<String>) -> Result<(Self, Vec<String>), String> {
        let mut commands = Self::default();
        let mut rest = Vec::new();
        let mut words = arguments.into_iter();
        while let Some(word) = words.next() {
            if !matches!(word.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir") {
                rest.push(word);
                continue;
            }
            let mut wanted =
                Wanted { words: Vec::new(), gathers: false, in_folder: word.ends_with("dir"), waiting: Vec::new() };
            loop {
                match words.next() {
                    None => return Err(format!("missing argument to `{word}'")),
                    Some(end) if end == ";" => break,
                    Some(end) if end == "+" && wanted.words.last().is_some_and(|last| last == "{}") => {
                        wanted.gathers = true;
                        break;
                    }
                    Some(inner) => wanted.words.push(inner),
                }
            }
            if wanted.words.is_empty() {
                return Err(format!("invalid argument `;' to `{word}'"));
            }
            if word.starts_with("-ok") {
                // Nobody is there to say yes.
                rest.push("-false".to_owned());
                continue;
            }
            rest.extend(["-printf".to_owned(), format!("\\0:{}\\0%p\\0", commands.all.len())]);
            commands.all.push(wanted);
        }
        Ok((commands, rest))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The path was found for the command of this number.
    pub(crate) fn found(&mut self, number: usize, path: String) {
        let Some(wanted) = self.all.get_mut(number) else { return };
        if !wanted.gathers {
            self.failed |= run(&wanted.words, wanted.in_folder, &[path]).is_none();
            return;
        }
        wanted.waiting.push(path);
        if wanted.waiting.len() >= PATHS {
            let paths = std::mem::take(&mut wanted.waiting);
            self.failed |= run(&wanted.words, wanted.in_folder, &paths) != Some(0);
        }
    }

    /// Runs what still waits; whether anything failed that `find` tells of.
    pub(crate) fn finish(&mut self) -> bool {
        for wanted in &mut self.all {
            let paths = std::mem::take(&mut wanted.waiting);
            if !paths.is_empty() {
                self.failed |= run(&wanted.words, wanted.in_folder, &paths) != Some(0);
            }
        }
        self.failed
    }
}

/// Runs a command over paths; its exit code, none where it could not be started.
fn run(words: &[String], in_folder: bool, paths: &[String]) -> Option<u8> {
    let folder = |path: &str| path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned();
    let shown: Vec<String> = match in_folder {
        true => paths.iter().map(|path| format!("./{}", path.rsplit('/').next().unwrap_or_default())).collect(),
        false => paths.to_vec(),
    };
    let mut arguments = Vec::new();
    for word in words {
        match (word.as_str(), shown.as_slice()) {
            ("{}", _) => arguments.extend(shown.iter().cloned()),
            (word, [one]) => arguments.push(word.replace("{}", one)),
            (word, _) => arguments.push(word.to_owned()),
        }
    }
    let name = arguments.remove(0);
    let mut command = Command::exec(name.rsplit('/').next().unwrap_or_default()).args(arguments).stdin(Stdio::Null);
    for (variable, value) in std::env::vars() {
        command = command.env(variable, value);
    }
    if in_folder {
        command = command.directory(folder(paths.first()?));
    }
    match command.start().and_then(|child| child.wait()) {
        Ok(Exit::Code(code)) => Some(code),
        Ok(ended) => {
            eprintln!("find: {name}: {ended}");
            Some(1)
        }
        Err(Error::NotFound) => {
            eprintln!("find: '{name}': No such file or directory");
            None
        }
        Err(error) => {
            eprintln!("find: '{name}': {error}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Commands;

    #[test]
    fn commands_are_taken_out() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let read =
            |text: &str| Commands::read(words(text)).map(|(commands, rest)| (commands.all.len(), rest.join(" ")));
        let expected = ". -name x -printf \\0:0\\0%p\\0 -o -printf \\0:1\\0%p\\0 -print";
        assert_eq!(read(". -name x -exec wc -l {} ; -o -exec rm {} + -print"), Ok((2, expected.to_owned())));
        assert!(read(". -exec wc {}").is_err());
        assert!(read(". -exec ;").is_err());
    }
}
