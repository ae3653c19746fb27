//! Installed software as the other side sees it: plain values, and what `--json` prints.

use holm_kernel::{
    account::Limits,
    program::{Offers, ToolDescription},
    tool::Found,
};
use holm_packages::{Difference, Entry, LimitChange, Package, Proposed, SkillHead};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line of `holm list`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest of its files.
    pub digest: String,
    /// Where it was installed from.
    pub source: String,
    /// What it is for.
    pub description: String,
    /// The names of its tools.
    pub tools: Vec<String>,
    /// The commands that it answers to, as a runtime.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// What it is granted.
    pub grants: Vec<String>,
    /// Why it cannot be started, if it cannot.
    pub problem: Option<String>,
}

/// A tool, with whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ToolView {
    /// As it is called: `plugin/tool`.
    pub name: String,
    /// The first sentence of what it does.
    pub summary: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// JSON Schema of its result, where it is known.
    pub output_schema: Option<Value>,
}

impl ToolView {
    pub(crate) fn new(plugin: &str, tool: &ToolDescription) -> Self {
        let schema = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        Self {
            name: format!("{plugin}/{}", tool.name),
            summary: tool.summary.clone(),
            description: tool.description.clone(),
            input_schema: schema(&tool.input_schema),
            output_schema: tool.output_schema.as_deref().map(schema),
        }
    }
}

/// A tool that was searched for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FoundTool {
    /// As it is called: `plugin/tool`.
    pub name: String,
    /// The first sentence of what it does.
    pub summary: String,
    /// How well it fits, beside the best, which has 1.
    pub score: f32,
}

impl From<Found> for FoundTool {
    fn from(Found { name, summary, score }: Found) -> Self {
        Self { name, summary, score }
    }
}

/// What a plugin offers beside its tools, with whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OffersView {
    /// Its plugin.
    pub plugin: String,
    /// What its component is: another one may hold other things.
    pub digest: String,
    /// What it offers.
    pub offers: Offers,
}

/// All that is known of a plugin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inspected {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// The digest of its files.
    pub digest: String,
    /// The digest of its component.
    pub component: String,
    /// Where it was installed from, or where it lies.
    pub source: String,
    /// The keys that signed it, by their names.
    pub signed_by: Vec<String>,
    /// When it was installed; none if it is not.
    pub installed: Option<String>,
    /// Whether it has a manifest.
    pub declared: bool,
    /// How it is used: `command`, `agent`, `tools`, `policy`, `functions`.
    pub entries: Vec<String>,
    /// The interfaces it needs.
    pub imports: Vec<String>,
    /// What it offers.
    pub exports: Vec<String>,
    /// Its tools.
    pub tools: Vec<ToolView>,
    /// Exports of its own types that are no tools, and why not.
    pub refused: Vec<(String, String)>,
    /// What it offers beside them.
    #[serde(default, skip_serializing_if = "Offers::is_empty")]
    pub offers: Offers,
    /// What it may ever be granted.
    pub ceiling: Vec<String>,
    /// What it is granted.
    pub grants: Vec<String>,
    /// What it may do now: grants within the ceiling.
    pub effective: Vec<String>,
    /// What it may use.
    pub limits: Limits,
    /// When it is asked, if it is a policy.
    pub judges: Vec<String>,
    /// The policies over it.
    pub policies: Vec<String>,
    /// What its `SKILL.md` says of itself.
    pub skill: Option<SkillHead>,
    /// The commands that it answers to, as a runtime.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// What runs its scripts, where it is a community skill.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interpreters: Vec<String>,
    /// What it seems to need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposed: Vec<Proposed>,
    /// Commands that it seems to need, and that no runtime offered when it was installed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
    /// How many files belong to it.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl Inspected {
    pub(crate) fn of(package: &Package, tools: &[ToolDescription], limits: Limits) -> Self {
        let manifest = &package.manifest;
        Self {
            name: manifest.name.clone(),
            version: manifest.version.to_string(),
            description: manifest.description.clone(),
            digest: package.digest.to_string(),
            component: package.component.to_string(),
            source: package.source.display().to_string(),
            signed_by: Vec::new(),
            installed: None,
            declared: package.declared,
            entries: package.surface.entries().into_iter().map(entry).map(str::to_owned).collect(),
            imports: package.surface.imports.clone(),
            exports: package.surface.exports.clone(),
            tools: tools.iter().map(|tool| ToolView::new(&manifest.name, tool)).collect(),
            refused: Vec::new(),
            offers: Offers::default(),
            ceiling: manifest.ceiling.lines(),
            grants: Vec::new(),
            effective: Vec::new(),
            limits,
            judges: manifest.judges.iter().map(ToString::to_string).collect(),
            policies: Vec::new(),
            skill: package.skill.clone(),
            commands: Vec::new(),
            interpreters: package.community.as_ref().map_or_else(Vec::new, |skill| skill.interpreters.clone()),
            proposed: package.community.as_ref().map_or_else(Vec::new, |skill| skill.proposed.clone()),
            absent: package.community.as_ref().map_or_else(Vec::new, |skill| skill.absent.clone()),
            files: package.files.len(),
            bytes: package.files.iter().map(|file| file.bytes).sum(),
        }
    }
}

fn entry(entry: Entry) -> &'static str {
    match entry {
        Entry::Command => "command",
        Entry::Agent => "agent",
        Entry::Tools => "tools",
        Entry::Resources => "resources",
        Entry::Prompts => "prompts",
        Entry::Policy => "policy",
        Entry::Functions => "functions",
    }
}

/// An install that awaits its user's yes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Planned {
    /// What would be installed.
    pub plugin: Inspected,
    /// The version that is installed now.
    pub version_before: Option<String>,
    /// Whether the very same files are installed.
    pub same_files: bool,
    /// Whether what is installed was changed behind Holm's back.
    pub tampered: bool,
    /// Who signed what is installed, where none of them signed this.
    #[serde(default)]
    pub signers_lost: Vec<String>,
    /// What it newly asks for.
    pub asks: Vec<String>,
    /// What it no longer asks for.
    pub gives_up: Vec<String>,
    /// Limits that change: the limit, what was asked, what is asked now.
    pub limits: Vec<(String, Option<String>, Option<String>)>,
    /// New tools.
    pub tools_added: Vec<String>,
    /// Tools that are gone.
    pub tools_removed: Vec<String>,
    /// Tools with another description or schema.
    pub tools_changed: Vec<String>,
    /// Grants that would go on to hold.
    pub grants_kept: Vec<String>,
    /// Grants that end.
    pub grants_lost: Vec<String>,
    /// What would be granted at once.
    pub grants: Vec<String>,
    /// Files of the folder that do not belong to it.
    pub left_out: Vec<String>,
}

impl Planned {
    pub(crate) fn of(plugin: Inspected, difference: Difference, grants: Vec<String>, left_out: Vec<String>) -> Self {
        let limit = |change: LimitChange| (change.limit, change.from, change.to);
        Self {
            plugin,
            version_before: difference.version_before,
            same_files: difference.same_files,
            tampered: difference.tampered,
            signers_lost: difference.signers_lost,
            asks: difference.asks,
            gives_up: difference.gives_up,
            limits: difference.limits.into_iter().map(limit).collect(),
            tools_added: difference.tools_added,
            tools_removed: difference.tools_removed,
            tools_changed: difference.tools_changed,
            grants_kept: difference.grants_kept,
            grants_lost: difference.grants_lost,
            grants,
            left_out,
        }
    }
}

/// What was installed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest of its files.
    pub digest: String,
    /// What it is granted now.
    pub grants: Vec<String>,
}
