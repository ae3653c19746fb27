//! `sed`, of uutils.

use std::ffi::OsString;

#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    wasi_process::begin();
    let _ = uucore::locale::setup_localization("sed");
    let arguments: Vec<OsString> = std::iter::once("sed".to_owned()).chain(arguments).map(OsString::from).collect();
    sed::sed::uumain(arguments.into_iter()) as u8
}
