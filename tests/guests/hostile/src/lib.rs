//! What the hostile guests share: the system calls, and WASI without a standard library around it.
//!
//! Each guest is a program of its own in `src/bin`. It attacks one thing, prints what came of it,
//! and exits with 0 where the kernel is to refuse and not to end it.

wit_bindgen::generate!({
    inline: "
        package holm:hostile;
        world hostile {
            include holm:sys/imports@0.1.0;
            import wasi:cli/stdin@0.2.12;
            import wasi:cli/stdout@0.2.12;
            import wasi:clocks/monotonic-clock@0.2.12;
            import wasi:filesystem/preopens@0.2.12;
            import wasi:filesystem/types@0.2.12;
            import wasi:http/outgoing-handler@0.2.12;
            import wasi:random/random@0.2.12;
            import wasi:sockets/instance-network@0.2.12;
            import wasi:sockets/ip-name-lookup@0.2.12;
            import wasi:sockets/tcp-create-socket@0.2.12;
            import wasi:sockets/udp-create-socket@0.2.12;
        }",
    path: "../../../wit",
    world: "holm:hostile/hostile",
    generate_all,
});

use self::holm::sys::types::{Denial, Errno};
pub use self::{
    holm::sys::{answer, exec, llm, llm_types, log, memory, spawn, storage, task, tool, types},
    wasi::{cli, clocks, filesystem, http, io, random, sockets},
};

/// One of its arguments, counted from 1; empty where there are fewer.
pub fn argument(index: usize) -> String {
    std::env::args().nth(index).unwrap_or_default()
}

/// An errno in one word or two, for the test to read.
pub fn word(errno: &Errno) -> String {
    match errno {
        Errno::Denied(denial) => format!("denied {}", denied(denial)),
        Errno::Quota(excess) => format!("quota {} {}", excess.limit, excess.maximum),
        Errno::NotFound => "not-found".to_owned(),
        Errno::Cancelled => "cancelled".to_owned(),
        Errno::Io(text) => format!("io {text}"),
    }
}

fn denied(denial: &Denial) -> String {
    format!("{}={}: {}", denial.capability, denial.resource, denial.rule)
}

/// The reason of the last denial.
pub fn last_denial() -> String {
    log::last_denial().as_ref().map_or_else(|| "none".to_owned(), denied)
}

/// A storage error in a few words.
pub fn storage_word(error: &storage::Error) -> String {
    match error {
        storage::Error::Sys(errno) => word(errno),
        storage::Error::Conflict(conflict) => format!("conflict {}", conflict.key),
        storage::Error::TooLarge(_) => "too-large".to_owned(),
    }
}

/// A spawn error in a few words.
pub fn spawn_word(error: &spawn::Error) -> String {
    match error {
        spawn::Error::Sys(errno) => word(errno),
        spawn::Error::Invalid(text) => format!("invalid {text}"),
        spawn::Error::Full => "full".to_owned(),
    }
}

/// A tool error in a few words.
pub fn tool_word(error: &tool::Error) -> String {
    match error {
        tool::Error::Sys(errno) => word(errno),
        tool::Error::Tool(tool::ToolError::Failed(text)) => format!("failed {text}"),
        tool::Error::Tool(tool::ToolError::InvalidArguments(_)) => "invalid-arguments".to_owned(),
        tool::Error::Tool(tool::ToolError::NoSuchTool) => "no-such-tool".to_owned(),
        tool::Error::Fault(text) => format!("fault {text}"),
    }
}

/// An error of a model in a few words.
pub fn llm_word(error: &llm::Error) -> String {
    match error {
        llm::Error::Sys(errno) => word(errno),
        llm::Error::RateLimited(_) => "rate-limited".to_owned(),
        llm::Error::ContextLength(_) => "context-length".to_owned(),
        llm::Error::Refused(_) => "refused".to_owned(),
        llm::Error::Unavailable(text) => format!("unavailable {text}"),
        llm::Error::Malformed(text) => format!("malformed {text}"),
    }
}

/// A request that says one thing.
pub fn say(text: &str) -> llm::Request {
    llm::Request {
        messages: vec![llm::Message { role: llm::Role::User, content: vec![llm::Part::Text(text.to_owned())] }],
        tools: Vec::new(),
        tool_choice: llm::ToolChoice::Auto,
        output_schema: None,
        max_tokens: None,
        temperature: None,
        stop: Vec::new(),
        seed: None,
        effort: None,
        cached: false,
        deadline: None,
    }
}

/// How a child ended, in a few words.
pub fn exit_word(exit: &spawn::Exit) -> String {
    match exit {
        spawn::Exit::Code(code) => format!("code {code}"),
        spawn::Exit::Fault(text) => format!("fault {text}"),
        spawn::Exit::Killed => "killed".to_owned(),
    }
}

/// Starts this component again with other arguments. It writes where this process writes.
///
/// # Errors
/// As `spawn.start`.
pub fn again(arguments: &[&str], grants: Option<&[&str]>, fuel: Option<u64>) -> Result<spawn::Child, spawn::Error> {
    start(None, arguments, grants, fuel)
}

/// What this component is started with where nothing else is said: it writes where this process writes.
pub fn options(arguments: &[&str]) -> spawn::Options {
    spawn::Options {
        plugin: None,
        arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
        environment: Vec::new(),
        directory: None,
        stdin: spawn::Stdio::Null,
        stdout: spawn::Stdio::Inherit,
        stderr: spawn::Stdio::Inherit,
        grants: None,
        fuel: None,
        memory: None,
        tokens: None,
        money: None,
        nice: 0,
    }
}

/// Starts a plugin, or this component.
///
/// # Errors
/// As `spawn.start`.
pub fn start(
    plugin: Option<&str>,
    arguments: &[&str],
    grants: Option<&[&str]>,
    fuel: Option<u64>,
) -> Result<spawn::Child, spawn::Error> {
    spawn::Child::start(&spawn::Options {
        plugin: plugin.map(str::to_owned),
        grants: grants.map(|grants| grants.iter().map(|grant| (*grant).to_owned()).collect()),
        fuel,
        ..options(arguments)
    })
}

/// Waits for ever, at no cost.
pub fn sleep() -> ! {
    loop {
        clocks::monotonic_clock::subscribe_duration(u64::MAX).block();
    }
}

/// Makes a symlink, whatever it leads to.
///
/// # Errors
/// WASI's own, by its name.
pub fn symlink(target: &str, path: &str) -> Result<(), &'static str> {
    let root = filesystem::preopens::get_directories().remove(0).0;
    root.symlink_at(target, path.trim_start_matches('/')).map_err(|error| error.name())
}
