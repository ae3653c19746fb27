//! What a server's program is made of: the places that it has to read to run at all.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// Where programs, their libraries and what describes the system lie.
pub(super) const SYSTEM: &[&str] = &[
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc",
    "/opt",
    "/nix",
    "/proc",
    "/dev",
    "/sys/devices/system/cpu",
];

/// Programs that start programs: `#!/usr/bin/env python3`. Stops those that name each other.
const DEPTH: usize = 6;
/// Bytes of a first line.
const LINE_BYTES: u64 = 512;

/// What is below the folder that a runtime is installed in. Not all of it: it may be `~/.local`.
const BELOW: &[&str] = &["bin", "lib", "lib64", "libexec", "include", "pyvenv.cfg"];

/// The places of a command, found by this `PATH`. `private` tells which folders are too much: of Holm's
/// own, or all that its user has.
pub(super) fn of_command(
    command: &str,
    arguments: &[String],
    path: &OsStr,
    private: impl Fn(&Path) -> bool,
) -> Vec<PathBuf> {
    let mut places = Places { found: BTreeSet::new(), path, private: &private };
    places.program(command, DEPTH);
    for argument in arguments {
        places.script(Path::new(argument));
    }
    places.found.into_iter().collect()
}

struct Places<'a> {
    found: BTreeSet<PathBuf>,
    path: &'a OsStr,
    private: &'a dyn Fn(&Path) -> bool,
}

impl Places<'_> {
    fn add(&mut self, place: PathBuf) {
        let of_system = SYSTEM.iter().any(|system| place.starts_with(system));
        if !of_system && place.exists() && !(self.private)(&place) {
            self.found.insert(place);
        }
    }

    /// A program, its runtime, and whatever its first line says runs it.
    fn program(&mut self, command: &str, depth: usize) {
        let Some(file) = find(command, self.path).filter(|_| depth > 0) else { return };
        // By each of its names: a virtual environment is where the link lies, the rest where it leads.
        let mut names = vec![file.clone()];
        while let Some(next) = names.last().and_then(|name| Some(name.parent()?.join(name.read_link().ok()?))) {
            if names.len() > DEPTH {
                break;
            }
            names.push(next);
        }
        names.extend(file.canonicalize());
        for name in names {
            self.runtime(&name);
            self.script(&name);
            self.add(name);
        }
        let Some(line) = first_line(&file) else { return };
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
        let Some(prefix) = folder.parent() else { return };
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
        if !file.is_absolute() || !file.is_file() {
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
        let command = at("venv/bin/serve").display().to_string();
        let arguments =
            ["home/node_modules/@a/b/dist/index.js", "home/server.js"].map(|name| at(name).display().to_string());
        let home = at("home/secret").parent().expect("a folder").to_owned();
        let found = of_command(&command, &arguments, OsStr::new(""), |place| home.starts_with(place));
        for name in ["venv/bin", "venv/pyvenv.cfg", "base/bin", "base/lib", "home/node_modules", "home/server.js"] {
            assert!(found.contains(&at(name)), "{name}: {found:?}");
        }
        assert!(!found.contains(&home), "{found:?}");
    }
}
