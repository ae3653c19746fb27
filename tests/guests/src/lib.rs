//! What the test guests share: the system calls, as wit-bindgen gives them.
//!
//! Each guest is a `wasi:cli` program of its own in `src/bin`, named `<device>_<case>`. It exits
//! with 0 if all it expected came true.

wit_bindgen::generate!({
    path: "../../wit",
    world: "imports",
    generate_all,
});

pub use holm::sys::{llm, llm_types, log, memory, spawn, storage, tool, types};
