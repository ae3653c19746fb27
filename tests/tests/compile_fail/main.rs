//! A device that goes around the door does not compile: each line of the kernel's
//! `devices/forbidden.rs` that is marked with an error code fails with exactly that.
#![expect(clippy::unwrap_used, reason = "a test that cannot start the compiler fails")]

use std::{collections::BTreeSet, path::Path, process::Command};

/// Compiles the kernel with the forbidden module; the lines that failed, with their codes.
fn compile(flags: &str) -> BTreeSet<(usize, String)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cargo = Command::new(env!("CARGO"));
    // As the tests are built, with the features of the whole workspace: `-p holm-kernel` alone has
    // fewer, and would compile the WebAssembly engine once more. Only the kernel gets the flags.
    cargo.args(["test", "--workspace", "--lib", "--no-run", "--message-format", "short"]);
    cargo.env("RUSTC_WORKSPACE_WRAPPER", tests.join("tests/compile_fail/rustc.sh")).env("HOLM_FLAGS", flags);
    let output = cargo.current_dir(tests.join("..")).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains("could not compile `holm-kernel`"), "{told}");
    let failed = |line: &str| {
        let (place, message) = line.split_once(": error[")?;
        let mut place = place.strip_prefix("host/kernel/src/devices/forbidden.rs:")?.split(':');
        Some((place.next()?.parse().ok()?, message.split(']').next()?.to_owned()))
    };
    // As a library and as its own tests: both tell the same.
    told.lines().filter_map(failed).collect()
}

#[test]
fn no_device_goes_around_the_door() {
    let source = include_str!("../../../host/kernel/src/devices/forbidden.rs");
    let lines = source.lines().enumerate();
    let expected: Vec<_> = lines.filter_map(|(index, line)| Some((index + 1, line.split_once(" // E")?.1))).collect();
    assert_eq!(expected.len(), 6, "{expected:?}");
    let mut failed = compile("--cfg holm_compile_fail");
    failed.extend(compile("--cfg holm_compile_fail --cfg holm_compile_fail=\"rights\""));
    let failed: Vec<_> = failed.iter().map(|(line, code)| (*line, &code[1..])).collect();
    assert_eq!(failed, expected);
}
