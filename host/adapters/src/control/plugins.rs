//! What is installed and granted: looked at and changed.

use std::{path::PathBuf, sync::Arc};

use holm_kernel::{
    account::Bytes,
    program::{Program, Programs},
    tool::{MAXIMUM_FOUND, QUERY_BYTES},
};
use holm_packages::GrantError;
use tokio::sync::mpsc;

use super::{
    failure::{Failure, Kind},
    protocol::{KeyChange, Reply, Target},
    runs::take_all,
    server::{Server, blocking},
    view::{FoundTool, Inspected, Listed, OffersView, ToolView},
};

impl Server {
    /// All installed plugins.
    pub(crate) async fn list(&self) -> Result<Reply, Failure> {
        let plugins = self.plugins.clone();
        blocking(move || {
            let mut listed = Vec::new();
            for (name, installed) in plugins.installed()? {
                let mut entry = Listed {
                    name: name.clone(),
                    version: String::new(),
                    digest: String::new(),
                    source: String::new(),
                    description: String::new(),
                    tools: Vec::new(),
                    commands: Vec::new(),
                    grants: Vec::new(),
                    problem: None,
                };
                match installed {
                    Ok(installed) => {
                        entry.version = installed.version.to_string();
                        entry.digest = installed.digest.to_string();
                        entry.source = installed.source;
                        entry.commands = installed.commands;
                        entry.tools = installed.tools.iter().map(|tool| tool.name.clone()).collect();
                    }
                    Err(error) => entry.problem = Some(error.to_string()),
                }
                match plugins.inspect(&name) {
                    Ok((_, package)) => entry.description = package.manifest.description,
                    Err(error) => entry.problem = entry.problem.or(Some(error.to_string())),
                }
                if entry.problem.is_none() {
                    entry.grants = plugins.grants(&name)?.lines();
                }
                listed.push(entry);
            }
            Ok::<_, Failure>(Reply::Plugins(listed))
        })
        .await
    }

    /// All about one plugin.
    pub(crate) async fn inspect(self: &Arc<Self>, target: Target) -> Result<Reply, Failure> {
        let server = self.clone();
        let inspected = match target.clone() {
            Target::Installed(name) => match blocking(move || server.inspect_installed(&name)).await {
                Ok((inspected, program)) => self.with_refused(inspected, &program).await,
                Err(failure) => Err(failure),
            },
            Target::Path(path) => self.inspect_path(path).await,
        };
        let inspected = inspected.map_err(|failure| self.suggest(&target, failure))?;
        Ok(Reply::Inspected(Box::new(inspected)))
    }

    /// What its exports cannot be is the kernel's to say; where it does not start, that is said elsewhere.
    async fn with_refused(&self, mut inspected: Inspected, program: &Program) -> Result<Inspected, Failure> {
        let image = self.kernel.inspect(program).await;
        inspected.refused = image.map(|image| image.refused().to_vec()).unwrap_or_default();
        Ok(inspected)
    }

    fn inspect_installed(&self, name: &str) -> Result<(Inspected, Arc<Program>), Failure> {
        let (installed, package) = self.plugins.inspect(name)?;
        let grants = self.plugins.grants(name)?;
        let program = self.plugins.find(name)?;
        let mut inspected = Inspected::of(&package, &installed.tools, program.limits.clone());
        let beyond = program.ceiling.beyond(&grants);
        inspected.effective = grants.lines().into_iter().filter(|line| !beyond.contains(line)).collect();
        inspected.grants = grants.lines();
        inspected.offers = installed.offers;
        inspected.commands = installed.commands;
        inspected.policies = self.plugins.policies_over(name);
        inspected.installed = Some(installed.installed);
        inspected.source = installed.source;
        inspected.signed_by = installed.signed_by;
        Ok((inspected, program))
    }

    async fn inspect_path(&self, path: PathBuf) -> Result<Inspected, Failure> {
        let plugins = self.plugins.clone();
        let package = blocking(move || plugins.open_package(&path)).await?;
        let program = Arc::new(self.plugins.program_of(&package, Arc::default(), Vec::new())?);
        let tools = package.documented(self.kernel.describe_tools(program.clone()).await?);
        let offers = self.kernel.describe_offers(program.clone()).await?;
        let inspected = Inspected { offers, ..Inspected::of(&package, &tools, program.limits.clone()) };
        self.with_refused(inspected, &program).await
    }

    /// Removes a plugin, and what it has stored: who is installed by its name next is somebody else.
    pub(crate) async fn uninstall(&self, plugin: String, keep_data: bool) -> Result<Reply, Failure> {
        let (plugins, name) = (self.plugins.clone(), plugin.clone());
        blocking(move || plugins.uninstall(&name))
            .await
            .map_err(|failure| self.suggest(&Target::Installed(plugin.clone()), failure))?;
        self.runs.revoke(&plugin, &[], std::path::Path::new("/"));
        self.kernel.revoke_once(&plugin, |once| *once = holm_kernel::devices::Grants::default());
        self.kernel.grants_changed();
        let removed = match keep_data {
            true => Bytes(0),
            false => self.kernel.forget(&plugin).await.map_err(|error| {
                Failure::internal(format!("`{plugin}` is uninstalled; what it had stored is not removed: {error}"))
            })?,
        };
        let set = self.plugins.policies().into_iter();
        let over = set.filter(|(_, policies)| policies.contains(&plugin)).map(|(ward, _)| ward).collect();
        Ok(Reply::Uninstalled { removed, over })
    }

    /// Adds grants.
    pub(crate) async fn grant(
        &self,
        plugin: String,
        lines: Vec<String>,
        directory: PathBuf,
        outgoing: &mpsc::Sender<Reply>,
    ) -> Result<Reply, Failure> {
        let (plugins, name, granted) = (self.plugins.clone(), plugin.clone(), lines.clone());
        let grants = blocking(move || plugins.grant(&name, &granted, &directory)).await;
        let grants = grants.map_err(|failure| self.suggest(&Target::Installed(plugin), failure))?;
        self.pin(&lines, outgoing).await;
        Ok(Reply::Grants(grants.lines()))
    }

    /// Takes grants away, from runs too.
    pub(crate) async fn revoke(
        &self,
        plugin: String,
        lines: Vec<String>,
        directory: PathBuf,
    ) -> Result<Reply, Failure> {
        let mut taken = self.runs.revoke(&plugin, &lines, &directory);
        if taken > 0 {
            self.kernel.grants_changed();
        }
        // Also what was allowed once to a process that another started.
        taken += self.kernel.revoke_once(&plugin, |once| take_all(once, &lines, &directory));
        let (plugins, name) = (self.plugins.clone(), plugin.clone());
        let grants = blocking(move || match plugins.revoke(&name, &lines, &directory) {
            // It held for runs only, and holds no longer.
            Err(GrantError::NotGranted { .. }) if taken > 0 => plugins.grants(&name),
            grants => grants,
        });
        let grants = grants.await.map_err(|failure| self.suggest(&Target::Installed(plugin), failure))?;
        Ok(Reply::Grants(grants.lines()))
    }

    /// What one plugin offers beside its tools, or all do.
    pub(crate) async fn offers(&self, plugin: Option<String>) -> Result<Reply, Failure> {
        let programs = self.programs(plugin).await?;
        let offering = programs.iter().filter(|program| !program.offers.is_empty());
        let view = |program: &Arc<Program>| OffersView {
            plugin: program.name.clone(),
            digest: program.code.digest.to_string(),
            offers: program.offers.clone(),
        };
        Ok(Reply::Offers(offering.map(view).collect()))
    }

    /// The tools of one plugin, or of all.
    pub(crate) async fn tools(&self, plugin: Option<String>, servers: bool) -> Result<Reply, Failure> {
        let offered = if servers { self.kernel.servers().offers() } else { Vec::new() };
        let of_servers: Vec<_> = offered
            .iter()
            .filter(|offer| plugin.as_ref().is_none_or(|plugin| plugin == offer.name()))
            .flat_map(|offer| offer.tools().iter().map(|tool| ToolView::new(offer.name(), tool)))
            .collect();
        if servers && plugin.as_ref().is_some_and(|plugin| self.servers.knows(plugin)) {
            return Ok(Reply::Tools(of_servers));
        }
        let programs = self.programs(plugin).await?;
        let tools = programs.iter().flat_map(|program| {
            program.tools.iter().map(|tool| ToolView::new(&program.name, tool)).collect::<Vec<_>>()
        });
        Ok(Reply::Tools(tools.chain(of_servers).collect()))
    }

    /// The tools that some words fit, of all that are installed.
    pub(crate) async fn search_tools(&self, query: &str, limit: usize) -> Result<Reply, Failure> {
        if query.len() > QUERY_BYTES {
            return Err(Failure::new(Kind::Usage, format!("a query has at most {QUERY_BYTES} bytes")));
        }
        let limit = limit.clamp(1, MAXIMUM_FOUND as usize);
        let found = self.kernel.search_tools(query, Arc::new(|_| true), limit).await;
        Ok(Reply::Found(found.into_iter().map(FoundTool::from).collect()))
    }

    /// One plugin, or all.
    async fn programs(&self, plugin: Option<String>) -> Result<Vec<Arc<Program>>, Failure> {
        let (plugins, name) = (self.plugins.clone(), plugin.clone());
        blocking(move || match name {
            Some(name) => Ok::<_, Failure>(vec![plugins.find(&name)?]),
            None => Ok(plugins.list()),
        })
        .await
        .map_err(|failure| self.suggest(&Target::Installed(plugin.unwrap_or_default()), failure))
    }

    /// The keys that plugins may be signed by, once they are changed.
    pub(crate) async fn keys(&self, change: KeyChange) -> Result<Reply, Failure> {
        let plugins = self.plugins.clone();
        let keys = blocking(move || {
            match change {
                KeyChange::List => {}
                KeyChange::Add { name, pem } => plugins.keys().add(&name, &pem)?,
                KeyChange::Remove { name } => plugins.keys().remove(&name)?,
            }
            plugins.keys().list()
        });
        keys.await.map(Reply::Keys)
    }

    /// The policies that are set.
    pub(crate) fn policies(&self) -> Reply {
        Reply::Policies(self.plugins.policies())
    }

    /// Sets policies over a plugin.
    pub(crate) async fn set_policies(&self, plugin: String, policies: Vec<String>) -> Result<Reply, Failure> {
        let (plugins, name) = (self.plugins.clone(), plugin.clone());
        let set = blocking(move || plugins.set_policies(&name, &policies)).await;
        set.map_err(|failure| self.suggest(&Target::Installed(plugin), failure))?;
        Ok(self.policies())
    }

    /// Decides about a call that waits.
    pub(crate) fn decide(&self, id: u64, allow: bool) -> Result<Reply, Failure> {
        match self.kernel.answer(id, allow) {
            true => Ok(Reply::Done),
            false => Err(Failure::new(Kind::NotFound, format!("nothing waits by the number {id}"))
                .hint("`holm pending` lists what does")),
        }
    }

    /// Adds to "not found" what was perhaps meant.
    pub(crate) fn suggest(&self, target: &Target, failure: Failure) -> Failure {
        let Target::Installed(name) = target else { return failure };
        if failure.kind != Kind::NotFound || failure.hint.is_some() {
            return failure;
        }
        let names = self.plugins.store().names().unwrap_or_default();
        let closest = names
            .iter()
            .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|one, other| one.0.total_cmp(&other.0));
        failure.hint(match closest {
            Some((_, candidate)) => format!("did you mean `{candidate}`?"),
            None => "`holm list` shows what is installed".to_owned(),
        })
    }
}
