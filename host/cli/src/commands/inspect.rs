//! `holm inspect`: all that is known of a plugin.

use holm_adapters::control::{Inspected, Reply, Request};
use holm_kernel::{
    account::{Bytes, Limits},
    program::Offers,
};
use holm_packages::printable;
use serde::Serialize;
use serde_json::Value;

use super::tool::describe;
use crate::{
    error::Result,
    session::{Session, meant_path, target, unexpected},
    ui,
};

/// Show a plugin's imports, exports, tools, ceiling, grants, limits and digest
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// An installed plugin's name, or the path of a `.wasm` file or a built folder
    #[arg(value_name = "PLUGIN|PATH")]
    target: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let wanted = target(&self.target)?;
        let reply = session.ask(&Request::Inspect(wanted.clone())).await;
        let plugin = match reply.map_err(|error| meant_path(&self.target, &wanted, error))? {
            Reply::Inspected(plugin) => plugin,
            reply => return unexpected(&reply),
        };
        if self.json {
            return ui::json(&Whole { plugin: &plugin, fixed_limits: Fixed { stack: Limits::STACK } });
        }
        show(&plugin)
    }
}

/// A plugin, and what holds for every one.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    plugin: &'a Inspected,
    #[serde(rename = "fixed-limits")]
    fixed_limits: Fixed,
}

/// Limits that no table changes.
#[derive(Serialize)]
struct Fixed {
    stack: Bytes,
}

/// All of it, for people.
fn show(plugin: &Inspected) -> Result<()> {
    ui::data(format_args!("{} {}", ui::bold(&plugin.name), plugin.version))?;
    ui::data(printable(&plugin.description))?;
    ui::data("")?;
    field("digest", &plugin.digest)?;
    if plugin.component != plugin.digest {
        field("component", &plugin.component)?;
    }
    field("source", &printable(&plugin.source))?;
    if !plugin.signed_by.is_empty() {
        field("signed by", &plugin.signed_by.join(", "))?;
    }
    field("installed", plugin.installed.as_deref().unwrap_or("no"))?;
    field("files", &format!("{}, {}", ui::count(plugin.files, "file"), Bytes(plugin.bytes)))?;
    field("kind", &if plugin.entries.is_empty() { "nothing to run".to_owned() } else { plugin.entries.join(", ") })?;
    if let Some(skill) = &plugin.skill {
        field("skill", &skill.name.clone().unwrap_or_else(|| "SKILL.md".to_owned()))?;
    }
    let ceiling = if plugin.declared {
        "ceiling (what it may ever be granted)"
    } else {
        "ceiling (it has no manifest: what it imports)"
    };
    section(ceiling, &plugin.ceiling, "nothing")?;
    section("grants (what it may do now)", &plugin.grants, "nothing")?;
    if plugin.effective != plugin.grants {
        section("effective (grants within the ceiling)", &plugin.effective, "nothing")?;
    }
    if !plugin.judges.is_empty() {
        section("judges (when it is asked, once it is set over a plugin)", &plugin.judges, "nothing")?;
    }
    if !plugin.policies.is_empty() {
        section("policies (what judges it)", &plugin.policies, "nothing")?;
    }
    section("imports", &plugin.imports, "nothing")?;
    section("exports", &plugin.exports, "nothing")?;
    if !plugin.refused.is_empty() {
        let refused: Vec<_> = plugin.refused.iter().map(|(export, reason)| format!("{export}: {reason}")).collect();
        section("no tools (exports that cannot be one, and why)", &refused, "nothing")?;
    }
    limits(plugin)?;
    offers(&plugin.offers)?;
    if !plugin.tools.is_empty() {
        ui::data(format_args!("\n{}", ui::bold("tools")))?;
        plugin.tools.iter().try_for_each(describe)?;
    }
    Ok(())
}

fn field(name: &str, value: &str) -> Result<()> {
    ui::data(format_args!("{}{value}", ui::dim(format_args!("{name:<11}"))))
}

fn section(title: &str, lines: &[String], none: &str) -> Result<()> {
    ui::data(format_args!("\n{}", ui::bold(title)))?;
    if lines.is_empty() {
        return ui::data(format_args!("  {none}"));
    }
    lines.iter().try_for_each(|line| ui::data(format_args!("  {}", printable(line))))
}

/// What it offers beside tools.
fn offers(offers: &Offers) -> Result<()> {
    let resources = offers.resources.iter().map(|it| &it.uri).chain(offers.templates.iter().map(|it| &it.uri_template));
    let resources: Vec<String> = resources.cloned().collect();
    let prompts: Vec<String> = offers.prompts.iter().map(|it| it.name.clone()).collect();
    for (title, lines) in [("resources", resources), ("prompts", prompts)] {
        if !lines.is_empty() {
            section(title, &lines, "none")?;
        }
    }
    Ok(())
}

/// The limits, amounts as people read them.
fn limits(plugin: &Inspected) -> Result<()> {
    ui::data(format_args!("\n{}", ui::bold("limits")))?;
    let Ok(Value::Object(limits)) = serde_json::to_value(&plugin.limits) else { return Ok(()) };
    for (name, value) in limits {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        ui::data(format_args!("  {name:<15}{}", amount(&name, &text)))?;
    }
    ui::data(format_args!("  {:<15}{} (of calls; the same for every process)", "stack", Limits::STACK))
}

/// The value of a limit as people read it.
pub(super) fn amount(limit: &str, value: &str) -> String {
    match value.parse() {
        Ok(fuel) if limit == "fuel" => holm_kernel::account::Fuel(fuel).to_string(),
        Ok(bytes) if BYTES.contains(&limit) => Bytes(bytes).to_string(),
        _ => value.to_owned(),
    }
}

/// Limits that count bytes.
const BYTES: &[&str] = &[
    "memory",
    "written",
    "log-bytes",
    "output",
    "storage",
    "remembered",
    "hostcall",
    "random",
    "mailbox",
    "audit",
    "network",
];
