//! Any bytes as a component: read without running, then compiled. An error, never a panic.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if holm_packages::Surface::read(bytes).is_ok() {
        let _ = holm_kernel::InProcess::compile_now(bytes, 1 << 28);
    }
});
