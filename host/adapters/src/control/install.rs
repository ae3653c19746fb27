//! Installing: look, compile, ask for the tools, show the plan, and do it once its user says yes.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use holm_packages::{InstallPlan, Package, StoreError, settle};
use tokio::sync::mpsc;

use super::{
    failure::{Failure, Kind},
    frame::Reader,
    protocol::{Input, Reply, Stage},
    server::{Server, blocking},
    view::{Inspected, Installed, Planned},
};

/// What to install, and what to grant to it.
pub(crate) struct Wanted {
    pub(crate) path: PathBuf,
    pub(crate) update: bool,
    pub(crate) grants: Vec<String>,
    pub(crate) directory: PathBuf,
}

impl Server {
    /// Plans an install, shows it, and does it if the client says so.
    pub(crate) async fn install(
        self: &Arc<Self>,
        wanted: Wanted,
        reader: &mut Reader,
        outgoing: &mpsc::Sender<Reply>,
    ) -> Result<(), Failure> {
        let _ = outgoing.send(Reply::Progress(Stage::Checking)).await;
        let path = wanted.path.clone();
        let package = blocking(move || Package::open(&path)).await?;
        let name = package.manifest.name.clone();
        self.check_known(&name, &wanted, &package)?;
        let ceiling = &package.manifest.ceiling;
        let lines = settle(&name, &wanted.grants, &wanted.directory, ceiling, self.plugins.protected())?.lines();
        let program = Arc::new(package.program(self.plugins.operator(), Arc::default(), Vec::new()));
        let _ = outgoing.send(Reply::Progress(Stage::Compiling)).await;
        self.kernel.inspect(&program).await?;
        let _ = outgoing.send(Reply::Progress(Stage::Describing)).await;
        let tools = self.kernel.describe_tools(program.clone()).await?;
        let offers = self.kernel.describe_offers(program).await?;
        let plugins = self.plugins.clone();
        let plan = blocking(move || Ok::<_, Failure>(plugins.plan(package, tools)?.offering(offers)?)).await?;
        let _ = outgoing.send(Reply::Planned(Box::new(self.planned(&plan, lines.clone())))).await;
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
        let grants = self.plugins.grants(&name)?.lines();
        let (version, digest) = (installed.version.to_string(), installed.digest.to_string());
        let _ = outgoing.send(Reply::Installed(Installed { name, version, digest, grants })).await;
        Ok(())
    }

    /// `install` is for what is new, `update` for what is there: neither does the other's work unasked.
    fn check_known(&self, name: &str, wanted: &Wanted, package: &Package) -> Result<(), Failure> {
        let path = wanted.path.display();
        match (self.plugins.store().find(name), wanted.update) {
            (Err(StoreError::NotFound(_)), true) => {
                let failure = Failure::new(Kind::NotFound, format!("no plugin `{name}` is installed"));
                Err(failure.hint(format!("to install it: holm install {path}")))
            }
            (Ok(installed), false) if installed.digest != package.digest => {
                let message = format!("another `{name}` ({}) is installed", installed.version);
                let hint = format!("to put this one in its place: holm update {path}");
                Err(Failure::new(Kind::Conflict, message).hint(hint))
            }
            _ => Ok(()),
        }
    }

    fn planned(&self, plan: &InstallPlan, grants: Vec<String>) -> Planned {
        let limits = plan.package.manifest.limits.within(self.plugins.operator());
        let mut plugin = Inspected::of(&plan.package, &plan.tools, limits);
        plugin.grants = plan.difference.grants_kept.clone();
        plugin.offers = plan.offers.clone();
        Planned::of(plugin, plan.difference.clone(), grants, plan.package.left_out.clone())
    }
}
