//! A home, a plugin's folder, and components made from text.

use std::{fs, path::PathBuf};

use expect_test::Expect;
use holm_kernel::{account::Limits, program::ToolDescription};
use holm_packages::{InstallPlan, Package, Plugins};
use tempfile::TempDir;

/// A component with these imports, as empty interfaces, that exports `run`.
pub(crate) fn component(imports: &[&str]) -> Vec<u8> {
    let imports: String = imports.iter().map(|name| format!("(import \"{name}\" (instance))\n")).collect();
    wat::parse_str(format!(
        r#"(component {imports}
            (core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
                (func (export "run") (param i32 i32) (result i32) (i32.const 0)))
            (core instance $i (instantiate $m))
            (func $run (param "arguments" (list string)) (result u8)
                (canon lift (core func $i "run") (memory (core memory $i "memory"))
                    (realloc (core func $i "realloc"))))
            (export "run" (func $run)))"#
    ))
    .unwrap()
}

pub(crate) const MANIFEST: &str = r#"
name = "clipper"
version = "0.1.0"
description = "Clips pages"
component = "clipper.wasm"

[ceiling]
fs = ["*:rw"]
storage = ["notes:rw"]
"#;

pub(crate) fn tool(name: &str, description: &str) -> ToolDescription {
    ToolDescription {
        name: name.into(),
        summary: description.into(),
        description: description.into(),
        input_schema: r#"{"type":"object"}"#.into(),
        output_schema: None,
    }
}

/// A temporary place with a home and one plugin's folder.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { dir: TempDir::new().unwrap() };
        fs::create_dir_all(place.source("")).unwrap();
        fs::create_dir_all(place.path("work/data")).unwrap();
        place.write("plugin.toml", MANIFEST);
        place.write("clipper.wasm", component(&["holm:sys/storage@0.1.0", "wasi:io/streams@0.2.6"]));
        place
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(path)
    }

    pub(crate) fn source(&self, path: &str) -> PathBuf {
        self.path("clipper").join(path)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.source(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Writes the usual manifest with one text in the place of another.
    pub(crate) fn manifest(&self, from: &str, to: &str) {
        assert!(MANIFEST.contains(from));
        self.write("plugin.toml", MANIFEST.replace(from, to));
    }

    pub(crate) fn plugins(&self) -> Plugins {
        Plugins::open(&self.path("home"), [self.path("config")], Limits::default()).unwrap()
    }

    pub(crate) fn package(&self) -> Package {
        Package::open(&self.source("")).unwrap()
    }

    pub(crate) fn plan(&self, plugins: &Plugins) -> InstallPlan {
        plugins.plan(self.package(), vec![]).unwrap()
    }

    pub(crate) fn install(&self, plugins: &Plugins) {
        plugins.apply(&self.plan(plugins), false).unwrap();
    }

    /// The folder of what is installed.
    pub(crate) fn installed(&self, plugins: &Plugins) -> PathBuf {
        plugins.store().folder_of(&plugins.store().find("clipper").unwrap())
    }

    /// Compares a text, with the temporary folder's name taken out.
    pub(crate) fn check(&self, actual: &str, expected: &Expect) {
        let place = self.dir.path().canonicalize().unwrap();
        expected.assert_eq(&actual.replace(place.to_str().unwrap(), "/tmp"));
    }

    /// Why the folder is not accepted.
    pub(crate) fn refused(&self, expected: &Expect) {
        self.check(&Package::open(&self.source("")).unwrap_err().to_string(), expected);
    }
}
