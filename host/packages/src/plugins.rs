//! The installed plugins, as the kernel and the operator's commands see them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use holm_kernel::{
    Moment,
    account::Limits,
    devices::Grants,
    program::{Code, Digest, LiveGrants, Program, ProgramError, Programs, ToolDescription},
};
use parking_lot::{Mutex, RwLock};

use crate::{
    community::RUNNER,
    component::Entry,
    folder::FolderError,
    grant::{self, GrantError},
    grants_file::{Granted, GrantsFile, GrantsFileError},
    offers::OffersError,
    package::{Package, PackageError},
    plan::{self, Before, InstallPlan},
    policies::{EVERYONE, Policies, PoliciesFile, PolicyError},
    protected::Protected,
    secrets::{Secrets, SecretsError},
    signatures::Keys,
    stamp::Stamp,
    store::{Installed, Store, StoreError, Told},
    tools::{self, ToolsError},
};

/// Why the installed plugins cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file of grants.
    #[error(transparent)]
    Grants(#[from] GrantsFileError),
    /// The file of policies.
    #[error(transparent)]
    Policies(#[from] PolicyError),
}

/// Why a plugin is not installed, updated or uninstalled.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file of grants.
    #[error(transparent)]
    Grants(#[from] GrantsFileError),
    /// Its tools.
    #[error(transparent)]
    Tools(#[from] ToolsError),
    /// What it offers beside them.
    #[error(transparent)]
    Offers(#[from] OffersError),
    /// What was bound to it.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// It is a policy alone.
    #[error("`{0}` is a policy: put it into a folder with a plugin.toml that names in `judges` when it is asked")]
    Policy(PathBuf),
    /// Another runtime offers a command of that name.
    #[error("the command `{command}` is offered by `{by}` already; `holm uninstall {by}` makes room")]
    Taken {
        /// The command.
        command: String,
        /// Who offers it.
        by: String,
    },
    /// Something else was installed since the plan was made.
    #[error("`{0}` was installed or changed meanwhile; look at it again")]
    Outdated(String),
}

/// One plugin whose files were checked.
struct Checked {
    installed: Installed,
    package: Package,
    /// None where a file changed too lately to be sure: it is digested again then.
    stamp: Option<Stamp>,
    program: Arc<Program>,
}

/// All installed plugins and their grants.
pub struct Plugins {
    store: Store,
    file: GrantsFile,
    policies_file: PoliciesFile,
    policies: RwLock<Arc<Policies>>,
    protected: Protected,
    secrets: Arc<Secrets>,
    keys: Keys,
    operator: Limits,
    checked: RwLock<BTreeMap<String, Arc<Checked>>>,
    /// Who offers which command, once somebody asked.
    runtimes: RwLock<Option<Arc<BTreeMap<String, String>>>>,
    /// The grants of running processes stay the same object, so that a change reaches them.
    /// Files with another digest are somebody else.
    live: Mutex<HashMap<(String, Digest), Arc<LiveGrants>>>,
    /// One operator command at a time.
    changing: Mutex<()>,
    changed: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Plugins {
    /// Opens what is installed in Holm's home. `protect` are further places of Holm's own, like its
    /// configuration; `operator` is what any plugin may use at most.
    ///
    /// # Errors
    /// The store or the file of grants cannot be read. A single broken plugin is no such error.
    pub fn open(home: &Path, protect: impl IntoIterator<Item = PathBuf>, operator: Limits) -> Result<Self, OpenError> {
        let store = Store::open(home)?;
        let places = [home.to_owned(), store.folder().to_owned()].into_iter().chain(protect);
        let protected = Protected::new(places);
        let own = store.folder().parent().unwrap_or(home);
        // A file that cannot be read stops everything: nothing runs unjudged by mistake.
        let policies_file = PoliciesFile::new(own);
        let policies = RwLock::new(Arc::new(policies_file.read()?));
        let plugins = Self {
            file: GrantsFile::new(own, protected.clone()),
            policies_file,
            policies,
            protected,
            secrets: Arc::new(Secrets::new(home)),
            keys: Keys::new(home),
            store,
            operator,
            checked: RwLock::default(),
            runtimes: RwLock::default(),
            live: Mutex::default(),
            changing: Mutex::default(),
            changed: OnceLock::new(),
        };
        plugins.reload()?;
        Ok(plugins)
    }

    /// What to call after grants changed: `Kernel::grants_changed`. Only the first call counts.
    pub fn notify(&self, changed: impl Fn() + Send + Sync + 'static) {
        let _ = self.changed.set(Box::new(changed));
    }

    /// Reads the file of grants anew, after somebody else changed it. (What changes in the store is
    /// seen at the next look.)
    ///
    /// # Errors
    /// The file of grants cannot be read. Nothing changes then.
    pub fn reload(&self) -> Result<(), GrantsFileError> {
        let _alone = self.changing.lock();
        self.refresh()
    }

    fn refresh(&self) -> Result<(), GrantsFileError> {
        let granted = self.file.read()?;
        *self.runtimes.write() = None;
        *self.policies.write() = Arc::new(self.policies_file.read().map_err(Box::new)?);
        self.settle_live(&granted);
        Ok(())
    }

    /// Sets all live grants to what the file says.
    fn settle_live(&self, granted: &BTreeMap<String, Granted>) {
        for ((name, digest), live) in &*self.live.lock() {
            let grants = granted.get(name).filter(|granted| granted.digest == *digest);
            let grants = grants.map(|granted| granted.grants.clone()).unwrap_or_default();
            if *live.get() != grants {
                live.set(grants);
            }
        }
        if let Some(changed) = self.changed.get() {
            changed();
        }
    }

    /// The store, to read from.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What no file grant reaches.
    pub fn protected(&self) -> &Protected {
        &self.protected
    }

    /// What any plugin may use at most.
    pub fn operator(&self) -> &Limits {
        &self.operator
    }

    /// What the host adds to requests of plugins.
    pub fn secrets(&self) -> &Arc<Secrets> {
        &self.secrets
    }

    /// The keys that plugins may be signed by.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// What is recorded of each plugin, by name, whether it can be started or not.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn installed(&self) -> Result<BTreeMap<String, Result<Installed, StoreError>>, StoreError> {
        let find = |name: String| (name.clone(), self.store.find(&name));
        Ok(self.store.names()?.into_iter().map(find).collect())
    }

    /// All that is known of an installed plugin, its files checked.
    ///
    /// # Errors
    /// It is not installed, was changed, or cannot be read.
    pub fn inspect(&self, name: &str) -> Result<(Installed, Package), ProgramError> {
        let checked = self.check(name)?;
        Ok((checked.installed, checked.package))
    }

    /// What is granted to a plugin.
    ///
    /// # Errors
    /// It is not installed, was changed, or the file of grants cannot be read.
    pub fn grants(&self, name: &str) -> Result<Grants, GrantError> {
        let checked = self.checked(name)?;
        Ok(self.granted(&checked.installed)?)
    }

    fn granted(&self, installed: &Installed) -> Result<Grants, GrantsFileError> {
        let granted = self.file.read()?.remove(&installed.name);
        Ok(granted
            .filter(|granted| granted.digest == installed.digest)
            .map(|granted| granted.grants)
            .unwrap_or_default())
    }

    /// Compares a package with what is installed under its name. Nothing changes. `tools` are those
    /// that its component told of, in a bounded run without grants.
    ///
    /// # Errors
    /// Its tools are not acceptable, or the store cannot be read.
    pub fn plan(&self, package: Package, tools: Vec<ToolDescription>) -> Result<InstallPlan, UpdateError> {
        let entries = package.surface.entries();
        if !package.declared && entries.contains(&Entry::Policy) {
            return Err(UpdateError::Policy(package.source));
        }
        match entries.contains(&Entry::Functions) {
            true => tools::check_functions(&tools)?,
            false => tools::check_tools(&tools)?,
        }
        let before = match self.store.find(&package.manifest.name) {
            Err(StoreError::NotFound(_)) => None,
            // What cannot be read is replaced, and passes nothing on.
            Err(StoreError::Record(_)) => None,
            Err(error) => return Err(error.into()),
            Ok(installed) => Some(Before {
                manifest: self.checked(&installed.name).ok().map(|checked| checked.package.manifest.clone()),
                grants: self.granted(&installed)?,
                installed,
            }),
        };
        Ok(plan::plan(package, tools, before))
    }

    /// Installs as planned. `keep_grants` is its user's yes to [`plan::Difference::grants_kept`];
    /// where the files are the same, grants stay without being asked about.
    ///
    /// # Errors
    /// The source or the store changed since the plan, or cannot be written.
    pub fn apply(&self, plan: &InstallPlan, keep_grants: bool) -> Result<Installed, UpdateError> {
        let _alone = self.changing.lock();
        let name = &plan.package.manifest.name;
        self.check_commands(name, &plan.commands)?;
        if self.store.find(name).ok().as_ref() != plan.before.as_ref() {
            return Err(UpdateError::Outdated(name.clone()));
        }
        // A file of grants that cannot be read is found out before anything changes.
        let held = self.file.read()?.contains_key(name);
        let installed = {
            let told = Told { tools: &plan.tools, offers: &plan.offers, commands: &plan.commands };
            self.store.install(&plan.package, told, &plan.origin)?
        };
        if !plan.difference.same_files {
            // A crash before this leaves the new files without grants: they are for the old digest.
            if keep_grants && !plan.difference.grants_kept.is_empty() {
                let granted = Granted { digest: installed.digest, grants: plan.carried.clone() };
                self.file.set(name, &granted)?;
            } else if held {
                self.file.remove(name)?;
            }
        }
        self.checked.write().remove(name);
        *self.runtimes.write() = None;
        self.refresh()?;
        Ok(installed)
    }

    /// Removes a plugin and its grants. What runs of it is denied everything from now on.
    ///
    /// # Errors
    /// It is not installed, or cannot be removed.
    pub fn uninstall(&self, name: &str) -> Result<(), UpdateError> {
        let _alone = self.changing.lock();
        self.secrets.forget(name)?;
        if self.file.read()?.contains_key(name) {
            self.file.remove(name)?;
        }
        let removed = self.store.uninstall(name);
        self.checked.write().remove(name);
        *self.runtimes.write() = None;
        self.refresh()?;
        Ok(removed?)
    }

    /// The policies that are set, by plugin.
    pub fn policies(&self) -> Policies {
        Policies::clone(&self.policies.read())
    }

    /// The policies over one plugin, those over all included.
    pub fn policies_over(&self, plugin: &str) -> Vec<String> {
        let policies = self.policies.read();
        [policies.get(EVERYONE), policies.get(plugin)].into_iter().flatten().flatten().cloned().collect()
    }

    /// Sets exactly these policies over a plugin, or over [`EVERYONE`]; none takes them away. What runs
    /// is judged by them from its next call on.
    ///
    /// # Errors
    /// It, or one of them, is not installed, or is no policy. Nothing changes then.
    pub fn set_policies(&self, plugin: &str, policies: &[String]) -> Result<(), PolicyError> {
        let _alone = self.changing.lock();
        // What is gone can still be cleared.
        if plugin != EVERYONE && !policies.is_empty() {
            self.find_record(plugin)?;
        }
        if policies.is_empty() && !self.policies.read().contains_key(plugin) {
            return Err(PolicyError::NoneSet(plugin.to_owned()));
        }
        for policy in policies {
            if self.checked(policy)?.program.judges.is_empty() {
                return Err(PolicyError::NoPolicy(policy.clone()));
            }
        }
        *self.policies.write() = Arc::new(self.policies_file.set(plugin, policies)?);
        Ok(())
    }

    /// Adds lines like `fs=./data:ro` to a plugin's grants; paths count from `directory`.
    /// What it then holds.
    ///
    /// # Errors
    /// A line is beyond the ceiling, reaches what is Holm's own, or does not parse. Nothing changes then.
    pub fn grant(&self, name: &str, lines: &[String], directory: &Path) -> Result<Grants, GrantError> {
        let _alone = self.changing.lock();
        let checked = self.checked(name)?;
        let ceiling = &checked.package.manifest.ceiling;
        let added = grant::settle(name, lines, directory, ceiling, &self.protected)?;
        let mut grants = self.granted(&checked.installed)?;
        added.lines().iter().try_for_each(|line| grants.add(line))?;
        self.put(&checked.installed, grants)
    }

    /// Takes grants away: `fs`, or `fs=./data`. Without lines it takes all. What is left.
    ///
    /// # Errors
    /// A line covers nothing that is granted, or does not parse. Nothing changes then.
    pub fn revoke(&self, name: &str, lines: &[String], directory: &Path) -> Result<Grants, GrantError> {
        let _alone = self.changing.lock();
        // A plugin that was tampered with can still be revoked.
        let installed = self.find_record(name)?;
        let mut grants = if lines.is_empty() { Grants::default() } else { self.granted(&installed)? };
        for line in lines {
            if grant::take(&mut grants, line, directory)? == 0 {
                let granted = self.granted(&installed)?.lines();
                return Err(GrantError::NotGranted { name: name.to_owned(), line: line.clone(), granted });
            }
        }
        self.put(&installed, grants)
    }

    fn put(&self, installed: &Installed, grants: Grants) -> Result<Grants, GrantError> {
        let granted = Granted { digest: installed.digest, grants: grants.clone() };
        self.file.set(&installed.name, &granted)?;
        self.settle_live(&self.file.read()?);
        Ok(grants)
    }

    /// Checks a folder or a component's file: see [`Package::open`].
    ///
    /// # Errors
    /// Its manifest, its files or its component are not accepted.
    pub fn open_package(&self, path: &Path) -> Result<Package, PackageError> {
        Package::open_beside(path, &self.runtimes().keys().cloned().collect())
    }

    /// The program of a package that is not installed, to run it.
    ///
    /// # Errors
    /// It is a community skill, and no runtime serves those.
    pub fn program_of(
        &self,
        package: &Package,
        grants: Arc<LiveGrants>,
        tools: Vec<ToolDescription>,
    ) -> Result<Program, ProgramError> {
        let program = package.program(&self.operator, grants, tools);
        match package.community {
            None => Ok(program),
            Some(_) => Ok(Program { code: self.command(RUNNER)?, ..program }),
        }
    }

    /// The commands of all runtimes, and who offers each.
    pub fn runtimes(&self) -> Arc<BTreeMap<String, String>> {
        if let Some(known) = self.runtimes.read().clone() {
            return known;
        }
        // Locked while the store is read: what is installed meanwhile is not forgotten.
        let mut runtimes = self.runtimes.write();
        let all = Arc::new(self.offered());
        *runtimes = Some(Arc::clone(&all));
        all
    }

    fn offered(&self) -> BTreeMap<String, String> {
        let installed = self.installed().unwrap_or_default();
        let offered = installed.into_values().flatten().flat_map(|Installed { name, commands, .. }| {
            commands.into_iter().map(move |command| (command, name.clone())).collect::<Vec<_>>()
        });
        offered.collect()
    }

    /// One command is one runtime's: nobody takes another's place unseen.
    fn check_commands(&self, name: &str, commands: &[String]) -> Result<(), UpdateError> {
        let runtimes = self.offered();
        match commands.iter().find_map(|command| Some((command, runtimes.get(command).filter(|by| *by != name)?))) {
            Some((command, by)) => Err(UpdateError::Taken { command: command.clone(), by: by.clone() }),
            None => Ok(()),
        }
    }

    fn find_record(&self, name: &str) -> Result<Installed, ProgramError> {
        self.store.find(name).map_err(|error| match error {
            StoreError::NotFound(name) => ProgramError::NotFound(name),
            error => unreadable(name, &error),
        })
    }

    fn live(&self, installed: &Installed) -> Result<Arc<LiveGrants>, GrantsFileError> {
        // Locked before the file is read: a revocation between both finds the grants here and ends them.
        let mut live = self.live.lock();
        let grants = self.granted(installed)?;
        let key = (installed.name.clone(), installed.digest);
        Ok(live.entry(key).or_insert_with(|| Arc::new(LiveGrants::new(grants))).clone())
    }

    /// The plugin, from memory where nothing changed.
    fn checked(&self, name: &str) -> Result<Arc<Checked>, ProgramError> {
        let known = self.checked.read().get(name).cloned();
        let changed = match known {
            Some(known) => match &known.stamp {
                Some(stamp) => match stamp.changed(&known.package.source) {
                    None => return Ok(known),
                    Some(path) => Some(path.to_owned()),
                },
                None => None,
            },
            None => None,
        };
        let checked = self.check(name).map_err(|error| match (error, changed) {
            (ProgramError::Changed { name, .. }, Some(path)) if !path.as_os_str().is_empty() => {
                ProgramError::Changed { name, what: format!("{}", path.display()) }
            }
            (error, _) => error,
        })?;
        let checked = Arc::new(checked);
        self.checked.write().insert(name.to_owned(), checked.clone());
        Ok(checked)
    }

    /// Reads and digests a plugin's files.
    fn check(&self, name: &str) -> Result<Checked, ProgramError> {
        let started = SystemTime::now();
        let installed = self.find_record(name)?;
        let folder = self.store.folder_of(&installed);
        let changed = |what: &str| ProgramError::Changed { name: name.to_owned(), what: what.to_owned() };
        let package = match &installed.skill {
            Some(kept) => Package::of_skill(folder.clone(), kept.clone()),
            None => Package::in_folder(folder.clone(), Some(installed.digest), &BTreeSet::new()),
        };
        let package = package.map_err(|error| match &error {
            PackageError::NoManifest(_) => changed("plugin.toml is gone"),
            PackageError::NoComponent { .. } => changed("the component is gone"),
            // It was acceptable when it was installed.
            PackageError::Manifest(_) => changed("plugin.toml"),
            PackageError::Component { .. } => changed("the component"),
            PackageError::Skill { .. } => changed("SKILL.md"),
            PackageError::Unreadable { source, .. } if source.kind() == ErrorKind::NotFound => {
                changed("its folder is gone")
            }
            PackageError::Folder { source: FolderError::Io { .. }, .. } | PackageError::Unreadable { .. } => {
                unreadable(name, &error)
            }
            PackageError::Folder { source, .. } => changed(&source.to_string()),
        })?;
        if package.digest != installed.digest {
            let decisive = if installed.skill.is_some() { "SKILL.md" } else { "the component" };
            return Err(changed(if package.component == installed.component { "a file" } else { decisive }));
        }
        let stamp = Stamp::take(&folder, &package.files).ok().filter(|stamp| stamp.is_settled(started));
        let grants = self.live(&installed).map_err(|error| unreadable(name, &error))?;
        let mut program = package.named(name.to_owned(), &self.operator, grants, installed.tools.clone());
        program.offers = installed.offers.clone();
        Ok(Checked { installed, package, stamp, program: Arc::new(program) })
    }
}

fn unreadable(name: &str, error: &dyn std::error::Error) -> ProgramError {
    ProgramError::Unreadable { name: name.to_owned(), reason: error.to_string() }
}

impl Programs for Plugins {
    fn find(&self, name: &str) -> Result<Arc<Program>, ProgramError> {
        let checked = self.checked(name)?;
        match &checked.package.community {
            None => Ok(checked.program.clone()),
            Some(_) => Ok(Arc::new(Program { code: self.command(RUNNER)?, ..Program::clone(&checked.program) })),
        }
    }

    fn command(&self, command: &str) -> Result<Code, ProgramError> {
        let name = self.runtimes().get(command).cloned();
        let missing = || ProgramError::NoCommand(command.to_owned());
        let checked = self.checked(&name.ok_or_else(missing)?)?;
        // It may be another by now.
        let offers = checked.installed.commands.iter().any(|offered| offered == command);
        offers.then(|| checked.program.code.clone()).ok_or_else(missing)
    }

    fn list(&self) -> Vec<Arc<Program>> {
        let names = self.store.names().unwrap_or_default();
        names.iter().filter_map(|name| self.find(name).ok()).collect()
    }

    fn policies(&self, plugin: &str, moment: Moment) -> Vec<String> {
        let policies = self.policies.read();
        if policies.is_empty() {
            return Vec::new();
        }
        let checked = self.checked.read();
        // One that was not looked at yet is asked: its files are read then, and not here.
        let asked = |policy: &&String| {
            let judges = checked.get(*policy).map(|checked| &checked.program.judges);
            judges.is_none_or(|judges| judges.is_empty() || judges.contains(&moment))
        };
        let over = [policies.get(EVERYONE), policies.get(plugin)];
        over.into_iter().flatten().flatten().filter(asked).cloned().collect()
    }
}
