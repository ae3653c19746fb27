//! `plugin.toml`: what a plugin is called, what it may ever ask for, what it would like to use.

use std::path::Path;

use holm_kernel::{Moment, SKILL, account::Limits, devices::Grants, is_command};
use semver::Version;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::{
    component::ComponentError,
    limits::LimitRequest,
    text::{At, Text, TextError, is_hidden, printable},
};

/// The file of that name in each plugin's folder.
pub(crate) const FILE: &str = "plugin.toml";

/// Stops manifests that cost more to parse than they could ever say.
pub(crate) const MAXIMUM_MANIFEST_BYTES: usize = 64 << 10;

/// Names that mean something else in grants and tool names.
const RESERVED: &[&str] = &["self", "skill", "holm"];

const KEYS: &[&str] =
    &["name", "version", "description", "component", "include", "ceiling", "limits", "judges", "commands"];

/// Names of one runtime's commands: a hundred utilities in one component are not unusual.
const MAXIMUM_COMMANDS: usize = 256;

/// What a plugin's author says about it. It grants nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// `[a-z0-9-]`, 1 to 64 bytes.
    pub name: String,
    /// A semantic version.
    pub version: Version,
    /// What it is for, 1 to 1,024 characters.
    pub description: String,
    /// The component's file name, in the same folder.
    pub component: String,
    /// Further files and folders to install, by their names in the same folder.
    pub include: Vec<String>,
    /// What it may ever be granted.
    pub ceiling: Grants,
    /// What it asks to be allowed to use.
    pub limits: LimitRequest,
    /// When it is asked, if it is a policy.
    pub judges: Vec<Moment>,
    /// The commands that it answers to, where its user installs it as a runtime.
    pub commands: Vec<String>,
}

/// Why a manifest is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is larger than any manifest has to be.
    #[error("{path} has {bytes} bytes; at most {MAXIMUM_MANIFEST_BYTES} are read")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: usize,
    },
    /// It is not UTF-8.
    #[error("{path} is not UTF-8 text (byte {at}); save it as UTF-8")]
    NotText {
        /// The file.
        path: String,
        /// The first byte that is not.
        at: usize,
    },
    /// It is no TOML, has an unknown key, or a value of the wrong kind.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A value is of the right kind, but not allowed.
    #[error("{at}: `{key}` {reason}")]
    Value {
        /// Where.
        at: At,
        /// The key.
        key: &'static str,
        /// What is wrong with it, and what to write.
        reason: String,
    },
}

#[derive(Deserialize)]
struct Raw {
    name: Spanned<String>,
    version: Spanned<String>,
    description: Spanned<String>,
    component: Spanned<String>,
    #[serde(default)]
    include: Vec<Spanned<String>>,
    #[serde(default)]
    ceiling: Grants,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    judges: Vec<Spanned<String>>,
    #[serde(default)]
    commands: Vec<Spanned<String>>,
}

impl Manifest {
    /// Reads a manifest's text; `path` names it in messages.
    ///
    /// # Errors
    /// See [`ManifestError`]. It never panics, whatever the text.
    pub fn parse(text: &str, path: &str) -> Result<Self, ManifestError> {
        let bytes = text.len();
        if bytes > MAXIMUM_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge { path: printable(path), bytes });
        }
        let source = Text { path, text: text.strip_prefix('\u{feff}').unwrap_or(text) };
        let table = source.table()?;
        source.known(&table, KEYS, "in a manifest")?;
        let inner = |name: &'static str| match table.get(name) {
            None => Ok(None),
            Some(value) => value.get_ref().as_table().map(Some).ok_or_else(|| ManifestError::Value {
                at: source.at(Some(value.span())),
                key: name,
                reason: format!("has to be a table: write [{name}] and its keys below it"),
            }),
        };
        if let Some(ceiling) = inner("ceiling")? {
            source.known(ceiling, Grants::CAPABILITIES, "in [ceiling]")?;
        }
        let limits = inner("limits")?;
        if let Some(limits) = limits {
            let names = LimitRequest::names();
            source.known(limits, &names.iter().map(String::as_str).collect::<Vec<_>>(), "in [limits]")?;
        }
        let raw: Raw = source.values()?;
        let refuse = |span, key, reason| ManifestError::Value { at: source.at(Some(span)), key, reason };
        let checked = |value: &Spanned<String>, key, check: fn(&str) -> Result<(), String>| {
            check(value.get_ref()).map_err(|reason| refuse(value.span(), key, reason))
        };
        checked(&raw.name, "name", check_name)?;
        checked(&raw.description, "description", check_description)?;
        checked(&raw.component, "component", check_component)?;
        raw.include.iter().try_for_each(|name| checked(name, "include", check_include))?;
        if let Some(over) = raw.commands.get(MAXIMUM_COMMANDS) {
            return Err(refuse(over.span(), "commands", format!("names more than {MAXIMUM_COMMANDS}")));
        }
        raw.commands.iter().try_for_each(|name| checked(name, "commands", check_command))?;
        let version = raw.version.get_ref().parse().map_err(|error: semver::Error| {
            refuse(raw.version.span(), "version", format!("is no version ({error}): write it like 0.1.0"))
        })?;
        let judges = raw.judges.iter().map(|moment| {
            let all = Moment::ALL.map(Moment::name).join(", ");
            let unknown = |()| format!("names `{}`, which is no moment: there are {all}", printable(moment.get_ref()));
            moment.get_ref().parse().map_err(unknown).map_err(|reason| refuse(moment.span(), "judges", reason))
        });
        let judges = judges.collect::<Result<Vec<Moment>, _>>()?;
        if let Some(rule) = raw.ceiling.fs.iter().find(|rule| rule.path().is_some_and(is_unsettled)) {
            let span = table.get("ceiling").map_or(0..0, Spanned::span);
            let reason = format!(
                "names the path `{}`, but nobody knows yet where it will be run: write `*:ro`, `*:rw` \
                 or an absolute path; its user grants the folder",
                printable(&rule.to_string())
            );
            return Err(refuse(span, "ceiling", reason));
        }
        Ok(Self {
            name: raw.name.into_inner(),
            version,
            description: raw.description.into_inner(),
            component: raw.component.into_inner(),
            include: raw.include.into_iter().map(Spanned::into_inner).collect(),
            ceiling: raw.ceiling,
            limits: LimitRequest::named(&raw.limits, |name| limits.is_some_and(|limits| limits.contains_key(name))),
            judges,
            commands: raw.commands.into_iter().map(Spanned::into_inner).collect(),
        })
    }

    /// The text of a manifest that nobody wrote. Limits are not in it: nobody asked for any.
    pub(crate) fn written(&self) -> Result<String, ComponentError> {
        #[derive(Serialize)]
        struct Written<'a> {
            name: &'a str,
            version: &'a Version,
            description: &'a str,
            component: &'a str,
            ceiling: &'a Grants,
        }
        let Self { name, version, description, component, ceiling, .. } = self;
        let written = Written { name, version, description, component, ceiling };
        toml::to_string(&written).map_err(|error| ComponentError::Malformed(error.to_string()))
    }

    /// Reads a manifest's bytes, as they came from a file.
    ///
    /// # Errors
    /// As [`Manifest::parse`], or it is not UTF-8.
    pub fn from_bytes(bytes: &[u8], path: &str) -> Result<Self, ManifestError> {
        if bytes.len() > MAXIMUM_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge { path: printable(path), bytes: bytes.len() });
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| ManifestError::NotText { path: printable(path), at: error.valid_up_to() })?;
        Self::parse(text, path)
    }
}

/// Whether a path means another place depending on where it is read.
pub(crate) fn is_unsettled(path: &Path) -> bool {
    path.is_relative() || path.components().any(|part| part == std::path::Component::ParentDir)
}

/// Whether a plugin may be called so, a community skill included; if not, why.
pub(crate) fn check_any_name(name: &str) -> Result<(), String> {
    match name.strip_prefix(SKILL) {
        Some(own) => check_plain(own),
        None => check_name(name),
    }
}

/// Whether a plugin may be called so; if not, why.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    check_plain(name)?;
    match RESERVED.contains(&name) {
        true => Err(format!("is `{name}`, which Holm uses itself ({}): choose another", RESERVED.join(", "))),
        false => Ok(()),
    }
}

fn check_plain(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) || name.starts_with('-') || name.ends_with('-') {
        let shown = printable(name);
        return Err(format!("is `{shown}`: write 1 to 64 of a-z, 0-9 and -, with a letter or digit at both ends"));
    }
    Ok(())
}

fn check_command(name: &str) -> Result<(), String> {
    let fits = is_command(name);
    fits.then_some(()).ok_or(format!("names `{}`: a command is 1 to 64 of A-Z, a-z, 0-9, _ . + -", printable(name)))
}

fn check_description(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || text.chars().count() > 1024 {
        return Err("has to be 1 to 1,024 characters".into());
    }
    match text.chars().find(|char| is_hidden(*char)) {
        Some(char) => {
            Err(format!("holds the hidden character {}: write it in one line of text", char.escape_unicode()))
        }
        None => Ok(()),
    }
}

fn check_component(name: &str) -> Result<(), String> {
    let plain = plain_name(name) && name.ends_with(".wasm") && name.len() > ".wasm".len();
    let shown = printable(name);
    plain.then_some(()).ok_or(format!("is `{shown}`: name a file in the plugin's own folder, like `clipper.wasm`"))
}

fn check_include(name: &str) -> Result<(), String> {
    let shown = printable(name);
    plain_name(name).then_some(()).ok_or(format!("names `{shown}`: name files or folders in the plugin's own folder"))
}

/// One component of a path that is not hidden and no option of a command.
fn plain_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && !name.starts_with(['.', '-'])
        && !name.contains(['/', '\\'])
        && !name.chars().any(is_hidden)
}
