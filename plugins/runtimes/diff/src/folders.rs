//! Two folders, name by name.

use super::{Looseness, compare_files, reason};
use diffutilslib::params::{Format, Params};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Folders within each other: a link that leads to where it lies.
const DEPTH: usize = 64;

/// Compares two folders; those within them too where that is asked for.
pub(super) fn compare(params: &Params, loose: &Looseness) -> Result<u8, String> {
    level(Path::new(&params.from), Path::new(&params.to), params, loose, 0)
}

fn names(folder: &Path, loose: &Looseness) -> Result<BTreeSet<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {}", folder.display(), reason(&error)))?;
    let name = |entry: fs::DirEntry| entry.file_name().into_string().ok();
    let all = entries.filter_map(|entry| entry.ok().and_then(name));
    Ok(all.filter(|name| !loose.excluded.iter().any(|pattern| fits(pattern, name))).collect())
}

/// A pattern with `*` at either end, or a name.
fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (_, Some(start)) => name.starts_with(start),
        _ => pattern == name,
    }
}

fn level(from: &Path, to: &Path, params: &Params, loose: &Looseness, depth: usize) -> Result<u8, String> {
    if depth > DEPTH {
        return Err(format!("{}: more than {DEPTH} folders deep", from.display()));
    }
    let (left, right) = (names(from, loose)?, names(to, loose)?);
    let mut worst = 0;
    for name in left.union(&right) {
        let (ours, theirs) = (from.join(name), to.join(name));
        let outcome = match (left.contains(name), right.contains(name)) {
            (true, true) if ours.is_dir() && theirs.is_dir() => match loose.recursive {
                true => level(&ours, &theirs, params, loose, depth + 1)?,
                false => {
                    println!("Common subdirectories: {} and {}", ours.display(), theirs.display());
                    0
                }
            },
            (true, true) if ours.is_dir() != theirs.is_dir() => {
                let kind = |path: &Path| if path.is_dir() { "directory" } else { "regular file" };
                let (left, right) = (kind(&ours), kind(&theirs));
                println!("File {} is a {left} while file {} is a {right}", ours.display(), theirs.display());
                1
            }
            (both_left, both_right)
                if (both_left && both_right) || (loose.absent_as_empty && !ours.is_dir() && !theirs.is_dir()) =>
            {
                let heading = format!("diff {}{} {}", options(params, loose), ours.display(), theirs.display());
                compare_files(&ours.into(), &theirs.into(), params, loose, Some(&heading))?
            }
            (true, _) => {
                println!("Only in {}: {name}", from.display());
                1
            }
            (false, _) => {
                println!("Only in {}: {name}", to.display());
                1
            }
        };
        worst = worst.max(outcome);
    }
    Ok(worst)
}

/// The options, as the heading of a file in a folder repeats them.
fn options(params: &Params, loose: &Looseness) -> String {
    let mut letters = String::new();
    letters.extend(loose.recursive.then_some('r'));
    match params.format {
        Format::Unified => letters.push('u'),
        Format::Context => letters.push('c'),
        Format::Ed => letters.push('e'),
        Format::SideBySide => letters.push('y'),
        Format::Normal => {}
    }
    letters.extend(loose.absent_as_empty.then_some('N'));
    match letters.is_empty() {
        true => String::new(),
        false => format!("-{letters} "),
    }
}
