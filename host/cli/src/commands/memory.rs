//! `holm memory`: what plugins remember, as their user sees it.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use holm_adapters::control::{Memories, Remembering, Reply, Request};
use holm_kernel::memory::{Block, Draft, Filter, Origin, Query, Record, SpaceId, SpaceUse};
use holm_packages::{printable, visible};
use serde::{Deserialize, Serialize};

use crate::{
    error::{CommandError, NOT_FOUND, Result},
    session::{Session, unexpected},
    ui,
};

const EXAMPLES: &str = "\
A space is PLUGIN/NAME, as `holm memory` lists it, or shared/NAME. What is forgotten cannot be read
from the disk again.

  holm memory                               the spaces there are
  holm memory search agent/memory what does Ada read in the morning
  holm memory export agent/memory > memory.jsonl
  holm memory import agent/memory ~/.hermes  MEMORY.md and USER.md of a Hermes home";

/// Show, search, export, import and forget what plugins remember
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Show the records of a space, the newest last
    List {
        /// Like agent/memory
        space: String,
        /// Only of this kind
        #[arg(long)]
        kind: Option<String>,
        /// Messages of conversations as well
        #[arg(long)]
        messages: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the conversations of a space
    Conversations {
        /// Like agent/memory
        space: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Find records by words and meaning
    Search {
        /// Like agent/memory
        space: String,
        /// What is looked for
        #[arg(required = true)]
        words: Vec<String>,
        /// At most so many
        #[arg(long, default_value_t = 10)]
        limit: usize,
        /// Print JSON, with what each part of a score is
        #[arg(long)]
        json: bool,
    },
    /// Show a record, and what it said before
    Show {
        /// Like agent/memory
        space: String,
        /// Its number
        id: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a block that is always in context, or set it from a file
    Block {
        /// Like agent/memory
        space: String,
        /// Which
        #[arg(value_enum)]
        block: BlockName,
        /// Set it to what this file says
        #[arg(long, value_name = "FILE")]
        set: Option<PathBuf>,
    },
    /// Write all records of a space to standard output, one JSON object a line
    Export {
        /// Like agent/memory
        space: String,
    },
    /// Remember what a file says: lines that `export` wrote, or the memory of a Hermes home
    Import {
        /// Like agent/memory; it is made if need be
        space: String,
        /// A file of JSON lines, or a folder with MEMORY.md and USER.md
        from: PathBuf,
    },
    /// Forget records, and what was made of them, beyond recovery
    Forget {
        /// Like agent/memory
        space: String,
        /// Their numbers
        #[arg(required = true)]
        ids: Vec<u64>,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum BlockName {
    /// What the agent noted
    Memory,
    /// Who its user is
    User,
}

/// A record, as programs read and write it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Line {
    #[serde(default)]
    id: u64,
    text: String,
    #[serde(default = "fact")]
    kind: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    metadata: Vec<(String, String)>,
    #[serde(default)]
    origin: Origin,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    said_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// Milliseconds since 1970, as all times here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_from: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_until: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    superseded_by: Option<u64>,
    /// Who wrote it; not read back: who imports writes.
    #[serde(default, skip_deserializing)]
    written_by: String,
    #[serde(default, skip_deserializing)]
    written: u64,
    #[serde(default, skip_deserializing)]
    version: u32,
    #[serde(default, skip_deserializing)]
    repeats: u32,
}

fn fact() -> String {
    "fact".to_owned()
}

impl From<Record> for Line {
    fn from(record: Record) -> Self {
        let content = record.content;
        Line {
            id: record.id,
            text: content.text,
            kind: content.kind,
            tags: content.tags,
            metadata: content.metadata,
            origin: content.origin,
            said_by: content.said_by,
            session: content.session,
            time: content.time,
            valid_from: content.valid_from,
            valid_until: content.valid_until,
            expires: content.expires,
            superseded_by: record.superseded_by,
            written_by: record.written.plugin,
            written: record.written.time,
            version: record.version,
            repeats: record.repeats,
        }
    }
}

impl From<Line> for Draft {
    fn from(line: Line) -> Self {
        Draft {
            text: line.text,
            kind: line.kind,
            tags: line.tags,
            metadata: line.metadata,
            origin: line.origin,
            said_by: line.said_by,
            session: line.session,
            time: line.time,
            valid_from: line.valid_from,
            valid_until: line.valid_until,
            expires: line.expires,
            ..Draft::default()
        }
    }
}

/// A hit, as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Found {
    #[serde(flatten)]
    line: Line,
    score: f32,
    parts: holm_kernel::memory::Parts,
}

/// Records that are asked for at once.
const PAGE: usize = 500;
/// Bytes of text that are remembered at once.
const PAGE_BYTES: usize = 4 << 20;
/// Bytes of a line of a file. Stops a file without an end of line.
const LINE_BYTES: u64 = 1 << 20;

impl Arguments {
    pub(super) async fn run(self, session: &Session) -> Result<()> {
        let Some(verb) = self.verb else { return spaces(session, self.json).await };
        match verb {
            Verb::List { space, kind, messages, json } => {
                let except = match (messages, &kind) {
                    (false, None) => vec!["message".to_owned(), "summary".to_owned()],
                    _ => Vec::new(),
                };
                let filter = Filter { kinds: kind.into_iter().collect(), except, past: true, ..Filter::default() };
                list(session, &space, filter, json).await
            }
            Verb::Conversations { space, json } => conversations(session, &space, json).await,
            Verb::Search { space, words, limit, json } => search(session, &space, words.join(" "), limit, json).await,
            Verb::Show { space, id, json } => show(session, &space, id, json).await,
            Verb::Block { space, block, set } => block_text(session, &space, block, set.as_deref()).await,
            Verb::Export { space } => export(session, &space).await,
            Verb::Import { space, from } => import(session, &space, &from).await,
            Verb::Forget { space, ids } => forget(session, &space, ids).await,
        }
    }
}

/// A space as it is typed: `plugin/name`, `skill/plugin/name`, `shared/name`.
fn space(text: &str) -> Result<SpaceId> {
    let form = || {
        CommandError::usage(format!("`{}` is no space", printable(text)))
            .hint("write PLUGIN/NAME, as `holm memory` lists them, or shared/NAME")
    };
    let (owner, name) =
        text.rsplit_once('/').filter(|(owner, name)| !owner.is_empty() && !name.is_empty()).ok_or_else(form)?;
    Ok(match owner {
        "shared" => SpaceId { owner: None, name: text.to_owned() },
        owner => SpaceId { owner: Some(owner.to_owned()), name: name.to_owned() },
    })
}

fn typed(id: &SpaceId) -> String {
    match &id.owner {
        Some(owner) => format!("{owner}/{}", id.name),
        None => id.name.clone(),
    }
}

async fn ask(session: &Session, remembering: Remembering) -> Result<Memories> {
    match session.ask(&Request::Memory(remembering)).await? {
        Reply::Remembered(told) => Ok(*told),
        reply => unexpected(&reply),
    }
}

fn other<T>() -> Result<T> {
    Err(CommandError::internal("the kernel answered something else than was asked"))
}

async fn spaces(session: &Session, json: bool) -> Result<()> {
    let Memories::Spaces(spaces) = ask(session, Remembering::Spaces).await? else { return other() };
    if json {
        #[derive(Serialize)]
        struct Row {
            space: String,
            records: u64,
            bytes: u64,
        }
        let row = |it: &SpaceUse| Row { space: typed(&it.id), records: it.records, bytes: it.used.0 };
        return ui::json(&spaces.iter().map(row).collect::<Vec<_>>());
    }
    if spaces.is_empty() {
        ui::talk("nothing is remembered yet");
        return Ok(());
    }
    let row = |it: &SpaceUse| vec![printable(&typed(&it.id)), it.records.to_string(), it.used.to_string()];
    ui::table(&["SPACE", ">RECORDS", ">SIZE"], &spaces.iter().map(row).collect::<Vec<_>>())
}

fn day(time: u64) -> String {
    // What a calendar of four digits tells.
    let time = UNIX_EPOCH + Duration::from_millis(time.min(253_402_300_799_000));
    let mut text = humantime::format_rfc3339_seconds(time).to_string();
    text.truncate("0000-00-00".len());
    text
}

/// One line of a text, at most so long.
fn brief(text: &str) -> String {
    const CHARACTERS: usize = 96;
    let line = printable(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    match line.char_indices().nth(CHARACTERS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

fn row(record: &Record) -> Vec<String> {
    let content = &record.content;
    let mark = match record.superseded_by {
        Some(by) => format!("{} (now {by})", content.kind),
        None => content.kind.clone(),
    };
    vec![
        record.id.to_string(),
        day(content.time.unwrap_or(record.written.time)),
        printable(&mark),
        content.origin.name().to_owned(),
        brief(&content.text),
    ]
}

const HEADING: [&str; 5] = [">ID", "TIME", "KIND", "WORD OF", "TEXT"];

/// All records of a space that a filter lets through, page by page.
async fn pages(
    session: &Session,
    space: &SpaceId,
    filter: &Filter,
    mut each: impl FnMut(Vec<Record>) -> Result<()>,
) -> Result<()> {
    let mut after = None;
    loop {
        let list = Remembering::List { space: space.clone(), after, limit: PAGE, filter: filter.clone() };
        let Memories::Records(records) = ask(session, list).await? else { return other() };
        let Some(last) = records.last() else { return Ok(()) };
        after = Some(last.id);
        each(records)?;
    }
}

async fn list(session: &Session, text: &str, filter: Filter, json: bool) -> Result<()> {
    let mut all = Vec::new();
    pages(session, &space(text)?, &filter, |records| {
        all.extend(records);
        Ok(())
    })
    .await?;
    if json {
        return ui::json(&all.into_iter().map(Line::from).collect::<Vec<_>>());
    }
    if all.is_empty() {
        ui::talk(format_args!("{} holds no such record", printable(text)));
        return Ok(());
    }
    ui::table(&HEADING, &all.iter().map(row).collect::<Vec<_>>())
}

async fn conversations(session: &Session, text: &str, json: bool) -> Result<()> {
    let asked = Remembering::Conversations(space(text)?);
    let Memories::Conversations(all) = ask(session, asked).await? else { return other() };
    if json {
        return ui::json(&all);
    }
    let rows = all.iter().map(|it| vec![printable(&it.name), it.records.to_string(), day(it.first), day(it.last)]);
    ui::table(&["CONVERSATION", ">RECORDS", "FIRST", "LAST"], &rows.collect::<Vec<_>>())
}

async fn search(session: &Session, text: &str, words: String, limit: usize, json: bool) -> Result<()> {
    let query = Query { text: words, k: limit, filter: Filter::default() };
    let asked = Remembering::Recall { space: space(text)?, query };
    let Memories::Recalled(found) = ask(session, asked).await? else { return other() };
    if json {
        let one = |hit: holm_kernel::memory::Hit| Found { line: hit.record.into(), score: hit.score, parts: hit.parts };
        return ui::json(&found.hits.into_iter().map(one).collect::<Vec<_>>());
    }
    if !found.by_meaning {
        let fetched = session.open_home()?.path().join("models").join(holm_drivers::memory::MINILM.model).is_dir();
        ui::hint(match fetched {
            true => "found by words alone, at least in part: the newest records are still being compared",
            false => "found by words alone: `holm model pull minilm` fetches the model that compares meanings",
        });
    }
    if found.hits.is_empty() {
        ui::talk("nothing fits");
        return Ok(());
    }
    ui::table(&HEADING, &found.hits.iter().map(|hit| row(&hit.record)).collect::<Vec<_>>())
}

async fn show(session: &Session, text: &str, id: u64, json: bool) -> Result<()> {
    let asked = Remembering::History { space: space(text)?, id };
    let Memories::Records(versions) = ask(session, asked).await? else { return other() };
    if json {
        return ui::json(&versions.into_iter().map(Line::from).collect::<Vec<_>>());
    }
    for record in &versions {
        let (content, written) = (&record.content, &record.written);
        ui::data(format_args!(
            "{} version {} {} written by {} on the word of {}, {}",
            ui::bold(record.id),
            record.version,
            printable(&content.kind),
            printable(&written.plugin),
            content.origin.name(),
            day(written.time)
        ))?;
        for line in content.text.lines() {
            ui::data(format_args!("  {}", visible(line)))?;
        }
    }
    Ok(())
}

async fn block_text(session: &Session, text: &str, name: BlockName, set: Option<&Path>) -> Result<()> {
    let block = match name {
        BlockName::Memory => Block::Memory,
        BlockName::User => Block::User,
    };
    let new = set.map(read).transpose()?;
    let told = new.is_some();
    let asked = Remembering::Block { space: space(text)?, block, text: new };
    let Memories::Block(says) = ask(session, asked).await? else { return other() };
    match told {
        true => ui::talk(format_args!("set; it has {} of {} characters", says.chars().count(), block.characters())),
        false => says.lines().try_for_each(|line| ui::data(visible(line)))?,
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| CommandError::usage(format!("`{}`: {error}", path.display())))
}

async fn export(session: &Session, text: &str) -> Result<()> {
    let filter = Filter { past: true, ..Filter::default() };
    pages(session, &space(text)?, &filter, |records| {
        records.into_iter().try_for_each(|record| {
            let line = serde_json::to_string(&Line::from(record)).map_err(CommandError::internal)?;
            ui::data(line)
        })
    })
    .await
}

async fn import(session: &Session, text: &str, from: &Path) -> Result<()> {
    let space = space(text)?;
    if from.is_dir() {
        return hermes(session, &space, from).await;
    }
    let told = |error: std::io::Error| CommandError::usage(format!("`{}`: {error}", from.display()));
    let mut lines = BufReader::new(std::fs::File::open(from).map_err(told)?);
    let (mut at, mut drafts, mut bytes, mut new, mut known) = (0, Vec::new(), 0, 0, 0);
    loop {
        let mut line = String::new();
        let read = std::io::Read::take(&mut lines, LINE_BYTES).read_line(&mut line).map_err(told)?;
        at += 1;
        if !line.trim().is_empty() {
            let parsed = serde_json::from_str::<Line>(&line);
            let parsed = parsed.map_err(|error| {
                CommandError::usage(format!("`{}`, line {at}: {error}", from.display()))
                    .hint("each line is an object like {\"text\": \"…\", \"kind\": \"fact\"}")
            })?;
            bytes += parsed.text.len();
            drafts.push(Draft::from(parsed));
        }
        if drafts.len() == PAGE || bytes > PAGE_BYTES || (read == 0 && !drafts.is_empty()) {
            let asked = Remembering::Remember { space: space.clone(), drafts: std::mem::take(&mut drafts) };
            bytes = 0;
            let Memories::Written(done) = ask(session, asked).await? else { return other() };
            known += done.iter().filter(|done| done.known).count();
            new += done.iter().filter(|done| !done.known).count();
        }
        if read == 0 {
            break;
        }
    }
    ui::talk(format_args!("remembered {}; {known} were known already", ui::count(new, "record")));
    Ok(())
}

/// The two blocks of a Hermes home, and each of their entries as a record, so that it is recalled as well.
async fn hermes(session: &Session, space: &SpaceId, home: &Path) -> Result<()> {
    let files =
        [("MEMORY.md", Block::Memory, Origin::Agent, "fact"), ("USER.md", Block::User, Origin::User, "preference")];
    let mut found = 0;
    for (name, block, origin, kind) in files {
        let Some(path) = [home.join("memories").join(name), home.join(name)].into_iter().find(|path| path.is_file())
        else {
            continue;
        };
        let text = read(&path)?;
        let time = path.metadata().and_then(|metadata| metadata.modified()).ok();
        let time = time.and_then(|time: SystemTime| time.duration_since(UNIX_EPOCH).ok());
        let time = time.and_then(|time| u64::try_from(time.as_millis()).ok());
        let entries = text.split('§').map(str::trim).filter(|entry| !entry.is_empty());
        let drafts: Vec<Draft> = entries
            .map(|entry| Draft {
                text: entry.to_owned(),
                kind: kind.to_owned(),
                tags: vec!["hermes".to_owned()],
                origin,
                time,
                ..Draft::default()
            })
            .collect();
        let entries = ui::count(drafts.len(), "record");
        if !drafts.is_empty() {
            ask(session, Remembering::Remember { space: space.clone(), drafts }).await?;
        }
        ask(session, Remembering::Block { space: space.clone(), block, text: Some(text) }).await?;
        ui::talk(format_args!("{}: {entries}", path.display()));
        found += 1;
    }
    match found {
        0 => Err(CommandError::new(NOT_FOUND, format!("`{}` has no MEMORY.md and no USER.md", home.display()))
            .hint("name a file of JSON lines, or the folder that holds them, like ~/.hermes")),
        _ => Ok(()),
    }
}

async fn forget(session: &Session, text: &str, ids: Vec<u64>) -> Result<()> {
    let asked = Remembering::Forget { space: space(text)?, ids: ids.clone() };
    let Memories::Forgotten(gone) = ask(session, asked).await? else { return other() };
    if gone.is_empty() {
        let numbers: Vec<String> = ids.iter().map(ToString::to_string).collect();
        return Err(CommandError::new(NOT_FOUND, format!("{} has no record {}", printable(text), numbers.join(", ")))
            .hint(format!("holm memory list {}", printable(text))));
    }
    ui::talk(format_args!("forgot {}", ui::count(gone.len(), "record")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_as_they_are_typed() {
        for text in ["agent/memory", "skill/pdf/notes", "shared/team", "jq@agent/cache"] {
            assert_eq!(space(text).map(|id| typed(&id)).ok().as_deref(), Some(text));
        }
        for text in ["memory", "/memory", "agent/", ""] {
            assert!(space(text).is_err(), "{text}");
        }
    }
}
