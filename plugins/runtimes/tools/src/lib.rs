//! Small commands for which no crate is, or none that runs here: archives, what is told of files and users, lines
//! turned around.

mod archive;
mod files;
mod input;
mod pack;
mod surroundings;
mod text;

/// What a command returns: its exit code, or what to say and 1.
type Outcome = Result<u8, String>;

#[holm::main]
fn main(arguments: Vec<String>) -> u8 {
    wasi_process::begin();
    let called = std::env::args().next().unwrap_or_default();
    let name = called.rsplit('/').next().unwrap_or_default();
    let outcome = match name {
        "chmod" => Ok(files::chmod(&arguments)),
        // There is no terminal.
        "clear" | "tput" => Ok(0),
        "du" => files::du(&arguments),
        "gunzip" | "gzip" | "zcat" => pack::run(name, &arguments),
        "hostname" | "id" | "uname" | "whoami" => surroundings::run(name, &arguments),
        "less" | "more" => text::cat(&arguments),
        "rev" => text::rev(&arguments),
        "stat" => files::stat(&arguments),
        "tac" => text::tac(&arguments),
        "tar" => archive::run(&arguments),
        "xxd" => text::xxd(&arguments),
        other => Err(format!("{other}: no such command")),
    };
    outcome.unwrap_or_else(|text| {
        eprintln!("{name}: {text}");
        1
    })
}
