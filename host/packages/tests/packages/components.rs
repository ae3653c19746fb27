//! Component files: imports and exports, the ceiling they need, and files that are none.

use expect_test::{Expect, expect};
use holm_kernel::devices::Grants;
use holm_packages::{Entry, MAXIMUM_COMPONENT_BYTES, Surface, required_capabilities, widest};

use crate::common::component;

fn refused(bytes: &[u8], expected: &Expect) {
    expected.assert_eq(&Surface::read(bytes).unwrap_err().to_string());
}

#[test]
fn imports_and_exports_are_listed() {
    let surface = Surface::read(&component(&["wasi:io/streams@0.2.6", "holm:sys/storage@0.1.0"])).unwrap();
    expect![[r#"Surface { imports: ["holm:sys/storage@0.1.0", "wasi:io/streams@0.2.6"], exports: ["run"], agent: true, functions: false, docs: Docs { own: {}, interfaces: {} } }"#]]
        .assert_eq(&format!("{surface:?}"));
    assert_eq!(surface.entries(), [Entry::Agent]);
}

#[test]
fn inner_components_do_not_speak_for_the_outer_one() {
    let text = r#"(component
        (component $inner (import "holm:sys/spawn@0.1.0" (instance)) (export "wasi:cli/run@0.2.0" (instance 0)))
        (import "wasi:io/poll@0.2.0" (instance $poll)) (export "holm:sys/tools@0.1.0" (instance $poll)))"#;
    let surface = Surface::read(&wat::parse_str(text).unwrap()).unwrap();
    expect![[r#"Surface { imports: ["wasi:io/poll@0.2.0"], exports: ["holm:sys/tools@0.1.0"], agent: false, functions: false, docs: Docs { own: {}, interfaces: {} } }"#]]
        .assert_eq(&format!("{surface:?}"));
    assert_eq!(surface.entries(), [Entry::Tools]);
}

#[test]
fn imports_need_capabilities() {
    let check = |imports: &[&str], expected: Expect| {
        let imports: Vec<_> = imports.iter().map(ToString::to_string).collect();
        let seen = match (required_capabilities(&imports), widest(&imports)) {
            (Ok(needs), Ok(widest)) => format!("needs {}; widest {}", needs.join(" "), widest.lines().join(" ")),
            (Err(error), _) | (_, Err(error)) => error.to_string(),
        };
        expected.assert_eq(&seen);
    };
    check(&[], expect!["needs ; widest "]);
    check(
        &["wasi:filesystem/types@0.2.6", "wasi:cli/exit@0.2.0", "holm:sys/log@0.1.0"],
        expect!["needs ; widest fs=*:rw"],
    );
    check(
        &["holm:sys/storage@0.1.0", "holm:sys/spawn@0.1.0", "holm:sys/tool@0.1.0", "wasi:http/types@0.2.3"],
        expect!["needs net spawn storage tool; widest storage=*:rw storage=shared/*:rw spawn=* tool=*/* net=*://*"],
    );
    check(&["holm:sys/llm@0.1.0"], expect!["needs llm; widest llm=*"]);
    check(&["wasi:sockets/tcp@0.2.0"], expect!["needs ; widest net=*://*"]);
    check(
        &["wasi:nn/tensor@0.2.0"],
        expect!["the component asks for an interface Holm does not offer: `wasi:nn/tensor@0.2.0`"],
    );
    check(
        &["wasi:cli/exit@0.3.0"],
        expect!["the component asks for an interface Holm does not offer: `wasi:cli/exit@0.3.0`"],
    );
    check(
        &["holm:sys/kernel@0.1.0"],
        expect!["the component asks for an interface Holm does not offer: `holm:sys/kernel@0.1.0`"],
    );
    check(
        &["holm:sys/storage@0.2.0"],
        expect!["the component asks for an interface Holm does not offer: `holm:sys/storage@0.2.0`"],
    );
    check(&["system"], expect!["the component asks for an interface Holm does not offer: `system`"]);
    check(
        &["evil:pkg/\u{1b}[2J@1.0.0"],
        expect![[r#"the component asks for an interface Holm does not offer: `evil:pkg/\u{1b}[2J@1.0.0`"#]],
    );
}

#[test]
fn a_ceiling_has_to_name_what_is_imported() {
    let imports =
        ["holm:sys/spawn@0.1.0", "holm:sys/storage@0.1.0", "wasi:http/types@0.2.3", "wasi:http/outgoing-handler@0.2.3"];
    let surface = Surface::read(&component(&imports)).unwrap();
    let mut ceiling = Grants::default();
    ceiling.add("storage=notes:rw").unwrap();
    expect!["the component imports more than its ceiling names: holm:sys/spawn@0.1.0 (spawn), wasi:http/outgoing-handler@0.2.3 (net), wasi:http/types@0.2.3 (net); its author has to name spawn and net in [ceiling] of plugin.toml"].assert_eq(&surface.within(&ceiling).unwrap_err().to_string());
    ceiling.add("net=https://example.com").unwrap();
    ceiling.add("spawn=self").unwrap();
    surface.within(&ceiling).unwrap();
}

#[test]
fn what_is_no_component_is_refused() {
    refused(b"", &expect!["this is no WebAssembly file: name the `.wasm` file that your build made"]);
    refused(b"(component)", &expect!["this is no WebAssembly file: name the `.wasm` file that your build made"]);
    refused(
        b"\0asm",
        &expect!["the component is malformed: unexpected end-of-file (at offset 0x4); build or download it anew"],
    );
    refused(
        b"\0asm\xff\xff\xff\xff",
        &expect![
            "the component is malformed: unknown binary version: 0xffffffff (at offset 0x4); build or download it anew"
        ],
    );
    refused(
        &wat::parse_str("(module)").unwrap(),
        &expect!["this is a core module, not a component: build for `wasm32-wasip2`, or run `holm build`"],
    );
    refused(
        &vec![0; MAXIMUM_COMPONENT_BYTES as usize + 1],
        &expect!["the component has 67108865 bytes; at most 67108864 are accepted: build it with optimisation"],
    );
    let many: String = (0..1_001).map(|index| format!("(export \"e{index}\" (func 0))")).collect();
    let many = format!("(component (import \"f\" (func)) {many})");
    refused(&wat::parse_str(many).unwrap(), &expect!["the component has over 1000 imports or exports"]);
}

/// Every cut and every changed byte: refused or read, never a panic.
#[test]
fn mangled_components_never_panic() {
    let whole = component(&["holm:sys/storage@0.1.0"]);
    for at in 0..whole.len() {
        // A cut between two sections can be a component of its own.
        let _ = Surface::read(&whole[..at]);
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            let _ = Surface::read(&bytes);
        }
    }
    let cut = whole.len() - 3;
    assert!(Surface::read(&whole[..cut]).is_err());
}
