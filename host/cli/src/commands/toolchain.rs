//! The Rust toolchain that builds a skill: the one it names, and nothing that it brings along.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use holm_packages::printable;
use toml::Value;

use crate::{
    error::{CommandError, FAULT, NOT_FOUND, Result},
    ui,
};

/// What components are built for.
pub(super) const TARGET: &str = "wasm32-wasip2";

/// Where rustup and cargo find no settings of a skill's author.
const NEUTRAL: &str = "/";

/// More than anybody needs to name a toolchain. Stops a file that is read for ever.
const MAXIMUM_FILE_BYTES: u64 = 64 << 10;

/// The channel that builds a folder; none is its user's own choice.
pub(super) struct Toolchain(Option<String>);

impl Toolchain {
    /// The one that `rust-toolchain.toml` names, in the folder or above it.
    ///
    /// # Errors
    /// It names a folder instead, whose programs would run unconfined, or cannot be read.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        // As rustup has it: the variable wins over the file.
        if std::env::var_os("RUSTUP_TOOLCHAIN").is_some() {
            return Ok(Self(None));
        }
        let names = ["rust-toolchain", "rust-toolchain.toml"];
        let mut files = folder.ancestors().flat_map(|above| names.map(|name| above.join(name)));
        let Some(file) = files.find(|file| file.is_file()) else { return Ok(Self(None)) };
        let refused = |reason: &str| {
            let error = CommandError::usage(format!("`{}` {reason}", printable(&file.to_string_lossy())));
            error.hint("name a channel, like `channel = \"stable\"`, or set RUSTUP_TOOLCHAIN")
        };
        let mut text = String::new();
        let read = File::open(&file).and_then(|file| file.take(MAXIMUM_FILE_BYTES).read_to_string(&mut text));
        read.map_err(|_| refused("cannot be read"))?;
        let channel = channel(&text).map_err(refused)?;
        Ok(Self(channel))
    }

    /// A program of this toolchain, run where no settings of the skill's author are found: neither
    /// cargo's, which name wrappers of the compiler, nor rustup's, which name folders of programs.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(NEUTRAL);
        self.choose(&mut command);
        command
    }

    /// Says which toolchain, whatever the folder that the command runs in says.
    pub(super) fn choose(&self, command: &mut Command) {
        if let Some(channel) = &self.0 {
            command.env("RUSTUP_TOOLCHAIN", channel);
        }
    }

    /// Where it lies.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn sysroot(&self) -> Result<PathBuf> {
        let path = output(self.command("rustc").args(["--print", "sysroot"]))?;
        Ok(PathBuf::from(path.trim()))
    }

    /// Adds the target of components to it, unless it has that.
    ///
    /// # Errors
    /// rustup does not find it.
    pub(super) fn add_target(&self) -> Result<()> {
        if has_target(&self.sysroot()?) {
            return Ok(());
        }
        ui::talk(format_args!("adding the target {TARGET} to the toolchain"));
        let mut command = self.command("rustup");
        let status = command.args(["target", "add", TARGET]).stdin(Stdio::null()).status();
        match status.map_err(|error| no_program("rustup", &error))?.success() {
            true => Ok(()),
            false => Err(CommandError::new(FAULT, format!("the target {TARGET} could not be added"))
                .hint(format!("rustup target add {TARGET}"))),
        }
    }
}

/// Whether a toolchain can build components.
pub(super) fn has_target(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib").join(TARGET).is_dir()
}

/// The channel that a toolchain file names: TOML, or in the old form its name alone.
/// Source: <https://rust-lang.github.io/rustup/overrides.html>.
fn channel(text: &str) -> std::result::Result<Option<String>, &'static str> {
    const STRANGE: &str = "names no channel of rustup's";
    let channel = match text.parse::<toml::Table>() {
        Ok(file) => {
            let Some(toolchain) = file.get("toolchain").and_then(Value::as_table) else { return Ok(None) };
            if toolchain.contains_key("path") {
                return Err("names a folder of programs, which would run before anything is confined");
            }
            match toolchain.get("channel") {
                None => return Ok(None),
                Some(channel) => channel.as_str().ok_or(STRANGE)?.to_owned(),
            }
        }
        Err(_) => text.trim().to_owned(),
    };
    let plain = |char: char| char.is_ascii_alphanumeric() || ['.', '-', '_'].contains(&char);
    let named = (1..=128).contains(&channel.len()) && channel.chars().all(plain) && !channel.starts_with(['-', '.']);
    if named { Ok(Some(channel)) } else { Err(STRANGE) }
}

/// What a program says on stdout; its talk goes to ours.
///
/// # Errors
/// It cannot be run, or fails.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(|error| no_program(&name, &error))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        // It said why.
        false => Err(CommandError::new(FAULT, format!("`{name}` failed ({})", output.status))),
    }
}

fn no_program(name: &str, error: &std::io::Error) -> CommandError {
    CommandError::new(NOT_FOUND, format!("`{name}` cannot be run: {error}")).hint("install Rust: https://rustup.rs")
}

#[cfg(test)]
mod tests {
    use super::channel;

    #[test]
    fn a_channel_is_a_name_and_never_a_place() {
        let named = |text| channel(text).expect("a channel");
        assert_eq!(named("1.95.0\n").as_deref(), Some("1.95.0"));
        assert_eq!(named("[toolchain]\nchannel = \"nightly-2026-01-01\"\n").as_deref(), Some("nightly-2026-01-01"));
        assert_eq!(named("[toolchain]\ncomponents = []\n"), None);
        assert_eq!(named(""), None);
        let refused = [
            "[toolchain]\npath = \"./mine\"",
            "[toolchain]\nchannel = \"stable\"\npath = \"./mine\"",
            "[toolchain]\nchannel = \"../mine\"",
            "[toolchain]\nchannel = \"/mine\"",
            "[toolchain]\nchannel = 3",
            "./mine",
            "-x",
        ];
        refused.iter().for_each(|text| assert!(channel(text).is_err(), "{text}"));
    }
}
