//! Folders of a run's own beside the host's: neither is reached by way of the other, and what a run leaves goes.

use holm_kernel::program::{Mount, Source};
use holm_tests::{Guest, Machine, eventually, guest};

use crate::{Directory, run};

fn scratch(at: &str) -> Mount {
    Mount { at: at.into(), from: Source::Scratch }
}

/// A guest that does these steps.
fn does<'a>(name: &str, steps: impl IntoIterator<Item = &'a str>) -> Guest {
    guest("as_caller").named(name).arguments(steps)
}

/// What was granted to be read below `/tmp` is read, and not written by way of a folder above it.
#[test]
fn read_only_below_a_mount() {
    let directory = Directory::new().with("file", "ITS TEXT");
    run(async move {
        let (folder, file) = (directory.join(""), directory.join("file"));
        let above = directory.path().parent().unwrap().to_str().unwrap().to_owned();
        let name = format!("{}/file", directory.path().file_name().unwrap().to_str().unwrap());
        let steps = ["read", &file, "write", &file, "below", &folder, "file", "below", &above, &name, "stat", &file];
        let guest = does("reads-below", steps).mounts([scratch(&above)]).grant(&format!("fs={folder}:ro"));
        let report = guest.attack().await;
        report.exits(0).denied("fs", "not granted").prints(
            "read: ITS TEXT\nwrite: Permission denied (os error 2)\nbelow: access\nbelow: access\nstat: there\n",
        );
        assert_eq!(directory.read("file"), "ITS TEXT");
    });
}

/// A right taken away takes nothing of a mount below it, and leaves nothing of the host's there.
#[test]
fn revoked_above_a_mount() {
    let directory = Directory::new().with_directory("sub").with("sub/secret", "SECRET");
    run(async move {
        let (top, sub, grant) = (directory.join(""), directory.join("sub"), format!("fs={}:rw", directory.join("")));
        let path = |name: &str| directory.join(name);
        let (own, secret, kept, late) = (path("sub/own"), path("sub/secret"), path("kept"), path("late"));
        let before = ["write", &own, "write", &kept, "read", &secret, "hold", &top, "held", "sub/through"];
        let after = ["wait", "write", &late, "read", &kept, "held", "late", "held", "sub/late", "read", &own];
        let last = ["read", &secret, "write", &own];
        let steps = before.into_iter().chain(after).chain(last);
        let guest = does("revoked-above", steps).mounts([scratch(&sub)]).grant(&grant).keep_stdin();
        let report = guest
            .attack_with(async |started| {
                started.shows("ready").await;
                started.revoke(&grant);
                started.say("go").await;
            })
            .await;
        report.exits(0).denied("fs", "revoked").prints(
            "write: done\nwrite: done\nread: No such file or directory (os error 44)\nhold: done\nheld: done\nready\n\
             wait: over\nwrite: Permission denied (os error 2)\nread: Permission denied (os error 2)\nheld: access\n\
             held: access\nread: written\nread: No such file or directory (os error 44)\nwrite: done\n",
        );
        // Of all that, one file was written where its user granted it.
        assert_eq!((directory.count(""), directory.count("sub"), directory.read("kept").as_str()), (2, 1, "written"));
        assert_eq!(directory.read("sub/secret"), "SECRET");
    });
}

/// One name is never both the host's and a run's own.
#[test]
fn nothing_crosses() {
    let directory = Directory::new().with("file", "SECRET");
    run(async move {
        let file = directory.join("file");
        let steps = [
            "write",
            "/work/own",
            "rename",
            &file,
            "/work/file",
            "hard-link",
            &file,
            "/work/file",
            "rename",
            "/work/own",
            &directory.join("own"),
            "hard-link",
            "/work/own",
            &directory.join("own"),
            "rename",
            "/work/own",
            "/tmp/of-a-run/own",
            "read",
            "/work/file",
            "rename",
            "/work/own",
            "/work/other",
        ];
        let guest = does("crosses", steps).mounts([scratch("/work"), scratch("/tmp/of-a-run")]);
        let report = guest.grant(&format!("fs={}:rw", directory.join(""))).attack().await;
        let cross = "Cross-device link (os error 75)";
        report.exits(0).prints(&format!(
            "write: done\nrename: {cross}\nhard-link: {cross}\nrename: {cross}\nhard-link: {cross}\nrename: {cross}\n\
             read: No such file or directory (os error 44)\nrename: done\n"
        ));
        assert_eq!((directory.count(""), directory.read("file").as_str()), (1, "SECRET"));
    });
}

/// Whether something is there is not told of what is denied, from wherever it is asked.
#[test]
fn denied_tells_nothing() {
    let directory = Directory::new().with("there", "SECRET").with_directory("folder").with_directory("granted");
    let link = |name: &str, to: &str| std::os::unix::fs::symlink(to, directory.join(name)).unwrap();
    link("link", "there");
    link("granted/there", "../there");
    link("granted/absent", "../absent");
    run(async move {
        guest("as_caller").offer("prober");
        for (name, at) in [("probes", "/"), ("probes-own", "/work"), ("probes-there", directory.join("").as_str())] {
            let mut told = Vec::new();
            for what in ["there", "absent", "folder", "link", "absent/below", "there/below"] {
                let path = directory.join(what);
                let write = format!("{path}.new");
                let steps = ["stat", &path, "read", &path, "below", &path, "x", "hold", &path, "rename", &path, &write];
                let steps = steps.into_iter().chain(["hard-link", &path, "/work/x", "exec", "prober", "stat", &path]);
                let guest = does(&format!("{name}-{}", what.replace('/', "-")), steps).own("exec=prober");
                let guest = guest.mounts([scratch("/work")]).directory(at.as_ref());
                let report = guest.attack().await;
                assert!(!report.stdout.contains("there"), "{report:#?}");
                told.push(report.stdout);
            }
            assert!(told.iter().all(|one| *one == told[0]), "from {at}: {told:#?}");
        }
        // Nor of what a link in a granted place leads to.
        let mut told = Vec::new();
        for what in ["granted/there", "granted/absent"] {
            let path = directory.join(what);
            let guest = does(&what.replace('/', "-"), ["stat", &path, "read", &path, "write", &path]);
            let report = guest.grant(&format!("fs={}:rw", directory.join("granted"))).attack().await;
            assert!(!report.stdout.contains("SECRET"), "{report:#?}");
            told.push(report.stdout);
        }
        assert_eq!(told[0], told[1]);
        assert_eq!((directory.count(""), directory.read("there").as_str()), (4, "SECRET"));
    });
}

/// Ten thousand folders within each other are removed when their run is over.
#[test]
fn nests_are_removed() {
    let folder = Directory::new();
    let scratch_folder = folder.path().join("scratch");
    let machine = Machine::alone(holm_kernel::Config::default(), |parts| parts.scratch.clone_from(&scratch_folder));
    machine.block_on(async move {
        let nests = Guest::new(machine, "nests", holm_tests::component("as_caller")).arguments(["nest", "/work"]);
        // A busy disk takes a while for as many.
        let nests = nests.limit(|limits| limits.wall_time = std::time::Duration::from_secs(100));
        let started = nests.mounts([scratch("/work")]).start().await;
        let report = started.wait().await;
        report.exits(0).prints("nest: done\n");
        // The kernel does it when the process has ended.
        let left = || scratch_folder.read_dir().map_or(0, Iterator::count);
        eventually(|| left() == 0, || format!("{} things are left", left())).await;
    });
}

/// A path has an end, also where it is put together of open folders.
#[test]
fn endless_paths() {
    run(async {
        let long = format!("/work{}", "/a".repeat(2_100));
        let steps = ["write", &long, "read", &long, "stat", &long, "climb", "/work"];
        let report = does("long-paths", steps).mounts([scratch("/work")]).attack().await;
        report.exits(0);
        let lines: Vec<&str> = report.stdout.lines().collect();
        let invalid = "Invalid argument (os error 28)";
        let expected = [format!("write: {invalid}"), format!("read: {invalid}"), format!("stat: {invalid}")];
        assert_eq!(lines[..3], expected, "{report:#?}");
        assert_eq!(lines[3], "climb: name-too-long after 20", "{report:#?}");
    });
}
