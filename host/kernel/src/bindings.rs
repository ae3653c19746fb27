//! The only bindings: what guests import from the kernel and what the kernel calls in guests.
//!
//! WASI's small interfaces are generated anew with every function asynchronous, so that each
//! may wait in the door; their resources are wasmtime-wasi's own types. WASI's file system and
//! sockets are used as wasmtime-wasi generates them.
#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]

wasmtime::component::bindgen!({
    inline: "
        package holm:kernel;
        world kernel {
            include holm:sys/imports@0.1.0;
            import wasi:io/error@0.2.12;
            import wasi:io/poll@0.2.12;
            import wasi:io/streams@0.2.12;
            import wasi:clocks/monotonic-clock@0.2.12;
            import wasi:clocks/wall-clock@0.2.12;
            import wasi:random/random@0.2.12;
            import wasi:random/insecure@0.2.12;
            import wasi:random/insecure-seed@0.2.12;
            import wasi:cli/environment@0.2.12;
            import wasi:cli/exit@0.2.12;
            import wasi:cli/stdin@0.2.12;
            import wasi:cli/stdout@0.2.12;
            import wasi:cli/stderr@0.2.12;
            import wasi:cli/terminal-input@0.2.12;
            import wasi:cli/terminal-output@0.2.12;
            import wasi:cli/terminal-stdin@0.2.12;
            import wasi:cli/terminal-stdout@0.2.12;
            import wasi:cli/terminal-stderr@0.2.12;
            export holm:sys/tools@0.1.0;
        }",
    path: "../../wit",
    world: "holm:kernel/kernel",
    imports: { default: async | trappable },
    exports: { default: async },
    trappable_error_type: {
        "holm:sys/types.errno" => crate::syscall::Interrupt<crate::syscall::Errno>,
        "holm:sys/llm.error" => crate::syscall::Interrupt<crate::bindings::holm::sys::llm::Error>,
        "holm:sys/storage.error" => crate::syscall::Interrupt<crate::bindings::holm::sys::storage::Error>,
        "holm:sys/memory.error" => crate::syscall::Interrupt<crate::bindings::holm::sys::memory::Error>,
        "holm:sys/spawn.error" => crate::syscall::Interrupt<crate::bindings::holm::sys::spawn::Error>,
        "holm:sys/answer.error" => crate::syscall::Interrupt<crate::bindings::holm::sys::answer::Error>,
        "holm:sys/tool.error" => crate::syscall::Interrupt<crate::bindings::holm::sys::tool::Error>,
        "wasi:io/streams.stream-error" => wasmtime_wasi::p2::StreamError,
    },
    with: {
        "holm:sys/llm.model": crate::devices::llm::Model,
        "holm:sys/llm.reply-stream": crate::devices::llm::ReplyStream,
        "holm:sys/memory.space": crate::devices::memory::Space,
        "holm:sys/memory.window": crate::devices::memory::Window,
        "holm:sys/storage.bucket": crate::devices::storage::Bucket,
        "holm:sys/spawn.child": crate::devices::spawn::Child,
        "holm:sys/spawn.parent": crate::devices::spawn::Parent,
        "holm:sys/tool.invocation": crate::devices::tool::Invocation,
        "wasi:io/error": wasmtime_wasi::p2::bindings::io::error,
        "wasi:io/poll.pollable": wasmtime_wasi::p2::DynPollable,
        "wasi:io/streams.input-stream": wasmtime_wasi::p2::DynInputStream,
        "wasi:io/streams.output-stream": wasmtime_wasi::p2::DynOutputStream,
    },
    require_store_data_send: true,
});

pub use holm::sys::types::{Denial, Errno, Excess, Usage};

/// What the kernel calls in what offers resources. A world of its own: a component offers what it has.
pub mod library {
    wasmtime::component::bindgen!({
        inline: "
            package holm:kernel;
            world library {
                export holm:sys/resources@0.1.0;
            }",
        path: "../../wit",
        world: "holm:kernel/library",
        exports: { default: async },
        with: { "holm:sys/tool-types": crate::bindings::holm::sys::tool_types },
        require_store_data_send: true,
    });
}

/// What the kernel calls in what offers prompts.
pub mod prompter {
    wasmtime::component::bindgen!({
        inline: "
            package holm:kernel;
            world prompter {
                export holm:sys/prompts@0.1.0;
            }",
        path: "../../wit",
        world: "holm:kernel/prompter",
        exports: { default: async },
        with: { "holm:sys/tool-types": crate::bindings::holm::sys::tool_types },
        require_store_data_send: true,
    });
}

/// What the kernel calls in a policy. A world of its own: a component is one thing or the other.
pub mod policy {
    wasmtime::component::bindgen!({
        inline: "
            package holm:kernel;
            world judge {
                export holm:sys/policy@0.1.0;
            }",
        path: "../../wit",
        world: "holm:kernel/judge",
        exports: { default: async },
        require_store_data_send: true,
    });
}
