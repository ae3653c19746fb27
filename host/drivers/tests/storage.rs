//! What every storage driver does alike: one suite, run over each of them.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test, whose findings are of interest")]

mod common;

use std::sync::Arc;

use common::{PLENTY, bucket, commit, delete, each, expecting, put, text};
use holm_drivers::storage::{NAMES, OpenError, open};
use holm_kernel::account::Bytes;
use holm_kernel::storage::{BucketId, DriverError, Expected, VERSION_OVERHEAD, VERSIONS_KEPT};

#[tokio::test]
async fn a_value_is_put_got_and_deleted() {
    each(async |store| {
        let notes = bucket("clipper", "notes");
        assert_eq!(text(&*store, &notes, "a").await, None);
        let first = commit(&*store, &notes, vec![put("a", "one")]).await.unwrap();
        let second = commit(&*store, &notes, vec![put("a", "two")]).await.unwrap();
        assert!(second > first);
        let found = store.get(&notes, "a").await.unwrap().unwrap();
        assert_eq!((found.value.as_slice(), found.version), (b"two".as_slice(), second));
        commit(&*store, &notes, vec![delete("a")]).await.unwrap();
        assert_eq!(text(&*store, &notes, "a").await, None);
        commit(&*store, &notes, vec![put("a", "three")]).await.unwrap();
        assert_eq!(text(&*store, &notes, "a").await.as_deref(), Some("three"));
    })
    .await;
}

#[tokio::test]
async fn values_of_every_size_come_back_whole() {
    each(async |store| {
        let big = bucket("clipper", "big");
        for size in [0, 1, 4095, 16 << 10, (16 << 10) + 1, 100_000, 1 << 20] {
            let value: Vec<u8> = (0..size).map(|at| (at * 31 % 251) as u8).collect();
            commit(&*store, &big, vec![put("k", &value)]).await.unwrap();
            assert!(store.get(&big, "k").await.unwrap().unwrap().value == value, "{size} bytes");
        }
        assert_eq!(store.versions(&big, "k").await.unwrap().len(), 7);
    })
    .await;
}

#[tokio::test]
async fn buckets_never_see_each_other() {
    each(async |store| {
        let shared = |name: &str| BucketId { owner: None, name: name.into() };
        // Pairs that a careless encoding would run together.
        let buckets =
            [bucket("a", "bc"), bucket("ab", "c"), bucket("", "abc"), shared("abc"), shared("a"), bucket("a", "")];
        for (number, bucket) in buckets.iter().enumerate() {
            let value = number.to_string();
            commit(&*store, bucket, vec![put("k", &value), put("kk", &value)]).await.unwrap();
        }
        for (number, bucket) in buckets.iter().enumerate() {
            assert_eq!(text(&*store, bucket, "k").await, Some(number.to_string()));
            assert_eq!(store.list(bucket, "", None, 100).await.unwrap().keys, ["k", "kk"]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_plugin_stored_is_forgotten_and_nothing_else() {
    each(async |store| {
        let gone = [bucket("jq", "notes"), bucket("jq", "more"), bucket("jq@agent", "notes"), bucket("files@jq", "n")];
        let shared = BucketId { owner: None, name: "jq".into() };
        let stay = [bucket("jq-2", "notes"), bucket("files@agent", "notes"), bucket("j", "q"), shared];
        for bucket in gone.iter().chain(&stay) {
            commit(&*store, bucket, vec![put("a", "one"), put("b", "two")]).await.unwrap();
            commit(&*store, bucket, vec![delete("a")]).await.unwrap();
        }
        // More rows than are removed at once, and old versions of one key.
        for round in 0..3 {
            let many = (0..900).map(|at| put(&format!("k{at}"), round.to_string())).collect();
            commit(&*store, &gone[0], many).await.unwrap();
        }
        let held = store.used(&gone[0]).await.unwrap().0
            + store.used(&gone[2]).await.unwrap().0
            + store.used(&gone[3]).await.unwrap().0;
        assert_eq!(store.forget("jq").await.unwrap(), Bytes(held));
        for bucket in &gone {
            assert!(store.list(bucket, "", None, 10).await.unwrap().keys.is_empty(), "{bucket:?}");
            assert!(store.versions(bucket, "a").await.unwrap().is_empty(), "{bucket:?}");
            assert_eq!(store.used(bucket).await.unwrap(), Bytes(0));
        }
        for bucket in &stay {
            assert_eq!(store.list(bucket, "", None, 10).await.unwrap().keys, ["b"], "{bucket:?}");
        }
        assert_eq!(store.forget("jq").await.unwrap(), Bytes(0));
        // Who is installed by that name later begins anew.
        assert_eq!(commit(&*store, &gone[0], vec![put("a", "new")]).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn odd_keys_are_keys() {
    let odd = ["\0", "\0\0", "a\0b", "a", "aa", "ä", "\u{10ffff}", "../../etc", " ", "\n", "a/b", &"k".repeat(1024)];
    each(async |store| {
        let notes = bucket("clipper", "notes");
        for key in odd {
            commit(&*store, &notes, vec![put(key, key)]).await.unwrap();
        }
        for key in odd {
            assert_eq!(text(&*store, &notes, key).await.as_deref(), Some(key));
        }
        let mut sorted = odd.to_vec();
        sorted.sort_unstable();
        assert_eq!(store.list(&notes, "", None, 100).await.unwrap().keys, sorted);
    })
    .await;
}

#[tokio::test]
async fn keys_are_listed_by_prefix_and_page() {
    each(async |store| {
        let notes = bucket("clipper", "notes");
        let keys = ["a/1", "a/2", "a/3", "a/4", "a/5", "a0", "b/1"];
        commit(&*store, &notes, keys.iter().map(|key| put(key, "")).collect()).await.unwrap();
        commit(&*store, &notes, vec![delete("a/3")]).await.unwrap();
        // prefix, cursor, limit → keys, next
        let cases = [
            ("", None, 100, vec!["a/1", "a/2", "a/4", "a/5", "a0", "b/1"], None),
            ("a/", None, 2, vec!["a/1", "a/2"], Some("a/2")),
            ("a/", Some("a/2"), 2, vec!["a/4", "a/5"], None),
            ("a/", Some("a/3"), 1, vec!["a/4"], Some("a/4")),
            ("a/", Some("a/5"), 2, vec![], None),
            ("a/", Some("z"), 2, vec![], None),
            ("b", Some("a"), 2, vec!["b/1"], None),
            ("c", None, 2, vec![], None),
            ("", None, 6, vec!["a/1", "a/2", "a/4", "a/5", "a0", "b/1"], None),
        ];
        for (prefix, cursor, limit, keys, next) in cases {
            let page = store.list(&notes, prefix, cursor, limit).await.unwrap();
            assert_eq!((page.keys, page.next.as_deref()), (keys.iter().map(|key| key.to_string()).collect(), next));
        }
    })
    .await;
}

#[tokio::test]
async fn a_swap_finds_what_it_expects_or_changes_nothing() {
    each(async |store| {
        let notes = bucket("clipper", "notes");
        let absent = |value| vec![expecting(Expected::Absent, put("a", value))];
        let first = commit(&*store, &notes, absent("one")).await.unwrap();
        match commit(&*store, &notes, absent("two")).await {
            Err(DriverError::Conflict { key, found }) => assert_eq!((key.as_str(), found), ("a", Some(first))),
            other => panic!("{other:?}"),
        }
        let at = |version, change| vec![expecting(Expected::Version(version), change)];
        let second = commit(&*store, &notes, at(first, put("a", "two"))).await.unwrap();
        assert!(commit(&*store, &notes, at(first, put("a", "three"))).await.is_err());
        assert!(commit(&*store, &notes, at(second, put("b", "no such key"))).await.is_err());
        assert_eq!(text(&*store, &notes, "a").await.as_deref(), Some("two"));
        let third = commit(&*store, &notes, at(second, delete("a"))).await.unwrap();
        // A deleted key is absent, also to who knows the version that deleted it.
        assert!(commit(&*store, &notes, at(third, put("a", "x"))).await.is_err());
        commit(&*store, &notes, absent("four")).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_made_whole_or_not_at_all() {
    each(async |store| {
        let notes = bucket("clipper", "notes");
        commit(&*store, &notes, vec![put("b", "old")]).await.unwrap();
        let used = store.used(&notes).await.unwrap();
        let failing = vec![put("a", "new"), expecting(Expected::Absent, put("b", "new")), delete("c")];
        assert!(matches!(commit(&*store, &notes, failing).await, Err(DriverError::Conflict { key, .. }) if key == "b"));
        assert_eq!(text(&*store, &notes, "a").await, None);
        assert_eq!(store.used(&notes).await.unwrap(), used);

        let both = vec![put("a", "1"), put("b", "1"), put("a", "2"), delete("absent")];
        let version = commit(&*store, &notes, both).await.unwrap();
        for (key, value) in [("a", "2"), ("b", "1")] {
            let found = store.get(&notes, key).await.unwrap().unwrap();
            assert_eq!((found.value.as_slice(), found.version), (value.as_bytes(), version));
        }
        assert_eq!(store.versions(&notes, "a").await.unwrap().len(), 1, "one commit, one version");
        assert_eq!(store.versions(&notes, "absent").await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn old_versions_can_be_read_until_they_are_pruned() {
    each(async |store| {
        let notes = bucket("clipper", "notes");
        let mut made = Vec::new();
        for number in 0..VERSIONS_KEPT + 8 {
            let change = if number % 5 == 4 { delete("a") } else { put("a", number.to_string()) };
            made.push(commit(&*store, &notes, vec![change]).await.unwrap());
        }
        let kept = store.versions(&notes, "a").await.unwrap();
        let numbers: Vec<u64> = kept.iter().map(|version| version.version).collect();
        let newest: Vec<u64> = made.iter().rev().take(VERSIONS_KEPT).copied().collect();
        assert_eq!(numbers, newest);
        for (number, version) in made.iter().enumerate() {
            let value = store.get_version(&notes, "a", *version).await;
            if !numbers.contains(version) {
                assert!(matches!(value, Err(DriverError::NoSuchVersion(missing)) if missing == *version));
            } else if number % 5 == 4 {
                assert_eq!(value.unwrap(), None);
            } else {
                assert_eq!(value.unwrap().unwrap(), number.to_string().as_bytes());
            }
        }
        let cost: u64 = kept.iter().map(|version| 1 + version.size.unwrap_or(0) + VERSION_OVERHEAD).sum();
        assert_eq!(store.used(&notes).await.unwrap(), Bytes(cost));
    })
    .await;
}

#[tokio::test]
async fn a_quota_holds_over_all_buckets_of_an_owner() {
    let one = VERSION_OVERHEAD + 1 + 10;
    each(async |store| {
        let (notes, other) = (bucket("clipper", "notes"), bucket("clipper", "other"));
        let quota = Bytes(2 * one);
        store.commit(&notes, vec![put("a", [0; 10])], quota).await.unwrap();
        store.commit(&other, vec![put("b", [0; 10])], quota).await.unwrap();
        assert_eq!(store.used(&notes).await.unwrap(), quota);
        for full in [&notes, &other] {
            let refused = store.commit(full, vec![put("c", [0; 0])], quota).await;
            assert!(matches!(refused, Err(DriverError::Quota { .. })), "{refused:?}");
        }
        assert_eq!(store.versions(&notes, "c").await.unwrap(), []);
        // The history of what was there is not given up for what is new.
        assert!(store.commit(&notes, vec![put("a", [1; 10])], quota).await.is_err());
        // Somebody else's account is another.
        store.commit(&bucket("jq", "notes"), vec![put("a", [0; 10])], quota).await.unwrap();
        store.commit(&BucketId { owner: None, name: "notes".into() }, vec![put("a", [0; 10])], quota).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_full_quota_can_be_freed() {
    each(async |store| {
        let notes = bucket("clipper", "notes");
        let quota = Bytes(1000);
        while store.commit(&notes, vec![put("a", [0; 10])], quota).await.is_ok() {}
        commit(&*store, &notes, vec![put("b", [0; 5000])]).await.unwrap();
        // Over the quota, as after it was lowered: shrinking is allowed, growing is not.
        assert!(store.commit(&notes, vec![put("c", "")], quota).await.is_err());
        store.commit(&notes, vec![delete("a")], quota).await.unwrap();
        assert_eq!(store.versions(&notes, "a").await.unwrap(), []);
        store.commit(&notes, vec![delete("b")], quota).await.unwrap();
        assert_eq!(store.used(&notes).await.unwrap(), Bytes(0));
        store.commit(&notes, vec![put("c", "")], quota).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_for_the_last_bytes_nobody_wins_twice() {
    const WRITERS: u64 = 64;
    let one = VERSION_OVERHEAD + 4 + 100;
    each(async |store| {
        let quota = Bytes(10 * one + one / 2);
        let tasks: Vec<_> = (0..WRITERS)
            .map(|number| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let owned = bucket("clipper", if number % 2 == 0 { "even" } else { "odd" });
                    store.commit(&owned, vec![put(&format!("{number:04}"), [7; 100])], quota).await
                })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) => won += 1,
                Err(error) => assert!(matches!(error, DriverError::Quota { .. }), "{error}"),
            }
        }
        assert_eq!(won, 10);
        assert_eq!(store.used(&bucket("clipper", "even")).await.unwrap(), Bytes(10 * one));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_swaps_count_every_step_once() {
    each(async |store| {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let counter = bucket("clipper", "counter");
                    for _ in 0..5 {
                        loop {
                            let found = store.get(&counter, "n").await.unwrap();
                            let (expected, count) = match found {
                                Some(found) => (Expected::Version(found.version), found.value.len()),
                                None => (Expected::Absent, 0),
                            };
                            let next = vec![expecting(expected, put("n", vec![0; count + 1]))];
                            match store.commit(&counter, next, PLENTY).await {
                                Ok(_) => break,
                                Err(DriverError::Conflict { .. }) => {}
                                Err(error) => panic!("{error}"),
                            }
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let found = store.get(&bucket("clipper", "counter"), "n").await.unwrap().unwrap();
        assert_eq!(found.value.len(), 40);
    })
    .await;
}

#[tokio::test]
async fn reopening_keeps_everything() {
    for name in ["redb", "sled"] {
        let dir = tempfile::tempdir().unwrap();
        let notes = bucket("clipper", "notes");
        let mut newest = 0;
        for round in 0..3 {
            let store = open(name, dir.path()).unwrap();
            for number in 0..20 {
                let key = format!("{round}-{number}");
                newest = commit(&*store, &notes, vec![put(&key, vec![round; 3000])]).await.unwrap();
            }
        }
        let store = open(name, dir.path()).unwrap();
        assert_eq!(store.list(&notes, "", None, 100).await.unwrap().keys.len(), 60);
        assert_eq!(store.get(&notes, "1-7").await.unwrap().unwrap().value, [1; 3000]);
        assert!(commit(&*store, &notes, vec![put("x", "")]).await.unwrap() > newest, "versions only grow");
    }
}

#[tokio::test]
async fn what_a_crash_leaves_half_made_is_in_nobodys_way() {
    for (name, leftover) in [
        ("redb", "storage.unfinished"),
        ("sled", "storage.sled/snap.0000000000000400.generating"),
        ("sled", "storage.sled/snap.FFFFFFFFFFFFFFFF.generating"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(leftover);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "half").unwrap();
        drop(open(name, dir.path()).unwrap());
        std::fs::write(&file, "half").unwrap();
        drop(open(name, dir.path()).unwrap());
    }
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    assert!(matches!(open("postgres", "/".as_ref()), Err(OpenError::UnknownDriver { .. })));
    for name in ["redb", "sled"] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(name, dir.path()).unwrap();
        assert!(matches!(open(name, dir.path()).err(), Some(OpenError::Locked { .. })), "{name}");
        drop(store);
        let other = if name == "redb" { "sled" } else { "redb" };
        assert!(matches!(open(other, dir.path()).err(), Some(OpenError::OtherDriver { .. })), "{name}");
        assert!(open(name, dir.path()).is_ok());
    }
}

#[tokio::test]
async fn damage_is_an_error_and_not_a_panic() {
    // Every file of a store in turn: cut off, emptied, and overwritten from front to back.
    type Damage = fn(&mut Vec<u8>);
    let damages: [Damage; 4] = [
        |bytes| bytes.truncate(bytes.len() / 2),
        Vec::clear,
        |bytes| bytes.fill(0xa5),
        |bytes| bytes.iter_mut().step_by(97).for_each(|byte| *byte ^= 0x55),
    ];
    for name in NAMES.iter().filter(|name| **name != "memory") {
        let whole = tempfile::tempdir().unwrap();
        let notes = bucket("clipper", "notes");
        {
            let store = open(name, whole.path()).unwrap();
            for number in 0..30 {
                commit(&*store, &notes, vec![put(&number.to_string(), vec![1; 2000])]).await.unwrap();
            }
        }
        for file in files(whole.path()) {
            for (number, damage) in damages.iter().enumerate() {
                let copy = tempfile::tempdir().unwrap();
                for other in files(whole.path()) {
                    let to = copy.path().join(other.strip_prefix(whole.path()).unwrap());
                    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                    let mut bytes = std::fs::read(&other).unwrap();
                    if other == file {
                        damage(&mut bytes);
                    }
                    std::fs::write(to, bytes).unwrap();
                }
                let opened = open(name, copy.path());
                println!("{name} {file:?} {number}: {:?}", opened.as_ref().err().map(ToString::to_string));
                if file.ends_with("storage.redb") || number == 2 && file.ends_with("db") {
                    assert!(opened.is_err(), "{file:?} {number}");
                }
                if let Ok(store) = opened {
                    // What is left reads as data or as an error; the engine's panics are caught.
                    for key in 0..30 {
                        let _ = store.get(&notes, &key.to_string()).await;
                    }
                    let _ = commit(&*store, &notes, vec![put("new", "")]).await;
                }
            }
        }
    }
}

fn files(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
