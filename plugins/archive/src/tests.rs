//! What the tools do with honest and hostile archives, through the same door as the kernel's calls.
//! Each hostile archive asserts the exact refusal, and that nothing at all was written.

use crate::TOOLBOX;
use crate::fixtures::{Place, Tar, gzip, patched, tar, zip, zip_with_link};
use holm::ToolError;
use holm::serde_json::{Value, from_str, json};
use std::fs;
use std::path::Path;
use tar::EntryType::{self, Directory, Fifo, Link, Regular, Symlink};

fn call(tool: &str, arguments: Value) -> Result<Value, ToolError> {
    TOOLBOX.call(tool, &arguments.to_string()).map(|text| from_str(&text).expect("a result is JSON"))
}

fn extract(place: &Place, archive: &Path, options: Value) -> Result<Value, ToolError> {
    let mut arguments = json!({ "archive": archive, "into": place.path("out") });
    for (name, value) in options.as_object().expect("options") {
        arguments[name] = value.clone();
    }
    call("extract", arguments)
}

/// Extracts, expects this refusal, and that the tree is as it was.
fn refused(name: &str, bytes: &[u8], code: &str) -> String {
    refused_with(name, bytes, json!({}), code)
}

fn refused_with(name: &str, bytes: &[u8], options: Value, code: &str) -> String {
    let place = Place::new();
    let archive = place.archive(name, bytes);
    let before = place.tree(".");
    let text = match extract(&place, &archive, options) {
        Err(ToolError::Failed(text)) => text,
        other => panic!("{name}: {other:?}"),
    };
    assert!(text.starts_with(&format!("refused ({code}): ")), "{name}: {text}");
    assert_eq!(place.tree("."), before, "{name}: nothing was written");
    text
}

fn honest() -> Vec<(&'static str, Vec<u8>)> {
    let files: [(&str, &[u8]); 4] = [("a/", b""), ("a/one.txt", b"one"), ("a/b/two.txt", b"two"), ("empty", b"")];
    let entries: Vec<Tar<'_>> = files
        .iter()
        .map(|(name, contents)| {
            let kind = if name.ends_with('/') { Directory } else { Regular };
            Tar(name.as_bytes(), kind, contents)
        })
        .collect();
    let plain = tar(&entries);
    vec![("a.zip", zip(&files)), ("a.tar.gz", gzip(&plain)), ("a.tar", plain)]
}

#[test]
fn honest_archives_are_extracted() {
    for (name, bytes) in honest() {
        let place = Place::new();
        let archive = place.archive(name, &bytes);
        assert_eq!(extract(&place, &archive, json!({})), Ok(json!({ "files": 3, "bytes": 6 })), "{name}");
        let tree = place.tree("out");
        let expected = ["out/a/", "out/a/b/", "out/a/b/two.txt = two", "out/a/one.txt = one", "out/empty = "];
        assert_eq!(tree, expected, "{name}");
    }
}

#[test]
fn honest_archives_are_listed() {
    for (name, bytes) in honest() {
        let place = Place::new();
        let archive = place.archive(name, &bytes);
        let listing = call("list", json!({ "archive": archive })).expect("a listing");
        assert_eq!(listing["format"], name.trim_start_matches("a."));
        assert_eq!(listing["bytes"], 6);
        assert_eq!(listing["entries"][1], json!({ "name": "a/one.txt", "kind": "file", "bytes": 3 }));
        assert_eq!(listing["entries"][0]["kind"], "directory");
    }
}

#[test]
fn only_some_entries() {
    for (name, bytes) in honest() {
        let place = Place::new();
        let archive = place.archive(name, &bytes);
        let found = extract(&place, &archive, json!({ "only": ["a/b"] }));
        assert_eq!(found, Ok(json!({ "files": 1, "bytes": 3 })), "{name}");
        assert_eq!(place.tree("out").len(), 3, "{name}");
        let none = extract(&place, &archive, json!({ "only": ["nothing"] }));
        assert!(matches!(none, Err(ToolError::InvalidArguments(_))));
        let outside = extract(&place, &archive, json!({ "only": ["../a"] }));
        assert!(matches!(outside, Err(ToolError::InvalidArguments(_))));
    }
}

#[test]
fn names_that_lead_out_are_refused() {
    let cases = [
        ("../evil", "parent-directory"),
        ("a/../../evil", "parent-directory"),
        ("/tmp/evil", "absolute-name"),
        ("C:/evil", "absolute-name"),
        ("..\\evil", "unreadable-name"),
        ("a\x1b[2J", "unreadable-name"),
    ];
    for (name, code) in cases {
        let plain = tar(&[Tar(b"good", Regular, b"good"), Tar(name.as_bytes(), Regular, b"bad")]);
        refused("a.tar.gz", &gzip(&plain), code);
        refused("a.tar", &plain, code);
        let innocent = "x".repeat(name.len());
        let bytes = zip(&[("good", b"good"), (&innocent, b"bad")]);
        refused("a.zip", &patched(bytes, innocent.as_bytes(), name.as_bytes()), code);
    }
}

#[test]
fn links_and_devices_are_refused_or_left_out() {
    let link = zip_with_link("/etc");
    refused("a.zip", &link, "link");
    for (kind, code) in [(Symlink, "link"), (Link, "link"), (Fifo, "special-file")] {
        let bytes = tar(&[Tar(b"link", kind, b"../outside"), Tar(b"after", Regular, b"after")]);
        refused("a.tar", &bytes, code);
        leaves_out("a.tar", &bytes);
    }
    leaves_out("a.zip", &link);
}

fn leaves_out(name: &str, bytes: &[u8]) {
    let place = Place::new();
    let archive = place.archive(name, bytes);
    assert_eq!(
        extract(&place, &archive, json!({ "skip_links": true })),
        Ok(json!({ "files": 1, "bytes": 5, "skipped": ["link"] }))
    );
    assert_eq!(place.tree("out"), ["out/after = after"]);
}

#[test]
fn nothing_is_written_through_a_link_of_the_archive() {
    // Even where links are left out, what would have gone through one has no way to go.
    let bytes = tar(&[Tar(b"link", Symlink, b".."), Tar(b"link/outside", Regular, b"evil")]);
    refused("a.tar", &bytes, "link");
    refused_with("a.tar", &bytes, json!({ "skip_links": true }), "duplicate");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link_that_is_there() {
    let place = Place::new();
    fs::create_dir(place.path("out")).expect("made");
    fs::create_dir(place.path("elsewhere")).expect("made");
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(place.path(to), place.path(from)).expect("linked");
    };
    link("out/a", "elsewhere");
    link("out/file", "outside");
    let deep = place.archive("deep.zip", &zip(&[("a/evil", b"evil")]));
    let text = extract(&place, &deep, json!({ "overwrite": true }));
    assert!(matches!(text, Err(ToolError::Failed(text)) if text.starts_with("refused (blocked)")));
    let flat = place.archive("flat.zip", &zip(&[("file", b"new")]));
    let text = extract(&place, &flat, json!({}));
    assert!(matches!(text, Err(ToolError::Failed(text)) if text.starts_with("refused (exists)")));
    extract(&place, &flat, json!({ "overwrite": true })).expect("replaced");
    assert_eq!(fs::read_to_string(place.path("out/file")).ok().as_deref(), Some("new"));
    assert_eq!(fs::read_to_string(place.path("outside")).ok().as_deref(), Some("untouched"));
    assert_eq!(place.tree("elsewhere"), Vec::<String>::new());
}

#[test]
fn files_that_are_there_stay_unless_told_otherwise() {
    let place = Place::new();
    let archive = place.archive("a.zip", &zip(&[("file", b"new")]));
    extract(&place, &archive, json!({})).expect("extracted");
    fs::write(place.path("out/file"), "mine").expect("written");
    assert!(extract(&place, &archive, json!({})).is_err());
    assert_eq!(place.tree("out"), ["out/file = mine"]);
    extract(&place, &archive, json!({ "overwrite": true })).expect("extracted");
    assert_eq!(place.tree("out"), ["out/file = new"]);
}

#[test]
fn names_that_come_twice_are_refused() {
    let twice =
        |first: &[u8], second: &[u8], kind: EntryType| tar(&[Tar(first, Regular, b"1"), Tar(second, kind, b"")]);
    refused("a.tar", &twice(b"a", b"a", Regular), "duplicate");
    refused("a.tar", &twice(b"a", b"./a", Regular), "duplicate");
    refused("a.tar", &twice(b"a", b"a", Directory), "duplicate");
    refused("a.tar", &twice(b"a", b"a/b", Regular), "duplicate");
    refused("a.tar", &twice(b"a/b", b"a", Regular), "duplicate");
    let bytes = zip(&[("aaaa1", b"1"), ("aaaa2", b"2")]);
    refused("a.zip", &patched(bytes, b"aaaa2", b"aaaa1"), "duplicate");
    let bytes = zip(&[("aaa", b"1"), ("./aaa", b"2")]);
    refused("a.zip", &bytes, "duplicate");
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![0; 64 * 1024 * 1024];
    let plain = tar(&[Tar(b"zeros", Regular, &zeros)]);
    refused("a.tar.gz", &gzip(&plain), "bomb");
    refused("a.zip", &zip(&[("zeros", &zeros)]), "bomb");
    let few = json!({ "limits": { "bytes": 10, "ratio": 1_000_000 } });
    refused_with("a.zip", &zip(&[("a", b"01234567890")]), few.clone(), "too-many-bytes");
    let bytes = tar(&[Tar(b"a", Regular, b"012345"), Tar(b"b", Regular, b"67890")]);
    refused_with("a.tar", &bytes, few, "too-many-bytes");
}

#[test]
fn bombs_are_refused_when_only_listed() {
    let place = Place::new();
    let zeros = vec![0; 64 * 1024 * 1024];
    let archive = place.archive("a.tgz", &gzip(&tar(&[Tar(b"link", Fifo, &zeros)])));
    let listed = call("list", json!({ "archive": archive }));
    assert!(matches!(listed, Err(ToolError::Failed(text)) if text.starts_with("refused (bomb)")));
}

#[test]
fn too_many_entries_are_refused() {
    let names: Vec<String> = (0..20).map(|number| format!("file{number}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let entries: Vec<Tar<'_>> = names.iter().map(|name| Tar(name.as_bytes(), Regular, b"")).collect();
    let limits = json!({ "limits": { "entries": 19 } });
    refused_with("a.zip", &zip(&files), limits.clone(), "too-many-entries");
    refused_with("a.tar", &tar(&entries), limits.clone(), "too-many-entries");
    let comments: Vec<Tar<'_>> = (0..20).map(|_| Tar(b"x", EntryType::XGlobalHeader, b"")).collect();
    refused_with("a.tar", &tar(&comments), limits, "too-many-entries");
}

#[test]
fn a_huge_header_is_refused() {
    let name = vec![b'a'; 4 * 1024 * 1024];
    let bytes = tar(&[Tar(b"x", EntryType::GNULongName, &name), Tar(b"a", Regular, b"")]);
    refused("a.tar.gz", &gzip(&bytes), "huge-header");
}

#[test]
fn a_zip_that_lies_is_refused() {
    // 1,000 bytes become 999 in both headers; then a name differs in one alone.
    let honest = zip(&[("a", &[b'x'; 1_000])]);
    let (size, less) = (1_000_u32.to_le_bytes(), 999_u32.to_le_bytes());
    refused("a.zip", &patched(honest.clone(), &size, &less), "io");
    let name = zip(&[("local", b"1")]);
    let mut other = name.clone();
    let at = name.windows(5).position(|bytes| bytes == b"local").expect("a name");
    other[at..at + 5].copy_from_slice(b"LOCAL");
    refused("a.zip", &other, "inconsistent");
}

#[test]
fn overlapping_entries_are_refused() {
    let bytes = zip(&[("a", &[b'x'; 100]), ("b", &[b'x'; 100])]);
    let central: Vec<usize> =
        bytes.windows(4).enumerate().filter_map(|(at, bytes)| (bytes == b"PK\x01\x02").then_some(at)).collect();
    let mut overlapping = bytes;
    // Both directory entries now lead to the first file.
    overlapping[central[1] + 42..central[1] + 46].copy_from_slice(&0_u32.to_le_bytes());
    refused("a.zip", &overlapping, "inconsistent");
}

#[test]
fn broken_and_foreign_files_are_refused() {
    let zip = zip(&[("a", &[b'x'; 1_000])]);
    refused("a.zip", &zip[..zip.len() / 2], "io");
    let tar = tar(&[Tar(b"a", Regular, &[b'x'; 1_000])]);
    refused("a.tar", &tar[..1_000], "io");
    let gz = gzip(&tar);
    refused("a.tar.gz", &gz[..gz.len() - 20], "io");
    let mut flipped = gz.clone();
    let at = flipped.len() - 6;
    flipped[at] ^= 1;
    refused("a.tar.gz", &flipped, "io");
    refused("a.tar.xz", b"\xfd7zXZ\0 and so on", "unsupported");
    refused("a.txt", b"just text", "unsupported");
    let missing = call("list", json!({ "archive": "/no/such.zip" }));
    assert!(matches!(missing, Err(ToolError::Failed(text)) if text.contains("/no/such.zip")));
}

#[test]
fn a_listing_shows_what_would_be_refused() {
    let place = Place::new();
    let bytes = tar(&[
        Tar(b"good", Regular, b"good"),
        Tar(b"../evil", Regular, b"evil"),
        Tar(b"link", Symlink, b"/etc"),
        Tar(b"good", Regular, b"evil"),
    ]);
    let archive = place.archive("a.tar", &bytes);
    let listing = call("list", json!({ "archive": archive })).expect("a listing");
    let refused: Vec<&Value> =
        listing["entries"].as_array().expect("entries").iter().map(|entry| &entry["refused"]).collect();
    assert_eq!(refused, [&Value::Null, &json!("parent-directory"), &json!("link"), &json!("duplicate")]);
}
