//! Files: too many, too large, and what is no file.

use std::os::unix::{fs::MetadataExt, net::UnixListener};

use holm_kernel::account::Bytes;
use holm_tests::guest;

use crate::{Directory, run};

#[test]
fn many_files() {
    let directory = Directory::new();
    run(async move {
        let attacker = guest("many_files").arguments([directory.join("").as_str()]);
        let attacker = attacker.grant(&format!("fs={}:rw", directory.join("")));
        let report = attacker.limit(|limits| limits.files_created = 500).attack().await;
        report.exits(0).over("files-created").prints(
            "500 files, then QuotaExceeded\ndirectory Err(QuotaExceeded)\nlink Err(QuotaExceeded)\n\
             symlink Err(\"quota\")\nagain Ok(())\n",
        );
        assert_eq!(directory.count(""), 500);
    });
}

#[test]
fn long_listing() {
    const NAMES: usize = 5_000;
    run(async {
        for removed in [false, true] {
            let directory = Directory::new();
            // Long names: what the C library reads at once is not most of them.
            (0..NAMES).for_each(|number| std::fs::write(directory.join(&format!("{number:0200}")), "").unwrap());
            let attacker = guest("long_listing").named(&format!("listing-{removed}")).keep_stdin();
            let attacker = attacker.arguments([directory.join("").as_str()]);
            let attacker = attacker.grant(&format!("fs={}:ro", directory.join("")));
            let report = attacker
                .attack_with(async |started| {
                    started.shows("begins 200").await;
                    if removed {
                        (0..NAMES).for_each(|n| std::fs::remove_file(directory.join(&format!("{n:0200}"))).unwrap());
                    }
                    started.say("go on").await;
                    started.shows("after its end: Ok(false)").await;
                })
                .await;
            report.exits(0);
            let names = report.stdout.lines().find_map(|line| line.strip_suffix(" names")?.parse::<usize>().ok());
            match removed {
                false => assert_eq!(names, Some(NAMES), "{report:#?}"),
                // Of those that went meanwhile, only what was read ahead is still told.
                true => assert!((1..=200).contains(&names.unwrap()), "{report:#?}"),
            }
            assert!(report.exit.fuel.0 > 2_000 * names.unwrap() as u64, "{report:#?}");
        }
    });
}

#[test]
fn prices() {
    let directory = Directory::new();
    std::fs::write(directory.join("large"), vec![1; 1 << 20]).unwrap();
    std::os::unix::fs::symlink("x/".repeat(2_000), directory.join("long")).unwrap();
    std::os::unix::fs::symlink("x", directory.join("tiny")).unwrap();
    run(async move {
        let paths = ["large", "long", "tiny"].map(|name| directory.join(name));
        let guest = guest("prices").arguments(paths.iter().map(String::as_str)).grant("storage=notes:rw");
        let report = guest.grant(&format!("fs={}:ro", directory.join(""))).attack().await;
        report.exits(0);
        let cost = |call: &str| -> u64 {
            let line = report.stdout.lines().find_map(|line| line.strip_prefix(call)).unwrap();
            line.trim().parse().unwrap()
        };
        // A unit for each eight bytes.
        assert!(cost("get-version") >= (1 << 20) / 8, "{report:#?}");
        assert!(cost("skip") >= (1 << 20) / 8, "{report:#?}");
        assert!(cost("readlink") >= 100 * 3_500 / 8, "{report:#?}");
    });
}

#[test]
fn price_list() {
    let directory = Directory::new().with_directory("many");
    std::fs::write(directory.join("file"), vec![1; 1 << 20]).unwrap();
    (0..500).for_each(|number| std::fs::write(directory.join(&format!("many/{number}")), "").unwrap());
    std::os::unix::fs::symlink("x/".repeat(2_000), directory.join("link")).unwrap();
    run(async move {
        let fuel = async |call: &str, name: &str, count: &str| {
            let caller = guest("price_list").named(&format!("price-{call}")).grant("storage=notes:rw");
            let caller = caller.grant(&format!("fs={}:rw", directory.join("")));
            let report = caller.arguments([call, count, &directory.join(name)]).run().await;
            report.exits(0).exit.fuel.0
        };
        // A megabyte is what it is, whoever moves it; names read ahead are paid for, taken or not.
        let calls = [
            ("read", "file", 16 * 45_000 + 131_072),
            ("skip", "file", 16 * 45_000 + 131_072),
            ("write", "file", 45_000 + 131_072),
            ("moved", "file", 393_216),
            ("put", "file", 4 * 131_072),
            ("get", "file", 131_072),
            ("list-first", "many", 128 * 4_000),
            ("list", "many", 500 * 6_000),
            ("readlink", "link", 180_000 + 500),
            ("open", "file", 180_000),
            ("stat", "file", 180_000),
            ("stat-deep", "", 180_000 + 4_000 * 64),
            ("random", "file", 65_536),
        ];
        for (call, name, least) in calls {
            let each = (fuel(call, name, "8").await - fuel(call, name, "4").await) / 4;
            assert!(each >= least, "{call}: {each}");
        }
    });
}

#[test]
fn many_files_family() {
    let directory = Directory::new();
    run(async move {
        let attacker = guest("many_files_family").arguments([directory.join("").as_str()]).grant("spawn=self");
        let attacker = attacker.grant(&format!("fs={}:rw", directory.join("")));
        let report = attacker.limit(|limits| limits.files_created = 50).attack().await;
        report.exits(0).prints("50 files\n0 files\ncode 0\n");
        assert_eq!(directory.count(""), 50);
    });
}

#[test]
fn disk_fill() {
    run(async {
        for (way, blocks) in [("write", 64), ("grow", 64), ("seek", 64), ("far", 0)] {
            let directory = Directory::new();
            let file = directory.join("file");
            let attacker = guest("disk_fill").named(&format!("disk-{way}")).arguments([way, file.as_str()]);
            let attacker = attacker.grant(&format!("fs={}:rw", directory.join("")));
            let report = attacker.limit(|limits| limits.written = Bytes(64 * 4096)).attack().await;
            report.exits(0).over("written");
            assert!(report.stdout.starts_with(&format!("{blocks} blocks, then ")), "{report:#?}");
            let metadata = std::fs::metadata(file).unwrap();
            assert!(metadata.len() <= 64 * 4096 && metadata.blocks() * 512 <= 65 * 4096, "{metadata:?}");
        }
    });
}

#[test]
fn odd_files() {
    let directory = Directory::new();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, directory.join("fifo"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let _socket = UnixListener::bind(directory.join("socket")).unwrap();
    // Only root makes devices; where the tests are not root, the pipe and the socket have to do.
    let zero = rustix::fs::makedev(1, 5);
    let device =
        rustix::fs::mknodat(rustix::fs::CWD, directory.join("zero"), rustix::fs::FileType::CharacterDevice, mode, zero);
    run(async move {
        let paths: Vec<String> = ["fifo", "socket", "zero"].iter().map(|name| directory.join(name)).collect();
        let count = if device.is_ok() { 3 } else { 2 };
        let attacker = guest("odd_files").arguments(paths.iter().take(count).map(String::as_str));
        let report = attacker.grant(&format!("fs={}:rw", directory.join(""))).attack().await;
        report.exits(0);
        assert_eq!(report.stdout.lines().count(), count, "{report:#?}");
        assert!(!report.stdout.contains("Ok"), "{report:#?}");
    });
}
