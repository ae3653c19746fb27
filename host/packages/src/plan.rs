//! What an install or update would change, computed before anything does.

use holm_kernel::{
    devices::Grants,
    program::{Offers, ToolDescription},
};
use serde::Serialize;

use crate::{manifest::Manifest, offers::check_offers, package::Package, plugins::UpdateError, store::Installed};

/// An install that was thought through and not yet done: show it, then apply it.
#[derive(Debug)]
pub struct InstallPlan {
    /// What would be installed.
    pub package: Package,
    /// Its tools, as its component told of them.
    pub tools: Vec<ToolDescription>,
    /// What it offers beside them, as it told of that.
    pub offers: Offers,
    /// What is installed under its name now.
    pub before: Option<Installed>,
    /// What would change.
    pub difference: Difference,
    /// Where it comes from, where that is no folder, and who signed it.
    pub origin: Origin,
    /// The commands that its user lets it answer to.
    pub commands: Vec<String>,
    /// The grants that can be carried over.
    pub(crate) carried: Grants,
}

/// Where a plugin comes from, and whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Its reference in a registry, with the digest that it was resolved to.
    pub reference: Option<String>,
    /// The names of the keys that signed it.
    pub signed_by: Vec<String>,
}

/// What an install changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// The version that is installed now.
    pub version_before: Option<String>,
    /// Whether the very same files are installed already. Grants then stay as they are.
    pub same_files: bool,
    /// Whether what is installed was changed behind Holm's back; nothing of it is carried over.
    pub tampered: bool,
    /// Who signed what is installed now, where none of them signed this. Then no grant goes on to hold.
    pub signers_lost: Vec<String>,
    /// Rules that the new ceiling names and the old one does not cover, as `capability=rule`.
    pub asks: Vec<String>,
    /// Rules of the old ceiling that the new one does not cover.
    pub gives_up: Vec<String>,
    /// Limits that it asks for otherwise.
    pub limits: Vec<LimitChange>,
    /// Tools that are new, by name.
    pub tools_added: Vec<String>,
    /// Tools that are gone.
    pub tools_removed: Vec<String>,
    /// Tools with another description or schema.
    pub tools_changed: Vec<String>,
    /// Grants that its user gave and that would go on to hold, if they say yes.
    pub grants_kept: Vec<String>,
    /// Grants that lie beyond the new ceiling: they end with the update.
    pub grants_lost: Vec<String>,
}

/// A limit that is asked for otherwise. None stands for what the operator gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitChange {
    /// The limit.
    pub limit: String,
    /// What was asked.
    pub from: Option<String>,
    /// What is asked now.
    pub to: Option<String>,
}

impl InstallPlan {
    /// It also offers this: told of in a bounded run without grants, as tools are.
    ///
    /// # Errors
    /// It is not acceptable.
    pub fn offering(self, offers: Offers) -> Result<Self, UpdateError> {
        check_offers(&offers)?;
        Ok(Self { offers, ..self })
    }

    /// It is installed as a runtime: whoever may execute one of its commands runs it as themselves.
    #[must_use]
    pub fn as_runtime(self) -> Self {
        let commands = self.package.manifest.commands.clone();
        Self { commands, ..self }
    }

    /// It comes from there. Where it was signed and none of its signers signed this, it is somebody else's, and
    /// passes no grant on.
    #[must_use]
    pub fn of_origin(mut self, mut origin: Origin) -> Self {
        let signers = self.before.as_ref().map_or_else(Vec::new, |before| before.signed_by.clone());
        let is_theirs = signers.is_empty() || signers.iter().any(|signer| origin.signed_by.contains(signer));
        if !is_theirs && self.difference.same_files {
            // They signed these very files. That is not forgotten: the next update has to be theirs, too.
            origin.signed_by.extend(signers);
        } else if !is_theirs {
            self.difference.signers_lost = signers;
            let kept = std::mem::take(&mut self.difference.grants_kept);
            self.difference.grants_lost.extend(kept);
            self.carried = Grants::default();
        }
        self.origin = origin;
        self
    }

    /// Whether its user has to be asked if the grants go on to hold.
    pub fn asks_about_grants(&self) -> bool {
        !self.difference.same_files && !self.difference.grants_kept.is_empty()
    }
}

/// What is installed now: its record, its manifest where its files are still what they were,
/// and its grants.
pub(crate) struct Before {
    pub(crate) installed: Installed,
    pub(crate) manifest: Option<Manifest>,
    pub(crate) grants: Grants,
}

/// Compares what is installed with what would be.
pub(crate) fn plan(package: Package, tools: Vec<ToolDescription>, before: Option<Before>) -> InstallPlan {
    let Some(Before { installed, manifest, grants }) = before else {
        let difference = Difference {
            asks: package.manifest.ceiling.lines(),
            limits: limits(None, &package.manifest),
            tools_added: tools.iter().map(|tool| tool.name.clone()).collect(),
            ..Difference::default()
        };
        return InstallPlan {
            package,
            tools,
            offers: Offers::default(),
            before: None,
            difference,
            origin: Origin::default(),
            commands: Vec::new(),
            carried: Grants::default(),
        };
    };
    let (old, new) = (manifest.as_ref(), &package.manifest);
    let ceiling = old.map(|manifest| manifest.ceiling.clone()).unwrap_or_default();
    let grants = if old.is_some() { grants } else { Grants::default() };
    let grants_lost = anchored(&new.ceiling).beyond(&grants);
    let mut carried = Grants::default();
    for line in grants.lines().iter().filter(|line| !grants_lost.contains(line)) {
        // It was a grant: it parses.
        let _ = carried.add(line);
    }
    let named = |tools: &[ToolDescription], name: &str| tools.iter().find(|tool| tool.name == name).cloned();
    let names = |tools: &[ToolDescription], keep: &dyn Fn(&ToolDescription) -> bool| {
        tools.iter().filter(|tool| keep(tool)).map(|tool| tool.name.clone()).collect()
    };
    let difference = Difference {
        version_before: Some(installed.version.to_string()),
        same_files: installed.digest == package.digest && old.is_some(),
        tampered: old.is_none(),
        signers_lost: Vec::new(),
        asks: ceiling.beyond(&new.ceiling),
        gives_up: new.ceiling.beyond(&ceiling),
        limits: limits(old, new),
        tools_added: names(&tools, &|tool| named(&installed.tools, &tool.name).is_none()),
        tools_removed: names(&installed.tools, &|tool| named(&tools, &tool.name).is_none()),
        tools_changed: names(&tools, &|tool| named(&installed.tools, &tool.name).is_some_and(|old| old != *tool)),
        grants_kept: carried.lines(),
        grants_lost,
    };
    let (offers, origin) = (Offers::default(), Origin::default());
    // Other files answer for others only where their user says so again.
    let commands = if difference.same_files { installed.commands.clone() } else { Vec::new() };
    InstallPlan { package, tools, offers, before: Some(installed), difference, origin, commands, carried }
}

/// The ceiling with links resolved, as grants are.
pub(crate) fn anchored(ceiling: &Grants) -> Grants {
    ceiling.clone().anchored(std::path::Path::new("/")).unwrap_or_else(|_| ceiling.clone())
}

fn limits(old: Option<&Manifest>, new: &Manifest) -> Vec<LimitChange> {
    let before = |limit: &str| old.and_then(|old| old.limits.get(limit));
    let mut names: Vec<&str> = new.limits.iter().map(|(name, _)| name).collect();
    names.extend(old.into_iter().flat_map(|old| old.limits.iter().map(|(name, _)| name)));
    names.sort_unstable();
    names.dedup();
    let changes = names.into_iter().map(|name| LimitChange {
        limit: name.to_owned(),
        from: before(name),
        to: new.limits.get(name),
    });
    changes.filter(|change| change.from != change.to).collect()
}
