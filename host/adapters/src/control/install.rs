//! Installing: look, compile, ask for the tools, show the plan, and do it once its user says yes.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use holm_packages::{
    FetchError, Fetched, InstallPlan, Origin, Package, Reference, SignatureError, StoreError, fetch, printable, settle,
};
use tokio::sync::mpsc;

use super::{
    failure::{Failure, Kind},
    frame::Reader,
    protocol::{Input, Reply, Role, Source, Stage},
    server::{Server, blocking},
    view::{Inspected, Installed, Planned},
};

/// What to install, and what to grant to it.
pub(crate) struct Wanted {
    pub(crate) source: Source,
    pub(crate) update: bool,
    pub(crate) role: Role,
    pub(crate) grants: Vec<String>,
    pub(crate) directory: PathBuf,
}

/// The whole of fetching one plugin. Stops registries that give a byte at a time, many times over.
const FETCHED_WITHIN: Duration = Duration::from_secs(15 * 60);

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Path(path) => path.display().fmt(f),
            Source::Registry { reference, .. } => f.write_str(&printable(reference)),
        }
    }
}

/// Where a plugin's files lie until it is installed.
struct Found {
    path: PathBuf,
    /// Whence they were fetched; then they go with this.
    fetched: Option<Fetched>,
}

impl Drop for Found {
    fn drop(&mut self) {
        if self.fetched.is_some() {
            // What stays is swept away with the next start.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn unsigned(error: SignatureError) -> Failure {
    Failure::new(Kind::Denied, error).hint("`holm key list` shows the keys that you trust")
}

impl Server {
    /// The folder to install from; fetched, where it lies in a registry.
    async fn find(&self, source: &Source, outgoing: &mpsc::Sender<Reply>) -> Result<Found, Failure> {
        let (reference, login) = match source {
            Source::Path(path) => return Ok(Found { path: path.clone(), fetched: None }),
            Source::Registry { reference, login } => (reference, login.clone()),
        };
        let reference: Reference = reference.parse().map_err(|error| Failure::new(Kind::Usage, error))?;
        let remote = self.facts.registries.open(&reference, login);
        let remote = remote.map_err(|source| FetchError::Remote { reference: reference.to_string(), source })?;
        let mut told = 0;
        let mut progress = |come: u64, whole: u64| {
            // Nobody needs to know of each packet.
            if come == 0 || come - told > whole / 50 {
                told = come;
                let _ = outgoing.try_send(Reply::Progress(Stage::Fetching { come, whole }));
            }
        };
        let fetching = tokio::time::timeout(FETCHED_WITHIN, fetch(&*remote, &reference, &mut progress));
        let fetched = fetching.await.map_err(|_| {
            Failure::new(Kind::Busy, format!("`{reference}` is not fetched: it took longer than 15 minutes"))
        })??;
        let path = self.plugins.store().incoming();
        let found = Found { path: path.clone(), fetched: Some(fetched) };
        blocking(move || {
            // Half of it is removed as well.
            if let Some(fetched) = &found.fetched {
                fetched.write(&path)?;
            }
            Ok::<_, Failure>(found)
        })
        .await
    }

    /// Plans an install, shows it, and does it if the client says so.
    pub(crate) async fn install(
        self: &Arc<Self>,
        wanted: Wanted,
        reader: &mut Reader,
        outgoing: &mpsc::Sender<Reply>,
    ) -> Result<(), Failure> {
        let found = Arc::new(self.find(&wanted.source, outgoing).await?);
        let _ = outgoing.send(Reply::Progress(Stage::Checking)).await;
        let (path, plugins, seen) = (found.path.clone(), self.plugins.clone(), found.clone());
        let (package, signed_by) = blocking(move || {
            let package = plugins.open_package(&path)?;
            let signed_by = plugins.keys().signed(&path, package.digest, seen.fetched.as_ref())?;
            Ok::<_, Failure>((package, signed_by))
        })
        .await?;
        let name = package.manifest.name.clone();
        if wanted.role == Role::Skill && package.community.is_none() {
            let failure =
                Failure::new(Kind::Usage, format!("`{name}` is a plugin and no community skill: it has a plugin.toml"));
            return Err(failure.hint(format!("to install it as that: holm install {}", wanted.source)));
        }
        self.free_name(&name)?;
        let fetched = found.fetched.as_ref().map(|fetched| &fetched.reference);
        let repository = fetched.map(Reference::name);
        // Before any of it is compiled or run.
        self.facts.signatures.check(&name, repository.as_deref(), &signed_by).map_err(unsigned)?;
        let origin = Origin { reference: fetched.map(ToString::to_string), signed_by };
        self.check_known(&name, &wanted, &package)?;
        let ceiling = &package.manifest.ceiling;
        let lines = settle(&name, &wanted.grants, &wanted.directory, ceiling, self.plugins.protected())?.lines();
        let program = Arc::new(self.plugins.program_of(&package, Arc::default(), Vec::new())?);
        let _ = outgoing.send(Reply::Progress(Stage::Compiling)).await;
        let refused = self.kernel.inspect(&program).await?.refused().to_vec();
        let _ = outgoing.send(Reply::Progress(Stage::Describing)).await;
        let tools = package.documented(self.kernel.describe_tools(program.clone()).await?);
        let offers = self.kernel.describe_offers(program).await?;
        let plugins = self.plugins.clone();
        let plan = blocking(move || {
            let plan = plugins.plan(package, tools)?.offering(offers)?.of_origin(origin);
            Ok::<_, Failure>(if wanted.role == Role::Runtime { plan.as_runtime() } else { plan })
        })
        .await?;
        let _ = outgoing.send(Reply::Planned(Box::new(self.planned(&plan, lines.clone(), refused)))).await;
        let Ok(Input::Proceed { keep_grants }) = reader.next().await else {
            return Err(Failure::new(Kind::Conflict, format!("`{name}` was not installed")));
        };
        let plugins = self.plugins.clone();
        let installed = blocking(move || {
            let installed = plugins.apply(&plan, keep_grants)?;
            if !lines.is_empty() {
                plugins.grant(&installed.name, &lines, Path::new("/"))?;
            }
            Ok::<_, Failure>(installed)
        })
        .await?;
        self.pin(&wanted.grants, outgoing).await;
        let grants = self.plugins.grants(&name)?.lines();
        let (version, digest) = (installed.version.to_string(), installed.digest.to_string());
        let _ = outgoing.send(Reply::Installed(Installed { name, version, digest, grants })).await;
        Ok(())
    }

    /// `install` is for what is new, `update` for what is there: neither does the other's work unasked.
    fn check_known(&self, name: &str, wanted: &Wanted, package: &Package) -> Result<(), Failure> {
        let path = wanted.source.to_string();
        match (self.plugins.store().find(name), wanted.update) {
            (Err(StoreError::NotFound(_)), true) => {
                let failure = Failure::new(Kind::NotFound, format!("no plugin `{name}` is installed"));
                Err(failure.hint(format!("to install it: holm install {path}")))
            }
            (Ok(installed), false) if installed.digest != package.digest => {
                let (version, whence) = (&installed.version, &installed.source);
                let message = format!("another `{name}` ({version}) is installed, from {whence}");
                let update = if wanted.role == Role::Skill { "skill install --update" } else { "update" };
                let failure = Failure::new(Kind::Conflict, message);
                Err(failure.hint(format!("to put this one in its place: holm {update} {path}")))
            }
            _ => Ok(()),
        }
    }

    fn planned(&self, plan: &InstallPlan, grants: Vec<String>, refused: Vec<(String, String)>) -> Planned {
        let limits = plan.package.manifest.limits.within(self.plugins.operator());
        let mut plugin = Inspected::of(&plan.package, &plan.tools, limits);
        plugin.refused = refused;
        plugin.grants = plan.difference.grants_kept.clone();
        plugin.source = plan.origin.reference.clone().unwrap_or(plugin.source);
        plugin.signed_by = plan.origin.signed_by.clone();
        plugin.offers = plan.offers.clone();
        plugin.commands = plan.commands.clone();
        Planned::of(plugin, plan.difference.clone(), grants, plan.package.left_out.clone())
    }
}
