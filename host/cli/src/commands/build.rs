//! `holm build`: from a skill's folder to its component.
//!
//! Building runs its author's code on this machine: build scripts and macros. Where the kernel has
//! landlock, they see the compiler, the sources and the target folder, and no network.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use holm_packages::Manifest;
use serde_json::Value;

use super::toolchain::{TARGET, Toolchain, output};
use crate::{
    confine,
    error::{CommandError, NOT_FOUND, Result},
    session, system, ui,
};

/// The hidden verb that confines itself and becomes cargo.
pub(crate) const CONFINED: &str = "build-confined";

/// What a build finds of our environment. No tokens.
const VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TERM",
    "NO_COLOR",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "CARGO_TARGET_DIR",
    "CARGO_TERM_COLOR",
    "CARGO_BUILD_JOBS",
];

/// Build a skill's component; this runs its build scripts, confined where the kernel can
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
    pub(super) fn run(self) -> Result<()> {
        let folder = self
            .folder
            .canonicalize()
            .map_err(|error| CommandError::new(NOT_FOUND, format!("`{}`: {error}", self.folder.display())))?;
        let manifest = read_manifest(&folder)?;
        if !folder.join("Cargo.toml").is_file() {
            let error =
                CommandError::usage(format!("`{}` has no Cargo.toml: only Rust is built here", folder.display()));
            return Err(error
                .hint(format!("build the component by its own tools, and put it there as `{}`", manifest.component)));
        }
        let toolchain = Toolchain::of(&folder)?;
        toolchain.add_target()?;
        let workspace = Workspace::fetch(&folder, toolchain)?;
        let artifact = workspace.build(&folder, self.unconfined)?;
        let component = choose(&artifact, &manifest, &folder)?;
        let to = folder.join(&manifest.component);
        let bytes = std::fs::copy(component, &to)
            .map_err(|error| CommandError::internal(format!("`{}`: {error}", to.display())))?;
        let shown = to.strip_prefix(std::env::current_dir().unwrap_or_default()).unwrap_or(&to);
        ui::talk(format_args!("{} {} ({})", ui::good("built"), shown.display(), holm_kernel::account::Bytes(bytes)));
        Ok(())
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

/// Where a build reads and writes, its dependencies fetched.
struct Workspace {
    toolchain: Toolchain,
    target: PathBuf,
    reads: BTreeSet<PathBuf>,
}

impl Workspace {
    /// Fetches what the build needs. Nothing of the author's runs here: see [`Toolchain::command`].
    fn fetch(folder: &Path, toolchain: Toolchain) -> Result<Self> {
        let manifest = folder.join("Cargo.toml");
        let host = output(toolchain.command("rustc").arg("-vV"))?;
        let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
        let mut fetch = toolchain.command("cargo");
        fetch.args(["fetch", "--quiet", "--target", TARGET, "--target", &host, "--manifest-path"]).arg(&manifest);
        output(&mut fetch)?;
        let mut metadata = toolchain.command("cargo");
        metadata.args(["metadata", "--format-version", "1", "--offline", "--manifest-path"]).arg(&manifest);
        let text = output(&mut metadata)?;
        let malformed = || CommandError::internal("cargo metadata said something else than expected");
        let metadata: Value = serde_json::from_str(&text).map_err(|_| malformed())?;
        let path = |value: &Value| value.as_str().map(PathBuf::from).ok_or_else(malformed);
        let mut reads = BTreeSet::from([path(&metadata["workspace_root"])?, folder.to_owned()]);
        for package in metadata["packages"].as_array().ok_or_else(malformed)? {
            if package["source"].is_null() {
                let manifest = path(&package["manifest_path"])?;
                let Some(source) = manifest.parent() else { continue };
                // Bindings are often made from a `wit` folder that several packages share.
                reads.extend([source.to_owned(), source.join("../wit")]);
            }
        }
        let target = path(&metadata["target_directory"])?;
        std::fs::create_dir_all(target.join("holm-tmp"))
            .map_err(|error| CommandError::internal(format!("`{}`: {error}", target.display())))?;
        Ok(Self { toolchain, target, reads })
    }

    /// Runs cargo; the paths of what it built for this folder.
    fn build(&self, folder: &Path, unconfined: bool) -> Result<Vec<PathBuf>> {
        const BUILD: &[&str] =
            &["build", "--release", "--offline", "--target", TARGET, "--message-format", "json-render-diagnostics"];
        let mut command = match unconfined {
            true => Command::new("cargo"),
            false => self.confined()?,
        };
        command.args(BUILD).current_dir(folder).env_clear().env("TMPDIR", self.target.join("holm-tmp"));
        command.envs(VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        // Wherever the folder's own settings would lead it: this is where it may write.
        command.env("CARGO_TARGET_DIR", &self.target);
        self.toolchain.choose(&mut command);
        let messages = output(&mut command).map_err(|error| CommandError::new(error.code, "the build failed"))?;
        let own = folder.join("Cargo.toml");
        let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let artifacts = artifacts.filter(|message| {
            message["reason"] == "compiler-artifact"
                && message["manifest_path"].as_str().is_some_and(|path| Path::new(path) == own)
        });
        let files = artifacts.flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
        let files = files.filter_map(|file| file.as_str().map(PathBuf::from));
        Ok(files.filter(|file| file.extension().is_some_and(|extension| extension == "wasm")).collect())
    }

    /// cargo by way of [`Confined`].
    fn confined(&self) -> Result<Command> {
        let home = std::env::home_dir().unwrap_or_default();
        let place = |variable: &str, default: &str| {
            std::env::var_os(variable).map_or_else(|| home.join(default), PathBuf::from)
        };
        let (cargo, rustup) = (place("CARGO_HOME", ".cargo"), place("RUSTUP_HOME", ".rustup"));
        let mut command = session::this_program();
        command.arg(CONFINED);
        // Not all of cargo's home: its credentials stay out of sight.
        let of_cargo = ["bin", "registry", "git", "config.toml", "config", "env"].map(|part| cargo.join(part));
        let reads = system::READ.iter().map(PathBuf::from).chain(of_cargo).chain([rustup, self.toolchain.sysroot()?]);
        for place in reads.chain(self.reads.iter().cloned()) {
            command.arg("--read").arg(place);
        }
        for place in system::WRITTEN.iter().map(PathBuf::from).chain([self.target.clone()]) {
            command.arg("--write").arg(place);
        }
        command.args(["--", "cargo"]);
        Ok(command)
    }
}

/// The component among what was built.
fn choose<'a>(built: &'a [PathBuf], manifest: &Manifest, folder: &Path) -> Result<&'a Path> {
    match built {
        [] => {
            let error = CommandError::usage(format!("`{}` builds no component", folder.display()));
            Err(error.hint("its Cargo.toml needs `crate-type = [\"cdylib\"]` in [lib], or a `src/main.rs`"))
        }
        [one] => Ok(one),
        several => {
            let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().replace('_', "-"));
            let wanted = stem(Path::new(&manifest.component));
            several.iter().find(|path| stem(path) == wanted).map(PathBuf::as_path).ok_or_else(|| {
                let names: Vec<_> = several.iter().filter_map(|path| stem(path)).collect();
                CommandError::usage(format!("it builds several components ({})", names.join(", ")))
                    .hint("name one of them in plugin.toml: component = \"NAME.wasm\"")
            })
        }
    }
}
