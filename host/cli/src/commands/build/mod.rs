//! `holm build`: from a skill's folder to its component, by the tools of its language.
//!
//! Building runs its author's code on this machine: build scripts, macros, modules that are imported once. Where the
//! kernel has landlock, they see the compiler, the sources and the folder they write, and no network. What a build
//! needs is fetched before, and nothing of it runs while it is.

mod c;
mod fetched;
mod interfaces;
mod javascript;
mod language;
mod pins;
mod python;
mod rust;
mod sdk;
mod stage;

use std::{
    ffi::OsString,
    io::Write,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
};

use holm_packages::Manifest;

use crate::{
    confine,
    error::{CommandError, NOT_FOUND, Result},
    session::{self, Session},
    system, ui,
};

pub(super) use language::Language;

/// The hidden verb that confines itself and becomes the tool that builds.
pub(crate) const CONFINED: &str = "build-confined";

/// Build a skill's component; its author's code runs, confined where the kernel can
///
/// Its language is that of its file: Cargo.toml (Rust), skill.py, skill.js, skill.c. What a build needs is fetched
/// first, by the lock files beside it (Cargo.lock, tools.txt and packages.txt, package-lock.json).
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The skill's folder
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// Build without confinement: scripts see your files and the network
    #[arg(long)]
    unconfined: bool,
}

/// Confine this process, then become the command
#[derive(clap::Args)]
pub(super) struct Confined {
    /// A place to read
    #[arg(long)]
    read: Vec<PathBuf>,
    /// A place to write
    #[arg(long)]
    write: Vec<PathBuf>,
    /// The command
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl Confined {
    pub(super) fn run(self) -> Result<()> {
        // Whatever who builds left open.
        close_fds::set_fds_cloexec(3, &[]);
        if let Err(error) = confine::without_network() {
            ui::warn(format!("build scripts reach sockets: {error}"));
        }
        match confine::to(&self.read, &self.write) {
            Ok(true) => {}
            Ok(false) => ui::warn("this kernel has no landlock: build scripts run unconfined"),
            Err(error) => return Err(CommandError::internal(error).hint("--unconfined builds without confinement")),
        }
        let [program, arguments @ ..] = self.command.as_slice() else { return Ok(()) };
        Err(CommandError::internal(Command::new(program).args(arguments).exec()))
    }
}

impl Arguments {
    pub(super) fn run(self, session: &Session) -> Result<()> {
        let folder = self
            .folder
            .canonicalize()
            .map_err(|error| CommandError::new(NOT_FOUND, format!("`{}`: {error}", self.folder.display())))?;
        let manifest = read_manifest(&folder)?;
        let wanted = Wanted { folder, manifest, unconfined: self.unconfined, home: session.home.clone() };
        let component = match Language::of(&wanted.folder)? {
            Language::Rust => rust::build(&wanted)?,
            Language::Python => python::build(&wanted)?,
            Language::JavaScript => javascript::build(&wanted)?,
            Language::C => c::build(&wanted)?,
            Language::Go => {
                let error = CommandError::usage("skills in Go are built by their own tools");
                return Err(error.hint(format!("{}/README.md has the commands", self.folder.display())));
            }
        };
        let bytes = component.len() as u64;
        let to = wanted.place(&component)?;
        let shown = to.strip_prefix(std::env::current_dir().unwrap_or_default()).unwrap_or(&to);
        ui::talk(format_args!("{} {} ({})", ui::good("built"), shown.display(), holm_kernel::account::Bytes(bytes)));
        Ok(())
    }
}

/// What is built, and how.
struct Wanted {
    folder: PathBuf,
    manifest: Manifest,
    unconfined: bool,
    home: PathBuf,
}

impl Wanted {
    /// Puts the component where the manifest says. A link that lies there is replaced, not followed.
    fn place(&self, component: &[u8]) -> Result<PathBuf> {
        let to = self.folder.join(&self.manifest.component);
        let failed = |error: std::io::Error| CommandError::internal(format!("`{}`: {error}", to.display()));
        let shared = std::fs::Permissions::from_mode(0o644);
        let mut file =
            tempfile::Builder::new().prefix(".built-").permissions(shared).tempfile_in(&self.folder).map_err(failed)?;
        file.write_all(component).map_err(failed)?;
        file.persist(&to).map_err(|error| failed(error.error))?;
        Ok(to)
    }

    /// A command by way of [`Confined`], with what every build reads, unless its user said otherwise.
    fn command(
        &self,
        program: &Path,
        reads: impl IntoIterator<Item = PathBuf>,
        writes: impl IntoIterator<Item = PathBuf>,
    ) -> Command {
        if self.unconfined {
            return Command::new(program);
        }
        let mut command = session::this_program();
        command.arg(CONFINED);
        for place in system::READ.iter().map(PathBuf::from).chain(reads) {
            command.arg("--read").arg(place);
        }
        for place in system::WRITTEN.iter().map(PathBuf::from).chain(writes) {
            command.arg("--write").arg(place);
        }
        command.arg("--").arg(program);
        command
    }
}

fn read_manifest(folder: &Path) -> Result<Manifest> {
    let path = folder.join("plugin.toml");
    let bytes = std::fs::read(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => CommandError::usage(format!("`{}` has no plugin.toml", folder.display()))
            .hint("`holm new NAME` makes a skill"),
        _ => CommandError::internal(format!("`{}`: {error}", path.display())),
    })?;
    Manifest::from_bytes(&bytes, &path.to_string_lossy()).map_err(CommandError::usage)
}
