//! Installing, updating, removing; files that change behind Holm's back; crashes.

use std::{fs, os::unix::fs::PermissionsExt, sync::Arc, time::Duration};

use expect_test::{Expect, expect};
use holm_kernel::program::{LiveGrants, Offers, Programs};
use holm_packages::{Origin, Plugins, StoreError, Told, UpdateError};

use crate::common::{MANIFEST, Place, component, tool};

/// Longer than a look at a file is distrusted.
const SETTLED: Duration = Duration::from_millis(120);

fn find(plugins: &Plugins, expected: &Expect) {
    let seen = match plugins.find("clipper") {
        Ok(program) => format!("{} may {}", program.name, program.grants.get().lines().join(" ")),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&seen);
}

fn grant(place: &Place, plugins: &Plugins, line: &str) {
    plugins.grant("clipper", &[line.to_owned()], &place.path("work")).unwrap();
}

#[test]
fn installed_is_what_was_checked() {
    let place = Place::new();
    place.write("assets/logo.svg", "<svg/>");
    place.write("src/lib.rs", "fn main() {}");
    let plugins = place.plugins();
    find(&plugins, &expect!["no plugin `clipper` is installed; `holm list` shows what is"]);
    let plan = plugins.plan(place.package(), vec![tool("clip", "Clips")]).unwrap();
    let installed = plugins.apply(&plan, true).unwrap();
    find(&plugins, &expect!["clipper may "]);
    let folder = place.installed(&plugins);
    assert_eq!(fs::read(folder.join("assets/logo.svg")).unwrap(), b"<svg/>");
    assert!(!folder.join("src").exists());
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(folder.join("assets")).unwrap().permissions().mode() & 0o077, 0);
    let program = plugins.find("clipper").unwrap();
    assert_eq!(program.tools, [tool("clip", "Clips")]);
    assert_eq!((program.code.read)().unwrap(), fs::read(place.source("clipper.wasm")).unwrap());
    assert_eq!(program.code.digest, installed.component);
    assert_eq!(plugins.list().len(), 1);
    // A kernel that starts anew sees the same.
    let again = place.plugins();
    assert_eq!(again.installed().unwrap().remove("clipper").unwrap().unwrap(), installed);
    assert_eq!(again.inspect("clipper").unwrap().1.digest, installed.digest);
    again.uninstall("clipper").unwrap();
    find(&again, &expect!["no plugin `clipper` is installed; `holm list` shows what is"]);
    find(&plugins, &expect!["no plugin `clipper` is installed; `holm list` shows what is"]);
    assert!(matches!(again.uninstall("clipper"), Err(UpdateError::Store(StoreError::NotFound(_)))));
    assert!(matches!(again.uninstall("../work"), Err(UpdateError::Store(StoreError::NotFound(_)))));
    assert!(place.path("work/data").exists());
}

#[test]
fn a_warm_find_reads_nothing() {
    let place = Place::new();
    place.write("assets/big", vec![7; 32 << 20]);
    let plugins = place.plugins();
    place.install(&plugins);
    std::thread::sleep(SETTLED);
    let cold = plugins.find("clipper").unwrap();
    let start = std::time::Instant::now();
    for _ in 0..100 {
        assert!(Arc::ptr_eq(&cold, &plugins.find("clipper").unwrap()));
    }
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

#[test]
fn files_that_changed_are_refused() {
    let same_size = |text: &str| text.replace("notes:rw", "other:rw");
    type Change<'a> = (&'a str, &'a dyn Fn(&std::path::Path));
    let changes: &[Change] = &[
        ("plugin.toml", &|folder| fs::write(folder.join("plugin.toml"), same_size(MANIFEST)).unwrap()),
        ("broken manifest", &|folder| fs::write(folder.join("plugin.toml"), "x").unwrap()),
        ("component", &|folder| fs::write(folder.join("clipper.wasm"), component(&[])).unwrap()),
        ("garbage", &|folder| fs::write(folder.join("clipper.wasm"), "x").unwrap()),
        ("asset", &|folder| fs::write(folder.join("assets/a"), "B").unwrap()),
        ("new file", &|folder| fs::write(folder.join("assets/new"), "").unwrap()),
        ("gone", &|folder| fs::remove_file(folder.join("assets/a")).unwrap()),
        ("link", &|folder| {
            fs::remove_file(folder.join("assets/a")).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", folder.join("assets/a")).unwrap();
        }),
        ("no manifest", &|folder| fs::remove_file(folder.join("plugin.toml")).unwrap()),
        ("no component", &|folder| fs::remove_file(folder.join("clipper.wasm")).unwrap()),
        ("no folder", &|folder| fs::remove_dir_all(folder).unwrap()),
        ("swapped", &|folder| {
            let copy = folder.with_file_name("copy");
            fs::rename(folder.join("clipper.wasm"), &copy).unwrap();
            fs::write(folder.join("clipper.wasm"), component(&[])).unwrap();
        }),
    ];
    let mut seen = String::new();
    for (what, change) in changes {
        let place = Place::new();
        place.write("assets/a", "A");
        let plugins = place.plugins();
        place.install(&plugins);
        std::thread::sleep(SETTLED);
        plugins.find("clipper").unwrap();
        change(&place.installed(&plugins));
        let (warm, cold) = (plugins.find("clipper").unwrap_err(), place.plugins().find("clipper").unwrap_err());
        let cold = cold.to_string().replace(place.path("").to_str().unwrap(), "/tmp/");
        let digest = plugins.store().find("clipper").unwrap().digest.to_string();
        let cold = cold.replace(&digest, "DIGEST");
        let warm = warm.to_string().split_once('(').map_or_else(|| "other".to_owned(), |(_, what)| what.to_owned());
        let warm = warm.split(')').next().unwrap().to_owned();
        seen += &format!("{what}: {cold}\n  warm: {warm}\n");
        assert!(plugins.list().is_empty());
        // Installing it again makes it whole.
        place.install(&plugins);
        plugins.find("clipper").unwrap();
    }
    expect![[r#"
        plugin.toml: plugin `clipper` was changed after it was installed (a file); `holm install` it again to accept that
          warm: plugin.toml
        broken manifest: plugin `clipper` was changed after it was installed (plugin.toml); `holm install` it again to accept that
          warm: plugin.toml
        component: plugin `clipper` was changed after it was installed (the component); `holm install` it again to accept that
          warm: clipper.wasm
        garbage: plugin `clipper` was changed after it was installed (the component); `holm install` it again to accept that
          warm: clipper.wasm
        asset: plugin `clipper` was changed after it was installed (a file); `holm install` it again to accept that
          warm: assets/a
        new file: plugin `clipper` was changed after it was installed (a file); `holm install` it again to accept that
          warm: assets
        gone: plugin `clipper` was changed after it was installed (a file); `holm install` it again to accept that
          warm: assets/a
        link: plugin `clipper` was changed after it was installed (`assets/a` is a symbolic link; a plugin holds only files and folders: replace it by a copy, or remove it); `holm install` it again to accept that
          warm: assets/a
        no manifest: plugin `clipper` was changed after it was installed (plugin.toml is gone); `holm install` it again to accept that
          warm: plugin.toml
        no component: plugin `clipper` was changed after it was installed (the component is gone); `holm install` it again to accept that
          warm: clipper.wasm
        no folder: plugin `clipper` was changed after it was installed (its folder is gone); `holm install` it again to accept that
          warm: plugin.toml
        swapped: plugin `clipper` was changed after it was installed (the component); `holm install` it again to accept that
          warm: clipper.wasm
    "#]].assert_eq(&seen);
}

/// Right after the install, when a file's times cannot tell yet.
#[test]
fn a_change_within_one_tick_is_seen() {
    for _ in 0..20 {
        let place = Place::new();
        place.write("assets/a", "A");
        let plugins = place.plugins();
        place.install(&plugins);
        plugins.find("clipper").unwrap();
        fs::write(place.installed(&plugins).join("assets/a"), "B").unwrap();
        assert!(plugins.find("clipper").is_err());
    }
}

#[test]
fn what_changes_between_check_and_copy_is_not_installed() {
    let place = Place::new();
    place.write("assets/a", "A");
    let plugins = place.plugins();
    let try_with = |change: &dyn Fn()| {
        let plan = place.plan(&plugins);
        change();
        assert!(matches!(
            plugins.apply(&plan, true),
            Err(UpdateError::Store(StoreError::Changed(_) | StoreError::Copy { .. }))
        ));
        assert!(plugins.store().names().unwrap().is_empty());
        let left: Vec<_> =
            fs::read_dir(plugins.store().folder()).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, [".lock"]);
    };
    try_with(&|| place.write("assets/a", "B"));
    try_with(&|| place.write("clipper.wasm", component(&["wasi:cli/exit@0.2.6"])));
    try_with(&|| place.manifest("notes:rw", "other:rw"));
    try_with(&|| {
        fs::remove_file(place.source("assets/a")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", place.source("assets/a")).unwrap();
    });
}

#[test]
fn an_update_shows_what_it_asks_and_keeps_grants_only_by_a_yes() {
    let place = Place::new();
    let plugins = place.plugins();
    let first =
        plugins.plan(place.package(), vec![tool("clip", "Clips"), tool("old", "Old"), tool("same", "Same")]).unwrap();
    expect![[r#"
        {
          "version_before": null,
          "same_files": false,
          "tampered": false,
          "signers_lost": [],
          "asks": [
            "fs=*:rw",
            "storage=notes:rw"
          ],
          "gives_up": [],
          "limits": [],
          "tools_added": [
            "clip",
            "old",
            "same"
          ],
          "tools_removed": [],
          "tools_changed": [],
          "grants_kept": [],
          "grants_lost": []
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&first.difference).unwrap());
    plugins.apply(&first, true).unwrap();
    grant(&place, &plugins, "storage=notes:rw");
    grant(&place, &plugins, "fs=./data:rw");
    let old = plugins.find("clipper").unwrap().grants.clone();

    place.write(
        "plugin.toml",
        MANIFEST.replace("0.1.0", "0.2.0").replace("\"*:rw\"", "\"*:ro\"")
            + "spawn = [\"jq\"]\n[limits]\nfuel = \"1G\"\n",
    );
    let tools = vec![tool("clip", "Clips, and sends it home"), tool("new", "New"), tool("same", "Same")];
    let plan = plugins.plan(place.package(), tools).unwrap();
    assert!(plan.asks_about_grants());
    place.check(
        &serde_json::to_string_pretty(&plan.difference).unwrap(),
        &expect![[r#"
        {
          "version_before": "0.1.0",
          "same_files": false,
          "tampered": false,
          "signers_lost": [],
          "asks": [
            "spawn=jq"
          ],
          "gives_up": [
            "fs=*:rw"
          ],
          "limits": [
            {
              "limit": "fuel",
              "from": null,
              "to": "1000000000"
            }
          ],
          "tools_added": [
            "new"
          ],
          "tools_removed": [
            "old"
          ],
          "tools_changed": [
            "clip"
          ],
          "grants_kept": [
            "storage=notes:rw"
          ],
          "grants_lost": [
            "fs=/tmp/work/data:rw"
          ]
        }"#]],
    );

    let no = |keep| {
        let digest = plugins.apply(&plan, keep).unwrap().digest;
        assert_eq!(plugins.store().find("clipper").unwrap().digest, digest);
        plugins.find("clipper").unwrap().grants.get().lines()
    };
    assert_eq!(no(true), ["storage=notes:rw"]);
    assert!(LiveGrants::get(&old).lines().is_empty(), "the old files are granted nothing any more");
    let again = plugins.apply(&plan, true).unwrap_err();
    expect!["`clipper` was installed or changed meanwhile; look at it again"].assert_eq(&again.to_string());

    // The same files once more: nothing to ask.
    let same = place.plan(&plugins);
    assert!(same.difference.same_files && !same.asks_about_grants());
    plugins.apply(&same, false).unwrap();
    assert_eq!(plugins.find("clipper").unwrap().grants.get().lines(), ["storage=notes:rw"]);

    // Other files, and no yes.
    place.write("README.md", "changed");
    plugins.apply(&place.plan(&plugins), false).unwrap();
    assert!(plugins.find("clipper").unwrap().grants.get().lines().is_empty());
    assert!(plugins.grants("clipper").unwrap().lines().is_empty());
}

#[test]
fn a_tampered_plugin_passes_nothing_on() {
    let place = Place::new();
    let plugins = place.plugins();
    place.install(&plugins);
    grant(&place, &plugins, "storage=notes:rw");
    fs::write(place.installed(&plugins).join("plugin.toml"), MANIFEST.replace("notes", "all")).unwrap();
    place.write("README.md", "new");
    let plan = place.plan(&plugins);
    assert!(plan.difference.tampered && plan.difference.grants_kept.is_empty());
    assert_eq!(plan.difference.asks, ["fs=*:rw", "storage=notes:rw"]);
    plugins.apply(&plan, true).unwrap();
    assert!(plugins.find("clipper").unwrap().grants.get().lines().is_empty());
}

#[test]
fn an_update_that_loses_its_signers_keeps_no_grants() {
    let place = Place::new();
    let plugins = place.plugins();
    let by = |keys: &[&str]| Origin { reference: None, signed_by: keys.iter().map(|key| (*key).to_owned()).collect() };
    let plan = |keys: &[&str]| plugins.plan(place.package(), Vec::new()).unwrap().of_origin(by(keys));
    let signers = || plugins.store().find("clipper").unwrap().signed_by;
    plugins.apply(&plan(&["acme", "me"]), false).unwrap();
    grant(&place, &plugins, "storage=notes:rw");
    // The same files from elsewhere keep their grants, and their signers.
    let same = plan(&[]);
    assert!(same.difference.same_files && same.difference.signers_lost.is_empty());
    plugins.apply(&same, false).unwrap();
    assert_eq!(signers(), ["acme", "me"]);
    place.write("README.md", "newer");
    let theirs = plan(&["me"]);
    assert_eq!((theirs.difference.signers_lost.len(), theirs.difference.grants_kept.len()), (0, 1));
    for keys in [&[][..], &["other"]] {
        let lost = plan(keys).difference;
        assert_eq!(lost.signers_lost, ["acme", "me"]);
        assert_eq!((lost.grants_kept.len(), &lost.grants_lost[..]), (0, &["storage=notes:rw".to_owned()][..]));
    }
    // Not even with a yes.
    plugins.apply(&plan(&[]), true).unwrap();
    assert!(plugins.find("clipper").unwrap().grants.get().lines().is_empty());
}

#[test]
fn a_crash_leaves_the_old_or_the_new() {
    let place = Place::new();
    let plugins = place.plugins();
    place.install(&plugins);
    grant(&place, &plugins, "storage=notes:rw");
    let store = plugins.store().folder().to_owned();
    // Cut while copying, and while an old folder was removed.
    fs::create_dir_all(store.join(".incoming-1-2-3/assets")).unwrap();
    fs::create_dir_all(store.join(".outgoing-1-2-4/assets")).unwrap();
    // Cut after the new folder was moved in, before the record named it.
    let next = store.join("clipper").join("ab".repeat(32));
    fs::create_dir(&next).unwrap();
    fs::write(store.join("clipper/.incoming-9-9-9"), "half a rec").unwrap();
    let again = place.plugins();
    find(&again, &expect!["clipper may storage=notes:rw"]);
    assert!(!store.join(".incoming-1-2-3").exists() && !store.join(".outgoing-1-2-4").exists());
    // The next install clears what is left.
    place.write("README.md", "new");
    place.install(&again);
    let left: Vec<_> = fs::read_dir(store.join("clipper")).unwrap().flatten().collect();
    assert_eq!(left.len(), 2, "{left:?}");
    grant(&place, &again, "storage=notes:rw");
    // Cut after the record, before the grants: they are for the old digest, and hold no more.
    place.write("README.md", "newer");
    let (offers, origin) = (Offers::default(), Origin::default());
    let told = Told { tools: &[], offers: &offers, commands: &[] };
    again.store().install(&place.package(), told, &origin).unwrap();
    assert!(fs::read_to_string(place.path("home/grants.toml")).unwrap().contains("notes:rw"));
    find(&place.plugins(), &expect!["clipper may "]);
}

#[test]
fn broken_records_harm_no_neighbour() {
    let place = Place::new();
    let plugins = place.plugins();
    place.install(&plugins);
    for (name, record) in [
        ("broken", "x"),
        ("liar", &*fs::read_to_string(plugins.store().folder().join("clipper/installed.toml")).unwrap()),
    ] {
        fs::create_dir(plugins.store().folder().join(name)).unwrap();
        fs::write(plugins.store().folder().join(name).join("installed.toml"), record).unwrap();
    }
    let seen: Vec<_> = plugins
        .installed()
        .unwrap()
        .into_iter()
        .map(|(name, record)| {
            format!("{name}: {}", record.map_or_else(|error| error.to_string(), |found| found.version.to_string()))
        })
        .collect();
    place.check(&seen.join("\n"), &expect![[r#"
        broken: the record of an installed plugin is broken (/tmp/home/plugins/broken/installed.toml:1:2: key with no value, expected `=`); install it again
        clipper: 0.1.0
        liar: `/tmp/home/plugins/liar/installed.toml`: it is the record of another plugin: install this one again"#]]);
    assert_eq!(plugins.list().len(), 1);
    plugins.uninstall("broken").unwrap();
}

#[test]
fn a_home_that_others_write_to_is_refused() {
    let place = Place::new();
    place.plugins();
    fs::set_permissions(place.path("home"), fs::Permissions::from_mode(0o777)).unwrap();
    let error = Plugins::open(&place.path("home"), [], Default::default()).err().unwrap();
    place.check(&error.to_string(), &expect!["`/tmp/home` can be written to by others: `chmod 700` it"]);
}
