//! The hostile family: what each guest tries, the exact fault or errno it meets, that nothing of
//! it stays, and that a neighbour does not notice.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod answers;
mod commands;
mod components;
mod cpu;
mod drivers;
mod escapes;
mod files;
mod floods;
mod handles;
mod kills;
mod limits;
mod memories;
mod memory;
mod models;
mod mounts;
mod policies;
mod processes;
mod requests;
mod revocations;
mod secrets;
mod storage;
mod surroundings;
mod tools;
mod typed;
mod wat;

use std::{future::Future, path::PathBuf};

use holm_tests::{Guest, Machine, machine};

/// Runs a test on the machine that all of them share.
fn run(test: impl Future<Output = ()>) {
    machine().block_on(test);
}

/// A guest written as text.
fn written(name: &str, text: &str) -> Guest {
    Guest::new(machine(), name, wat::component(text))
}

/// Installs the deputy, a plugin with tools that do what their arguments say.
async fn deputy(machine: &'static Machine, name: &str, grants: &[&str]) {
    let guest = Guest::new(machine, "deputy", holm_tests::component("deputy")).named(name);
    grants.iter().fold(guest, |guest, grant| guest.grant(grant)).install().await;
}

/// A directory for one test, its symlinks resolved.
struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn join(&self, name: &str) -> String {
        self.path().join(name).to_str().unwrap().to_owned()
    }

    /// A file in it.
    fn with(self, name: &str, text: &str) -> Self {
        std::fs::write(self.join(name), text).unwrap();
        self
    }

    /// A directory in it.
    fn with_directory(self, name: &str) -> Self {
        std::fs::create_dir(self.join(name)).unwrap();
        self
    }

    /// How many entries a directory in it has.
    fn count(&self, name: &str) -> usize {
        std::fs::read_dir(self.join(name)).unwrap().count()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.join(name)).unwrap()
    }
}
