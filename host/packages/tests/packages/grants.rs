//! Grants: within the ceiling, out of Holm's own, in one file that people can read.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use expect_test::{Expect, expect};
use holm_kernel::program::Programs;
use holm_packages::{GrantsFile, Plugins, Protected};

use crate::common::Place;

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(ToString::to_string).collect()
}

fn grant(place: &Place, plugins: &Plugins, line: &str, expected: &Expect) {
    let seen = match plugins.grant("clipper", &lines(&[line]), &place.path("work")) {
        Ok(grants) => grants.lines().join(" "),
        Err(error) => error.to_string(),
    };
    place.check(&seen, expected);
}

fn revoke(place: &Place, plugins: &Plugins, line: &str, expected: &Expect) {
    let seen = match plugins.revoke("clipper", &lines(&[line]), &place.path("work")) {
        Ok(grants) => grants.lines().join(" "),
        Err(error) => error.to_string(),
    };
    place.check(&seen, expected);
}

#[test]
fn grants_lie_within_the_ceiling() {
    let place = Place::new();
    let plugins = place.plugins();
    place.install(&plugins);
    grant(&place, &plugins, "fs=./data:ro", &expect!["fs=/tmp/work/data:ro"]);
    grant(&place, &plugins, "storage=notes", &expect!["fs=/tmp/work/data:ro storage=notes:ro"]);
    grant(
        &place,
        &plugins,
        "storage=secrets:rw",
        &expect!["`clipper` does not ask for storage=secrets:rw; its ceiling is fs=*:rw, storage=notes:rw"],
    );
    grant(
        &place,
        &plugins,
        "net=https://example.com",
        &expect!["`clipper` does not ask for net=https://example.com; its ceiling is fs=*:rw, storage=notes:rw"],
    );
    grant(
        &place,
        &plugins,
        "fs=*:ro",
        &expect!["`fs=*:ro` would grant every file there is: name a file or folder, like `fs=./data:ro`"],
    );
    grant(&place, &plugins, "fs", &expect!["`fs` is no grant: write `capability=rule`, like `fs=./data:ro`"]);
    grant(
        &place,
        &plugins,
        "disk=x",
        &expect!["there is no capability `disk`: there are llm, fs, memory, storage, spawn, exec, tool, net"],
    );
    grant(
        &place,
        &plugins,
        "storage=NO",
        &expect!["`NO` is no rule of this capability: write a bucket and `:ro` or `:rw`, like `notes:rw`"],
    );
    let seen = plugins.grant("nobody", &lines(&["fs=./data"]), &place.path("work")).unwrap_err();
    expect!["no plugin `nobody` is installed; `holm list` shows what is"].assert_eq(&seen.to_string());
}

#[test]
fn holms_own_is_granted_to_nobody() {
    let place = Place::new();
    let plugins = place.plugins();
    place.install(&plugins);
    fs::create_dir_all(place.path("config")).unwrap();
    symlink(place.path("home"), place.path("work/link")).unwrap();
    symlink(place.path("config/later"), place.path("work/dangling")).unwrap();
    grant(
        &place,
        &plugins,
        "fs=../home:ro",
        &expect![
            "`fs=/tmp/home:ro` reaches `/tmp/home`, which is Holm's own and granted to nobody: name folders beside it"
        ],
    );
    grant(
        &place,
        &plugins,
        "fs=../home/plugins/clipper:ro",
        &expect![
            "`fs=/tmp/home/plugins/clipper:ro` reaches `/tmp/home`, which is Holm's own and granted to nobody: name folders beside it"
        ],
    );
    grant(
        &place,
        &plugins,
        "fs=..:ro",
        &expect!["`fs=/tmp:ro` reaches `/tmp/home`, which is Holm's own and granted to nobody: name folders beside it"],
    );
    grant(
        &place,
        &plugins,
        "fs=/:ro",
        &expect!["`fs=/:ro` reaches `/tmp/home`, which is Holm's own and granted to nobody: name folders beside it"],
    );
    grant(
        &place,
        &plugins,
        "fs=link/grants.toml:rw",
        &expect![
            "`fs=/tmp/home/grants.toml:rw` reaches `/tmp/home`, which is Holm's own and granted to nobody: name folders beside it"
        ],
    );
    grant(
        &place,
        &plugins,
        "fs=dangling:rw",
        &expect![
            "`fs=/tmp/work/dangling:rw` reaches `/tmp/config`, which is Holm's own and granted to nobody: name folders beside it"
        ],
    );
    grant(
        &place,
        &plugins,
        "fs=../config/holm.toml:rw",
        &expect![
            "`fs=/tmp/config/holm.toml:rw` reaches `/tmp/config`, which is Holm's own and granted to nobody: name folders beside it"
        ],
    );
    assert_eq!(plugins.grants("clipper").unwrap().lines(), [""; 0]);
}

#[test]
fn revoking_reaches_running_processes() {
    let place = Place::new();
    let plugins = place.plugins();
    place.install(&plugins);
    let live = plugins.find("clipper").unwrap().grants.clone();
    let told = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = told.clone();
    plugins.notify(move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    grant(&place, &plugins, "fs=./data:rw", &expect!["fs=/tmp/work/data:rw"]);
    grant(&place, &plugins, "storage=notes:rw", &expect!["fs=/tmp/work/data:rw storage=notes:rw"]);
    assert_eq!(live.get().lines().len(), 2);
    revoke(
        &place,
        &plugins,
        "fs=./data:ro",
        &expect![
            "`clipper` holds no grant that `fs=./data:ro` covers; it holds fs=/tmp/work/data:rw, storage=notes:rw"
        ],
    );
    revoke(&place, &plugins, "fs=./data", &expect!["storage=notes:rw"]);
    assert_eq!(live.get().lines(), ["storage=notes:rw"]);
    revoke(&place, &plugins, "storage", &expect![[r#""#]]);
    assert!(live.get().lines().is_empty());
    grant(&place, &plugins, "storage=notes:rw", &expect!["storage=notes:rw"]);
    assert!(std::sync::Arc::ptr_eq(&live, &plugins.find("clipper").unwrap().grants));
    plugins.revoke("clipper", &[], &place.path("work")).unwrap();
    assert!(live.get().lines().is_empty());
    assert_eq!(told.load(std::sync::atomic::Ordering::Relaxed), 6);
}

#[test]
fn the_file_keeps_what_people_wrote_into_it() {
    let place = Place::new();
    let plugins = place.plugins();
    place.install(&plugins);
    grant(&place, &plugins, "storage=notes:rw", &expect!["storage=notes:rw"]);
    let path = place.path("home/grants.toml");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let digest = plugins.store().find("clipper").unwrap().digest.to_string();
    let text = fs::read_to_string(&path).unwrap();
    place.check(
        &text.replace(&digest, "DIGEST"),
        &expect![[r##"
        # What each plugin may do. `holm grant` and `holm revoke` write this file; nothing a plugin
        # or a model does ever does. A grant holds for the files with this digest only.
        [clipper]
        digest = "DIGEST"

        [clipper.grants]
        storage = ["notes:rw"]
    "##]],
    );
    let mine = format!(
        "# my own words\n[zebra] # first\ndigest = \"{digest}\"\ngrants = {{ tool = [\"jq/*\"] }} # tight\n\n\
         [clipper]\n# why: because\ndigest = \"{digest}\"\ngrants.storage = [\n  \"notes:ro\", # reading\n]\n"
    );
    fs::write(&path, mine).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    plugins.reload().unwrap();
    assert_eq!(plugins.find("clipper").unwrap().grants.get().lines(), ["storage=notes:ro"]);
    grant(&place, &plugins, "fs=./data:ro", &expect!["fs=/tmp/work/data:ro storage=notes:ro"]);
    let text = fs::read_to_string(&path).unwrap();
    place.check(
        &text.replace(&digest, "DIGEST"),
        &expect![[r##"
        # my own words
        [zebra] # first
        digest = "DIGEST"
        grants = { tool = ["jq/*"] } # tight

        [clipper]
        # why: because
        digest = "DIGEST"
        grants.storage = [
          "notes:ro", # reading
        ]
        grants.fs = ["/tmp/work/data:ro"]
    "##]],
    );
}

#[test]
fn a_broken_file_is_an_error_with_its_line() {
    let place = Place::new();
    let file = GrantsFile::new(&place.path("work"), Protected::new([place.path("home")]));
    let path = place.path("work/grants.toml");
    let digest = "ab".repeat(32);
    let check = |text: &str, expected: Expect| {
        fs::write(&path, text.replace("DIGEST", &digest)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        place.check(&file.read().unwrap_err().to_string(), &expected);
    };
    check(
        "[clipper]\ndigest = \"DIGEST\"\ngrant = {}",
        expect!["/tmp/work/grants.toml:3:1: there is no key `grant` in a plugin's grants; did you mean `grants`?"],
    );
    check(
        "[clipper]\ndigest = \"DIGEST\"\n[clipper.grants]\nstorag = []",
        expect!["/tmp/work/grants.toml:4:1: there is no key `storag` in `grants`; did you mean `storage`?"],
    );
    check(
        "[clipper]\ndigest = \"12\"",
        expect!["/tmp/work/grants.toml:2:10: a digest has 64 hexadecimal digits, 0-9 and a-f"],
    );
    check("[clipper]\n", expect!["/tmp/work/grants.toml:1:1: missing field `digest`"]);
    check(
        "[\"../x\"]\ndigest = \"DIGEST\"",
        expect![
            "/tmp/work/grants.toml:1:2: the plugin's name is `../x`: write 1 to 64 of a-z, 0-9 and -, with a letter or digit at both ends"
        ],
    );
    check("clipper = 3", expect!["/tmp/work/grants.toml:1:1: `clipper` has to be a table"]);
    check(
        "[clipper]\ndigest = \"DIGEST\"\ngrants.fs = [\"data:ro\"]",
        expect!["/tmp/work/grants.toml:3:14: `fs=data:ro` of `clipper` has to name an absolute path"],
    );
    check(
        "[clipper]\ndigest = \"DIGEST\"\ngrants.fs = [\"*:ro\"]",
        expect!["/tmp/work/grants.toml:3:14: `fs=*:ro` of `clipper` has to name an absolute path"],
    );
    check(
        "[clipper]\ndigest = \"DIGEST\"\n[clipper]\ndigest = \"DIGEST\"",
        expect!["/tmp/work/grants.toml:3:2: duplicate key"],
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o622)).unwrap();
    place.check(
        &file.read().unwrap_err().to_string(),
        &expect![
            "`/tmp/work/grants.toml` can be written to by others: `chmod 600` it, and look whether its grants are yours"
        ],
    );
    fs::remove_file(&path).unwrap();
    symlink("/etc/passwd", &path).unwrap();
    place.check(
        &file.read().unwrap_err().to_string(),
        &expect!["`/tmp/work/grants.toml`: it is a symbolic link, and those are not followed here"],
    );
    place.check(
        &file.remove("clipper").unwrap_err().to_string(),
        &expect!["`/tmp/work/grants.toml`: it is a symbolic link, and those are not followed here"],
    );
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
}

#[test]
fn what_is_written_by_hand_reaches_nothing_of_holms_own() {
    let place = Place::new();
    // A home that is not its user's folder's first, and links to it, and to what does not exist yet.
    let home = place.path("work/deep/er/home");
    fs::create_dir_all(home.join("plugins")).unwrap();
    symlink(place.path("work/deep"), place.path("link")).unwrap();
    symlink(home.join("later"), place.path("dangling")).unwrap();
    let file = GrantsFile::new(&home, Protected::new([home.clone(), place.path("config")]));
    let root = place.path("");
    let root = root.to_str().unwrap().trim_end_matches('/');
    let digest = "ab".repeat(32);
    let read = |rule: &str| {
        let text =
            format!("[clipper]\ndigest = \"{digest}\"\ngrants.fs = [\n  \"/fine:ro\",\n  \"{root}{rule}\",\n]\n");
        fs::write(file.path(), text).unwrap();
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o600)).unwrap();
        file.read().map(|_| ()).map_err(|error| error.to_string().replace(root, "/tmp"))
    };
    for (rule, reached) in [
        ("/work/deep/er/home:ro", "/tmp/work/deep/er/home"),
        ("/work/deep/er/home/grants.toml:rw", "/tmp/work/deep/er/home"),
        ("/work/deep/er/home/plugins/clipper/x:ro", "/tmp/work/deep/er/home"),
        // Above it, each of them.
        ("/work/deep/er:ro", "/tmp/work/deep/er/home"),
        ("/work/deep:rw", "/tmp/work/deep/er/home"),
        ("/work:ro", "/tmp/work/deep/er/home"),
        (":ro", "/tmp/work/deep/er/home"),
        // By a link, on the way to it, above it, and to what is yet to be made.
        ("/link:ro", "/tmp/work/deep/er/home"),
        ("/link/er/home/kernel.lock:ro", "/tmp/work/deep/er/home"),
        ("/dangling:rw", "/tmp/work/deep/er/home"),
        ("/config/config.toml:ro", "/tmp/config"),
    ] {
        let shown = format!("/tmp{rule}");
        let expected = format!(
            "/tmp/work/deep/er/home/grants.toml:5:3: `fs={shown}` of `clipper` reaches `{reached}`, which is Holm's own \
             and granted to nobody: take this rule out, or name folders beside it"
        );
        assert_eq!(read(rule), Err(expected));
    }
    for beside in ["/work/data:rw", "/work/deep/else:ro", "/work/deep/er/homely:ro", "/configs:ro"] {
        assert_eq!(read(beside), Ok(()));
    }
    // A link that came to lead there after the grant was written.
    assert_eq!(read("/work/data/here:ro"), Ok(()));
    symlink(&home, place.path("work/data/here")).unwrap();
    assert!(file.read().is_err());
    assert!(file.remove("clipper").is_err());
}
