//! The skills of a folder of many, or of a whole repository.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
};

use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use crate::{
    folder::{NAMES, PASSED_OVER, ReadError, SkillFile, shown_path},
    lenient::Skill,
    text::is_hidden,
    warning::LoadError,
};

/// How far is looked for skills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Folders within folders.
    pub depth: usize,
    /// Folders in all. Stops trees that take for ever to walk.
    pub folders: usize,
}

impl Default for Bounds {
    /// What the standard's guide for clients advises.
    fn default() -> Self {
        Self { depth: 6, folders: 2000 }
    }
}

/// Entries of a folder that are looked at. Stops folders that never end.
const MAXIMUM_ENTRIES: usize = 20_000;

/// Bytes of all files that are read. Stops thousands of skills of a mebibyte each.
const MAXIMUM_BYTES: usize = 64 << 20;

/// Why a skill that was found is not one that works.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Its file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Its file is no skill.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// A folder with a `SKILL.md`.
#[derive(Debug)]
pub struct Found {
    /// Its path below where was looked, with `/` between names; empty for that itself.
    pub path: String,
    /// What is in it.
    pub skill: Result<Skill, Unusable>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// The skills, by their paths.
    pub found: Vec<Found>,
    /// Places that were not looked at, as far as they are told, each with the reason.
    pub left_out: Vec<String>,
    bytes: usize,
}

impl Catalogue {
    /// Looks for skills in a folder that is called `name`, and in those below.
    pub fn find(dir: &Dir, name: &str, bounds: Bounds) -> io::Result<Self> {
        let mut catalogue = Self::default();
        let mut waiting = VecDeque::from([(String::new(), 0_usize)]);
        let mut folders = 0;
        while let Some((path, depth)) = waiting.pop_front() {
            folders += 1;
            if folders > bounds.folders {
                catalogue.leave_out(format!(
                    "{} and what lies behind it: more than {} folders",
                    shown_path(&path),
                    bounds.folders
                ));
                break;
            }
            let opened = if path.is_empty() { dir.try_clone() } else { open(dir, &path) };
            let read = opened.and_then(|opened| catalogue.folder(&opened, &path, name));
            let inner = match read {
                Ok(inner) => inner,
                // Where it cannot look at all, there is nothing to tell.
                Err(error) if path.is_empty() => return Err(error),
                Err(error) => {
                    catalogue.leave_out(format!("{}: {error}", shown_path(&path)));
                    continue;
                }
            };
            if depth == bounds.depth {
                if !inner.is_empty() {
                    catalogue.leave_out(format!(
                        "below {}: more than {} folders deep",
                        shown_path(&path),
                        bounds.depth
                    ));
                }
                continue;
            }
            // Of those that will not be looked at, one is kept, to be told of.
            let room = bounds.folders.saturating_sub(folders + waiting.len()) + 1;
            waiting.extend(inner.into_iter().take(room).map(|path| (path, depth + 1)));
        }
        catalogue.found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(catalogue)
    }

    /// The names that several of the skills have, with their paths: the first of them is meant by it.
    pub fn clashes(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for found in &self.found {
            if let Ok(skill) = &found.skill {
                names.entry(&skill.name).or_default().push(&found.path);
            }
        }
        names.retain(|_, paths| paths.len() > 1);
        names
    }

    /// The folders below, in order.
    fn folder(&mut self, dir: &Dir, path: &str, name: &str) -> io::Result<Vec<String>> {
        let (mut inner, mut is_skill) = (Vec::new(), false);
        for (index, entry) in dir.entries()?.enumerate() {
            if index == MAXIMUM_ENTRIES {
                self.leave_out(format!("{}: more than {MAXIMUM_ENTRIES} entries", shown_path(path)));
                break;
            }
            let entry = entry?;
            let file_name = entry.file_name();
            let Some(entry_name) = file_name.to_str().filter(|name| !name.chars().any(is_hidden)) else {
                self.leave_out(format!("in {}: a name that cannot be shown", shown_path(path)));
                continue;
            };
            // Its exact name, whatever the file system makes of capitals.
            is_skill |= entry_name == NAMES[0];
            let kind = entry.file_type()?;
            let entry_path = || if path.is_empty() { entry_name.to_owned() } else { format!("{path}/{entry_name}") };
            if kind.is_dir() && !PASSED_OVER.contains(&entry_name) {
                inner.push(entry_path());
            } else if kind.is_symlink() && !dir.metadata(entry_name).is_ok_and(|target| target.is_file()) {
                self.leave_out(format!("{}: a link, which is not followed", shown_path(&entry_path())));
            }
        }
        inner.sort_unstable();
        if is_skill && self.bytes > MAXIMUM_BYTES {
            self.leave_out(format!("{}: the skills before it are too long together", shown_path(path)));
        } else if is_skill {
            let folder = path.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or(name);
            let skill = SkillFile::read(dir).map_err(Unusable::Read).and_then(|file| {
                self.bytes += file.bytes.len();
                from_file(&file, folder)
            });
            self.found.push(Found { path: path.to_owned(), skill });
        }
        Ok(inner)
    }

    fn leave_out(&mut self, what: String) {
        // For people to read: a hundred are enough.
        if self.left_out.len() < 100 {
            self.left_out.push(what);
        }
    }
}

/// Loads the skill that lies in a folder of this name.
pub fn load(dir: &Dir, folder: &str) -> Result<Skill, Unusable> {
    from_file(&SkillFile::read(dir)?, folder)
}

fn from_file(file: &SkillFile, folder: &str) -> Result<Skill, Unusable> {
    let mut skill = Skill::load(&file.text(), folder)?;
    if !file.is_text() {
        skill.warnings.push(crate::Warning::Encoding);
    }
    Ok(skill)
}

/// Opens a folder name by name, so that no link on the way is followed.
fn open(dir: &Dir, path: &str) -> io::Result<Dir> {
    let mut names = path.split('/');
    let first = dir.open_dir_nofollow(names.next().unwrap_or("."))?;
    names.try_fold(first, |dir, name| dir.open_dir_nofollow(name))
}
