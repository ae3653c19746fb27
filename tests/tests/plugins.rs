//! The plugins, each on real files under the kernel: as commands, as tools, and denied.

use std::{fs, path::Path};

use holm_tests::{Guest, Web, machine};

fn plugin(name: &str) -> Guest {
    let file = format!("../plugins/target/wasm32-wasip2/release/{}.wasm", name.replace('-', "_"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let component =
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; `just plugins` builds it", path.display()));
    Guest::new(machine(), name, component)
}

/// A directory to grant, with its real path.
fn directory() -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().canonicalize().expect("it exists");
    (directory, path)
}

#[test]
fn jq_filters_what_it_was_granted() {
    let (_keep, path) = directory();
    fs::write(path.join("people.json"), r#"[{"name":"Ada","age":36},{"name":"Bob","age":20}]"#).expect("written");
    machine().block_on(async {
        let run =
            || plugin("jq").directory(&path).arguments(["-c", "[.[] | select(.age > 30) | .name]", "people.json"]);
        let report = run().grant(&format!("fs={}:ro", path.display())).run().await;
        report.exits(0);
        assert_eq!(report.stdout, "[\"Ada\"]\n");
        let denied = run().run().await;
        denied.denied("fs", "not granted");
        assert!(!denied.exit.status.success() && denied.stderr.contains("people.json"), "{denied:#?}");
    });
}

#[test]
fn html_to_markdown_reads_stdin() {
    machine().block_on(async {
        let report = plugin("html-to-markdown").stdin(b"<h1>Hello</h1><p>A <b>page</b>.</p>").run().await;
        report.exits(0);
        assert_eq!(report.stdout.trim(), "# Hello\n\nA **page**.");
    });
}

#[test]
fn csv_query_selects() {
    let (_keep, path) = directory();
    fs::write(path.join("towns.csv"), "name,people\nUlm,126000\nBonn,330000\n").expect("written");
    machine().block_on(async {
        let report = plugin("csv-query")
            .grant(&format!("fs={}:ro", path.display()))
            .directory(&path)
            .arguments(["SELECT name FROM towns WHERE people > 200000", "towns.csv"])
            .run()
            .await;
        report.exits(0);
        assert!(report.stdout.contains("Bonn") && !report.stdout.contains("Ulm"), "{report:#?}");
    });
}

#[test]
fn archive_extracts_inside_and_nowhere_else() {
    let (_keep, path) = directory();
    let mut good = tar_with("folder/file.txt", b"hello");
    fs::write(path.join("good.tar"), &mut good).expect("written");
    fs::write(path.join("bad.tar"), tar_with("../../escaped.txt", b"hello")).expect("written");
    fs::create_dir(path.join("out")).expect("made");
    machine().block_on(async {
        let run = |archive| {
            plugin("archive")
                .grant(&format!("fs={}:ro", path.display()))
                .grant(&format!("fs={}:rw", path.join("out").display()))
                .directory(&path)
                .arguments(["extract", archive, "out"])
        };
        run("good.tar").run().await.exits(0);
        assert_eq!(fs::read(path.join("out/folder/file.txt")).expect("extracted"), b"hello");
        let bad = run("bad.tar").run().await;
        assert!(!bad.exit.status.success() && bad.stderr.contains("refused (parent-directory)"), "{bad:#?}");
        assert!(!path.join("escaped.txt").exists());
    });
}

#[test]
fn web_reads_pages_where_it_may() {
    machine().block_on(async {
        let (web, elsewhere) = (Web::start().await, Web::start().await);
        let run = |name: &str, arguments: &[&str]| {
            let arguments = arguments.iter().map(|argument| (*argument).to_owned());
            plugin("web").named(name).arguments(arguments)
        };
        let page = web.at("/page");
        let denied = run("web-denied", &[&page]).run().await;
        denied.denied("net", "not granted");
        let grant = format!("net={page}:get");
        assert!(!denied.exit.status.success() && denied.stderr.contains(&grant), "{denied:#?}");
        assert!(web.seen().is_empty());
        let report = run("web", &[&page]).grant(&grant).run().await;
        report.exits(0);
        assert_eq!(report.stdout, "# Apples\n\nSome are **red**, see [more](/more?a=1).\n");
        let report = run("web-text", &["--format", "text", &page]).grant(&grant).run().await;
        assert_eq!(report.exits(0).stdout, "# Apples\n\nSome are **red**, see more.\n");
        let report = run("web-links", &["--links", &page]).grant(&grant).run().await;
        assert_eq!(report.exits(0).stdout, format!("{}\tmore\n", web.at("/more?a=1")));
        // A redirect elsewhere is told and not followed: its caller may be allowed less than this plugin.
        let leading = web.at(&format!("/redirect?{}", elsewhere.at("/text")));
        let report = run("web-led", &[&leading]).grant(&web.grant()).grant(&elsewhere.grant()).run().await;
        let told = format!("redirects to {}, which is another place", elsewhere.at("/text"));
        assert!(!report.exit.status.success() && report.stderr.contains(&told), "{report:#?}");
        assert!(elsewhere.seen().is_empty());
        let within = web.at(&format!("/redirect?{}", web.at("/text")));
        let report = run("web-followed", &[&within]).grant(&web.grant()).run().await;
        assert_eq!(report.exits(0).stdout, "hello\n");
        for (path, says) in [("/round", "redirects more than 10 times"), ("/picture", "is image/png, and no text")] {
            let report = run("web-refuses", &[&web.at(path)]).grant(&web.grant()).run().await;
            assert!(!report.exit.status.success() && report.stderr.contains(says), "{report:#?}");
        }
    });
}

/// A tar archive of one file, with whatever name.
fn tar_with(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[136..147].copy_from_slice(b"00000000000");
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..263].copy_from_slice(b"ustar\0");
    header[263..265].copy_from_slice(b"00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut archive = header.to_vec();
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}
