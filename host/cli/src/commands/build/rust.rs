//! Skills in Rust: cargo, which fetches first and then builds confined.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use holm_packages::Manifest;
use serde_json::Value;

use super::{
    super::toolchain::{TARGET, Toolchain, output},
    Wanted,
};
use crate::error::{CommandError, Result};

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

/// Builds the component.
pub(super) fn build(wanted: &Wanted) -> Result<Vec<u8>> {
    let toolchain = Toolchain::of(&wanted.folder)?;
    toolchain.add_target()?;
    let workspace = Workspace::fetch(&wanted.folder, toolchain)?;
    let built = workspace.build(wanted)?;
    let component = choose(&built, &wanted.manifest, &wanted.folder)?;
    std::fs::read(component).map_err(|error| CommandError::internal(format!("`{}`: {error}", component.display())))
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
    fn build(&self, wanted: &Wanted) -> Result<Vec<PathBuf>> {
        const BUILD: &[&str] =
            &["build", "--release", "--offline", "--target", TARGET, "--message-format", "json-render-diagnostics"];
        let mut command = wanted.command("cargo".as_ref(), self.places()?, [self.target.clone()]);
        command.args(BUILD).current_dir(&wanted.folder).env_clear().env("TMPDIR", self.target.join("holm-tmp"));
        command.envs(VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        // Wherever the folder's own settings would lead it: this is where it may write.
        command.env("CARGO_TARGET_DIR", &self.target);
        self.toolchain.choose(&mut command);
        let messages = output(&mut command).map_err(|error| CommandError::new(error.code, "the build failed"))?;
        let own = wanted.folder.join("Cargo.toml");
        let artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let artifacts = artifacts.filter(|message| {
            message["reason"] == "compiler-artifact"
                && message["manifest_path"].as_str().is_some_and(|path| Path::new(path) == own)
        });
        let files = artifacts.flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
        let files = files.filter_map(|file| file.as_str().map(PathBuf::from));
        Ok(files.filter(|file| file.extension().is_some_and(|extension| extension == "wasm")).collect())
    }

    /// What it reads: the compiler, crates, and the skill.
    fn places(&self) -> Result<Vec<PathBuf>> {
        let home = std::env::home_dir().unwrap_or_default();
        let place = |variable: &str, default: &str| {
            std::env::var_os(variable).map_or_else(|| home.join(default), PathBuf::from)
        };
        let (cargo, rustup) = (place("CARGO_HOME", ".cargo"), place("RUSTUP_HOME", ".rustup"));
        // Not all of cargo's home: its credentials stay out of sight.
        let of_cargo = ["bin", "registry", "git", "config.toml", "config", "env"].map(|part| cargo.join(part));
        let reads = of_cargo.into_iter().chain([rustup, self.toolchain.sysroot()?]);
        Ok(reads.chain(self.reads.iter().cloned()).collect())
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
