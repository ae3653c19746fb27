//! Skills in C: this machine's clang, on bindings that wit-bindgen makes of the skill's own `skill.wit`.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as ADAPTER;
use wasm_encoder::{ComponentSection, CustomSection};
use wit_bindgen_core::Files;
use wit_component::ComponentEncoder;
use wit_parser::{PackageMetadata, Resolve, WorldKey};

use super::{Wanted, fetched, interfaces, sdk, stage::Stage};
use crate::error::{CommandError, NOT_FOUND, Result};

/// Small components: they are copied, hashed and compiled on every machine that installs them.
const OPTIONS: &[&str] =
    &["--target=wasm32-wasi", "--sysroot=/usr", "-mexec-model=reactor", "-std=c11", "-Oz", "-Wall", "-Wl,--strip-all"];

/// WASI's own part of the C library.
const HEADERS: &str = "/usr/include/wasm32-wasi/stdio.h";

/// Builds the component.
pub(super) fn build(wanted: &Wanted) -> Result<Vec<u8>> {
    check()?;
    let stage = Stage::new()?;
    stage.copy(&wanted.folder, "skill")?;
    interfaces::lay_all(&stage)?;
    let interface = wanted.folder.join("skill.wit");
    let text = std::fs::read(&interface).map_err(|error| {
        let error = CommandError::usage(format!("`{}`: {error}", interface.display()));
        error.hint("it names the skill's tools; `holm new --lang c NAME` makes one to copy")
    })?;
    stage.lay("wit/skill.wit", text)?;
    let world = bindings(&stage)?;
    sdk::C.iter().try_for_each(|(file, text)| stage.lay(&format!("sdk/{file}"), text))?;
    let module = stage.written().join("skill.wasm");
    let mut command = wanted.command("clang".as_ref(), [stage.all()], [stage.written()]);
    command.args(OPTIONS).arg("-I").arg(stage.at("bindings")).arg("-I").arg(stage.at("sdk"));
    command.arg("-I").arg(stage.at("skill")).args(sources(&stage.at("skill"))?);
    command.arg(stage.at("sdk/holm.c")).arg(stage.at("bindings/skill.c"));
    command.arg(stage.at("bindings/skill_component_type.o"));
    if world.runs {
        command.args(["-DHOLM_RUNS", "-Wl,--wrap=exports_skill_run"]);
    }
    command.arg("-o").arg(&module).current_dir(stage.at("skill")).env_clear();
    command.envs(["PATH", "LANG", "TERM"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.env("TMPDIR", stage.written());
    fetched::build(&mut command)?;
    let module = std::fs::read(&module).map_err(CommandError::internal)?;
    encode(&module, &world.docs)
        .map_err(|error| CommandError::usage(format!("what was built makes no component: {error:#}")))
}

/// Whether the compiler and its libraries are there; else what gets them.
fn check() -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |program: &str| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let missing: Vec<_> = ["clang", "wasm-ld"].into_iter().filter(|program| !has(program)).collect();
    if missing.is_empty() && Path::new(HEADERS).is_file() {
        return Ok(());
    }
    let missing = if missing.is_empty() { "the C library for WASI".to_owned() } else { missing.join(" and ") };
    let version = Command::new("clang").arg("-dumpversion").current_dir("/").output();
    let version = version.map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default();
    let version = version.split('.').next().filter(|version| !version.is_empty()).unwrap_or("14").to_owned();
    Err(CommandError::new(NOT_FOUND, format!("skills in C need clang, lld and wasi-libc; {missing} is not here"))
        .hint(format!("sudo apt-get install clang lld wasi-libc libclang-rt-{version}-dev-wasm32")))
}

/// What `skill.wit` says besides functions.
struct World {
    /// Whether the skill can be run.
    runs: bool,
    /// What its comments say of its tools, as a component keeps it.
    docs: Vec<u8>,
}

/// Makes `skill.h` and what implements it.
fn bindings(stage: &Stage) -> Result<World> {
    let made = || -> anyhow::Result<(World, Files)> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(stage.at("wit"))?;
        let world = resolve.select_world(&[package], Some(interfaces::WORLD))?;
        let runs = resolve.worlds[world].exports.contains_key(&WorldKey::Name("run".to_owned()));
        let docs = PackageMetadata::extract(&resolve, package).encode()?;
        let mut files = Files::default();
        wit_bindgen_c::Opts::default().build().generate(&mut resolve, world, &mut files)?;
        Ok((World { runs, docs }, files))
    };
    let (world, files) = made().map_err(|error| CommandError::usage(format!("skill.wit: {error:#}")))?;
    files.iter().try_for_each(|(name, contents)| stage.lay(&format!("bindings/{name}"), contents))?;
    Ok(world)
}

/// The skill's own files of C.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().map_err(CommandError::internal)? {
            let path = entry.map_err(CommandError::internal)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some(OsStr::new("c")) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A component of what clang linked, which speaks WASI 0.1, with what its functions are for.
fn encode(module: &[u8], docs: &[u8]) -> anyhow::Result<Vec<u8>> {
    let encoder = ComponentEncoder::default().validate(true).module(module)?;
    let mut component = encoder.adapter("wasi_snapshot_preview1", ADAPTER)?.encode()?;
    let section = CustomSection { name: PackageMetadata::SECTION_NAME.into(), data: docs.into() };
    section.append_to_component(&mut component);
    Ok(component)
}
