//! Grants that hold for one run. They follow what is granted to its plugin while it runs, and a
//! revocation reaches them as well.

use std::{
    path::Path,
    sync::{Arc, Weak},
};

use holm_kernel::{devices::Grants, program::LiveGrants};
use holm_packages::take;
use parking_lot::Mutex;

/// A run may add this many rules to its own grants: each open asks them all.
const MAXIMUM_RULES: usize = 256;

/// The grants of one run.
pub(crate) struct RunGrants {
    /// The program's name.
    pub(crate) program: String,
    /// What the plugin is granted, if it is installed.
    installed: Option<Arc<LiveGrants>>,
    extra: Mutex<Grants>,
    /// What the process is asked by: both together.
    pub(crate) live: Arc<LiveGrants>,
}

impl RunGrants {
    fn settle(&self) {
        // Held from before the first look to the end: what another changes meanwhile is settled after this.
        let extra = self.extra.lock();
        let mut both = self.installed.as_ref().map(|installed| Grants::clone(&installed.get())).unwrap_or_default();
        for line in extra.lines() {
            // It was a rule before: it parses.
            let _ = both.add(&line);
        }
        if *self.live.get() != both {
            self.live.set(both);
        }
    }

    /// Adds a rule, until the run ends. Whether it could.
    pub(crate) fn allow(&self, line: &str) -> bool {
        let mut extra = self.extra.lock();
        let added = extra.lines().len() < MAXIMUM_RULES && extra.add(line).is_ok();
        drop(extra);
        self.settle();
        added
    }
}

/// The grants of all runs.
#[derive(Default)]
pub(crate) struct Runs(Mutex<Vec<Weak<RunGrants>>>);

impl Runs {
    /// Begins a run.
    pub(crate) fn begin(&self, program: &str, installed: Option<Arc<LiveGrants>>, extra: Grants) -> Arc<RunGrants> {
        let program = program.to_owned();
        let run = Arc::new(RunGrants { program, installed, extra: Mutex::new(extra), live: Arc::default() });
        let mut runs = self.0.lock();
        runs.retain(|run| run.strong_count() > 0);
        runs.push(Arc::downgrade(&run));
        // Within the lock: a change meanwhile comes before this, or settles it again.
        run.settle();
        run
    }

    /// What is granted to plugins has changed.
    pub(crate) fn settle(&self) {
        self.0.lock().iter().filter_map(Weak::upgrade).for_each(|run| run.settle());
    }

    /// Takes away from a plugin's runs what these lines cover; how many rules went.
    pub(crate) fn revoke(&self, plugin: &str, lines: &[String], directory: &Path) -> usize {
        let runs: Vec<_> = self.0.lock().iter().filter_map(Weak::upgrade).collect();
        let mut taken = 0;
        for run in runs.iter().filter(|run| run.program == plugin) {
            let mut extra = run.extra.lock();
            let before = extra.lines().len();
            take_all(&mut extra, lines, directory);
            taken += before - extra.lines().len();
            drop(extra);
            run.settle();
        }
        taken
    }
}

/// Takes away what the lines cover; without lines, everything. A line that is none covers nothing:
/// whoever typed it is told by what is installed.
pub(crate) fn take_all(grants: &mut Grants, lines: &[String], directory: &Path) {
    if lines.is_empty() {
        *grants = Grants::default();
    }
    for line in lines {
        let _ = take(grants, line, directory);
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use holm_kernel::{devices::Grants, program::LiveGrants};

    use super::Runs;

    fn grants(lines: &[&str]) -> Grants {
        let mut grants = Grants::default();
        lines.iter().for_each(|line| grants.add(line).expect("a rule"));
        grants
    }

    #[test]
    fn what_is_revoked_while_a_run_settles_does_not_come_back() {
        let installed = Arc::new(LiveGrants::new(grants(&["storage=notes:rw"])));
        let runs = Runs::default();
        let run = runs.begin("clipper", Some(installed.clone()), grants(&["fs=/data:ro"]));
        let held = run.extra.lock();
        std::thread::scope(|scope| {
            let settling = scope.spawn(|| run.settle());
            // It has come as far as it can.
            std::thread::sleep(std::time::Duration::from_millis(100));
            installed.set(Grants::default());
            drop(held);
            settling.join().expect("it settles");
        });
        assert_eq!(run.live.get().lines(), ["fs=/data:ro"]);
    }

    #[test]
    fn a_run_follows_its_plugin_and_revocations() {
        let installed = Arc::new(LiveGrants::new(grants(&["storage=notes:rw"])));
        let runs = Runs::default();
        let run = runs.begin("clipper", Some(installed.clone()), grants(&["fs=/data:ro"]));
        assert_eq!(run.live.get().lines(), ["fs=/data:ro", "storage=notes:rw"]);
        installed.set(Grants::default());
        runs.settle();
        assert_eq!(run.live.get().lines(), ["fs=/data:ro"]);
        assert!(run.allow("tool=jq/query"));
        assert_eq!(runs.revoke("other", &[], Path::new("/")), 0);
        assert_eq!(runs.revoke("clipper", &["fs=data".to_owned()], Path::new("/")), 1);
        assert_eq!(run.live.get().lines(), ["tool=jq/query"]);
        assert_eq!(runs.revoke("clipper", &[], Path::new("/")), 1);
        assert_eq!(*run.live.get(), Grants::default());
    }
}
