//! Skills in Python: componentize-py, by wheels that `tools.txt` pins.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Wanted,
    fetched::{self, fetched, output},
    interfaces::{self, World},
    pins::pins,
    sdk,
    stage::{Stage, write},
};
use crate::error::{CommandError, Result};

const HELP: &str = "install Python 3.10 or newer, with `venv`: sudo apt-get install python3 python3-venv";

/// What pip chooses for the Python inside: wheels that hold no machine code.
const PURE: &[&str] = &["--platform=any", "--python-version=3.14", "--implementation=py", "--abi=none"];

/// Where wheels are laid, in a folder that was fetched.
const LAID: &str = "laid";

/// Where the SDK begins a component.
const ENTRY: &str = "holm._entry";

/// componentize-py has no command where it is not installed as a whole.
const COMPONENTIZE: &str = "import sys; from componentize_py import script; sys.argv[0] = 'componentize-py'; script()";

/// Builds the component.
pub(super) fn build(wanted: &Wanted) -> Result<Vec<u8>> {
    let tools = pins("tools.txt", &list(&wanted.folder.join("tools.txt"))?)?;
    if tools.is_empty() {
        let error = CommandError::usage("tools.txt pins nothing: it names componentize-py, with its hashes");
        return Err(error.hint("`holm new --lang python NAME` makes one to copy"));
    }
    let packages = pins("packages.txt", &list(&wanted.folder.join("packages.txt"))?)?;
    let python = Python::found()?;
    let tools = fetched(&wanted.home, "python", &[&tools], |folder| python.install(folder, &tools, &[]))?;
    let packages = match packages.is_empty() {
        true => None,
        false => Some(fetched(&wanted.home, "python-packages", &[&packages], |folder| {
            let pure = "a package must have a wheel of pure Python, and its hash in packages.txt";
            python.install(folder, &packages, PURE).map_err(|error| error.hint(pure))
        })?),
    };
    let stage = Stage::new()?;
    stage.copy(&wanted.folder, "skill")?;
    sdk::PYTHON.iter().try_for_each(|(file, text)| stage.lay(&format!("sdk/holm/{file}"), text))?;
    interfaces::lay(&stage, &World::of(&wanted.manifest), false)?;
    // It takes in the packages of whatever environment it finds: it is shown one without any.
    std::fs::create_dir_all(stage.at("nothing/lib/python3/site-packages")).map_err(CommandError::internal)?;
    let component = stage.written().join("skill.wasm");
    let packages = packages.map(|folder| folder.join(LAID));
    let reads = [python.prefix.clone(), tools.clone(), stage.all()].into_iter().chain(packages.clone());
    let mut command = wanted.command(&python.executable, reads, [stage.written()]);
    command.args(["-B", "-c", COMPONENTIZE, "--quiet", "--wit-path"]).arg(stage.at("wit"));
    command.args(["--world", interfaces::WORLD, "componentize"]);
    for place in [stage.at("skill"), stage.at("sdk")].into_iter().chain(packages) {
        command.arg("--python-path").arg(place);
    }
    command.arg(ENTRY).arg("--output").arg(&component);
    command.current_dir(stage.all()).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("VIRTUAL_ENV", stage.at("nothing")).env("HOME", stage.written()).env("TMPDIR", stage.written());
    command.env("PYTHONPATH", tools.join(LAID));
    fetched::build(&mut command)?;
    std::fs::read(&component).map_err(CommandError::internal)
}

/// A list of pins; none is an empty one.
fn list(path: &Path) -> Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(CommandError::usage(format!("`{}`: {error}", path.display()))),
    }
}

/// The Python of this machine, which runs what builds.
struct Python {
    executable: PathBuf,
    prefix: PathBuf,
}

impl Python {
    fn found() -> Result<Self> {
        let mut command = Command::new("python3");
        // Where no module of a skill's author lies, and by no variable.
        command.args([
            "-I",
            "-c",
            "import sys; print(sys.executable, sys.base_prefix, sys.version_info >= (3, 10), sep='\\n')",
        ]);
        let said = output(command.current_dir("/"), HELP)?;
        match said.lines().collect::<Vec<_>>().as_slice() {
            [executable, prefix, "True"] => Ok(Self { executable: executable.into(), prefix: prefix.into() }),
            _ => Err(CommandError::usage("this machine's python3 is older than 3.10").hint(HELP)),
        }
    }

    /// Wheels only, each by its hash, laid where no Python looks by itself: nothing of a package runs here.
    fn install(&self, folder: &Path, list: &str, options: &[&str]) -> Result<()> {
        let (environment, lock) = (folder.join("pip"), folder.join("pins.txt"));
        let mut command = Command::new(&self.executable);
        output(command.args(["-I", "-m", "venv"]).arg(&environment).current_dir("/"), HELP)
            .map_err(|error| error.hint(HELP))?;
        write(&lock, list.as_bytes())?;
        let mut command = Command::new(environment.join("bin/python"));
        command.args(["-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]);
        command.args(["--require-hashes", "--only-binary=:all:", "--no-deps"]).args(options);
        command.arg("--target").arg(folder.join(LAID)).arg("-r").arg(lock).current_dir("/");
        output(&mut command, HELP)?;
        std::fs::remove_dir_all(environment).map_err(CommandError::internal)
    }
}
