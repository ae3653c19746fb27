//! The fuzz targets' corpus as ordinary tests: hostile manifests and components are errors, never panics.

use std::{fs, path::Path};

use holm_kernel::InProcess;
use holm_packages::{Manifest, Surface};

fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the corpus is there")
        .map(|entry| entry.expect("it is readable"))
        .map(|entry| {
            (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("it is readable"))
        })
        .collect();
    files.sort();
    assert!(files.len() >= 8, "the corpus of {name} is nearly empty");
    files
}

#[test]
fn manifests() {
    for (name, bytes) in corpus("manifest") {
        let parsed = Manifest::from_bytes(&bytes, "plugin.toml");
        assert_eq!(parsed.is_ok(), ["bom.toml", "good.toml"].contains(&name.as_str()), "{name}: {parsed:?}");
        if let Err(error) = parsed {
            assert!(!error.to_string().contains('\u{1b}'), "{name} writes to the terminal: {error:?}");
        }
    }
}

#[test]
fn components() {
    for (name, bytes) in corpus("component") {
        // Each is malformed, or does nothing: whatever reads it says so and goes on.
        let _ = Surface::read(&bytes);
        let compiled = InProcess::compile_now(&bytes, 1 << 28);
        let harmless = ["header-only.wasm", "nested.wasm", "deep.wasm", "many-types.wasm"].contains(&name.as_str());
        assert!(compiled.is_err() || harmless, "{name} compiled");
    }
}

#[test]
fn a_real_component_cut_anywhere_is_an_error() {
    let whole = holm_tests::component("program_ok");
    for length in (0..whole.len()).step_by(whole.len() / 97) {
        assert!(Surface::read(&whole[..length]).is_err() || InProcess::compile_now(&whole[..length], 1 << 28).is_err());
    }
    for at in (8..whole.len()).step_by(whole.len() / 17) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        // It may still be valid; it must not panic, which `compile_now` would report as a failure.
        if let Err(error) = InProcess::compile_now(&bytes, 1 << 28) {
            assert!(!error.to_string().contains("panicked"), "byte {at}: {error}");
        }
    }
}
