//! Memory: what a plugin still knows tomorrow, and what a model is shown now.
//!
//! ```no_run
//! use holm::memory::{Draft, Space};
//!
//! # fn run() -> Result<(), holm::memory::Error> {
//! let diary = Space::open("diary")?;
//! diary.remember([Draft::new("preference", "Ada wants her mail read to her before nine.").user()])?;
//! for hit in diary.recall("when does Ada read mail", 5)? {
//!     println!("{} (written by {})", hit.entry.content.text, hit.entry.written.plugin);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What is recalled is data, whoever wrote it: give it to a model by [`Space::quote`], which says of each
//! record whose word it is, and never as an instruction.

use crate::bindings::imports::holm::sys::memory as sys;
use crate::errno::system_error;
use crate::llm::{Message, Request};

pub use sys::{Block, Change, Entry, Filter, Hit, Line, Origin, Parts, Provenance, Recalled, Remembered};

/// `Result` of the memory device.
pub type Result<T, E = Error> = std::result::Result<T, E>;

system_error! {
    /// Why a call of the memory device failed.
    pub enum Error {
        /// What was given is too large, or is no name, or does not fit together.
        Invalid(String) = "{}",
    }
}

impl From<sys::Error> for Error {
    fn from(error: sys::Error) -> Self {
        match error {
            sys::Error::Sys(errno) => errno.into(),
            sys::Error::Invalid(text) => Self::Invalid(text),
        }
    }
}

/// What is to be remembered.
#[derive(Clone, Debug)]
pub struct Draft(sys::Draft);

impl Draft {
    /// Something of this kind: `fact`, `preference`, `decision`, `outcome`, … On the agent's own word.
    pub fn new(kind: &str, text: impl Into<String>) -> Self {
        Self(sys::Draft {
            text: text.into(),
            kind: kind.to_owned(),
            tags: Vec::new(),
            metadata: Vec::new(),
            origin: Origin::Agent,
            said_by: None,
            session: None,
            time: None,
            valid_from: None,
            valid_until: None,
            expires: None,
            supersedes: Vec::new(),
            derived_from: Vec::new(),
        })
    }

    /// On the user's word.
    #[must_use]
    pub fn user(self) -> Self {
        self.origin(Origin::User)
    }

    /// On somebody's word.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.0.origin = origin;
        self
    }

    /// With a tag to filter by.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.0.tags.push(tag.into());
        self
    }

    /// With a value by name.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.metadata.push((name.into(), value.into()));
        self
    }

    /// Said by somebody in a conversation, in milliseconds since 1970: turns of one help to recall each other.
    #[must_use]
    pub fn said(mut self, session: impl Into<String>, by: impl Into<String>, time: u64) -> Self {
        self.0.session = Some(session.into());
        self.0.said_by = Some(by.into());
        self.0.time = Some(time);
        self
    }

    /// In the place of these records, which it contradicts: they held until now.
    #[must_use]
    pub fn supersedes(mut self, records: impl IntoIterator<Item = u64>) -> Self {
        self.0.supersedes.extend(records);
        self
    }

    /// Forgotten by itself at this time, in milliseconds since 1970.
    #[must_use]
    pub fn expires(mut self, time: u64) -> Self {
        self.0.expires = Some(time);
        self
    }
}

/// No condition.
pub fn any() -> Filter {
    Filter {
        kinds: Vec::new(),
        tags: Vec::new(),
        metadata: Vec::new(),
        session: None,
        said_by: None,
        since: None,
        until: None,
        at: None,
        past: false,
    }
}

/// A space: private to its plugin unless its name begins with `shared/`.
#[derive(Debug)]
pub struct Space(sys::Space);

impl Space {
    /// Opens a space for reading and writing.
    ///
    /// # Errors
    /// Denied; quota (open handles).
    pub fn open(name: &str) -> Result<Self> {
        Ok(Self(sys::Space::open(name, sys::Access::Write)?))
    }

    /// Opens a space for adding to it, for which a grant of `name:append` is enough.
    ///
    /// # Errors
    /// As [`Space::open`].
    pub fn append(name: &str) -> Result<Self> {
        Ok(Self(sys::Space::open(name, sys::Access::Append)?))
    }

    /// Opens a space for reading alone, for which a grant of `name:ro` is enough.
    ///
    /// # Errors
    /// As [`Space::open`].
    pub fn read(name: &str) -> Result<Self> {
        Ok(Self(sys::Space::open(name, sys::Access::Read)?))
    }

    /// Remembers all of it or nothing, at most 1,000 at once; what is said once more is merged.
    ///
    /// # Errors
    /// Denied, invalid, quota, io.
    pub fn remember(&self, drafts: impl IntoIterator<Item = Draft>) -> Result<Vec<Remembered>> {
        let drafts: Vec<sys::Draft> = drafts.into_iter().map(|draft| draft.0).collect();
        Ok(self.0.remember(&drafts)?)
    }

    /// The records that fit a query best, at most `k`.
    ///
    /// # Errors
    /// Denied, invalid, io.
    pub fn recall(&self, query: &str, k: u32) -> Result<Vec<Hit>> {
        Ok(self.recall_among(query, k, &any())?.hits)
    }

    /// The same among some records.
    ///
    /// # Errors
    /// As [`Space::recall`].
    pub fn recall_among(&self, query: &str, k: u32, filter: &Filter) -> Result<Recalled> {
        Ok(self.0.recall(query, k, filter)?)
    }

    /// What fits a query as one text for a model, within about so many tokens; empty where nothing does.
    ///
    /// # Errors
    /// As [`Space::recall`].
    pub fn quote(&self, query: &str, tokens: u32, filter: &Filter) -> Result<String> {
        Ok(self.0.quote(query, tokens, filter)?)
    }

    /// The record of this id.
    ///
    /// # Errors
    /// Denied, io.
    pub fn get(&self, id: u64) -> Result<Option<Entry>> {
        Ok(self.0.get(&[id])?.into_iter().next().flatten())
    }

    /// Makes a new version of a record.
    ///
    /// # Errors
    /// Not found, denied, invalid, quota, io.
    pub fn update(&self, id: u64, change: &Change) -> Result<Entry> {
        Ok(self.0.update(id, change)?)
    }

    /// Forgets records beyond recovery, and what was derived from them; which.
    ///
    /// # Errors
    /// Denied, invalid, io.
    pub fn forget(&self, ids: &[u64]) -> Result<Vec<u64>> {
        Ok(self.0.forget(ids)?)
    }

    /// The kept versions of a record, newest first.
    ///
    /// # Errors
    /// Not found, denied, io.
    pub fn history(&self, id: u64) -> Result<Vec<Entry>> {
        Ok(self.0.history(id)?)
    }

    /// Makes the version before the newest once more.
    ///
    /// # Errors
    /// Not found, denied, quota, io.
    pub fn undo(&self, id: u64) -> Result<Entry> {
        Ok(self.0.undo(id)?)
    }

    /// Records in the order of their ids, after `after`.
    ///
    /// # Errors
    /// Denied, invalid, io.
    pub fn list(&self, after: Option<u64>, limit: u32, filter: &Filter) -> Result<Vec<Entry>> {
        Ok(self.0.list(after, limit, filter)?)
    }

    /// A block that is always in context; empty where nothing was set.
    ///
    /// # Errors
    /// Denied, io.
    pub fn core(&self, block: Block) -> Result<String> {
        Ok(self.0.core(block)?)
    }

    /// Sets a block.
    ///
    /// # Errors
    /// Invalid (it is too long), denied, quota, io.
    pub fn set_core(&self, block: Block, text: &str) -> Result<()> {
        Ok(self.0.set_core(block, text)?)
    }

    /// The window of a conversation, where it was left.
    ///
    /// # Errors
    /// Denied, invalid, quota (open handles).
    pub fn window(&self, conversation: &str) -> Result<Window> {
        Ok(Window(sys::Window::open(&self.0, conversation)?))
    }
}

/// What a window shows.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// What to send to a model, oldest first, after the system message.
    pub messages: Vec<Message>,
    /// About how many tokens that is.
    pub tokens: u32,
    /// How many messages of the log are not in it as they were.
    pub left_out: u32,
    /// How many at the beginning are as they were in the last render.
    pub stable: u32,
}

/// The context of one conversation: the log keeps every message, the window shows what fits.
#[derive(Debug)]
pub struct Window(sys::Window);

impl Window {
    /// Adds messages at the end.
    ///
    /// # Errors
    /// Denied, invalid, quota, io.
    pub fn append(&self, messages: &[Message]) -> Result<Vec<u64>> {
        let messages: Vec<_> = messages.iter().map(Into::into).collect();
        Ok(self.0.append(&messages)?)
    }

    /// What fits into about so many tokens; what is paged out and fits the query is shown again.
    ///
    /// # Errors
    /// Denied, invalid (what has to stay does not fit), quota, io.
    pub fn render(&self, tokens: u32, query: Option<&str>) -> Result<Rendered> {
        let found = self.0.render(tokens, query)?;
        Ok(Rendered {
            messages: found.messages.into_iter().map(Into::into).collect(),
            tokens: found.tokens,
            left_out: found.left_out,
            stable: found.stable,
        })
    }

    /// Keeps messages in the context, or no longer.
    ///
    /// # Errors
    /// Not found, denied, invalid, io.
    pub fn pin(&self, ids: &[u64], pinned: bool) -> Result<()> {
        Ok(self.0.pin(ids, pinned)?)
    }

    /// Takes messages out of the context, with their exchanges.
    ///
    /// # Errors
    /// Not found, denied, io.
    pub fn page_out(&self, ids: &[u64]) -> Result<()> {
        Ok(self.0.page_out(ids)?)
    }

    /// Brings messages back, with their exchanges.
    ///
    /// # Errors
    /// Not found, denied, io.
    pub fn page_in(&self, ids: &[u64]) -> Result<()> {
        Ok(self.0.page_in(ids)?)
    }

    /// Brings back at most `k` messages that fit a query; which.
    ///
    /// # Errors
    /// Denied, invalid, io.
    pub fn page_in_about(&self, query: &str, k: u32) -> Result<Vec<u64>> {
        Ok(self.0.page_in_about(query, k)?)
    }

    /// Has a model sum up the oldest messages that are paged out, at most so many tokens of them, and keeps what it
    /// says in their place; whether there was enough to sum up.
    ///
    /// # Errors
    /// Those of both devices.
    pub fn summarise(&self, model: &crate::llm::Model, tokens: u32) -> crate::Result<bool> {
        let Some(digest) = self.0.digest(tokens).map_err(Error::from)? else { return Ok(false) };
        let messages = digest.request.messages.into_iter().map(Into::into).collect();
        let request = Request { messages, max_tokens: digest.request.max_tokens, ..Request::default() };
        let reply = model.complete(&request)?;
        self.0.summarise(&digest.ids, &reply.text()).map_err(Error::from)?;
        Ok(true)
    }

    /// Keeps by a name what is in the context now.
    ///
    /// # Errors
    /// Invalid, denied, quota, io.
    pub fn snapshot(&self, name: &str) -> Result<()> {
        Ok(self.0.snapshot(name)?)
    }

    /// Puts the context back to a snapshot.
    ///
    /// # Errors
    /// Not found, denied, io.
    pub fn restore(&self, name: &str) -> Result<()> {
        Ok(self.0.restore(name)?)
    }

    /// A new conversation that begins as this one is.
    ///
    /// # Errors
    /// Invalid (there is one of this name), denied, quota, io.
    pub fn fork(&self, name: &str) -> Result<Window> {
        Ok(Window(self.0.fork(name)?))
    }

    /// The log, oldest first, after `after`, at most `limit` (1 to 256).
    ///
    /// # Errors
    /// Denied, io.
    pub fn messages(&self, after: Option<u64>, limit: u32) -> Result<Vec<(u64, Message)>> {
        let lines = self.0.messages(after, limit)?;
        Ok(lines.into_iter().map(|line| (line.id, line.message.into())).collect())
    }
}
