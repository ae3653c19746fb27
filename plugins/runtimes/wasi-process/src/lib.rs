//! What the C library of WASI leaves out of a process: the number it ends with, the directory it starts in.

/// Begins a process whose library was written for other systems.
///
/// Its `std::process::exit(2)` ends it with 2: the C library tells WASI success or failure only, and the kernel
/// reads 1; a component that calls this has another last step, which says the number. And its working directory
/// is the one it was given, where the C library says `/`.
pub fn begin() {
    #[cfg(target_family = "wasm")]
    if let Some(directory) = directory() {
        // Where it is not granted, relative paths are denied one by one.
        let _ = std::env::set_current_dir(directory);
    }
}

/// The directory by which relative paths are read.
#[cfg(target_family = "wasm")]
#[must_use]
pub fn directory() -> Option<String> {
    wasm::wasi::cli::environment::initial_cwd()
}

#[cfg(target_family = "wasm")]
mod wasm {
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]

    wit_bindgen::generate!({
        path: "../../../wit",
        inline: "
            package holm:wasi-process;
            world process {
                import wasi:cli/environment@0.2.12;
                import wasi:cli/exit@0.2.12;
            }
        ",
        world: "holm:wasi-process/process",
        generate_all,
    });

    /// The end of `exit`, after what was printed is on its way.
    #[unsafe(no_mangle)]
    pub extern "C" fn _Exit(code: i32) -> ! {
        wasi::cli::exit::exit_with_code(code as u8);
        unreachable!("the kernel ends a process that exits")
    }
}
