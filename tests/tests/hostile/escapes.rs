//! Paths: out of what was granted, by every kind of link, and by a race.

use std::{
    fs,
    os::unix::fs::symlink,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use holm_kernel::Config;
use holm_tests::{Guest, Machine, component, guest};

use crate::{Directory, run};

/// A granted directory beside a secret that is not.
fn beside_a_secret() -> Directory {
    Directory::new().with("secret", "SECRET").with_directory("open")
}

#[test]
fn path_escape() {
    let directory = beside_a_secret();
    let open = directory.join("open");
    symlink(directory.join("secret"), directory.join("open/absolute")).unwrap();
    symlink("../secret", directory.join("open/relative")).unwrap();
    symlink("..", directory.join("open/up")).unwrap();
    run(async move {
        let paths = [
            directory.join("secret"),
            format!("{open}/../secret"),
            format!("{open}/./.././secret"),
            format!("{open}/../../../../../../../../../etc/passwd"),
            format!("{open}/absolute"),
            format!("{open}/relative"),
            format!("{open}/up/secret"),
            "/proc/self/environ".to_owned(),
            "/proc/self/root/etc/passwd".to_owned(),
        ];
        let attacker = guest("path_escape").arguments(paths.iter().map(String::as_str));
        let report = attacker.grant(&format!("fs={open}:rw")).attack().await;
        report.exits(0).denied("fs", "not granted");
        assert!(!report.stdout.contains("SECRET") && !report.stdout.contains("root:"), "{report:#?}");
        // The links themselves are its own to see, rename and remove; nothing is done beyond them.
        for line in report.stdout.lines().filter(|line| line.ends_with("DONE")) {
            let own = ["absolute", "relative", "up/", "open/secret", "secret create", " secret"];
            assert!(own.iter().any(|own| line.contains(own)), "{line}");
        }
        // From within: relative paths, and absolute ones where nothing outside is granted.
        let paths =
            ["../secret", "./../open/../secret", "absolute", "relative", "up/secret", &directory.join("secret")];
        let attacker = guest("path_escape").named("path-within").arguments(paths).directory(open.as_ref());
        let within = attacker.grant(&format!("fs={open}:rw")).attack().await;
        within.exits(0);
        assert!(!within.stdout.contains("SECRET"), "{within:#?}");
        assert_eq!(directory.read("secret"), "SECRET");
        assert_eq!(directory.count(""), 2, "something was made outside: {report:#?} {within:#?}");
    });
}

#[test]
fn symlink_escape() {
    let directory = beside_a_secret();
    run(async move {
        let secret = directory.join("secret");
        let open = directory.join("open");
        let targets = [open.as_str(), secret.as_str(), "../secret", "..", "/", "/proc/self/root", "link2"];
        let report = guest("symlink_escape").arguments(targets).grant(&format!("fs={open}:rw")).attack().await;
        report.exits(0);
        for word in ["SECRET", "WROTE", "LISTED", "READ"] {
            assert!(!report.stdout.contains(word), "{report:#?}");
        }
        assert_eq!(directory.read("secret"), "SECRET");
    });
}

#[test]
fn narrow_to_wide() {
    let directory = Directory::new().with("kept.txt", "kept").with_directory("out");
    run(async move {
        let attacker = guest("narrow_to_wide").arguments([directory.join("").trim_end_matches('/')]);
        let attacker = attacker.grant(&format!("fs={}:ro", directory.join("")));
        let report = attacker.grant(&format!("fs={}:rw", directory.join("out"))).attack().await;
        report.exits(0);
        assert!(report.stdout.starts_with("link Ok(())\nopen Err"), "{report:#?}");
        assert!(report.stdout.contains("truncate Err"), "{report:#?}");
        assert_eq!(directory.read("kept.txt"), "kept", "{report:#?}");
    });
}

#[test]
fn hard_link_escape() {
    let directory = beside_a_secret();
    run(async move {
        let attacker = guest("hard_link_escape").arguments([&*directory.join("secret"), &*directory.join("open")]);
        let attacker = attacker.grant(&format!("fs={}:rw", directory.join("open")));
        // To read the secret is no right to give it a name that can be written.
        let report = attacker.grant(&format!("fs={}:ro", directory.join("secret"))).attack().await;
        report.exits(0).denied("fs", "not granted").prints(&format!(
            "link Err(PermissionDenied)\nbecause fs={}:rw: not granted\nrename Err(PermissionDenied)\n\
             out Err(PermissionDenied)\ncopy Ok(6)\n",
            directory.join("secret")
        ));
        assert_eq!(directory.read("secret"), "SECRET");
    });
}

#[test]
fn rename_race() {
    let directory = Directory::new().with_directory("secret").with_directory("open").with_directory("open/swap");
    fs::write(directory.join("secret/file"), "SECRET").unwrap();
    fs::write(directory.join("open/swap/file"), "open").unwrap();
    symlink(directory.join("secret"), directory.join("open/link")).unwrap();
    run(async move {
        let (open, over) = (directory.join("open"), Arc::new(AtomicBool::new(false)));
        let (swap, link) = (directory.join("open/swap"), directory.join("open/link"));
        let done = over.clone();
        let swapper = std::thread::spawn(move || {
            let (flags, here) = (rustix::fs::RenameFlags::EXCHANGE, rustix::fs::CWD);
            while !done.load(Relaxed) {
                rustix::fs::renameat_with(here, &swap, here, &link, flags).unwrap();
            }
        });
        let attacker = guest("rename_race").arguments([format!("{open}/swap/file").as_str()]);
        let report = attacker.grant(&format!("fs={open}:ro")).attack().await;
        over.store(true, Relaxed);
        swapper.join().unwrap();
        report.exits(0);
        assert!(!report.stdout.contains("SECRET"), "{report:#?}");
    });
}

#[test]
fn granted_place_swapped() {
    // The granted directory itself is replaced by a link to a secret one: what was granted is the place.
    let directory = Directory::new().with_directory("secret").with_directory("open");
    fs::write(directory.join("secret/file"), "SECRET").unwrap();
    fs::remove_dir(directory.join("open")).unwrap();
    symlink(directory.join("secret"), directory.join("open")).unwrap();
    run(async move {
        let path = directory.join("open/file");
        let attacker = guest("path_escape").named("swapped").arguments([path.as_str()]);
        let report = attacker.grant(&format!("fs={}:rw", directory.join("open"))).attack().await;
        report.exits(0).denied("fs", "the granted place was moved or replaced");
        assert!(!report.stdout.contains("SECRET") && !report.stdout.contains("DONE"), "{report:#?}");
    });
}

#[test]
fn protected_place() {
    let directory = Directory::new().with_directory("holm").with_directory("open");
    fs::write(directory.join("holm/secret"), "SECRET").unwrap();
    symlink("../holm", directory.join("open/link")).unwrap();
    let protected = directory.path().join("holm");
    let machine = Machine::alone(Config { capacity: 16, ..Config::default() }, |parts| {
        parts.protected = Arc::new(move |path| path.starts_with(&protected));
    });
    machine.block_on(async move {
        // A grant of the place itself, of all that is around it, and of everything.
        for grant in [directory.join("holm"), directory.join(""), "*".to_owned()] {
            let paths = [directory.join("holm/secret"), directory.join("open/link/secret")];
            let attacker = Guest::new(machine, "protected", component("path_escape"));
            let attacker = attacker.arguments(paths.iter().map(String::as_str)).grant(&format!("fs={grant}:rw"));
            let report = attacker.attack().await;
            report.exits(0).denied("fs", "Holm's own files are never granted");
            assert!(!report.stdout.contains("SECRET"), "{grant} {report:#?}");
            assert_eq!(directory.read("holm/secret"), "SECRET");
            assert_eq!(directory.count("holm"), 1, "{grant} {report:#?}");
        }
    });
}
