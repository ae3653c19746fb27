//! A device that goes around the door does not compile: each line of the kernel's
//! `devices/forbidden.rs` that is marked with an error code fails with exactly that.
#![expect(clippy::unwrap_used, reason = "a test that cannot start the compiler fails")]

use std::{path::Path, process::Command};

/// Compiles the kernel with the forbidden module; the lines that failed, with their codes.
fn compile(flags: &[&str]) -> Vec<(usize, String)> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    cargo.args(["rustc", "-p", "holm-kernel", "--lib", "--message-format", "short", "--"]).args(flags);
    // Only the last crate gets the flags: what it stands on is compiled already.
    let output = cargo.arg("--emit=metadata").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains("could not compile `holm-kernel`"), "{told}");
    let failed = |line: &str| {
        let (place, message) = line.split_once(": error[")?;
        let mut place = place.strip_prefix("host/kernel/src/devices/forbidden.rs:")?.split(':');
        Some((place.next()?.parse().ok()?, message.split(']').next()?.to_owned()))
    };
    told.lines().filter_map(failed).collect()
}

#[test]
fn no_device_goes_around_the_door() {
    let source = include_str!("../../host/kernel/src/devices/forbidden.rs");
    let lines = source.lines().enumerate();
    let expected: Vec<_> = lines.filter_map(|(index, line)| Some((index + 1, line.split_once(" // E")?.1))).collect();
    assert_eq!(expected.len(), 6, "{expected:?}");
    let mut failed = compile(&["--cfg", "holm_compile_fail"]);
    failed.extend(compile(&["--cfg", "holm_compile_fail", "--cfg", "holm_compile_fail=\"rights\""]));
    let failed: Vec<_> = failed.iter().map(|(line, code)| (*line, &code[1..])).collect();
    assert_eq!(failed, expected);
}
