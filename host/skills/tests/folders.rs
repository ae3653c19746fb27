//! Folders as strangers make them.

use std::{fs, os::unix::fs::symlink};

use cap_std::{ambient_authority, fs::Dir};
use holm_skills::{Bounds, Catalogue, Files, ReadError, SkillFile, Unusable, load, strict};

const SKILL: &str = "---\nname: one\ndescription: does it\n---\nbody\n";

fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Dir) {
    let place = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let dir = Dir::open_ambient_dir(place.path(), ambient_authority()).expect("it opens");
    (place, dir)
}

#[test]
fn skills_are_found_wherever_they_lie() {
    let other = SKILL.replace("one", "two");
    let (place, dir) = folder(&[
        ("SKILL.md", SKILL),
        ("skills/two/SKILL.md", &other),
        ("skills/two/nested/deep/SKILL.md", SKILL),
        ("skills/broken/SKILL.md", "---\nname: broken\n---\n"),
        ("skills/lower/skill.md", SKILL),
        (".git/x/SKILL.md", SKILL),
        ("node_modules/x/SKILL.md", SKILL),
        ("a/b/c/d/e/f/SKILL.md", SKILL),
        ("a/b/c/d/e/f/g/SKILL.md", SKILL),
    ]);
    symlink(place.path(), place.path().join("skills/round")).expect("a link");
    let found = Catalogue::find(&dir, "top", Bounds::default()).expect("it is found");
    let paths: Vec<&str> = found.found.iter().map(|found| found.path.as_str()).collect();
    assert_eq!(paths, ["", "a/b/c/d/e/f", "skills/broken", "skills/two", "skills/two/nested/deep"]);
    assert!(
        matches!(&found.found[2].skill, Err(Unusable::Load(error)) if error.to_string().contains("no description"))
    );
    assert_eq!(
        found.clashes().into_iter().collect::<Vec<_>>(),
        [("one", vec!["", "a/b/c/d/e/f", "skills/two/nested/deep"])]
    );
    assert_eq!(
        found.left_out,
        ["skills/round: a link, which is not followed", "below a/b/c/d/e/f: more than 6 folders deep"]
    );
    let few = Catalogue::find(&dir, "top", Bounds { depth: 6, folders: 3 }).expect("it is found");
    assert_eq!(few.found.len(), 1);
    assert!(few.left_out.iter().any(|told| told.contains("more than 3 folders")), "{:?}", few.left_out);
}

#[test]
fn links_and_giants_are_refused() {
    let (place, dir) = folder(&[("real.md", SKILL), ("large/SKILL.md", &"a".repeat((1 << 20) + 1))]);
    assert!(matches!(SkillFile::read(&dir), Err(ReadError::Missing)));
    symlink("real.md", place.path().join("SKILL.md")).expect("a link");
    assert!(matches!(SkillFile::read(&dir), Err(ReadError::Irregular("a symbolic link"))));
    let large = dir.open_dir("large").expect("it opens");
    assert!(matches!(load(&large, "large"), Err(Unusable::Read(ReadError::Large))));
}

#[test]
fn strictly_too() {
    let (place, dir) = folder(&[("one/skill.md", SKILL), ("bytes/SKILL.md", "")]);
    let told = |path: &str| {
        let dir = if path.is_empty() { dir.try_clone() } else { dir.open_dir(path) };
        let findings = strict::validate_folder(&dir.expect("it opens"), path);
        findings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told("one"), [""; 0]);
    assert_eq!(told(""), ["Missing required file: SKILL.md"]);
    fs::write(place.path().join("bytes/SKILL.md"), b"---\nname: \xff\n---\n").expect("a file");
    assert_eq!(told("bytes"), ["its SKILL.md is no UTF-8: save it as UTF-8"]);
    let skill = load(&dir.open_dir("bytes").expect("it opens"), "bytes");
    assert!(matches!(skill, Err(Unusable::Load(_))));
    symlink("../one/skill.md", place.path().join("bytes/skill.md")).expect("a link");
    fs::remove_file(place.path().join("bytes/SKILL.md")).expect("it is removed");
    assert_eq!(told("bytes"), ["its SKILL.md is a symbolic link, and those are not followed: put a copy in its place"]);
}

#[test]
fn a_pipe_does_not_hold_it_up() {
    let (place, dir) = folder(&[]);
    let made = std::process::Command::new("mkfifo").arg(place.path().join("SKILL.md")).status().expect("it runs");
    assert!(made.success());
    assert!(matches!(SkillFile::read(&dir), Err(ReadError::Irregular("a pipe, socket or device"))));
}

#[test]
fn files_are_listed_without_links() {
    let (place, dir) = folder(&[("SKILL.md", SKILL), ("scripts/a.py", "x"), ("node_modules/y/z.js", ""), ("b", "")]);
    symlink("/etc", place.path().join("scripts/etc")).expect("a link");
    symlink("/etc/passwd", place.path().join("passwd")).expect("a link");
    let files = Files::list(&dir).expect("they are listed");
    assert_eq!(files.paths, ["SKILL.md", "b", "scripts/a.py"]);
    assert!(files.left_out);
    assert_eq!(Files::read(&dir, "scripts/a.py", 10).expect("it is read"), Some(b"x".to_vec()));
    assert_eq!(Files::read(&dir, "SKILL.md", 10).expect("it is read"), None);
    assert_eq!(Files::read(&dir, "passwd", 10_000).expect("it is read"), None);
    assert!(Files::read(&dir, "scripts/etc/passwd", 10_000).is_err());
}
