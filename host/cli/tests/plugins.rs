//! From a folder to an installed plugin and back.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod common;

use common::Holm;
use expect_test::expect;

#[test]
fn a_plugin_comes_and_goes() {
    let holm = Holm::new();
    holm.plugin("reader", "fs_ok", "fs = [\"*:rw\"]");
    holm.check(
        &[
            &["list"],
            &["install", "reader"],
            &["install", "--yes", "reader"],
            &["install", "--yes", "reader"],
            &["list"],
            &["inspect", "reader"],
            &["inspect", "raeder"],
            &["tool", "list"],
            &["uninstall", "reader"],
            &["uninstall", "reader"],
            &["list"],
        ],
        expect![[r#"
            $ holm list
            ! no plugin is installed
            ! hint: `holm new NAME` makes one, `holm install DIR` installs it

            $ holm install reader
            ! reader 0.1.0  A guest of the tests
            !   digest       [DIGEST]
            !   may ask for  fs=*:rw
            !   tools        nothing
            !   limits       the defaults
            ! installed reader 0.1.0
            ! hint: it may do nothing yet; `holm run reader` asks, `holm grant reader …` allows

            $ holm install --yes reader
            ! reader 0.1.0 is installed already

            $ holm install --yes reader
            ! reader 0.1.0 is installed already

            $ holm list
            NAME    VERSION  DIGEST        TOOLS  GRANTS  DESCRIPTION
            reader  0.1.0    [DIGEST]      0       0  A guest of the tests

            $ holm inspect reader
            reader 0.1.0
            A guest of the tests

            digest     [DIGEST]
            component  [DIGEST]
            source     [TEST]/work/reader
            installed  [TIME]
            files      2 files, [SIZE]
            kind       command

            ceiling (what it may ever be granted)
              fs=*:rw

            grants (what it may do now)
              nothing

            imports
              wasi:cli/environment@0.2.6
              wasi:cli/exit@0.2.6
              wasi:cli/stderr@0.2.6
              wasi:cli/stdin@0.2.6
              wasi:cli/stdout@0.2.6
              wasi:cli/terminal-input@0.2.6
              wasi:cli/terminal-output@0.2.6
              wasi:cli/terminal-stderr@0.2.6
              wasi:cli/terminal-stdin@0.2.6
              wasi:cli/terminal-stdout@0.2.6
              wasi:clocks/wall-clock@0.2.6
              wasi:filesystem/preopens@0.2.6
              wasi:filesystem/types@0.2.6
              wasi:io/error@0.2.6
              wasi:io/poll@0.2.6
              wasi:io/streams@0.2.6

            exports
              wasi:cli/run@0.2.0

            limits
              audit          1MiB
              children       64
              depth          8
              files-created  10000
              fuel           100G
              handles        4096
              hostcall       4MiB
              instances      64
              log-bytes      1MiB
              log-lines      10000
              mailbox        1MiB
              memory         256MiB
              model-calls    1000
              model-streams  32
              money          5.00
              network        256MiB
              on-empty       end
              open-files     64
              output         64MiB
              questions      64
              random         64KiB
              remembered     256MiB
              requests       16
              storage        64MiB
              table-elements 20000
              tokens         1000000
              wall-time      10m
              written        1GiB
              stack          512KiB (of calls; the same for every process)

            $ holm inspect raeder
            ! error: no plugin `raeder` is installed
            ! hint: did you mean `reader`?
            ? 4

            $ holm tool list
            ! no tool is installed

            $ holm uninstall reader
            ! uninstalled reader

            $ holm uninstall reader
            ! error: no plugin `reader` is installed
            ! hint: `holm list` shows what is installed
            ? 4

            $ holm list
            ! no plugin is installed
            ! hint: `holm new NAME` makes one, `holm install DIR` installs it
        "#]],
    );
}

#[test]
fn an_update_says_what_is_new_and_grants_do_not_carry_over_unasked() {
    let holm = Holm::new();
    holm.install("reader", "fs_ok", "fs = [\"*:ro\"]");
    holm.run(&["grant", "reader", "fs=.:ro"]).succeeds();
    holm.plugin("reader", "program_ok", "fs = [\"*:rw\"]\nstorage = [\"notes:rw\"]");
    holm.check(
        &[
            &["install", "--yes", "reader"],
            &["update", "reader"],
            &["update", "--yes", "reader"],
            &["grant", "reader", "fs=.:ro"],
            &["update", "--yes", "--keep-grants", "reader"],
            &["update", "--yes", "nowhere"],
        ],
        expect![[r#"
            $ holm install --yes reader
            ! error: another `reader` (0.1.0) is installed, from [TEST]/work/reader
            ! hint: to put this one in its place: holm update [TEST]/work/reader
            ? 6

            $ holm update reader
            ! reader 0.1.0 (now 0.1.0)  A guest of the tests
            !   digest       [DIGEST]
            !   newly asks   fs=*:rw, storage=notes:rw
            !   may keep     fs=[TEST]/work:ro
            ! error: `reader` was not changed: there is no terminal to ask on
            ! hint: holm update --yes reader
            ? 6

            $ holm update --yes reader
            ! reader 0.1.0 (now 0.1.0)  A guest of the tests
            !   digest       [DIGEST]
            !   newly asks   fs=*:rw, storage=notes:rw
            !   may keep     fs=[TEST]/work:ro
            ! updated reader 0.1.0
            ! hint: it may do nothing yet; `holm run reader` asks, `holm grant reader …` allows

            $ holm grant reader fs=.:ro
            fs=[TEST]/work:ro
            ! reader holds

            $ holm update --yes --keep-grants reader
            ! reader 0.1.0 is installed already

            $ holm update --yes nowhere
            ! error: `[TEST]/work/nowhere` cannot be read: No such file or directory (os error 2)
            ? 4
        "#]],
    );
    // Another version, with a yes to its grants.
    holm.plugin("reader", "fs_ok", "fs = [\"*:ro\"]");
    holm.check(
        &[&["update", "--yes", "--keep-grants", "reader"]],
        expect![[r#"
            $ holm update --yes --keep-grants reader
            ! reader 0.1.0 (now 0.1.0)  A guest of the tests
            !   digest       [DIGEST]
            !   newly asks   nothing
            !   gives up     fs=*:rw, storage=notes:rw
            !   may keep     fs=[TEST]/work:ro
            ! updated reader 0.1.0
            ! it may: fs=[TEST]/work:ro
        "#]],
    );
}

#[test]
fn what_was_changed_after_install_is_not_run() {
    let holm = Holm::new();
    holm.install("reader", "program_ok", "");
    let folder = holm.home().join("plugins/reader");
    let version = std::fs::read_dir(folder).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap().path();
    std::fs::write(version.join("reader.wasm"), common::component("fs_ok")).unwrap();
    holm.check(&[&["run", "reader"], &["list"]], expect![[r#"
        $ holm run reader
        ! error: plugin `reader` was changed after it was installed (the component); `holm install` it again to accept that
        ? 6

        $ holm list
        NAME    VERSION  DIGEST        TOOLS  GRANTS  DESCRIPTION
        reader  0.1.0    [DIGEST]      0       0  plugin `reader` was changed after it was installed (the component); `holm install` it again to accept that
    "#]]);
}

#[test]
fn json_is_json() {
    let holm = Holm::new();
    holm.plugin("reader", "fs_ok", "fs = [\"*:rw\"]");
    let installed = holm.run(&["install", "--yes", "--json", "reader", "--grant", "fs=.:ro"]).succeeds().json();
    assert_eq!(installed["name"], "reader");
    let here = format!("fs={}:ro", holm.work().canonicalize().unwrap().display());
    assert_eq!(installed["grants"][0], here);
    assert_eq!(holm.run(&["list", "--json"]).succeeds().json()[0]["grants"][0], here);
    let inspected = holm.run(&["inspect", "--json", "reader"]).succeeds().json();
    assert_eq!(inspected["ceiling"][0], "fs=*:rw");
    assert_eq!(inspected["effective"][0], here);
    assert_eq!(inspected["limits"]["depth"], 8);
    assert_eq!(holm.run(&["tool", "list", "--json"]).succeeds().json(), serde_json::json!([]));
    assert_eq!(holm.run(&["ps", "--json"]).succeeds().json(), serde_json::json!([]));
    assert_eq!(holm.run(&["revoke", "--json", "reader", "fs"]).succeeds().json()["grants"], serde_json::json!([]));
    let checks = holm.run(&["doctor", "--json"]).succeeds().json();
    assert!(checks.as_array().unwrap().iter().any(|check| check["name"] == "kernel"));
    holm.run(&["run", "reader", "a", "b"]).ends(5);
    for line in holm.run(&["audit", "--json"]).succeeds().stdout.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["plugin"], "reader");
    }
}

#[test]
fn what_was_stored_goes_with_its_plugin_or_stays_where_that_is_asked() {
    let holm = Holm::new();
    let install = || {
        holm.install("keeper", "deputy", "storage = [\"notes:rw\"]\nspawn = [\"*\"]");
        holm.run(&["grant", "keeper", "storage=notes:rw"]).succeeds();
    };
    let noted = || holm.run(&["tool", "call", "keeper/get", "{\"it\": \"x\"}"]).succeeds().stdout;
    install();
    assert_eq!(noted(), "\"nothing\"\n");
    holm.run(&["tool", "call", "keeper/put", "{\"it\": \"a secret\"}"]).succeeds();
    assert_eq!(noted(), "\"a secret\"\n");
    let kept = holm.run(&["uninstall", "keeper", "--keep-data"]).succeeds().talk;
    assert!(!kept.contains("gone"), "{kept}");
    // The kernel ends and starts between: it is the disk that keeps it.
    holm.run(&["shutdown"]).succeeds();
    install();
    assert_eq!(noted(), "\"a secret\"\n");
    let gone = holm.run(&["uninstall", "keeper"]).succeeds().talk;
    assert!(gone.contains("that it had stored are gone"), "{gone}");
    install();
    assert_eq!(noted(), "\"nothing\"\n");
}
