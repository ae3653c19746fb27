//! `holm skill list`, `show` and `search`.

use holm_adapters::control::{Call, Inspected, Reply, Request, Target};
use holm_packages::printable;
use serde_json::Value;

use super::{plugin, short};
use crate::{
    conversation::{Conversation, End, Stdin},
    denial::Denials,
    error::{CommandError, Result},
    session::{Session, directory, unexpected},
    ui,
};

/// The best of what fits; a skill has two tools.
const FOUND: usize = 60;

pub(super) async fn list(session: &Session, json: bool) -> Result<()> {
    let plugins = match session.ask(&Request::List).await? {
        Reply::Plugins(plugins) => plugins,
        reply => return unexpected(&reply),
    };
    let skills: Vec<_> = plugins.into_iter().filter(|plugin| plugin.name.starts_with(holm_kernel::SKILL)).collect();
    if json {
        return ui::json(&skills);
    }
    if skills.is_empty() {
        ui::talk("no skill is installed");
        ui::hint("`holm skill install DIR` installs one, or all of a repository");
        return Ok(());
    }
    let rows: Vec<_> = skills
        .iter()
        .map(|skill| {
            let what = skill.problem.as_ref().map_or(&skill.description, |problem| problem);
            let name = skill.name.trim_start_matches(holm_kernel::SKILL).to_owned();
            vec![name, skill.digest.chars().take(12).collect(), skill.grants.len().to_string(), short(what)]
        })
        .collect();
    ui::table(&["NAME", "DIGEST", ">GRANTS", "DESCRIPTION"], &rows)
}

pub(super) async fn show(session: &Session, name: &str, json: bool) -> Result<()> {
    let name = plugin(name);
    let target = Target::Installed(name.clone());
    let skill = match session.ask(&Request::Inspect(target.clone())).await? {
        Reply::Inspected(skill) => skill,
        reply => return unexpected(&reply),
    };
    if json {
        return ui::json(&skill);
    }
    head(&skill)?;
    ui::data(format_args!("\n{}", ui::dim("what its author wrote follows")))?;
    let text = read(session, &name, target).await?;
    // Its author's word: nothing in it moves the cursor or hides.
    for line in text.lines() {
        ui::data(printable(line))?;
    }
    Ok(())
}

fn head(skill: &Inspected) -> Result<()> {
    ui::data(format_args!("{}", ui::bold(&skill.name)))?;
    let fields = [
        ("source", printable(&skill.source)),
        ("digest", skill.digest.clone()),
        ("files", ui::count(skill.files, "file")),
        ("run by", some(&skill.interpreters)),
        ("granted", some(&skill.grants)),
    ];
    for (name, value) in fields {
        ui::data(format_args!("{}{value}", ui::dim(format_args!("{name:<9}"))))?;
    }
    if !skill.absent.is_empty() {
        ui::data(format_args!("{}{}", ui::dim(format_args!("{:<9}", "absent")), printable(&skill.absent.join(", "))))?;
    }
    for proposed in &skill.proposed {
        let (grant, reason) = (printable(&proposed.grant), printable(&proposed.reason));
        ui::data(format_args!("{}{grant}  {}", ui::dim(format_args!("{:<9}", "needs?")), ui::dim(reason)))?;
    }
    Ok(())
}

fn some(values: &[String]) -> String {
    if values.is_empty() { "nothing".to_owned() } else { values.join(", ") }
}

/// Its SKILL.md, as its own tool gives it.
async fn read(session: &Session, name: &str, target: Target) -> Result<String> {
    let terms = super::super::run::plain_terms(directory()?);
    let (tool, arguments) = ("read".to_owned(), "{}".to_owned());
    let call = Call { target: target.clone(), tool, arguments, servers: false, hears: false, terms };
    let mut connection = session.connect().await?;
    connection.send(&Request::Call(call)).await?;
    let conversation = Conversation::new(Denials::new(name, target, directory()?), None, Stdin::Nothing);
    let text = match conversation.follow(connection).await? {
        End::Answered(Ok(result), _) => serde_json::from_str::<Value>(&result).ok(),
        _ => None,
    };
    let text = text.and_then(|answer| Some(answer.get("text")?.as_str()?.to_owned()));
    text.ok_or_else(|| CommandError::internal(format!("the text of `{name}` cannot be read")))
}

/// What its author says of it: the end of what its tool says of itself.
fn said(summary: &str) -> &str {
    summary.split_once("Its author says of it: ").map_or(summary, |(_, said)| said)
}

pub(super) async fn search(session: &Session, words: &str, json: bool) -> Result<()> {
    let found = match session.ask(&Request::SearchTools { query: words.to_owned(), limit: FOUND }).await? {
        Reply::Found(found) => found,
        reply => return unexpected(&reply),
    };
    // One of its two tools stands for the skill.
    let skills: Vec<_> = found
        .into_iter()
        .filter(|tool| tool.name.starts_with(holm_kernel::SKILL) && tool.name.ends_with("/read"))
        .collect();
    if json {
        return ui::json(&skills);
    }
    let rows: Vec<_> = skills
        .iter()
        .map(|skill| {
            let name = skill.name.trim_start_matches(holm_kernel::SKILL).trim_end_matches("/read").to_owned();
            vec![name, format!("{:.2}", skill.score), short(said(&skill.summary))]
        })
        .collect();
    if rows.is_empty() {
        ui::talk("no installed skill fits");
        return Ok(());
    }
    ui::table(&["NAME", ">FIT", "DESCRIPTION"], &rows)
}
