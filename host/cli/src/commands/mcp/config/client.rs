//! The clients that are known: where their settings lie, and what an entry in them looks like.

use std::path::PathBuf;

use super::{
    edit::{self, Entry, Shape},
    user,
};
use crate::error::{CommandError, Result};

/// What the entry is called.
const HOLM: &str = "holm";

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Name {
    ClaudeCode,
    ClaudeDesktop,
    Codex,
    Cursor,
    Gemini,
    Vscode,
    Windsurf,
    Zed,
}

/// How a client keeps its entries.
struct Kept {
    /// Below the user's home.
    user: &'static str,
    /// Below a project's folder, where it reads those.
    project: Option<&'static str>,
    /// The table of entries.
    table: &'static str,
    shape: Shape,
}

impl Name {
    fn kept(self) -> Kept {
        let kept = |user, project, table, shape| Kept { user, project, table, shape };
        let servers = "mcpServers";
        let desktop = match cfg!(target_os = "macos") {
            true => "Library/Application Support/Claude/claude_desktop_config.json",
            false => ".config/Claude/claude_desktop_config.json",
        };
        let vscode = match cfg!(target_os = "macos") {
            true => "Library/Application Support/Code/User/mcp.json",
            false => ".config/Code/User/mcp.json",
        };
        match self {
            Self::ClaudeCode => kept(".claude.json", Some(".mcp.json"), servers, Shape::Typed),
            Self::ClaudeDesktop => kept(desktop, None, servers, Shape::Plain),
            Self::Codex => kept(".codex/config.toml", None, "mcp_servers", Shape::Toml),
            Self::Cursor => kept(".cursor/mcp.json", Some(".cursor/mcp.json"), servers, Shape::Plain),
            Self::Gemini => kept(".gemini/settings.json", Some(".gemini/settings.json"), servers, Shape::Plain),
            Self::Vscode => kept(vscode, Some(".vscode/mcp.json"), "servers", Shape::Typed),
            Self::Windsurf => kept(".codeium/windsurf/mcp_config.json", None, servers, Shape::Plain),
            Self::Zed => kept(".config/zed/settings.json", Some(".zed/settings.json"), "context_servers", Shape::Plain),
        }
    }

    /// As it is written on a command line.
    pub(super) fn word(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The file of its settings: its user's, or a project's.
    pub(super) fn path(self, project: Option<PathBuf>) -> Result<PathBuf> {
        let kept = self.kept();
        match project {
            None => Ok(user()?.join(kept.user)),
            Some(folder) => match kept.project {
                Some(path) => Ok(folder.join(path)),
                None => Err(CommandError::usage(format!("{} reads no settings of projects", self.word()))),
            },
        }
    }

    /// Settings that hold the entry and nothing else.
    pub(super) fn alone(self, entry: &Entry) -> Result<String> {
        self.edited("", entry).map_err(CommandError::internal)
    }

    /// The settings with the entry: in the place of the one that was there, and all else as it was.
    ///
    /// # Errors
    /// They are of another shape.
    pub(super) fn edited(self, text: &str, entry: &Entry) -> std::result::Result<String, String> {
        let kept = self.kept();
        match kept.shape {
            Shape::Toml => edit::toml(text, kept.table, HOLM, entry),
            shape => edit::json(text, kept.table, HOLM, entry, shape),
        }
    }

    /// What its user does next.
    pub(super) fn next(self) -> &'static str {
        match self {
            Self::ClaudeCode => "start `claude` anew; `/mcp` there shows it",
            Self::ClaudeDesktop => "start Claude anew",
            Self::Codex => "start `codex` anew",
            Self::Cursor => "switch it on in Cursor's settings, under MCP",
            Self::Gemini => "start `gemini` anew; `/mcp` there shows it",
            Self::Vscode => "start it by `MCP: List Servers`",
            Self::Windsurf => "refresh its list of servers",
            Self::Zed => "Zed starts it by itself",
        }
    }
}
