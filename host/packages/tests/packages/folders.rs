//! Folders: what belongs to a plugin, and what attackers put into them.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
};

use expect_test::expect;
use holm_packages::{MAXIMUM_FILES, Package};

use crate::common::{MANIFEST, Place, component};

#[test]
fn sources_stay_where_they_are() {
    let place = Place::new();
    for path in [
        "SKILL.md",
        "README.md",
        "LICENSE-MIT",
        "scripts/a/b.py",
        "references/x.md",
        "assets/logo.svg",
        "Cargo.toml",
        "src/lib.rs",
        "target/debug/x",
        ".git/config",
        ".env",
        "other.wasm",
    ] {
        place.write(path, path);
    }
    symlink("/etc", place.source("node_modules")).unwrap();
    let package = place.package();
    let files: Vec<_> = package.files.iter().map(|file| file.path.as_str()).collect();
    expect!["LICENSE-MIT README.md SKILL.md assets/logo.svg clipper.wasm plugin.toml references/x.md scripts/a/b.py"]
        .assert_eq(&files.join(" "));
    expect![".env .git Cargo.toml node_modules other.wasm src target"].assert_eq(&package.left_out.join(" "));
    place.manifest("\n[ceiling]", "include = [\"other.wasm\", \"src\"]\n[ceiling]");
    let files: Vec<_> = place.package().files.iter().map(|file| file.path.clone()).collect();
    assert!(files.contains(&"src/lib.rs".into()) && files.contains(&"other.wasm".into()));
}

#[test]
fn the_digest_is_of_names_and_contents() {
    let digest = |files: &[(&str, &str)]| {
        let place = Place::new();
        files.iter().for_each(|(path, content)| place.write(path, content));
        place.package().digest
    };
    let base = digest(&[("assets/a", "xy"), ("assets/b", "z")]);
    assert_eq!(base, digest(&[("assets/b", "z"), ("assets/a", "xy"), ("src/main.rs", "not installed")]));
    for other in [
        &[("assets/a", "x"), ("assets/b", "yz")][..],
        &[("assets/a", "xy"), ("assets/c", "z")],
        &[("assets/ab", "xyz")],
        &[("assets/a", "xyz"), ("assets/b", "")],
    ] {
        assert_ne!(base, digest(other));
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let place = Place::new();
    symlink("/etc/passwd", place.source("README.md")).unwrap();
    place.refused(&expect!["`/tmp/clipper`: `README.md` is a symbolic link; a plugin holds only files and folders: replace it by a copy, or remove it"]);

    let place = Place::new();
    symlink("/etc", place.source("scripts")).unwrap();
    place.refused(&expect!["`/tmp/clipper`: `scripts` is a symbolic link; a plugin holds only files and folders: replace it by a copy, or remove it"]);

    let place = Place::new();
    place.write("assets/a/b", "");
    symlink("../../../..", place.source("assets/a/up")).unwrap();
    place.refused(&expect!["`/tmp/clipper`: `assets/a/up` is a symbolic link; a plugin holds only files and folders: replace it by a copy, or remove it"]);

    let place = Place::new();
    fs::remove_file(place.source("clipper.wasm")).unwrap();
    symlink("/dev/zero", place.source("clipper.wasm")).unwrap();
    place.refused(&expect!["`/tmp/clipper`: `clipper.wasm` is a symbolic link; a plugin holds only files and folders: replace it by a copy, or remove it"]);

    let place = Place::new();
    fs::remove_file(place.source("plugin.toml")).unwrap();
    symlink("/etc/passwd", place.source("plugin.toml")).unwrap();
    place.refused(&expect!["`/tmp/clipper`: `plugin.toml` is a symbolic link; a plugin holds only files and folders: replace it by a copy, or remove it"]);
}

#[test]
fn pipes_do_not_make_it_wait() {
    for name in ["plugin.toml", "clipper.wasm", "assets/pipe"] {
        let place = Place::new();
        place.write("assets/x", "");
        let _ = fs::remove_file(place.source(name));
        let status = std::process::Command::new("mkfifo").arg(place.source(name)).status().unwrap();
        assert!(status.success());
        let error = Package::open(&place.source("")).unwrap_err().to_string();
        assert!(error.contains("is a pipe, socket or device"), "{error}");
    }
}

#[test]
fn names_that_cannot_be_written_are_refused() {
    let place = Place::new();
    place.write("assets/a\u{1b}[2Jb", "");
    place.refused(&expect![[r#"`/tmp/clipper`: `assets/a\u{1b}[2Jb` is no name for a plugin's file: use UTF-8 without control characters, at most 1,024 bytes in all"#]]);

    let place = Place::new();
    place.write("assets/x", "");
    fs::write(place.source("assets").join(OsStr::from_bytes(b"\xff\xfe")), "").unwrap();
    place.refused(&expect!["`/tmp/clipper`: `assets/��` is no name for a plugin's file: use UTF-8 without control characters, at most 1,024 bytes in all"]);
}

#[test]
fn folders_have_bounds() {
    let place = Place::new();
    for index in 0..=MAXIMUM_FILES {
        place.write(&format!("assets/{index}"), "");
    }
    place.refused(&expect!["`/tmp/clipper`: the folder has too many files; a plugin has at most 10000"]);

    let place = Place::new();
    place.write(&format!("assets/{}x", "d/".repeat(40)), "");
    place.refused(&expect!["`/tmp/clipper`: the folder has folders too deep within folders; a plugin has at most 32"]);

    let place = Place::new();
    place.write(&format!("assets/{}x", "d".repeat(200).as_str().to_owned() + "/").repeat(6), "");
    place.refused(&expect!["`/tmp/clipper`: `assets/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd/xassets/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd/xassets/ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd…` is no name for a plugin's file: use UTF-8 without control characters, at most 1,024 bytes in all"]);

    let place = Place::new();
    place.write("assets/sparse", "");
    fs::File::options().write(true).open(place.source("assets/sparse")).unwrap().set_len(1 << 40).unwrap();
    place.refused(&expect!["`/tmp/clipper`: the folder has too many bytes; a plugin has at most 536870912"]);

    let place = Place::new();
    fs::File::create(place.source("clipper.wasm")).unwrap().set_len(65 << 20).unwrap();
    place.refused(&expect!["`/tmp/clipper/clipper.wasm`: the component has 68157440 bytes; at most 67108864 are accepted: build it with optimisation"]);

    let place = Place::new();
    place.write("plugin.toml", " ".repeat(65 << 10));
    place.refused(&expect!["`/tmp/clipper`: `plugin.toml` cannot be read: larger than 65536 bytes"]);
}

#[test]
fn what_is_missing_is_named() {
    let place = Place::new();
    fs::remove_file(place.source("clipper.wasm")).unwrap();
    place.refused(&expect![
        "`/tmp/clipper` has no file `clipper.wasm`, which its plugin.toml names: `holm build` makes it"
    ]);
    fs::remove_file(place.source("plugin.toml")).unwrap();
    place.refused(&expect![
        "`/tmp/clipper` has neither a plugin.toml nor a SKILL.md: a plugin is a folder with one of them (`holm new` makes it), or a `.wasm` file"
    ]);
    fs::remove_dir(place.source("")).unwrap();
    place.refused(&expect!["`/tmp/clipper/` cannot be read: No such file or directory (os error 2)"]);
}

#[test]
fn a_component_has_to_keep_to_its_manifest() {
    let place = Place::new();
    place.write("clipper.wasm", component(&["holm:sys/spawn@0.1.0", "wasi:http/types@0.2.6"]));
    place.refused(&expect!["`/tmp/clipper/clipper.wasm`: the component imports more than its ceiling names: holm:sys/spawn@0.1.0 (spawn), wasi:http/types@0.2.6 (net); its author has to name spawn and net in [ceiling] of plugin.toml"]);
    place.write("clipper.wasm", wat::parse_str("(module)").unwrap());
    place.refused(&expect!["`/tmp/clipper/clipper.wasm`: this is a core module, not a component: build for `wasm32-wasip2`, or run `holm build`"]);
    let whole = component(&[]);
    place.write("clipper.wasm", &whole[..whole.len() - 5]);
    place.refused(&expect!["`/tmp/clipper/clipper.wasm`: the component is malformed: unexpected end-of-file (at offset 0xb6); build or download it anew"]);
    place.write("clipper.wasm", component(&[]));
    place.write("plugin.toml", MANIFEST.replace("clipper.wasm", "../x.wasm"));
    place.refused(&expect!["/tmp/clipper/plugin.toml:5:13: `component` is `../x.wasm`: name a file in the plugin's own folder, like `clipper.wasm`"]);
}

#[test]
fn a_component_alone_can_be_run() {
    let place = Place::new();
    place.write("My Tool_2.wasm", component(&["holm:sys/storage@0.1.0", "wasi:filesystem/types@0.2.6"]));
    let package = Package::open(&place.source("My Tool_2.wasm")).unwrap();
    assert!(!package.declared);
    expect!["fs=*:rw storage=*:rw storage=shared/*:rw"].assert_eq(&package.manifest.ceiling.lines().join(" "));
    let program = package.program(&Default::default(), Default::default(), vec![]);
    assert_eq!(program.name, format!("my-tool-2@{:.16}", package.digest.to_string()));
    assert_eq!((program.code.read)().unwrap(), fs::read(place.source("My Tool_2.wasm")).unwrap());
    assert!(program.grants.get().lines().is_empty(), "nothing is granted by a ceiling");
}

#[test]
fn a_skill_says_what_it_is() {
    let place = Place::new();
    place.write("SKILL.md", "---\nname: clipper\ndescription: Use it: to clip\nallowed-tools: [a]\n---\n# Clipper\n");
    expect![[r#"Some(SkillHead { name: Some("clipper"), description: Some("Use it: to clip") })"#]]
        .assert_eq(&format!("{:?}", place.package().skill));
    for broken in ["no head", "---\nname: [\n---\n", "---\nname: a\n", "---\n---\n", "---\n&a [*a, *a]\n---\n", ""] {
        place.write("SKILL.md", broken);
        assert_eq!(place.package().skill, None, "{broken}");
    }
    place.write("SKILL.md", "---\r\ndescription: |\r\n  two\r\n  lines\r\n---\r\n");
    expect![[r#"Some(SkillHead { name: None, description: Some("two lines") })"#]]
        .assert_eq(&format!("{:?}", place.package().skill));
}
