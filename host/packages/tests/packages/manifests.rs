//! Manifests: what is accepted, and where and why what is not.

use std::fmt::Write;

use expect_test::{Expect, expect};
use holm_kernel::account::{Limits, OnEmpty};
use holm_packages::Manifest;

use crate::common::MANIFEST;

fn check(text: &str, expected: &Expect) {
    let seen = match Manifest::parse(text, "plugin.toml") {
        Ok(manifest) => format!("{manifest:?}"),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&seen);
}

/// The usual manifest with one text in the place of another.
fn with(from: &str, to: &str, expected: &Expect) {
    assert!(MANIFEST.contains(from));
    check(&MANIFEST.replacen(from, to, 1), expected);
}

#[test]
fn a_manifest_says_what_it_says() {
    let manifest = Manifest::parse(MANIFEST, "plugin.toml").unwrap();
    assert_eq!(manifest.ceiling.lines(), ["fs=*:rw", "storage=notes:rw"]);
    assert_eq!(manifest.limits.within(&Limits::default()), Limits::default());
    let mark = format!("\u{feff}{MANIFEST}");
    assert_eq!(Manifest::parse(&mark, "plugin.toml").unwrap(), manifest, "a byte order mark is no key");
}

#[test]
fn limits_are_requests() {
    let text = format!("{MANIFEST}\n[limits]\nfuel = \"5M\"\nmemory = \"4TiB\"\nwall-time = \"5s\"\n");
    let manifest = Manifest::parse(&text, "plugin.toml").unwrap();
    let asked: Vec<_> = manifest.limits.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    expect![["fuel = 5000000; memory = 4398046511104; wall-time = 5s"]].assert_eq(&asked.join("; "));
    let operator = Limits { on_empty: OnEmpty::Stop, handles: 1_000_000, ..Limits::default() };
    let limits = manifest.limits.within(&operator);
    assert_eq!((limits.fuel.0, limits.memory, limits.wall_time.as_secs()), (5_000_000, operator.memory, 5));
    assert_eq!((limits.handles, limits.on_empty), (1_000_000, OnEmpty::Stop), "what is not asked is the operator's");
}

#[test]
fn unknown_keys_are_found() {
    with(
        "version =",
        "versoin =",
        &expect!["plugin.toml:3:1: there is no key `versoin` in a manifest; did you mean `version`?"],
    );
    with(
        "[ceiling]",
        "[cieling]",
        &expect!["plugin.toml:7:2: there is no key `cieling` in a manifest; did you mean `ceiling`?"],
    );
    with(
        "storage =",
        "strage =",
        &expect!["plugin.toml:9:1: there is no key `strage` in [ceiling]; did you mean `storage`?"],
    );
    with(
        "[ceiling]",
        "[limits]\nfuell = 1\n[ceiling]",
        &expect!["plugin.toml:8:1: there is no key `fuell` in [limits]; did you mean `fuel`?"],
    );
    with(
        "[ceiling]",
        "zzz = 1\n[ceiling]",
        &expect![
            "plugin.toml:7:1: there is no key `zzz` in a manifest; there are name, version, description, component, include, ceiling, limits, judges, commands"
        ],
    );
    with(
        "[ceiling]",
        "\"\\u001b[2J\\u202e\" = 1\n[ceiling]",
        &expect![[
            r#"plugin.toml:7:1: there is no key `\u{1b}[2J\u{202e}` in a manifest; there are name, version, description, component, include, ceiling, limits, judges, commands"#
        ]],
    );
    with(
        "[ceiling]",
        "limits.Fuel = 1\n[ceiling]",
        &expect!["plugin.toml:7:8: there is no key `Fuel` in [limits]; did you mean `fuel`?"],
    );
}

#[test]
fn values_are_checked() {
    with("name = \"clipper\"", "", &expect!["plugin.toml:1:1: missing field `name`"]);
    with(
        "\"clipper\"",
        "\"self\"",
        &expect!["plugin.toml:2:8: `name` is `self`, which Holm uses itself (self, skill, holm): choose another"],
    );
    with(
        "\"clipper\"",
        "\"-rf\"",
        &expect![
            "plugin.toml:2:8: `name` is `-rf`: write 1 to 64 of a-z, 0-9 and -, with a letter or digit at both ends"
        ],
    );
    with(
        "\"clipper\"",
        "\"../x\"",
        &expect![
            "plugin.toml:2:8: `name` is `../x`: write 1 to 64 of a-z, 0-9 and -, with a letter or digit at both ends"
        ],
    );
    with(
        "\"clipper\"",
        "\"Clipper\"",
        &expect![
            "plugin.toml:2:8: `name` is `Clipper`: write 1 to 64 of a-z, 0-9 and -, with a letter or digit at both ends"
        ],
    );
    with("\"clipper\"", "7", &expect!["plugin.toml:2:8: invalid type: integer `7`, expected a string"]);
    with(
        "\"0.1.0\"",
        "\"1\"",
        &expect![
            "plugin.toml:3:11: `version` is no version (unexpected end of input while parsing major version number): write it like 0.1.0"
        ],
    );
    with(
        "\"0.1.0\"",
        "\"99999999999999999999.0.0\"",
        &expect![
            "plugin.toml:3:11: `version` is no version (value of major version number exceeds u64::MAX): write it like 0.1.0"
        ],
    );
    with("\"Clips pages\"", "\"\"", &expect!["plugin.toml:4:15: `description` has to be 1 to 1,024 characters"]);
    with(
        "\"Clips pages\"",
        "\"a\\u001b[31m\"",
        &expect![[
            r#"plugin.toml:4:15: `description` holds the hidden character \u{1b}: write it in one line of text"#
        ]],
    );
    with(
        "\"Clips pages\"",
        "\"a\\u202eb\"",
        &expect![[
            r#"plugin.toml:4:15: `description` holds the hidden character \u{202e}: write it in one line of text"#
        ]],
    );
    with(
        "\"clipper.wasm\"",
        "\"../x.wasm\"",
        &expect![
            "plugin.toml:5:13: `component` is `../x.wasm`: name a file in the plugin's own folder, like `clipper.wasm`"
        ],
    );
    with(
        "\"clipper.wasm\"",
        "\"/etc/passwd\"",
        &expect![
            "plugin.toml:5:13: `component` is `/etc/passwd`: name a file in the plugin's own folder, like `clipper.wasm`"
        ],
    );
    with(
        "\"clipper.wasm\"",
        "\".wasm\"",
        &expect![
            "plugin.toml:5:13: `component` is `.wasm`: name a file in the plugin's own folder, like `clipper.wasm`"
        ],
    );
    with(
        "\"clipper.wasm\"",
        "\"a.wasm\"\ninclude = [\"ok\", \"..\"]",
        &expect!["plugin.toml:6:18: `include` names `..`: name files or folders in the plugin's own folder"],
    );
    with(
        "\"*:rw\"",
        "\"./data:ro\"",
        &expect![
            "plugin.toml:7:1: `ceiling` names the path `./data:ro`, but nobody knows yet where it will be run: write `*:ro`, `*:rw` or an absolute path; its user grants the folder"
        ],
    );
    with(
        "\"*:rw\"",
        "\"/a/../../b:ro\"",
        &expect![
            "plugin.toml:7:1: `ceiling` names the path `/a/../../b:ro`, but nobody knows yet where it will be run: write `*:ro`, `*:rw` or an absolute path; its user grants the folder"
        ],
    );
    with(
        "\"notes:rw\"",
        "\"NOTES\"",
        &expect![
            "plugin.toml:9:11: `NOTES` is no rule of this capability: write a bucket and `:ro` or `:rw`, like `notes:rw`"
        ],
    );
    with(
        "[\"notes:rw\"]",
        "\"notes:rw\"",
        &expect![[r#"plugin.toml:9:11: invalid type: string "notes:rw", expected a list of rules"#]],
    );
    with(
        "[ceiling]",
        "[limits]\nfuel = -1\n[ceiling]",
        &expect!["plugin.toml:8:8: out of range integral type conversion attempted"],
    );
    with(
        "[ceiling]",
        "[limits]\nmemory = \"much\"\n[ceiling]",
        &expect!["plugin.toml:8:10: `much` is no amount of bytes: write it like 64MiB"],
    );
    with(
        "[ceiling]",
        "limits = 3\n[ceiling]",
        &expect!["plugin.toml:7:10: `limits` has to be a table: write [limits] and its keys below it"],
    );
}

#[test]
fn hostile_texts_are_refused() {
    check("", &expect!["plugin.toml:1:1: missing field `name`"]);
    check("\0", &expect!["plugin.toml:1:2: key with no value, expected `=`"]);
    check("name = \"a\"\nname = \"b\"", &expect!["plugin.toml:2:1: duplicate key"]);
    check(
        "a = 999999999999999999999999999999",
        &expect![
            "plugin.toml:1:1: there is no key `a` in a manifest; there are name, version, description, component, include, ceiling, limits, judges, commands"
        ],
    );
    check(&format!("name = {}", "9".repeat(60_000)), &expect!["plugin.toml:1:8: integer number overflowed"]);
    check(&"x".repeat(70_000), &expect!["plugin.toml has 70000 bytes; at most 65536 are read"]);
    for (open, close) in [("[", "]"), ("{a=", "}"), ("{a=[", "]}")] {
        let bomb = format!("name = {}{}", open.repeat(10_000), close.repeat(5_000));
        assert!(Manifest::parse(&bomb, "plugin.toml").is_err());
    }
    assert!(Manifest::parse(&format!("[{}a]", "a.".repeat(30_000)), "plugin.toml").is_err());
    assert!(Manifest::parse(&format!("{}a = 1", "a.".repeat(30_000)), "plugin.toml").is_err());
    let rules = (0..300).fold(String::new(), |mut rules, index| {
        write!(rules, "\"n{index}\",").unwrap();
        rules
    });
    with("[\"notes:rw\"]", &format!("[{rules}]"), &expect!["plugin.toml:9:11: more than 256 rules"]);
    expect!["plugin.toml is not UTF-8 text (byte 8); save it as UTF-8"]
        .assert_eq(&Manifest::from_bytes(b"name = \"\xff\"", "plugin.toml").unwrap_err().to_string());
    expect![[r#"\u{1b}[2J.toml:1:3: key with no value, expected `=`"#]]
        .assert_eq(&Manifest::parse("a b", "\u{1b}[2J.toml").unwrap_err().to_string());
}

/// Every cut and every changed byte of a manifest: none may panic.
#[test]
fn mangled_texts_never_panic() {
    for at in 0..MANIFEST.len() {
        let _ = Manifest::parse(&MANIFEST[..at], "plugin.toml");
        for byte in [0, b'"', b'[', b'{', b'\n', b'=', b'.', 0x1b, 0xff] {
            let mut bytes = MANIFEST.as_bytes().to_vec();
            bytes[at] = byte;
            let _ = Manifest::from_bytes(&bytes, "plugin.toml");
        }
    }
}
