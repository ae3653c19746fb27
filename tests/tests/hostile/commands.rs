//! Commands run as their caller, and folders mounted under paths of its own.

use holm_kernel::program::{Mount, Source};
use holm_tests::{Guest, guest};

use crate::{Directory, run};

fn mount(at: &str, from: Source) -> Mount {
    Mount { at: at.into(), from }
}

/// A skill: its folder, its run's own, and one command that needs no grant.
fn skill(folder: &Directory, name: &str) -> Guest {
    let scratch = || Source::Scratch;
    guest("as_caller").named(name).own("exec=tool").mounts([
        mount("/skill", Source::Folder(folder.path())),
        mount("/work", scratch()),
        mount("/tmp", scratch()),
    ])
}

#[test]
fn as_caller() {
    let folder = Directory::new().with("SKILL.md", "ITS TEXT");
    run(async move {
        guest("as_caller").offer("tool");
        let steps = "exec tool name read /skill/SKILL.md write /work/x write /skill/SKILL.md write /skill/new";
        let report = skill(&folder, "sees-its-own").arguments(steps.split(' ')).attack().await;
        report.exits(0).prints(
            "name: tool\nread: ITS TEXT\nwrite: done\nwrite: Permission denied (os error 2)\n\
             write: Permission denied (os error 2)\nexec: code 0\n",
        );
        assert_eq!(std::fs::read_to_string(folder.join("SKILL.md")).unwrap(), "ITS TEXT");
        assert!(!folder.path().join("new").exists());
        // What one process of a run wrote the next finds; the next run does not.
        let steps = "write /work/x write /tmp/y exec tool read /work/x read /tmp/y";
        let report = skill(&folder, "shares").arguments(steps.split(' ')).attack().await;
        assert!(report.stdout.contains("read: written\nread: written\n"), "{report:#?}");
        let report = skill(&folder, "shares").arguments(["read", "/work/x"]).attack().await;
        assert!(report.stdout.contains("read: No such file"), "{report:#?}");
        // Nobody else's rights come with a command: it has its caller's.
        let other = Directory::new().with("secret", "SECRET");
        let rich = guest("as_caller").grant(&format!("fs={}:ro", other.join("")));
        rich.offer("rich");
        let secret = other.join("secret");
        let report = skill(&folder, "borrows").own("exec=rich").arguments(["exec", "rich", "read", &secret]);
        let report = report.attack().await;
        assert!(!report.stdout.contains("SECRET"), "{report:#?}");
    });
}

#[test]
fn commands_by_grant() {
    let folder = Directory::new();
    run(async move {
        guest("as_caller").offer("tool");
        let steps = "find tool find other find ../tool find absent exec other";
        let report = skill(&folder, "asks").grant("exec=absent").arguments(steps.split(' ')).attack().await;
        report.exits(0).prints(
            "find: found\nfind: denied exec=other: not granted\n\
             find: denied exec=../tool: not the name of a command\nfind: not-found\n\
             exec: denied exec=other: not granted\n",
        );
        let steps = "narrow exec=other tool name";
        let report = skill(&folder, "widens").arguments(steps.split(' ')).attack().await;
        report.exits(0).prints("narrow: denied exec=other: a parent passes on no more than it has\n");
        // It reads what its caller reads.
        let report = skill(&folder, "hands-on").stdin(b"TEXT").arguments(["exec", "tool", "stdin"]).attack().await;
        report.exits(0).prints("stdin: TEXT\nexec: code 0\n");
    });
}

/// What lies at the path of a mount on the host stays out of sight, whatever is passed on; what its user
/// granted below it is seen.
#[test]
fn mounts_hide_the_host() {
    let (folder, host) = (Directory::new(), Directory::new());
    std::fs::create_dir(host.join("sub")).unwrap();
    std::fs::write(host.join("sub/secret"), "SECRET").unwrap();
    run(async move {
        guest("as_caller").offer("tool");
        let (at, secret) = (host.join(""), host.join("sub/secret"));
        let mounts = || [mount("/skill", Source::Folder(folder.path())), mount(&at, Source::Scratch)];
        let grant = format!("fs={}:ro", host.join("sub"));
        let steps = ["read", &secret, "narrow", &grant, "tool", "read", &secret];
        let report = skill(&folder, "narrows").mounts(mounts()).arguments(steps).attack().await;
        assert!(!report.stdout.contains("SECRET") && report.stdout.contains("narrow: code 0"), "{report:#?}");
        let report = skill(&folder, "granted").mounts(mounts()).grant(&grant).arguments(["read", &secret]);
        report.attack().await.exits(0).prints("read: SECRET\n");
        // Links made in the run's own folder lead nowhere else.
        let up = format!("../../../../../..{secret}");
        let link = host.join("link");
        let steps = ["link", &up, &link, "read", &link];
        let report = skill(&folder, "links").mounts(mounts()).arguments(steps).attack().await;
        assert!(!report.stdout.contains("SECRET"), "{report:#?}");
    });
}

/// A fork bomb of commands ends where its children do.
#[test]
fn command_bomb() {
    let folder = Directory::new();
    run(async move {
        guest("as_caller").offer("tool");
        let report = skill(&folder, "bombs").arguments(["bomb", "tool"]).attack().await;
        report.exits(0);
        assert!(report.stdout.contains("quota"), "{report:#?}");
    });
}
