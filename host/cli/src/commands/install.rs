//! `holm install`: shows what it would mean, then does it. `holm update` is the same job.

use std::path::PathBuf;

use holm_adapters::control::{Input, Installed, Planned, Reply, Request, Role, Source as Whence, Target};
use holm_packages::{Reference, printable};

use super::inspect::amount;
use crate::{
    error::{CONFLICT, CommandError, Result},
    registry,
    session::{Session, answer, directory, unexpected},
    terminal::Terminal,
    ui,
};

/// Install a plugin from a folder, a file or a registry; none of it runs unconfined
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Do it without asking
    #[arg(long, short)]
    yes: bool,
}

/// What `holm install` and `holm update` both take.
#[derive(clap::Args)]
pub(super) struct Source {
    /// The folder, with its plugin.toml and its built component; a component's file alone; or a reference in a
    /// registry (`update` finds it by the plugin's name)
    #[arg(value_name = "DIR|FILE|oci://…")]
    pub(super) folder: PathBuf,
    /// Grant this at once
    #[arg(long = "grant", value_name = "CAPABILITY=RULE")]
    pub(super) grants: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        Job { source: self.source, yes: self.yes, update: false, runtime: false, keep_grants: None }.run(session).await
    }
}

/// What both commands do.
pub(super) struct Job {
    pub(super) source: Source,
    pub(super) yes: bool,
    pub(super) update: bool,
    /// Its commands may be executed by others, as themselves.
    pub(super) runtime: bool,
    /// None asks, if there are any.
    pub(super) keep_grants: Option<bool>,
}

impl Job {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let from = self.from(session).await?;
        let request = Request::Install {
            source: from,
            update: self.update,
            role: if self.runtime { Role::Runtime } else { Role::Plugin },
            grants: self.source.grants.clone(),
            directory: directory()?,
        };
        let mut connection = session.connect().await?;
        connection.send(&request).await?;
        let plan = match answer(&mut connection).await? {
            Reply::Planned(plan) => plan,
            reply => return unexpected(&reply),
        };
        if plan.same_files && plan.grants.is_empty() && !self.runtime {
            ui::talk(format_args!("{} {} is installed already", ui::bold(&plan.plugin.name), plan.plugin.version));
            return if self.source.json { ui::json(&unchanged(*plan)) } else { Ok(()) };
        }
        show(&plan);
        let keep_grants = self.decide(&plan)?;
        connection.send(&Input::Proceed { keep_grants }).await?;
        let installed = match answer(&mut connection).await? {
            Reply::Installed(installed) => installed,
            reply => return unexpected(&reply),
        };
        if self.source.json {
            return ui::json(&installed);
        }
        let verb = if self.update { "updated" } else { "installed" };
        ui::talk(format_args!("{} {} {}", ui::good(verb), ui::bold(&installed.name), installed.version));
        if !plan.plugin.commands.is_empty() {
            ui::talk(format_args!("it offers {}", plan.plugin.commands.join(" ")));
            return Ok(());
        }
        match installed.grants.is_empty() {
            true if plan.plugin.ceiling.is_empty() => {}
            true if plan.plugin.entries == ["functions"] => ui::hint(format!(
                "its tools may do nothing yet; `holm tool call {0}/…` asks, `holm grant {0} …` allows",
                installed.name
            )),
            true => ui::hint(format!(
                "it may do nothing yet; `holm run {0}` asks, `holm grant {0} …` allows",
                installed.name
            )),
            false => ui::talk(format_args!("it may: {}", installed.grants.join(", "))),
        }
        Ok(())
    }

    /// A folder; a registry, asked as its user is known there; or where an installed plugin came from.
    async fn from(&self, session: &Session) -> Result<Whence> {
        let given = self.source.folder.to_string_lossy();
        let mut reference = Reference::is_meant(&given).then(|| given.clone().into_owned());
        if self.update && reference.is_none() && !self.source.folder.exists() {
            reference = came_from(session, &given).await?;
        }
        if let Some(reference) = reference {
            let parsed: Reference = reference.parse().map_err(CommandError::usage)?;
            return Ok(Whence::Registry { reference, login: registry::login(&parsed.registry) });
        }
        let path = std::path::absolute(&self.source.folder).map_err(CommandError::usage)?;
        Ok(Whence::Path(path))
    }

    /// Whether to go on, and whether grants carry over.
    fn decide(&self, plan: &Planned) -> Result<bool> {
        let name = &plan.plugin.name;
        let nobody = || {
            let verb = if self.update { "update" } else { "install" };
            let error =
                CommandError::new(CONFLICT, format!("`{name}` was not changed: there is no terminal to ask on"));
            error.hint(format!("holm {verb} --yes {}", self.source.folder.display()))
        };
        // The same files keep their grants: nothing is replaced, and only what this very command says is added.
        if plan.same_files {
            return Ok(true);
        }
        // What is new replaces nothing, and is granted no more than this very command says.
        if !self.yes && plan.version_before.is_some() {
            let question = if self.update { format!("update {name}?") } else { format!("install {name}?") };
            if !Terminal::open().ok_or_else(nobody)?.confirm(&question)? {
                return Err(CommandError::new(CONFLICT, format!("`{name}` was not changed")));
            }
        }
        if plan.grants_kept.is_empty() {
            return Ok(false);
        }
        match self.keep_grants {
            Some(keep) => Ok(keep),
            None => {
                Ok(Terminal::open().ok_or_else(nobody)?.confirm("do its grants go on to hold for the new version?")?)
            }
        }
    }
}

/// The reference that an installed plugin came by, as far as it may have moved since.
async fn came_from(session: &Session, name: &str) -> Result<Option<String>> {
    let reply = session.ask(&Request::Inspect(Target::Installed(name.to_owned()))).await;
    let Ok(Reply::Inspected(plugin)) = reply else { return Ok(None) };
    if !Reference::is_meant(&plugin.source) {
        let error =
            CommandError::usage(format!("`{name}` was installed from a folder: name the one to update it from"));
        return Err(error.hint(format!("holm update {}", printable(&plugin.source))));
    }
    let reference: Reference = plugin.source.parse().map_err(CommandError::usage)?;
    Ok(Some(reference.loose().to_string()))
}

/// What is installed already.
fn unchanged(plan: Planned) -> Installed {
    let plugin = plan.plugin;
    Installed { name: plugin.name, version: plugin.version, digest: plugin.digest, grants: plugin.grants }
}

/// What it would mean. All of it is talk: the data is what comes of it.
fn show(plan: &Planned) {
    let plugin = &plan.plugin;
    let before = plan.version_before.as_ref().map(|before| format!(" (now {before})")).unwrap_or_default();
    ui::talk(format_args!("{} {}{before}  {}", ui::bold(&plugin.name), plugin.version, printable(&plugin.description)));
    line("digest", &plugin.digest);
    if Reference::is_meant(&plugin.source) {
        line("from", &printable(&plugin.source));
    }
    some("signed by", &plugin.signed_by);
    if plan.tampered {
        ui::warn("what is installed was changed behind Holm's back; its grants end");
    }
    if !plan.signers_lost.is_empty() {
        let now = if plugin.signed_by.is_empty() { "nobody".to_owned() } else { plugin.signed_by.join(", ") };
        ui::warn(format_args!("it was signed by {}, and now by {now}; its grants end", plan.signers_lost.join(", ")));
    }
    match plan.version_before {
        None => {
            line("may ask for", &or_nothing(&plugin.ceiling));
            line("tools", &or_nothing(&plan.tools_added));
            let offers = &plugin.offers;
            let templates = offers.templates.iter().map(|it| &it.uri_template);
            some(
                "resources",
                &offers
                    .resources
                    .iter()
                    .map(|it| &it.uri)
                    .chain(templates)
                    .map(|uri| printable(uri))
                    .collect::<Vec<_>>(),
            );
            some("prompts", &offers.prompts.iter().map(|it| it.name.clone()).collect::<Vec<_>>());
            let limits = plan
                .limits
                .iter()
                .filter_map(|(limit, _, to)| Some(format!("{limit} {}", amount(limit, to.as_ref()?))));
            line("limits", &or_defaults(limits.collect()));
        }
        Some(_) => {
            line("newly asks", &or_nothing(&plan.asks));
            some("gives up", &plan.gives_up);
            some("new tools", &plan.tools_added);
            some("lost tools", &plan.tools_removed);
            some("other tools", &plan.tools_changed);
            let limits = plan.limits.iter().map(|(limit, from, to)| {
                let shown = |value: &Option<String>| {
                    value.as_ref().map_or_else(|| "default".to_owned(), |value| amount(limit, value))
                };
                format!("{limit} {} → {}", shown(from), shown(to))
            });
            some("limits", &limits.collect::<Vec<_>>());
            some("may keep", &plan.grants_kept);
            some("loses", &plan.grants_lost);
        }
    }
    let refused: Vec<_> = plugin.refused.iter().map(|(export, reason)| format!("{export}: {reason}")).collect();
    few("no tools", &refused, "; ");
    some("judges", &plugin.judges);
    some("commands", &plugin.commands);
    some("granted now", &plan.grants);
    few("left out", &plan.left_out, ", ");
}

fn line(name: &str, value: &str) {
    ui::talk(format_args!("  {}{value}", ui::dim(format_args!("{name:<13}"))));
}

fn some(name: &str, values: &[String]) {
    if !values.is_empty() {
        line(name, &values.join(", "));
    }
}

/// The first of many.
fn few(name: &str, values: &[String], between: &str) {
    let shown: Vec<_> = values.iter().take(8).map(|value| printable(value)).collect();
    if !shown.is_empty() {
        let more = if values.len() > shown.len() { format!("{between}…") } else { String::new() };
        line(name, &format!("{}{more}", shown.join(between)));
    }
}

fn or_nothing(values: &[String]) -> String {
    if values.is_empty() {
        "nothing".to_owned()
    } else {
        values.iter().map(|value| printable(value)).collect::<Vec<_>>().join(", ")
    }
}

fn or_defaults(values: Vec<String>) -> String {
    if values.is_empty() { "the defaults".to_owned() } else { values.join(", ") }
}
