//! What is known of servers.

use std::time::Duration;

use holm_adapters::control::{ServerTool, ServerView, ToolStanding};
use holm_packages::printable;

use crate::{error::Result, ui};

pub(super) fn list(servers: &[ServerView], json: bool) -> Result<()> {
    if json {
        return ui::json(&servers);
    }
    if servers.is_empty() {
        ui::talk("there is no server");
        ui::hint("`holm server add NAME -- COMMAND` adds one, `holm server import FILE` takes over another client's");
        return Ok(());
    }
    let rows: Vec<_> = servers
        .iter()
        .map(|server| {
            vec![
                server.name.clone(),
                state(server),
                count(server, ToolStanding::Accepted).to_string(),
                server.running.to_string(),
                server.target.clone(),
            ]
        })
        .collect();
    ui::table(&["NAME", "STATE", ">TOOLS", ">RUNNING", "WHAT IT IS"], &rows)
}

fn count(server: &ServerView, standing: ToolStanding) -> usize {
    server.tools.iter().filter(|tool| tool.standing == standing).count()
}

fn state(server: &ServerView) -> String {
    let changed = count(server, ToolStanding::Changed);
    match () {
        () if server.disabled => "disabled".to_owned(),
        () if server.protocol.is_empty() => "not looked at".to_owned(),
        () if changed > 0 => format!("{changed} changed"),
        () if count(server, ToolStanding::Accepted) == 0 => "nothing accepted".to_owned(),
        () => "ready".to_owned(),
    }
}

pub(super) fn one(server: &ServerView, json: bool) -> Result<()> {
    if json {
        return ui::json(&server);
    }
    ui::data(ui::bold(&server.name))?;
    facts(server)?;
    line("runs", &format!("{}, {}", server.running, if server.share { "shared by all" } else { "one for each run" }))?;
    server.tools.iter().try_for_each(tool)?;
    notes(server);
    Ok(())
}

pub(super) fn test(server: &ServerView, json: bool) -> Result<()> {
    if json {
        return ui::json(&server);
    }
    let took = ui::span(Duration::from_millis(server.took.unwrap_or_default()));
    ui::talk(format_args!("{} {} answered in {took}", ui::good("ok"), ui::bold(&server.name)));
    facts(server)?;
    server.tools.iter().try_for_each(tool)?;
    notes(server);
    Ok(())
}

fn facts(server: &ServerView) -> Result<()> {
    line("is", &server.target)?;
    line("confined by", &server.confinement)?;
    if server.logged_in {
        line("login", "yes, kept sealed")?;
    }
    if !server.protocol.is_empty() {
        line("speaks", &format!("MCP {}", printable(&server.protocol)))?;
        line("calls itself", &printable(&server.calls_itself))?;
    }
    Ok(())
}

fn notes(server: &ServerView) {
    for (tool, reason) in &server.refused {
        ui::warn(format_args!("its tool `{}` is not taken: it {reason}", printable(tool)));
    }
    for tool in &server.gone {
        ui::talk(ui::dim(format_args!("its tool `{tool}` is gone")));
    }
    if server.tools.iter().any(|tool| tool.standing != ToolStanding::Accepted) {
        ui::hint(format_args!("`holm server accept {}` shows what is new or changed, and asks", server.name));
    }
}

fn line(name: &str, value: &str) -> Result<()> {
    ui::data(format_args!("  {}{value}", ui::dim(format_args!("{name:<14}"))))
}

fn tool(tool: &ServerTool) -> Result<()> {
    let mark = match tool.standing {
        ToolStanding::Accepted => ui::good("accepted"),
        ToolStanding::Changed => ui::alert("changed "),
        ToolStanding::New => ui::dim("new     "),
    };
    ui::data(format_args!("  {mark}  {}  {}", ui::bold(&tool.name), printable(&tool.now.summary)))
}
