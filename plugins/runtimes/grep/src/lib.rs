//! `grep`, `egrep` and `fgrep`, of uutils.

use std::ffi::OsString;

#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    wasi_process::begin();
    let called = std::env::args().next().unwrap_or_default();
    let kind = match called.rsplit('/').next() {
        Some("egrep") => Some("-E"),
        Some("fgrep") => Some("-F"),
        _ => None,
    };
    let words = std::iter::once("grep").chain(kind).map(str::to_owned).chain(arguments);
    let arguments: Vec<OsString> = words.map(OsString::from).collect();
    uu_grep::uumain(arguments.into_iter()) as u8
}
