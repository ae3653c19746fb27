//! Room for the recursion of a script: a function's call nests some forty frames of ours.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo:rustc-cdylib-link-arg=-zstack-size=4194304");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
