//! What a process may do: what is its own, or else ceiling ∩ grant; ∩ what its parent passed on; asked live.

#[cfg(test)]
mod tests;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use parking_lot::RwLock;
use tokio::sync::Notify;

use super::needs::Needs;
use crate::{
    devices::{Capability, Grants},
    program::LiveGrants,
};

/// Counts changes of grants anywhere in the kernel. What was admitted under an older
/// count is asked again: one comparison a call instead of a walk up the tree.
#[derive(Debug, Default)]
pub(crate) struct Epoch {
    count: AtomicU64,
    changed: Notify,
}

impl Epoch {
    pub(crate) fn now(&self) -> u64 {
        self.count.load(SeqCst)
    }

    pub(crate) fn advance(&self) {
        self.count.fetch_add(1, SeqCst);
        self.changed.notify_waiters();
    }

    /// Waits until the count is another than `seen`.
    pub(crate) async fn changed(&self, seen: u64) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.now() != seen {
                return;
            }
            changed.await;
        }
    }
}

/// The rights of one process, as layers that must all admit a call. A layer only narrows.
#[derive(Debug)]
pub(crate) struct Authority {
    /// The plugin whose rights these are.
    owner: Arc<str>,
    /// What it has without a grant: its own folders, what runs its own scripts.
    own: Arc<Grants>,
    ceiling: Arc<Grants>,
    granted: Arc<LiveGrants>,
    /// What the operator allowed until this process ends.
    once: RwLock<Grants>,
    /// What the parent passed on, at most its own.
    passed: Option<Arc<Grants>>,
    parent: Option<Arc<Authority>>,
    /// Who called this tool: its rights are not asked, but its budgets pay.
    payer: Option<Arc<Authority>>,
}

/// The layer that denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denier {
    Ceiling,
    Grant,
    Passed,
    Parent,
}

impl Denier {
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Denier::Ceiling => "beyond the ceiling of its manifest",
            Denier::Grant => "not granted",
            Denier::Passed => "not passed on by its parent",
            Denier::Parent => "beyond the grants of its parent",
        }
    }
}

/// What a program brings along.
pub(crate) struct Rights {
    pub(crate) owner: Arc<str>,
    pub(crate) own: Arc<Grants>,
    pub(crate) ceiling: Arc<Grants>,
    pub(crate) granted: Arc<LiveGrants>,
}

impl Authority {
    pub(crate) fn new(rights: Rights, payer: Option<Arc<Authority>>) -> Arc<Self> {
        let Rights { owner, own, ceiling, granted } = rights;
        Arc::new(Self { owner, own, ceiling, granted, once: RwLock::default(), passed: None, parent: None, payer })
    }

    /// The rights of a child: its program's own, within `passed`, within the parent's.
    pub(crate) fn child(self: &Arc<Self>, rights: Rights, passed: Option<Grants>) -> Arc<Self> {
        let Rights { owner, own, ceiling, granted } = rights;
        let passed = passed.map(Arc::new);
        let parent = Some(self.clone());
        Arc::new(Self { owner, own, ceiling, granted, once: RwLock::default(), passed, parent, payer: None })
    }

    /// Whether every layer admits it; if so, for each the rules that do, but for ceilings
    /// (which bound what may be granted, not where it lies).
    pub(crate) fn admit<R: Capability>(&self, want: &R::Want) -> Result<Vec<R>, Denier> {
        let mut rules: Vec<R> = R::rules(&self.own).admitting(want).cloned().collect();
        if rules.is_empty() && !R::rules(&self.ceiling).bound(want) {
            return Err(Denier::Ceiling);
        }
        let granted = self.granted.get();
        rules.extend(R::rules(&granted).admitting(want).cloned());
        rules.extend(R::rules(&self.once.read()).admitting(want).cloned());
        if rules.is_empty() {
            return Err(Denier::Grant);
        }
        if let Some(passed) = &self.passed {
            let before = rules.len();
            rules.extend(R::rules(passed).admitting(want).cloned());
            if rules.len() == before {
                return Err(Denier::Passed);
            }
        }
        if let Some(parent) = &self.parent {
            rules.extend(parent.admit::<R>(want).map_err(|_| Denier::Parent)?);
        }
        Ok(rules)
    }

    /// The rules that a call is made under, each with the plugin whose it is: those of every layer
    /// but ceilings, and those of whoever called this tool. What they budget is used up together.
    pub(crate) fn under<R: Capability>(&self, want: &R::Want) -> Vec<(Arc<str>, R)> {
        let granted = self.granted.get();
        let once = R::rules(&self.once.read()).clone();
        let own = R::rules(&granted).admitting(want).chain(once.admitting(want));
        let passed = self.passed.iter().flat_map(|passed| R::rules(passed).admitting(want));
        let mut rules: Vec<_> = own.chain(passed).map(|rule| (self.owner.clone(), rule.clone())).collect();
        for above in [&self.parent, &self.payer].into_iter().flatten() {
            for rule in above.under::<R>(want) {
                // A child of the same plugin is under the same grant, not under it twice.
                if !rules.contains(&rule) {
                    rules.push(rule);
                }
            }
        }
        rules
    }

    /// Writes down that a call was made under a right that had to be granted: to each plugin whose grant was asked.
    pub(crate) fn note<R: Capability>(&self, want: &R::Want, used: bool, needs: &Needs) {
        if R::rules(&self.own).admitting(want).next().is_none() {
            // What no grant can say is not written down as one that says more.
            if let Some(rule) = self.spelled::<R>(want) {
                needs.note(&self.owner, &format!("{}={rule}", R::NAME), used);
            }
        }
        if let Some(parent) = &self.parent {
            parent.note::<R>(want, used, needs);
        }
    }

    /// The plugins whose policies hold here: its own, those above it, and whoever called it.
    pub(crate) fn plugins(&self) -> Vec<Arc<str>> {
        let mut plugins = vec![self.owner.clone()];
        for above in [&self.parent, &self.payer].into_iter().flatten() {
            for plugin in above.plugins() {
                if !plugins.contains(&plugin) {
                    plugins.push(plugin);
                }
            }
        }
        plugins
    }

    /// Shows each rule of every layer, ceilings included.
    pub(crate) fn look<R: Capability>(&self, see: &mut dyn FnMut(&R)) {
        R::rules(&self.own).iter().for_each(&mut *see);
        R::rules(&self.ceiling).iter().for_each(&mut *see);
        R::rules(&self.granted.get()).iter().for_each(&mut *see);
        R::rules(&self.once.read()).iter().for_each(&mut *see);
        self.passed.iter().flat_map(|passed| R::rules(passed).iter()).for_each(&mut *see);
        if let Some(parent) = &self.parent {
            parent.look(see);
        }
    }

    /// The rule that its operator would have to grant; none where no grant can say it.
    pub(crate) fn spelled<R: Capability>(&self, want: &R::Want) -> Option<String> {
        R::spelled(want, R::rules(&self.ceiling), R::rules(&self.granted.get()))
    }

    /// Allows more until this process ends. Only the operator's answer leads here.
    pub(crate) fn allow_once<R: Capability>(&self, rule: &str) {
        // What cannot be written as a rule cannot be granted; the call is denied as before.
        let _ = self.once.write().add(&format!("{}={rule}", R::NAME));
    }

    /// Takes back of what was allowed once; how many rules went.
    pub(crate) fn disallow_once(&self, take: &dyn Fn(&mut Grants)) -> usize {
        let mut once = self.once.write();
        let before = once.lines().len();
        take(&mut once);
        before.saturating_sub(once.lines().len())
    }

    /// Rules of `passed` that this process does not have itself.
    pub(crate) fn beyond(&self, passed: &Grants) -> Vec<String> {
        let granted = self.granted.get();
        let mut held = Grants::clone(&granted);
        for line in self.once.read().lines() {
            let _ = held.add(&line);
        }
        let mut asked = Grants::default();
        for line in self.own.beyond(passed) {
            let _ = asked.add(&line);
        }
        let mut beyond = self.ceiling.beyond(&asked);
        beyond.extend(held.beyond(&asked));
        if let Some(own) = &self.passed {
            beyond.extend(own.beyond(passed));
        }
        if let Some(parent) = &self.parent {
            beyond.extend(parent.beyond(passed));
        }
        beyond
    }
}
