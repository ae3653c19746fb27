//! Any bytes as a manifest: an error that says where, never a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = holm_packages::Manifest::from_bytes(bytes, "plugin.toml");
});
