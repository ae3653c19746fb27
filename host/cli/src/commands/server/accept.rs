//! `holm server accept`: what its user sees of a server's tools before they count.

use std::collections::BTreeMap;

use holm_adapters::control::{Reply, Request, ServerTool, ServerView, Serving, ToolStanding, ToolText};
use holm_packages::printable;
use serde_json::Value;

use super::look;
use crate::{
    error::{CONFLICT, CommandError, NOT_FOUND, Result},
    session::{Session, unexpected},
    terminal::Terminal,
    ui,
};

/// Lines of a description that are shown before the rest is counted.
const LINES: usize = 40;

pub(super) async fn run(session: &Session, name: &str, tools: &[String], yes: bool) -> Result<()> {
    let server = look(session, name).await?;
    if let Some(unknown) = tools.iter().find(|tool| server.tools.iter().all(|known| known.name != **tool)) {
        let error = CommandError::new(NOT_FOUND, format!("`{name}` has no tool `{}`", printable(unknown)));
        return Err(error.hint(format!("`holm server show {name}` lists what it has")));
    }
    let meant = |tool: &&ServerTool| {
        tool.standing != ToolStanding::Accepted && (tools.is_empty() || tools.contains(&tool.name))
    };
    let open: Vec<&ServerTool> = server.tools.iter().filter(meant).collect();
    for (tool, reason) in &server.refused {
        ui::warn(format_args!("its tool `{}` is not taken: it {reason}", printable(tool)));
    }
    if open.is_empty() && server.gone.is_empty() {
        ui::talk(format_args!("all tools of {} are as they were accepted", ui::bold(name)));
        return Ok(());
    }
    shown(&server, &open);
    if !yes {
        let nobody = || {
            CommandError::new(CONFLICT, "nothing was accepted: there is no terminal to ask on")
                .hint(format!("holm server accept --yes {name}"))
        };
        let question = match open.len() {
            0 => "forget the tools that are gone?".to_owned(),
            _ => format!("accept {} of {name}?", ui::count(open.len(), "tool")),
        };
        if !Terminal::open().ok_or_else(nobody)?.confirm(&question)? {
            return Err(CommandError::new(CONFLICT, "nothing was accepted"));
        }
    }
    let seen: BTreeMap<String, String> = open.iter().map(|tool| (tool.name.clone(), tool.digest.clone())).collect();
    match session.ask(&Request::Servers(Serving::Accept { name: name.to_owned(), tools: seen })).await? {
        Reply::Done => {
            ui::talk(format_args!("{} {} of {}", ui::good("accepted"), ui::count(open.len(), "tool"), ui::bold(name)));
            Ok(())
        }
        reply => unexpected(&reply),
    }
}

/// What a grant accepted on its way.
pub(crate) fn pinned(server: &ServerView) {
    let count = ui::count(server.tools.len(), "tool");
    ui::talk(format_args!("accepted {count} of the server {}, as they are now", ui::bold(&server.name)));
    for tool in &server.tools {
        ui::talk(format_args!("  {}  {}", ui::bold(&tool.name), printable(&tool.now.summary)));
    }
}

fn shown(server: &ServerView, open: &[&ServerTool]) {
    ui::talk(format_args!(
        "{}  {} ({})",
        ui::bold(&server.name),
        printable(&server.calls_itself),
        printable(&server.target)
    ));
    for tool in open {
        match &tool.before {
            None => {
                ui::talk(format_args!("{} {}", ui::good("new"), ui::bold(&tool.name)));
                text(&tool.now.description, "  ");
                ui::talk(format_args!("  takes {}", brief(&tool.now.input_schema)));
            }
            Some(before) => {
                ui::talk(format_args!("{} {}", ui::alert("changed"), ui::bold(&tool.name)));
                difference(before, &tool.now);
            }
        }
    }
    for tool in &server.gone {
        ui::talk(format_args!("gone {}", ui::bold(tool)));
    }
}

/// What is no longer said, and what is said now.
fn difference(before: &ToolText, now: &ToolText) {
    if before.description != now.description {
        text(&before.description, "  - ");
        text(&now.description, "  + ");
    }
    let schemas = [
        ("takes", Some(&before.input_schema), Some(&now.input_schema)),
        ("gives", before.output_schema.as_ref(), now.output_schema.as_ref()),
        ("says it is", before.annotations.as_ref(), now.annotations.as_ref()),
    ];
    for (what, before, now) in schemas {
        if before != now {
            let json = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
            ui::talk(format_args!("  - {what} {}", printable(&json(before))));
            ui::talk(format_args!("  + {what} {}", printable(&json(now))));
        }
    }
}

fn text(text: &str, mark: &str) {
    let count = text.lines().count();
    for line in text.lines().take(LINES) {
        ui::talk(format_args!("{mark}{}", printable(line)));
    }
    if count > LINES {
        ui::talk(ui::dim(format_args!("{mark}… ({} more lines)", count - LINES)));
    }
}

/// The names of arguments, and what each is.
fn brief(schema: &Value) -> String {
    let properties = schema.get("properties").and_then(Value::as_object);
    let each = properties.into_iter().flatten().map(|(name, schema)| {
        let kind = schema.get("type").and_then(Value::as_str).unwrap_or("any");
        format!("{} ({})", printable(name), printable(kind))
    });
    let all: Vec<_> = each.collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
