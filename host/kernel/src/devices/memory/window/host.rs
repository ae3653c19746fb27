//! WIT's `memory.window`, implemented on the door.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use wasmtime::component::Resource;

use super::{
    body::{self, Body},
    book::{Entry, LINES, Piece},
    log::{Opened, key, snapshot_key},
    policy::Place,
    render::{self, Shares},
    state::{PINS, SNAPSHOTS, Snapshot, State, Summary, TRUNK, Trunk},
};
use crate::{
    bindings::holm::sys::memory::{self as wit, HostWindow},
    devices::memory::{
        SpaceAccess,
        check::{self, MESSAGE, SUMMARY},
        driver::{Draft, Filter, Hit, Origin, Query, RecordId},
        host::{InSpace, Memory, Result, Space, invalid, now},
        tokens,
    },
    syscall::{Errno, Op, Refusal, Syscall, device::fuel_for_bytes, door::Resident},
};

/// An open window: a conversation of a space.
#[derive(Clone)]
pub struct Window {
    space: Space,
    name: Arc<str>,
    /// None until it is first used, and where a call at it was cut off: it is loaded anew then.
    opened: Arc<Mutex<Option<Opened>>>,
}

impl Resident<Memory> for Window {}

static OPEN: Op = Op::query("window-open", 2_000);
static APPEND: Op = Op::effect("append", 20_000);
static RENDER: Op = Op::query("render", 20_000);
static PIN: Op = Op::effect("pin", 20_000);
static PAGE_OUT: Op = Op::effect("page-out", 20_000);
static PAGE_IN: Op = Op::effect("page-in", 20_000);
static DIGEST: Op = Op::query("digest", 20_000);
static SUMMARISE: Op = Op::effect("summarise", 20_000);
static SNAPSHOT: Op = Op::effect("snapshot", 20_000);
static RESTORE: Op = Op::effect("restore", 20_000);
static FORK: Op = Op::effect("fork", 20_000);
static MESSAGES: Op = Op::query("messages", 5_000);

/// Messages of one call.
const MESSAGES_AT_ONCE: usize = 256;
/// Bytes of messages in one answer, beside its first.
const ANSWER_BYTES: u64 = 4 << 20;
/// Fuel for each line that a call looks at.
const LOOKED_AT: u64 = 40;
/// Tokens that a render may be asked for: twice the largest context there is today.
const BUDGET: u32 = 4_000_000;
/// Records that are looked for to fill the room that a render has left.
const BROUGHT_BACK: u64 = 512;
/// Messages that a summary is worth asking for.
const DIGESTED: usize = 4;
/// Summaries of a window; past it the oldest is no longer shown.
const SUMMARIES: usize = 256;

/// A call that has come in with a window, as its log has it now.
struct AtWindow<'a> {
    at: InSpace<'a>,
    opened: Opened,
    back: Arc<Mutex<Option<Opened>>>,
}

impl Syscall<'_, Memory> {
    async fn at(&mut self, op: &'static Op, window: &Resource<Window>) -> Result<AtWindow<'_>> {
        let mut call = self.enter(op).await?;
        let found = call.get_granted(window, |window| &mut window.space.right)?;
        let mut at = InSpace { call, space: found.space };
        let about = format!("{}/{}", at.space.id.name, found.name);
        at.call.about(&about);
        let taken = found.opened.lock().take();
        let opened = match taken {
            Some(mut opened) => {
                at.follow(&mut opened).await?;
                opened
            }
            None => at.load(found.name.clone()).await?,
        };
        at.call.charge(LOOKED_AT * opened.book.entries.len() as u64);
        Ok(AtWindow { at, opened, back: found.opened })
    }
}

fn not_found() -> Refusal {
    Refusal::Errno(Errno::NotFound)
}

impl AtWindow<'_> {
    /// The call is over: what is known of the log stays for the next.
    fn done(self) {
        *self.back.lock() = Some(self.opened);
    }

    /// Keeps how the messages stand, and is done.
    async fn keep(mut self) -> Result<()> {
        self.at.keep(&mut self.opened).await?;
        self.done();
        Ok(())
    }

    /// Where these messages stand in the book.
    fn find(&self, ids: &[RecordId]) -> Result<Vec<usize>> {
        check::ids(ids).map_err(invalid)?;
        ids.iter().map(|id| self.opened.book.find(*id).ok_or_else(|| not_found().into())).collect()
    }

    /// The messages of this conversation that fit a query best, those of what it began as included.
    async fn about(&mut self, text: &str, k: u64) -> Result<Vec<Hit>> {
        let text = &text[..text.floor_char_boundary(check::QUERY_BYTES)];
        let trunk = self.opened.book.state.trunk.iter().map(|trunk| trunk.session.clone());
        let sessions: Vec<String> = trunk.chain([self.opened.name.to_string()]).collect();
        let mut hits = Vec::new();
        for session in sessions {
            let filter = Filter { kinds: vec![MESSAGE.to_owned()], session: Some(session), ..Filter::default() };
            let query = Query { text: text.to_owned(), k: usize::try_from(k).unwrap_or(1), filter };
            hits.extend(self.at.recall(query).await?.hits);
        }
        hits.sort_by(|one, other| other.score.total_cmp(&one.score));
        Ok(hits)
    }

    /// The texts of summaries; those that were forgotten are taken out of the window.
    async fn summaries(&mut self, pieces: &[Piece]) -> Result<HashMap<RecordId, String>> {
        let ids: Vec<RecordId> = pieces
            .iter()
            .flat_map(|piece| match piece {
                Piece::Gap { summaries, .. } => summaries.clone(),
                Piece::Line(..) => Vec::new(),
            })
            .collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.at.get(ids.clone()).await?;
        let texts: HashMap<RecordId, String> =
            found.into_iter().flatten().map(|record| (record.id, record.content.text)).collect();
        let gone = |id: &RecordId| ids.contains(id) && !texts.contains_key(id);
        self.opened.book.state.summaries.retain(|summary| !gone(&summary.id));
        Ok(texts)
    }

    async fn render(&mut self, budget: u64, query: Option<&str>) -> Result<wit::Rendered> {
        let book = &mut self.opened.book;
        let summaries = book.state.summaries.iter().map(|summary| summary.tokens).sum();
        // Each gap takes room, and making room makes gaps: pinned messages that stand apart make many.
        let (mut changed, mut gaps) = (false, book.gaps().max(1));
        let shares = loop {
            let shares = Shares::of(budget, gaps, summaries, query.is_some());
            changed |= book.fit(shares.high, shares.low).map_err(|small| {
                invalid(format!(
                    "its newest exchange and what is pinned take about {} tokens, and {budget} were given: unpin some, \
                     or give more",
                    small.needed + shares.gaps
                ))
            })?;
            match book.gaps() {
                more if more > gaps => gaps = more,
                _ => break shares,
            }
        };
        let pieces = book.pieces();
        let ids = pieces.iter().filter_map(|piece| match piece {
            Piece::Line(id, _) => Some(*id),
            Piece::Gap { .. } => None,
        });
        let ids: Vec<RecordId> = ids.collect();
        let mut texts = self.summaries(&pieces).await?;
        trim(&mut texts, shares.summaries);
        let mut bodies: HashMap<RecordId, Body> = HashMap::with_capacity(ids.len());
        let before = self.opened.book.entries.len();
        let mut holds = Vec::new();
        for part in ids.chunks(check::BATCH) {
            let (found, hold) = self.at.bodies(&mut self.opened, part.to_vec()).await?;
            bodies.extend(found);
            holds.push(hold);
        }
        // What was forgotten took its exchange with it.
        let forgot = self.opened.book.entries.len() != before;
        let pieces = if forgot { self.opened.book.pieces() } else { pieces };
        let recalled = match query {
            Some(query) if pieces.len() > ids.len() => {
                let room = (budget - shares.gaps).saturating_sub(self.opened.book.cost());
                // Some of them are in the context already.
                let hits = self.about(query, (room / 15).clamp(1, BROUGHT_BACK)).await?;
                render::recalled(&self.opened.book, &hits, room)
            }
            _ => None,
        };
        let messages = render::messages(&self.opened.book, &pieces, &mut bodies, &texts, recalled);
        if changed || forgot {
            self.at.keep(&mut self.opened).await?;
        }
        let book = &mut self.opened.book;
        let left_out = book.entries.iter().filter(|entry| entry.line.place != Place::In).count();
        let tokens: u64 = messages.iter().map(body::tokens_of).sum();
        self.at.call.charge(fuel_for_bytes(5 * tokens));
        let shown = messages.iter().map(body::fingerprint).collect();
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(wit::Rendered {
            messages,
            tokens: number(tokens),
            left_out: number(left_out as u64),
            stable: number(book.note_shown(shown) as u64),
        })
    }
}

/// Keeps the newest summaries that fit into so many tokens.
fn trim(texts: &mut HashMap<RecordId, String>, most: u64) {
    let mut ids: Vec<RecordId> = texts.keys().copied().collect();
    ids.sort_unstable_by(|one, other| other.cmp(one));
    let mut left = most;
    for id in ids {
        let cost = tokens::of(&texts[&id]);
        if cost > left {
            texts.remove(&id);
        }
        left = left.saturating_sub(cost);
    }
}

impl HostWindow for Syscall<'_, Memory> {
    async fn open(&mut self, space: Resource<Space>, name: String) -> Result<Resource<Window>> {
        let mut call = self.enter(&OPEN).await?;
        call.charge(fuel_for_bytes(name.len() as u64));
        let space = call.get_granted(&space, |space| &mut space.right)?;
        // How the messages of a conversation stand is nobody's own where others share it.
        let shared = space.id.owner.is_none();
        let access = if shared { SpaceAccess::Write } else { SpaceAccess::Append };
        let mut at = InSpace { call, space }.opened_for(access)?;
        check::session(&name).map_err(invalid)?;
        let window = Window { space: at.space.clone(), name: name.into(), opened: Arc::default() };
        Ok(at.call.push(window)?)
    }

    async fn append(&mut self, window: Resource<Window>, messages: Vec<wit::Message>) -> Result<Vec<u64>> {
        let mut at = self.at(&APPEND, &window).await?;
        if messages.len() > MESSAGES_AT_ONCE {
            return Err(invalid(format!("one call adds at most {MESSAGES_AT_ONCE} messages")));
        }
        if at.opened.book.entries.len() + messages.len() > LINES {
            return Err(invalid(format!("a window has at most {LINES} messages: begin a new conversation")));
        }
        let (mut drafts, now) = (Vec::with_capacity(messages.len()), now());
        for message in messages {
            let body = Body::new(message);
            if body.is_system() {
                return Err(invalid("a system message is in no log: send it before what `render` gives"));
            }
            let bytes = body.bytes();
            if bytes.len() > body::MESSAGE_BYTES {
                return Err(invalid(format!("a message has at most {} bytes", body::MESSAGE_BYTES)));
            }
            drafts.push(draft(&body, bytes, &at.opened.name, now));
        }
        let done = at.at.remember(drafts).await?;
        let ids: Vec<RecordId> = done.iter().map(|done| done.id).collect();
        // It is in the log: what cannot be held in memory now is read when the window is next used.
        if at.at.follow(&mut at.opened).await.is_ok() {
            at.done();
        }
        Ok(ids)
    }

    async fn render(&mut self, window: Resource<Window>, most: u32, query: Option<String>) -> Result<wit::Rendered> {
        let mut at = self.at(&RENDER, &window).await?;
        let query = query.as_deref().map(str::trim).filter(|query| !query.is_empty());
        let rendered = at.render(u64::from(most.min(BUDGET)), query).await?;
        at.done();
        Ok(rendered)
    }

    async fn pin(&mut self, window: Resource<Window>, ids: Vec<u64>, pinned: bool) -> Result<()> {
        let mut at = self.at(&PIN, &window).await?;
        let found = at.find(&ids)?;
        let book = &mut at.opened.book;
        let pins = book.entries.iter().filter(|entry| entry.line.pinned).count();
        let more = found.iter().filter(|index| !book.entries[**index].line.pinned).count();
        if pinned && pins + more > PINS {
            return Err(invalid(format!("a window keeps at most {PINS} messages pinned")));
        }
        found.iter().for_each(|index| book.entries[*index].line.pinned = pinned);
        if pinned {
            let out: Vec<usize> = found.into_iter().filter(|at| book.entries[*at].line.place != Place::In).collect();
            book.place(&out, Place::In);
        }
        at.keep().await
    }

    async fn page_out(&mut self, window: Resource<Window>, ids: Vec<u64>) -> Result<()> {
        let mut at = self.at(&PAGE_OUT, &window).await?;
        let found = at.find(&ids)?;
        at.opened.book.place(&found, Place::Out);
        at.keep().await
    }

    async fn page_in(&mut self, window: Resource<Window>, ids: Vec<u64>) -> Result<()> {
        let mut at = self.at(&PAGE_IN, &window).await?;
        let found = at.find(&ids)?;
        at.opened.book.place(&found, Place::In);
        at.keep().await
    }

    async fn page_in_about(&mut self, window: Resource<Window>, query: String, k: u32) -> Result<Vec<u64>> {
        let mut at = self.at(&PAGE_IN, &window).await?;
        check::query(&query).map_err(invalid)?;
        let k = k.clamp(1, check::ANSWER);
        // Some of them are in the context already.
        let hits = at.about(&query, u64::from((4 * k).min(check::ANSWER))).await?;
        let book = &mut at.opened.book;
        let out = |id: RecordId| book.find(id).filter(|index| book.entries[*index].line.place != Place::In);
        let back = hits.iter().filter_map(|hit| Some((hit.record.id, out(hit.record.id)?))).take(k as usize);
        let (ids, places): (Vec<RecordId>, Vec<usize>) = back.unzip();
        book.place(&places, Place::In);
        at.keep().await?;
        Ok(ids)
    }

    async fn digest(&mut self, window: Resource<Window>, most: u32) -> Result<Option<wit::Digest>> {
        let mut at = self.at(&DIGEST, &window).await?;
        let mut left = u64::from(most.min(BUDGET));
        let mut within = |(at, entry): &(usize, &Entry)| {
            let tokens = entry.line.shortened.unwrap_or(entry.line.tokens);
            let fits = tokens <= left;
            left = left.saturating_sub(tokens);
            // A long message is cut, and keeps nothing else from being summed up.
            fits || *at < DIGESTED
        };
        let oldest = at.opened.book.unsummarised().take(check::RELATED).enumerate().take_while(&mut within);
        let ids: Vec<RecordId> = oldest.map(|(_, entry)| entry.id).collect();
        if ids.len() < DIGESTED {
            at.done();
            return Ok(None);
        }
        let (found, _hold) = at.at.bodies(&mut at.opened, ids).await?;
        let (ids, bodies): (Vec<RecordId>, Vec<Body>) = found.into_iter().unzip();
        let request = render::digest(&bodies, u64::from(most));
        at.done();
        Ok(Some(wit::Digest { ids, request }))
    }

    async fn summarise(&mut self, window: Resource<Window>, mut ids: Vec<u64>, summary: String) -> Result<u64> {
        let mut at = self.at(&SUMMARISE, &window).await?;
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > check::RELATED {
            return Err(invalid(format!("a summary is of at most {} messages", check::RELATED)));
        }
        at.find(&ids)?;
        let (Some(first), Some(last)) = (ids.first().copied(), ids.last().copied()) else {
            return Err(invalid("a summary is of some messages: name them"));
        };
        check::text(&summary).map_err(invalid)?;
        let tokens = tokens::of(&summary);
        let draft = Draft {
            text: summary,
            kind: SUMMARY.to_owned(),
            origin: Origin::Agent,
            session: Some(at.opened.name.to_string()),
            derived_from: ids,
            ..Draft::default()
        };
        let done = at.at.remember(vec![draft]).await?;
        let Some(id) = done.first().map(|done| done.id) else { return Err(not_found().into()) };
        let summaries = &mut at.opened.book.state.summaries;
        summaries.push(Summary { id, first, last, tokens });
        if summaries.len() > SUMMARIES {
            summaries.remove(0);
        }
        at.keep().await?;
        Ok(id)
    }

    async fn snapshot(&mut self, window: Resource<Window>, name: String) -> Result<()> {
        let mut at = self.at(&SNAPSHOT, &window).await?;
        check::session(&name).map_err(invalid)?;
        let snapshots = &at.opened.book.state.snapshots;
        if snapshots.len() >= SNAPSHOTS && !snapshots.contains(&name) {
            return Err(invalid(format!("a window keeps at most {SNAPSHOTS} snapshots: take one of their names")));
        }
        let snapshot = at.opened.book.snapshot().bytes();
        at.at.set_note(snapshot_key(&at.opened.name, &name), Some(snapshot)).await?;
        at.opened.book.state.snapshots.insert(name);
        at.keep().await
    }

    async fn restore(&mut self, window: Resource<Window>, name: String) -> Result<()> {
        let mut at = self.at(&RESTORE, &window).await?;
        let known = at.opened.book.state.snapshots.contains(&name);
        let note = if known { at.at.note(snapshot_key(&at.opened.name, &name)).await? } else { None };
        let Some(snapshot) = note.as_deref().and_then(Snapshot::read) else { return Err(not_found().into()) };
        at.opened.book.restore(&snapshot);
        at.keep().await
    }

    async fn fork(&mut self, window: Resource<Window>, name: String) -> Result<Resource<Window>> {
        let mut at = self.at(&FORK, &window).await?;
        check::session(&name).map_err(invalid)?;
        let mut state = State { snapshots: Default::default(), ..at.opened.book.settle().clone() };
        if state.trunk.len() >= TRUNK {
            return Err(invalid(format!("a conversation goes back over at most {TRUNK} forks")));
        }
        let session = name.clone();
        let taken = at.at.drive(move |driver, id| Box::pin(async move { driver.session(id, &session, None, 1).await }));
        if !taken.await?.is_empty() || at.at.note(key(&name)).await?.is_some() {
            return Err(invalid(format!("there is a conversation `{name}` already")));
        }
        if let Some(last) = at.opened.book.entries.last().map(|entry| entry.id) {
            state.trunk.push(Trunk { session: at.opened.name.to_string(), last });
        }
        at.at.set_note(key(&name), Some(state.bytes())).await?;
        let window = Window { space: at.at.space.clone(), name: name.into(), opened: Arc::default() };
        let pushed = at.at.call.push(window)?;
        at.done();
        Ok(pushed)
    }

    async fn messages(&mut self, window: Resource<Window>, after: Option<u64>, limit: u32) -> Result<Vec<wit::Line>> {
        let mut at = self.at(&MESSAGES, &window).await?;
        let limit = (limit.max(1) as usize).min(MESSAGES_AT_ONCE);
        let mut left = ANSWER_BYTES;
        let mut within = |entry: &&Entry| {
            let fits = left > 0;
            left = left.saturating_sub(entry.bytes);
            fits
        };
        let lines = at.opened.book.entries.iter().filter(|entry| after.is_none_or(|after| entry.id > after));
        let ids: Vec<RecordId> = lines.take(limit).take_while(&mut within).map(|entry| entry.id).collect();
        let (found, _hold) = at.at.bodies(&mut at.opened, ids).await?;
        let lines = found.into_iter().filter_map(|(id, body)| {
            let line = at.opened.book.entries[at.opened.book.find(id)?].line;
            Some(wit::Line { id, message: body.message(), pinned: line.pinned, paged_out: line.place == Place::Out })
        });
        let lines = lines.collect();
        at.done();
        Ok(lines)
    }

    async fn drop(&mut self, window: Resource<Window>) -> wasmtime::Result<()> {
        self.release(window).map(drop)
    }
}

/// A message as its record.
fn draft(body: &Body, bytes: Vec<u8>, name: &str, now: u64) -> Draft {
    let text = body.text();
    let text = text[..text.floor_char_boundary(check::TEXT_BYTES)].trim();
    Draft {
        // Each record has a text.
        text: if text.is_empty() { "(nothing said)".to_owned() } else { text.to_owned() },
        kind: MESSAGE.to_owned(),
        origin: body.origin(),
        said_by: Some(body.speaker().to_owned()),
        session: Some(name.to_owned()),
        time: Some(now),
        body: Some(bytes),
        ..Draft::default()
    }
}
