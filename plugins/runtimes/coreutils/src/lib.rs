//! The core utilities of uutils, one component for all: the name by which it is called says which.

mod utilities;

use std::ffi::OsString;
use std::path::Path;

/// The exit code where the name is none of ours, as a shell gives it.
const NOT_FOUND: u8 = 127;

#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    wasi_process::begin();
    let called = std::env::args().next().unwrap_or_default();
    let name = Path::new(&called).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // `coreutils ls -l`, for who tries it by hand.
    let (name, rest) = match (name, arguments.split_first()) {
        ("coreutils", Some((first, rest))) => (first.as_str(), rest),
        _ => (name, arguments.as_slice()),
    };
    let Some(utility) = utilities::find(name) else {
        eprintln!("coreutils: {name}: no such utility");
        return NOT_FOUND;
    };
    // Its messages, in English. Where they are missing it prints their keys, and works.
    let _ = uucore::locale::setup_localization(match name {
        "[" => "test",
        "dir" | "vdir" => "ls",
        name => name,
    });
    let arguments: Vec<OsString> =
        std::iter::once(name.to_owned()).chain(rest.iter().cloned()).map(OsString::from).collect();
    utility(arguments.into_iter()) as u8
}
