//! The system-call interface of this `holm`, and the world of a skill that is built by it.

use std::fmt::Write;

use holm_packages::Manifest;

use super::stage::Stage;
use crate::error::Result;

/// What the world is called.
pub(super) const WORLD: &str = "skill";

macro_rules! wit {
    ($($file:literal),* $(,)?) => { &[$(($file, include_str!(concat!("../../../../../wit/", $file)))),*] };
}

/// `wit/`, and below it what WASI publishes.
const HOLM: &[(&str, &str)] = wit![
    "answer.wit",
    "exec.wit",
    "llm.wit",
    "log.wit",
    "memory.wit",
    "offers.wit",
    "policy.wit",
    "spawn.wit",
    "storage.wit",
    "tool.wit",
    "types.wit",
    "world.wit",
];
const WASI: &[(&str, &str)] = wit![
    "deps/cli.wit",
    "deps/clocks.wit",
    "deps/filesystem.wit",
    "deps/http.wit",
    "deps/io.wit",
    "deps/random.wit",
    "deps/sockets.wit",
];

/// Interfaces, and the capabilities that the ceiling has to name for each to be imported.
const INTERFACES: &[(&str, &[&str])] = &[
    ("answer", &[]),
    // It has the types of `spawn`.
    ("exec", &["exec", "spawn"]),
    ("llm", &["llm"]),
    ("log", &[]),
    ("memory", &["memory"]),
    ("spawn", &["spawn"]),
    ("storage", &["storage"]),
    ("task", &[]),
    ("tool", &["tool"]),
];

/// Of WASI, what the SDKs use by themselves; the languages' own libraries bring the rest.
const OF_WASI: &[&str] = &[
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:random/random",
];

/// What a skill imports: a component of an interpreter imports all that it might call, so its author says it, by the
/// ceiling.
pub(super) struct World(Vec<(&'static str, bool)>, bool);

impl World {
    pub(super) fn of(manifest: &Manifest) -> Self {
        let names = |capability: &&str| manifest.ceiling.names(capability);
        let imported = INTERFACES.iter().map(|(interface, needs)| (*interface, needs.iter().all(names)));
        Self(imported.collect(), names(&"net"))
    }

    /// Holm's interfaces, and whether each is imported.
    pub(super) fn interfaces(&self) -> &[(&'static str, bool)] {
        &self.0
    }

    /// The world, in WIT.
    fn text(&self) -> String {
        let mut text = format!("package skill:component;\n\nworld {WORLD} {{\n");
        let own = self.0.iter().filter(|(_, imported)| *imported).map(|(name, _)| format!("holm:sys/{name}@0.1.0"));
        let net = self.1.then_some("wasi:http/outgoing-handler");
        let wasi = OF_WASI.iter().copied().chain(net).map(|name| format!("{name}@0.2.12"));
        for import in own.chain(wasi) {
            // A string takes all that is written.
            let _ = writeln!(text, "  import {import};");
        }
        text + "  export holm:sys/tools@0.1.0;\n  export run: func(arguments: list<string>) -> u8;\n}\n"
    }
}

/// Lays a world and all it stands on into the stage's `wit`. Without streams, what waits for several things at once
/// and the pipes of children are left out: componentize-qjs knows no interface that uses WASI's resources.
pub(super) fn lay(stage: &Stage, world: &World, without_streams: bool) -> Result<()> {
    lay_interfaces(stage, without_streams)?;
    stage.lay("wit/skill.wit", world.text())
}

/// As [`lay`], for a skill that has a world of its own.
pub(super) fn lay_all(stage: &Stage) -> Result<()> {
    lay_interfaces(stage, false)
}

fn lay_interfaces(stage: &Stage, without_streams: bool) -> Result<()> {
    WASI.iter().try_for_each(|(path, text)| stage.lay(&format!("wit/{path}"), text))?;
    HOLM.iter().try_for_each(|(path, text)| {
        let path = format!("wit/deps/holm-sys/{path}");
        if without_streams { stage.lay(&path, apart(text)) } else { stage.lay(&path, text) }
    })
}

/// An interface without the functions that take or give resources of WASI's.
fn apart(text: &str) -> String {
    let of_wasi = |line: &&str| ["pollable", "input-stream", "output-stream"].iter().any(|name| line.contains(name));
    text.lines().filter(|line| !of_wasi(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(ceiling: &str) -> Manifest {
        let text = format!(
            "name = \"a\"\nversion = \"0.1.0\"\ndescription = \"A\"\ncomponent = \"a.wasm\"\n[ceiling]\n{ceiling}\n"
        );
        Manifest::parse(&text, "plugin.toml").expect("a manifest")
    }

    fn parsed(ceiling: &str, without_streams: bool) -> (wit_parser::Resolve, wit_parser::WorldId) {
        let stage = Stage::new().expect("a folder");
        lay(&stage, &World::of(&manifest(ceiling)), without_streams).expect("written");
        let mut resolve = wit_parser::Resolve::default();
        let (package, _) = resolve.push_dir(stage.at("wit")).expect("sound");
        let world = resolve.select_world(&[package], Some(WORLD)).expect("a world");
        (resolve, world)
    }

    #[test]
    fn a_world_imports_what_its_ceiling_names() {
        let imports = |ceiling: &str| {
            let (resolve, world) = parsed(ceiling, false);
            let keys = resolve.worlds[world].imports.keys().map(|key| resolve.name_world_key(key));
            keys.filter_map(|name| Some(name.strip_prefix("holm:sys/")?.strip_suffix("@0.1.0")?.to_owned()))
                .collect::<Vec<_>>()
        };
        // What interfaces share comes along.
        assert_eq!(imports(""), ["types", "answer", "log", "task", "tool-types"]);
        let all = imports(
            "llm = [\"*\"]\nmemory = [\"*:rw\"]\nstorage = [\"*:rw\"]\nspawn = [\"self\"]\nexec = [\"jq\"]\ntool = [\"*/*\"]",
        );
        for (interface, _) in INTERFACES {
            assert!(all.iter().any(|import| import == interface), "{interface} in {all:?}");
        }
        assert!(!imports("exec = [\"jq\"]").iter().any(|import| import == "exec" || import == "spawn"));
    }

    #[test]
    fn without_streams_no_interface_of_ours_knows_wasi() {
        let (resolve, _) = parsed("llm = [\"*\"]\nspawn = [\"self\"]\ntool = [\"*/*\"]", true);
        for (_, interface) in resolve.interfaces.iter() {
            let package = interface.package.map(|id| resolve.packages[id].name.namespace.clone());
            if package.as_deref() != Some("holm") {
                continue;
            }
            let names = ["pollable", "input-stream", "output-stream"];
            assert!(!interface.types.keys().any(|name| names.contains(&&**name)), "{:?}", interface.name);
        }
    }
}
