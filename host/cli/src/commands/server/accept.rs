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

/// Pairs of lines that are compared to find what stayed the same. Stops schemas of a hundred thousand lines:
/// all of both is shown then.
const COMPARED: usize = 1 << 22;

pub(super) async fn run(session: &Session, name: &str, tools: &[String], yes: bool) -> Result<()> {
    let server = look(session, name).await?;
    if let Some(unknown) =
        tools.iter().find(|tool| server.tools.iter().all(|known| known.name != **tool) && !server.gone.contains(tool))
    {
        let error = CommandError::new(NOT_FOUND, format!("`{name}` has no tool `{}`", printable(unknown)));
        return Err(error.hint(format!("`holm server show {name}` lists what it has")));
    }
    let meant = |tool: &&ServerTool| {
        tool.standing != ToolStanding::Accepted && (tools.is_empty() || tools.contains(&tool.name))
    };
    let open: Vec<&ServerTool> = server.tools.iter().filter(meant).collect();
    let gone: Vec<&String> = server.gone.iter().filter(|tool| tools.is_empty() || tools.contains(tool)).collect();
    for (tool, reason) in &server.refused {
        ui::warn(format_args!("its tool `{}` is not taken: it {reason}", printable(tool)));
    }
    if open.is_empty() && gone.is_empty() {
        ui::talk(format_args!("all tools of {} are as they were accepted", ui::bold(name)));
        return Ok(());
    }
    shown(&server, &open, &gone);
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
    let mut seen: BTreeMap<String, String> = open.iter().map(|tool| (tool.name.clone(), tool.digest.clone())).collect();
    // What is gone has no digest, and is forgotten.
    seen.extend(gone.iter().map(|tool| ((*tool).clone(), String::new())));
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

fn shown(server: &ServerView, open: &[&ServerTool], gone: &[&String]) {
    ui::talk(format_args!(
        "{}  {} ({})",
        ui::bold(&server.name),
        printable(&server.calls_itself),
        printable(&server.target)
    ));
    for tool in open {
        let lines = match &tool.before {
            None => {
                ui::talk(format_args!("{} {}", ui::good("new"), ui::bold(&tool.name)));
                told(&tool.now).into_iter().map(|line| format!("  {line}")).collect()
            }
            Some(before) => {
                ui::talk(format_args!("{} {}", ui::alert("changed"), ui::bold(&tool.name)));
                difference(before, &tool.now)
            }
        };
        lines.into_iter().for_each(ui::talk);
    }
    for tool in gone {
        ui::talk(format_args!("gone {}", ui::bold(tool)));
    }
}

/// All that a server tells of a tool, in lines: a model reads each of these texts, and believes it.
fn told(tool: &ToolText) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(title) = &tool.title {
        lines.push(format!("title  {}", printable(title)));
    }
    lines.extend(tool.description.lines().map(printable));
    let values = [
        ("takes", Some(&tool.input_schema)),
        ("gives", tool.output_schema.as_ref()),
        ("says it is", tool.annotations.as_ref()),
    ];
    for (what, value) in values {
        if let Some(value) = value {
            tree(what, value, 0, &mut lines);
        }
    }
    lines
}

/// A value, each of its texts on a line of its own, below what names it.
fn tree(name: &str, value: &Value, depth: usize, lines: &mut Vec<String>) {
    let (margin, name) = ("  ".repeat(depth), printable(name));
    let below: Vec<(String, &Value)> = match value {
        Value::Object(values) => values.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(values) if values.iter().any(|value| value.is_object() || value.is_array()) => {
            values.iter().enumerate().map(|(at, value)| (format!("{}.", at + 1), value)).collect()
        }
        Value::String(text) => {
            let mut texts = text.lines().map(printable);
            lines.push(format!("{margin}{name}: {}", texts.next().unwrap_or_default()));
            lines.extend(texts.map(|text| format!("{margin}  {text}")));
            return;
        }
        value => {
            lines.push(format!("{margin}{name}: {}", printable(&value.to_string())));
            return;
        }
    };
    let empty = if below.is_empty() { " {}" } else { "" };
    lines.push(format!("{margin}{name}:{empty}"));
    below.into_iter().for_each(|(name, value)| tree(&name, value, depth + 1, lines));
}

/// What is no longer said, and what is said now, among what stays the same.
fn difference(before: &ToolText, now: &ToolText) -> Vec<String> {
    let (before, now) = (told(before), told(now));
    // The longest run of lines that both have, by how much is left from each place on.
    let mut common = vec![vec![0_u32; now.len() + 1]; before.len() + 1];
    if before.len().saturating_mul(now.len()) <= COMPARED {
        for one in (0..before.len()).rev() {
            for other in (0..now.len()).rev() {
                common[one][other] = match before[one] == now[other] {
                    true => common[one + 1][other + 1] + 1,
                    false => common[one + 1][other].max(common[one][other + 1]),
                };
            }
        }
    }
    let (mut one, mut other, mut lines) = (0, 0, Vec::new());
    while one < before.len() || other < now.len() {
        let same = before.get(one).is_some_and(|line| now.get(other) == Some(line));
        if same {
            lines.push(format!("    {}", now[other]));
            (one, other) = (one + 1, other + 1);
        } else if one < before.len() && (other == now.len() || common[one + 1][other] >= common[one][other + 1]) {
            lines.push(format!("  - {}", before[one]));
            one += 1;
        } else {
            lines.push(format!("  + {}", now[other]));
            other += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool() -> ToolText {
        ToolText {
            summary: "Reads".to_owned(),
            title: Some("Reader".to_owned()),
            description: (0..100).map(|line| format!("line {line}\n")).collect(),
            input_schema: json!({"type": "object", "properties": {
                "path": {"type": "string", "description": "Which file.", "default": "/notes", "enum": ["/notes", "/todo"]},
            }}),
            output_schema: Some(json!({"type": "string", "description": "What it says."})),
            annotations: Some(json!({"readOnlyHint": true})),
        }
    }

    #[test]
    fn every_text_is_shown() {
        let shown = told(&tool()).join("\n");
        for text in [
            "Reader",
            "line 0",
            "line 99",
            "description: Which file.",
            "default: /notes",
            "[\"/notes\",\"/todo\"]",
            "description: What it says.",
            "readOnlyHint: true",
        ] {
            assert!(shown.contains(text), "{text}: {shown}");
        }
        // A text cannot stand where another one does, nor send the terminal anything.
        let evil = ToolText { input_schema: json!({"a": "x\ntype: string\u{1b}[2J"}), ..tool() };
        let shown = told(&evil).join("\n");
        assert!(shown.contains("\n    type: string") && !shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn every_change_is_a_difference() {
        let before = tool();
        let changed = |now: &ToolText, gone: &str, new: &str| {
            let lines = difference(&before, now);
            assert_eq!(lines.iter().any(|line| line.starts_with("  - ") && line.contains(gone)), !gone.is_empty());
            assert!(lines.iter().any(|line| line.starts_with("  + ") && line.contains(new)), "{lines:?}");
            assert_eq!(
                lines.iter().filter(|line| !line.starts_with("    ")).count(),
                1 + usize::from(!gone.is_empty())
            );
        };
        changed(&ToolText { title: Some("Other".to_owned()), ..tool() }, "Reader", "Other");
        changed(&ToolText { description: format!("{}And send it.", tool().description), ..tool() }, "", "And send it.");
        let mut now = tool();
        now.input_schema["properties"]["path"]["description"] = json!("Evil.");
        changed(&now, "Which file.", "Evil.");
        let mut now = tool();
        now.input_schema["properties"]["path"]["default"] = json!("/etc");
        changed(&now, "default: /notes", "default: /etc");
        let mut now = tool();
        now.output_schema = Some(json!({"type": "string", "description": "Evil."}));
        changed(&now, "What it says.", "Evil.");
        changed(&ToolText { annotations: Some(json!({"readOnlyHint": false})), ..tool() }, "true", "false");
        assert!(difference(&before, &before).iter().all(|line| line.starts_with("    ")));
    }
}
