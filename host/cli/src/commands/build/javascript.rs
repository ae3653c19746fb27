//! Skills in JavaScript: QuickJS by componentize-qjs, by the packages that `package-lock.json` pins.

use std::{path::PathBuf, process::Command};

use serde_json::{Map, Value, json};

use super::{
    Wanted,
    fetched::{self, fetched, output},
    interfaces::{self, World},
    sdk,
    stage::{Stage, write},
};
use crate::error::{CommandError, Result};

const HELP: &str = "install Node 20 or newer, with npm: https://nodejs.org, or sudo apt-get install nodejs npm";

/// Where the component begins: the author's module registers what the SDK exports.
const ENTRY: &str = "import \"./skill.js\";\nexport { run, tools } from \"holm/entry.js\";\n";

/// Builds the component.
pub(super) fn build(wanted: &Wanted) -> Result<Vec<u8>> {
    let lock = Lock::of(wanted)?;
    let package = lock.package.to_string();
    let text = lock.text.to_string();
    let node = output(Command::new("node").args(["-p", "process.execPath"]).current_dir("/"), HELP)?;
    let node = PathBuf::from(node.trim());
    let fetched = fetched(&wanted.home, "js", &[&package, &text], |folder| {
        write(&folder.join("package.json"), package.as_bytes())?;
        write(&folder.join("package-lock.json"), text.as_bytes())?;
        let mut command = Command::new("npm");
        // Where no settings of a skill's author lie: they name programs.
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
        output(&mut command, HELP).map(drop)
    })?;
    let stage = Stage::new()?;
    stage.copy(&wanted.folder, "skill")?;
    for name in &lock.used {
        stage.copy(&fetched.join(name), &format!("skill/{name}"))?;
    }
    let world = World::of(&wanted.manifest);
    sdk::JAVASCRIPT.iter().try_for_each(|(file, text)| stage.lay(&format!("skill/node_modules/holm/{file}"), text))?;
    stage.lay("skill/node_modules/holm/sys.js", calls(&world))?;
    stage.lay("skill/holm-entry.js", ENTRY)?;
    stage.lay("componentize.mjs", include_str!("componentize.mjs"))?;
    interfaces::lay(&stage, &world, true)?;
    let component = stage.written().join("skill.wasm");
    let mut command = wanted.command(&node, [node.clone(), fetched.clone(), stage.all()], [stage.written()]);
    command.arg(stage.at("componentize.mjs")).arg(fetched.join("node_modules/componentize-qjs/index.js"));
    command.arg(stage.all()).arg(&component);
    command.current_dir(stage.all()).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("HOME", stage.written()).env("TMPDIR", stage.written());
    fetched::build(&mut command)?;
    std::fs::read(&component).map_err(CommandError::internal)
}

/// The module through which the SDK makes its calls: of what the component does not import, one that says so.
fn calls(world: &World) -> String {
    let mut text = String::from(
        "// What this component imports of Holm.\n\nconst missing = (name) => new Proxy({}, { get() {\n  \
         throw new TypeError(`this skill imports no \\`${name}\\`: name what it may be granted in [ceiling] of \
         plugin.toml`);\n} });\n",
    );
    for (name, imported) in world.interfaces() {
        text += &match imported {
            true => format!("export {{ default as {name} }} from \"holm:sys/{name}@0.1.0\";\n"),
            false => format!("export const {name} = missing(\"{name}\");\n"),
        };
    }
    text
}

/// A lock file of npm, as far as it pins packages of a registry.
///
/// npm heeds more in these files: folders, repositories of git and what is run for them. That would run its author's
/// code before anything is confined.
struct Lock {
    package: Value,
    text: Value,
    /// The packages that the skill itself uses, by their folders.
    used: Vec<String>,
}

impl Lock {
    fn of(wanted: &Wanted) -> Result<Self> {
        let refused = |reason: &str| {
            let error = CommandError::usage(format!("package-lock.json {reason}"));
            error.hint("`npm install --package-lock-only --ignore-scripts` writes it; `holm new --lang js NAME` makes one to copy")
        };
        let text = std::fs::read(wanted.folder.join("package-lock.json")).map_err(|_| refused("is not there"))?;
        let lock: Value = serde_json::from_slice(&text).map_err(|_| refused("is no JSON"))?;
        let packages = lock["packages"].as_object().ok_or_else(|| refused("is of an old npm: it has no `packages`"))?;
        let (mut kept, mut used) = (Map::new(), Vec::new());
        let mut package = json!({ "name": "skill", "version": "0.0.0", "private": true });
        for (path, entry) in packages {
            let entry = entry.as_object().ok_or_else(|| refused("has something else than packages"))?;
            if path.is_empty() {
                for key in ["dependencies", "devDependencies"] {
                    let Some(wanted) = entry.get(key) else { continue };
                    let plain = |range: &Value| range.as_str().is_some_and(|range| !range.contains([':', '/']));
                    if !wanted.as_object().is_some_and(|wanted| wanted.values().all(plain)) {
                        return Err(refused("wants a package by a place, and not by its version"));
                    }
                    package[key] = wanted.clone();
                }
                continue;
            }
            let named =
                path.starts_with("node_modules/") && path.split('/').all(|part| !matches!(part, "" | "." | ".."));
            // Without an address it is the registry's.
            let of_registry =
                entry.get("resolved").is_none_or(|at| at.as_str().is_some_and(|at| at.starts_with("https://")));
            let version = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte));
            let of_registry = of_registry && entry.get("version").and_then(Value::as_str).is_some_and(version);
            let hashed = entry.get("integrity").and_then(Value::as_str).is_some_and(|hash| hash.starts_with("sha512-"));
            if !(named && of_registry && hashed) || entry.contains_key("link") {
                return Err(refused(&format!("pins `{}` by no address and hash", holm_packages::printable(path))));
            }
            if !["dev", "devOptional"].iter().any(|key| entry.get(*key) == Some(&Value::Bool(true))) {
                used.push(path.clone());
            }
            kept.insert(path.clone(), Value::Object(entry.clone()));
        }
        if !kept.contains_key("node_modules/componentize-qjs") {
            return Err(refused("has no `componentize-qjs`, which builds the component"));
        }
        let mut root = package.clone();
        root.as_object_mut().map(|root| root.remove("private"));
        kept.insert(String::new(), root);
        let text = json!({
            "name": "skill", "version": "0.0.0", "lockfileVersion": 3, "requires": true, "packages": kept,
        });
        Ok(Self { package, text, used })
    }
}
