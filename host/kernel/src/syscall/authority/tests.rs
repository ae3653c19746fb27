//! Rights down a tree of processes: random ceilings, grants, and what is passed on.

use std::sync::Arc;

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{Authority, Rights};
use crate::{
    devices::{
        Grants,
        fs::{FsRule, FsWant},
        storage::{StorageRule, StorageWant},
    },
    program::LiveGrants,
    syscall::grant::Access,
};

fn grants() -> impl Strategy<Value = Grants> {
    let line = select(vec![
        "fs=*:rw",
        "fs=*:ro",
        "fs=/a:rw",
        "fs=/a:ro",
        "fs=/a/b:rw",
        "fs=/b:ro",
        "storage=*:rw",
        "storage=a*:ro",
        "storage=ab:rw",
        "storage=shared/*:rw",
        "storage=shared/a:ro",
    ]);
    vec(line, 0..6).prop_map(|lines| {
        let mut grants = Grants::default();
        for line in lines {
            grants.add(line).expect("each line is a grant");
        }
        grants
    })
}

/// Of a process: its program's ceiling and grant, what its parent passes on, and what its operator allows once.
fn process() -> impl Strategy<Value = (Grants, Grants, Option<Grants>, Option<FsWant>)> {
    (grants(), grants(), option::of(grants()), option::of(file()))
}

fn access() -> impl Strategy<Value = Access> {
    select(vec![Access::Read, Access::Write])
}

fn file() -> impl Strategy<Value = FsWant> {
    let path = select(vec!["/", "/a", "/a/b", "/a/b/c", "/b", "/ab"]);
    (path, access()).prop_map(|(path, access)| FsWant { path: path.into(), access })
}

fn bucket() -> impl Strategy<Value = StorageWant> {
    let name = select(vec!["a", "ab", "b", "shared/a", "shared/b"]);
    (name, access()).prop_map(|(bucket, access)| StorageWant { name: bucket.to_owned(), access })
}

fn rights(ceiling: Arc<Grants>, granted: Arc<LiveGrants>) -> Rights {
    Rights { owner: "x".into(), own: Arc::default(), ceiling, granted }
}

/// The authorities of a line of processes, each the child of the one before.
fn line(processes: Vec<(Grants, Grants, Option<Grants>, Option<FsWant>)>) -> Vec<(Arc<Authority>, Grants)> {
    let mut line: Vec<(Arc<Authority>, Grants)> = Vec::new();
    for (ceiling, granted, passed, once) in processes {
        let (kept, granted) = (Arc::new(ceiling.clone()), Arc::new(LiveGrants::new(granted)));
        let authority = match line.last() {
            Some((parent, _)) => parent.child(rights(kept, granted), passed),
            None => Authority::new(rights(kept, granted), None),
        };
        if let Some(once) = once {
            authority.allow_once::<FsRule>(&once.to_string());
        }
        line.push((authority, ceiling));
    }
    line
}

proptest! {
    /// Who is admitted lies within its own ceiling, and its parent is admitted too; and what may be
    /// passed on is admitted to whoever passes it on.
    #[test]
    fn a_child_has_no_more_than_its_parent(
        processes in vec(process(), 1..5),
        files in vec(file(), 1..8),
        buckets in vec(bucket(), 1..8),
        passed in grants(),
    ) {
        let line = line(processes);
        for (index, (authority, ceiling)) in line.iter().enumerate() {
            let passes_on = authority.beyond(&passed).is_empty();
            for want in &files {
                if authority.admit::<FsRule>(want).is_ok() {
                    prop_assert!(ceiling.fs.admitting(want).next().is_some());
                    prop_assert!(index == 0 || line[index - 1].0.admit::<FsRule>(want).is_ok());
                } else {
                    prop_assert!(!passes_on || passed.fs.admitting(want).next().is_none(), "{want:?}");
                }
            }
            for want in &buckets {
                if authority.admit::<StorageRule>(want).is_ok() {
                    prop_assert!(ceiling.storage.admitting(want).next().is_some());
                    prop_assert!(index == 0 || line[index - 1].0.admit::<StorageRule>(want).is_ok());
                } else {
                    prop_assert!(!passes_on || passed.storage.admitting(want).next().is_none(), "{want:?}");
                }
            }
        }
    }
}

/// What is a program's own needs no grant, is not bounded by its ceiling, and can be passed on and kept back.
#[test]
fn what_is_its_own_needs_no_grant() {
    let grants = |lines: &[&str]| {
        let mut grants = Grants::default();
        lines.iter().for_each(|line| grants.add(line).expect("it is a grant"));
        grants
    };
    let read = |path: &str| FsWant { path: path.into(), access: Access::Read };
    let own = || Rights {
        owner: "x".into(),
        own: Arc::new(grants(&["fs=/skill:ro"])),
        ceiling: Arc::default(),
        granted: Arc::default(),
    };
    let authority = Authority::new(own(), None);
    assert!(authority.admit::<FsRule>(&read("/skill/a")).is_ok());
    assert!(authority.admit::<FsRule>(&FsWant { path: "/skill/a".into(), access: Access::Write }).is_err());
    assert!(authority.admit::<FsRule>(&read("/a")).is_err());
    assert_eq!(authority.beyond(&grants(&["fs=/skill/a:ro", "fs=/skill:rw"])), ["fs=/skill:rw", "fs=/skill:rw"]);
    let child = authority.child(own(), Some(grants(&["fs=/skill/a:ro"])));
    assert!(child.admit::<FsRule>(&read("/skill/a/b")).is_ok());
    assert!(child.admit::<FsRule>(&read("/skill/b")).is_err());
}
