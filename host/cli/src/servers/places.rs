//! What a server's program is made of: the places that it has to read to run at all.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use crate::system;

/// What is none of anybody's programs.
const NO_PROGRAMS: &[&str] = &["/proc", "/dev", "/sys"];

/// Programs that run scripts, without the version in their names.
const INTERPRETERS: &[&str] = &[
    "node", "nodejs", "bun", "deno", "tsx", "python", "pypy", "ruby", "perl", "php", "lua", "sh", "bash", "dash", "zsh",
];
/// How scripts end.
const SCRIPTS: &[&str] =
    &["js", "mjs", "cjs", "ts", "mts", "cts", "py", "pyz", "rb", "pl", "php", "lua", "sh", "bash", "zsh"];

/// Programs that start programs: `#!/usr/bin/env python3`. Stops those that name each other.
const DEPTH: usize = 6;
/// Bytes of a first line.
const LINE_BYTES: u64 = 512;

/// What is below the folder that a runtime is installed in. Not all of it: it may be `~/.local`.
const BELOW: &[&str] = &["bin", "lib", "lib64", "libexec", "include", "pyvenv.cfg"];

/// The places of a command, found by this `PATH`. `private` tells which folders are too much: of Holm's
/// own, or all that its user has. What lies where the server writes tells of no places: it would widen its own.
pub(super) fn of_command(
    command: &str,
    arguments: &[String],
    path: &OsStr,
    writes: &[&Path],
    private: impl Fn(&Path) -> bool,
) -> Vec<PathBuf> {
    let mut places = Places { found: BTreeSet::new(), path, writes, private: &private };
    places.program(command, DEPTH);
    // A folder for a script, which has others beside it; a file for a file: `~/.ssh/config` is not `~/.ssh`.
    let script = arguments.iter().map(Path::new).find(|file| is_script(file)).filter(|_| is_interpreter(command));
    for file in arguments.iter().map(Path::new).filter(|file| file.is_absolute() && file.is_file()) {
        match script == Some(file) {
            true => places.script(file),
            false => places.add(file.to_owned()),
        }
    }
    places.found.into_iter().collect()
}

fn is_interpreter(command: &str) -> bool {
    let name = Path::new(command).file_name().unwrap_or_default().to_string_lossy();
    let name = name.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.');
    INTERPRETERS.contains(&name)
}

fn is_script(file: &Path) -> bool {
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    file.is_absolute() && file.is_file() && SCRIPTS.contains(&&*ending)
}

struct Places<'a> {
    found: BTreeSet<PathBuf>,
    path: &'a OsStr,
    writes: &'a [&'a Path],
    private: &'a dyn Fn(&Path) -> bool,
}

impl Places<'_> {
    fn add(&mut self, place: PathBuf) {
        let of_system = system::READ.iter().chain(NO_PROGRAMS).any(|system| place.starts_with(system));
        if !of_system && place.exists() && !(self.private)(&place) {
            self.found.insert(place);
        }
    }

    /// Whether the server decides what lies there.
    fn is_written(&self, file: &Path) -> bool {
        let real = file.canonicalize();
        let real = real.as_deref().unwrap_or(file);
        self.writes.iter().any(|place| file.starts_with(place) || real.starts_with(place))
    }

    /// A program, its runtime, and whatever its first line says runs it.
    fn program(&mut self, command: &str, depth: usize) {
        let Some(file) = find(command, self.path).filter(|file| depth > 0 && !self.is_written(file)) else { return };
        let line = first_line(&file);
        // By each of its names: a virtual environment is where the link lies, the rest where it leads.
        let mut names = vec![file.clone()];
        while let Some(next) = names.last().and_then(|name| Some(name.parent()?.join(name.read_link().ok()?))) {
            if names.len() > DEPTH {
                break;
            }
            if self.is_written(&next) {
                return;
            }
            names.push(next);
        }
        names.extend(file.canonicalize());
        for name in names {
            self.runtime(&name);
            if line.is_some() {
                self.script(&name);
            }
            self.add(name);
        }
        let Some(line) = line else { return };
        let mut words = line.split_ascii_whitespace();
        let interpreter = words.next().unwrap_or_default();
        self.program(interpreter, depth - 1);
        if interpreter.ends_with("/env")
            && let Some(word) = words.find(|word| !word.starts_with('-'))
        {
            self.program(word, depth - 1);
        }
    }

    /// Of a program in a folder `bin`: what belongs to it beside.
    fn runtime(&mut self, file: &Path) {
        let Some(folder) = file.parent().filter(|folder| folder.ends_with("bin")) else { return };
        let Some(prefix) = folder.parent().filter(|prefix| !self.is_written(prefix)) else { return };
        for below in BELOW {
            self.add(prefix.join(below));
        }
        let settings = std::fs::read_to_string(prefix.join("pyvenv.cfg")).unwrap_or_default();
        let home = settings.lines().find_map(|line| line.split_once('=').filter(|(key, _)| key.trim() == "home"));
        if let Some((_, home)) = home {
            self.runtime(&Path::new(home.trim()).join("python"));
        }
    }

    /// A file that is run by its interpreter, and what it is installed with.
    fn script(&mut self, file: &Path) {
        if !file.is_absolute() || !file.is_file() || self.is_written(file) {
            return;
        }
        let modules = file.ancestors().filter(|above| above.ends_with("node_modules")).last();
        let folder = file.parent().map(Path::to_owned);
        self.add(file.to_owned());
        if let Some(place) = modules.map(Path::to_owned).or(folder) {
            self.add(place);
        }
        if let Ok(real) = file.canonicalize()
            && real != file
        {
            self.script(&real);
        }
    }
}

/// The file that a command names.
fn find(command: &str, path: &OsStr) -> Option<PathBuf> {
    if command.contains('/') {
        return Some(PathBuf::from(command)).filter(|file| file.is_file());
    }
    std::env::split_paths(path).map(|folder| folder.join(command)).find(|file| file.is_file())
}

/// What follows `#!` in a file's first line.
fn first_line(file: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(file).ok()?.take(LINE_BYTES).read_to_end(&mut bytes).ok()?;
    let line = bytes.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    Some(String::from_utf8_lossy(line).into_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_runtime_is_found_by_its_links_and_first_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            path
        };
        std::fs::write(at("base/bin/python3"), "program").expect("written");
        std::fs::write(at("base/lib/x"), "").expect("written");
        std::fs::write(at("venv/pyvenv.cfg"), format!("home = {}\n", at("base/bin").display())).expect("written");
        symlink(at("base/bin/python3"), at("venv/bin/python")).expect("linked");
        std::fs::write(at("venv/bin/serve"), format!("#!{}\n", at("venv/bin/python").display())).expect("written");
        std::fs::write(at("home/node_modules/@a/b/dist/index.js"), "").expect("written");
        std::fs::write(at("home/secret"), "").expect("written");
        std::fs::write(at("home/server.js"), "").expect("written");
        std::fs::write(at("base/bin/node"), "program").expect("written");
        std::fs::write(at("home/.ssh/config"), "").expect("written");
        std::fs::write(at("home/own/server.js"), "").expect("written");
        let home = at("home/secret").parent().expect("a folder").to_owned();
        let places = |command: &str, arguments: &[&str], writes: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|name| at(name).display().to_string()).collect();
            let writes: Vec<PathBuf> = writes.iter().map(|name| at(name)).collect();
            let writes: Vec<&Path> = writes.iter().map(PathBuf::as_path).collect();
            let private = |place: &Path| home.starts_with(place);
            of_command(&at(command).display().to_string(), &arguments, OsStr::new(""), &writes, private)
        };
        let found = places("venv/bin/serve", &["home/.ssh/config", "home/server.js"], &[]);
        for name in ["venv/bin", "venv/pyvenv.cfg", "base/bin", "base/lib", "home/server.js", "home/.ssh/config"] {
            assert!(found.contains(&at(name)), "{name}: {found:?}");
        }
        assert!(!found.contains(&home) && !found.contains(&at("home/.ssh")), "{found:?}");
        // The script of an interpreter has its folder, and nothing else has.
        let found = places("base/bin/node", &["home/.ssh/config", "home/own/server.js"], &[]);
        assert!(found.contains(&at("home/own")) && !found.contains(&at("home/.ssh")), "{found:?}");
        let found = places("base/bin/node", &["home/node_modules/@a/b/dist/index.js"], &[]);
        assert!(found.contains(&at("home/node_modules")), "{found:?}");
        // One that rewrites its own script, or its runtime, gains nothing by that.
        std::fs::remove_file(at("home/own/server.js")).expect("removed");
        std::fs::write(at("home/others/secret.js"), "").expect("written");
        symlink(at("home/others/secret.js"), at("home/own/server.js")).expect("linked");
        let found = places("base/bin/node", &["home/own/server.js"], &["home/own"]);
        assert!(!found.contains(&at("home/others")), "{found:?}");
        std::fs::write(at("venv/pyvenv.cfg"), format!("home = {}\n", at("home/others/bin").display()))
            .expect("written");
        std::fs::write(at("home/others/bin/x"), "").expect("written");
        let found = places("venv/bin/serve", &[], &["venv"]);
        assert!(found.iter().all(|place| !place.starts_with(at("home"))), "{found:?}");
    }
}
