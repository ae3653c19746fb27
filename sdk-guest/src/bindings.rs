//! The system calls as `wit-bindgen` reads them from `wit/`: the only generated code.
#![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated; wit/ holds the documentation")]

/// What a guest may import. The linker drops from a component what its code does not reach.
pub mod imports {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package holm:guest;
            world system {
                include holm:sys/imports@0.1.0;
                import wasi:clocks/monotonic-clock@0.2.12;
                import wasi:cli/stdin@0.2.12;
                import wasi:http/outgoing-handler@0.2.12;
            }
        ",
        world: "holm:guest/system",
        generate_all,
    });
}

/// The export of `#[holm::main]`.
pub mod agent {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package holm:guest;
            world runnable { export run: func(arguments: list<string>) -> u8; }
        ",
        world: "holm:guest/runnable",
        pub_export_macro: true,
    });
}

/// The exports of `holm::export_tools!`.
pub mod toolbox {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package holm:guest;
            world offering { export holm:sys/tools@0.1.0; }
        ",
        world: "holm:guest/offering",
        with: { "holm:sys/tool-types@0.1.0": crate::bindings::imports::holm::sys::tool_types },
        pub_export_macro: true,
    });
}

/// The exports of `holm::export_resources!`.
pub mod library {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package holm:guest;
            world lending { export holm:sys/resources@0.1.0; }
        ",
        world: "holm:guest/lending",
        with: { "holm:sys/tool-types@0.1.0": crate::bindings::imports::holm::sys::tool_types },
        pub_export_macro: true,
    });
}

/// The exports of `holm::export_prompts!`.
pub mod prompter {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package holm:guest;
            world prompting { export holm:sys/prompts@0.1.0; }
        ",
        world: "holm:guest/prompting",
        with: { "holm:sys/tool-types@0.1.0": crate::bindings::imports::holm::sys::tool_types },
        pub_export_macro: true,
    });
}

/// The export of `holm::export_policy!`.
pub mod judge {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package holm:guest;
            world judging { export holm:sys/policy@0.1.0; }
        ",
        world: "holm:guest/judging",
        pub_export_macro: true,
    });
}
