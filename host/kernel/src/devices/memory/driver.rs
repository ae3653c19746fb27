//! What a memory backend does: durable records that recall well, and small notes beside them.

use futures_core::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::account::Bytes;

/// The space that a call was admitted to. Private spaces of two plugins never share an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SpaceId {
    /// The plugin that owns it; none for spaces shared between plugins.
    pub owner: Option<String>,
    /// Its name, as the guest and the grant spell it.
    pub name: String,
}

/// Names a record in its space; ids only grow, and none is given twice.
pub type RecordId = u64;

/// Milliseconds since 1970.
pub type Millis = u64;

/// On whose word a record stands, as its writer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The user said it.
    User,
    /// The agent concluded it.
    #[default]
    Agent,
    /// A tool's answer.
    Tool,
    /// A page of the network.
    Web,
    /// A file.
    File,
}

impl Origin {
    /// All of them, with their names.
    pub const NAMES: [(Origin, &'static str); 5] = [
        (Origin::User, "user"),
        (Origin::Agent, "agent"),
        (Origin::Tool, "tool"),
        (Origin::Web, "web"),
        (Origin::File, "file"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }
}

/// Who wrote a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The plugin, by name.
    pub plugin: String,
    /// Its process.
    pub process: String,
    /// The root process of its run.
    pub run: String,
    /// When.
    pub time: Millis,
}

/// What is to be remembered. Its bounds are the interface's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What it is recalled by.
    pub text: String,
    /// What it is: `fact`, `preference`, …
    pub kind: String,
    /// Words it is filtered by.
    pub tags: Vec<String>,
    /// Names with values.
    pub metadata: Vec<(String, String)>,
    /// On whose word.
    pub origin: Origin,
    /// Who said it.
    pub said_by: Option<String>,
    /// The conversation it belongs to. What belongs to one is never merged.
    pub session: Option<String>,
    /// When it was said or happened; none is now.
    pub time: Option<Millis>,
    /// Since when it holds.
    pub valid_from: Option<Millis>,
    /// Until when it holds.
    pub valid_until: Option<Millis>,
    /// When it is forgotten by itself.
    pub expires: Option<Millis>,
    /// Records that no longer hold because of it.
    pub supersedes: Vec<RecordId>,
    /// Records that it sums up: it is forgotten with any of them.
    pub derived_from: Vec<RecordId>,
    /// More than its text, which nothing is recalled by: a whole message.
    pub body: Option<Vec<u8>>,
}

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Begins with 1; each change makes the next.
    pub version: u32,
    /// What it says. Its time is there.
    pub content: Draft,
    /// Who wrote this version.
    pub written: Provenance,
    /// How often the same was remembered again.
    pub repeats: u32,
    /// What took its place.
    pub superseded_by: Option<RecordId>,
}

/// What came of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The record.
    pub id: RecordId,
    /// Whether it was there already.
    pub known: bool,
}

/// A change of a record; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What it says.
    pub text: Option<String>,
    /// What it is.
    pub kind: Option<String>,
    /// Words it is filtered by.
    pub tags: Option<Vec<String>>,
    /// Names with values.
    pub metadata: Option<Vec<(String, String)>>,
    /// Since when it holds.
    pub valid_from: Option<Millis>,
    /// Until when it holds.
    pub valid_until: Option<Millis>,
    /// When it is forgotten by itself.
    pub expires: Option<Millis>,
}

/// What is looked for; each condition must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Of one of these kinds; empty: of any.
    pub kinds: Vec<String>,
    /// Of none of these kinds.
    pub except: Vec<String>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// With all of these.
    pub metadata: Vec<(String, String)>,
    /// Of this conversation.
    pub session: Option<String>,
    /// Said by them.
    pub said_by: Option<String>,
    /// Then or later.
    pub since: Option<Millis>,
    /// Before then.
    pub until: Option<Millis>,
    /// Held then; none is now.
    pub at: Option<Millis>,
    /// Also what no longer holds, or was superseded.
    pub past: bool,
}

/// A question to a space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Words, never a query language.
    pub text: String,
    /// How many at most.
    pub k: usize,
    /// Among which.
    pub filter: Filter,
}

/// What each part adds to a score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// Words.
    pub text: f32,
    /// Meaning.
    pub vector: f32,
    /// What stands beside it.
    pub neighbours: f32,
    /// The query names who said it.
    pub speaker: f32,
    /// Its session as a whole.
    pub session: f32,
    /// The query names its time.
    pub time: f32,
}

/// A record that was recalled, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The record.
    pub record: Record,
    /// The parts together.
    pub score: f32,
    /// Its parts.
    pub parts: Parts,
}

/// What was recalled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recall {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Whether the meanings of all records were compared, or words alone of some.
    pub by_meaning: bool,
    /// Whether a model was asked for the meaning of the query.
    pub embedded: bool,
}

/// One conversation of a space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its name.
    pub name: String,
    /// How many records it has.
    pub records: u64,
    /// When its first was said.
    pub first: Millis,
    /// When its last was said.
    pub last: Millis,
}

/// A space, as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Which.
    pub id: SpaceId,
    /// How many records it has.
    pub records: u64,
    /// Bytes that count against its quota.
    pub used: Bytes,
}

/// A block that is always in a model's context, in the form of Hermes's `MEMORY.md` and `USER.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// What the agent noted.
    Memory,
    /// Who its user is.
    User,
}

impl Block {
    /// The key of the note that keeps it.
    pub fn key(self) -> &'static str {
        match self {
            Block::Memory => "core/memory",
            Block::User => "core/user",
        }
    }

    /// Characters that it holds at most: Hermes's bounds, so that what its users have fits.
    pub fn characters(self) -> usize {
        match self {
            Block::Memory => 2_200,
            Block::User => 1_375,
        }
    }

    /// The note of a text.
    ///
    /// # Errors
    /// It is too long; what to do.
    pub fn note(self, text: String) -> Result<Option<Vec<u8>>, String> {
        let (found, most) = (text.chars().count(), self.characters());
        match found > most {
            true => Err(format!("this block holds at most {most} characters; these are {found}: shorten it")),
            false => Ok((!text.is_empty()).then(|| text.into_bytes())),
        }
    }
}

/// Why a backend could not do it. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The space's bytes would pass the quota.
    #[error("the quota of {quota} is reached")]
    Quota {
        /// The quota that was given.
        quota: Bytes,
    },
    /// No record has this id.
    #[error("there is no record {0}")]
    NoSuchRecord(RecordId),
    /// It is too large, or does not fit together.
    #[error("{0}")]
    Invalid(String),
    /// The backend failed.
    #[error("memory: {0}")]
    Io(String),
}

/// `Result` of a backend.
pub type DriverResult<'a, T> = BoxFuture<'a, Result<T, DriverError>>;

/// A memory backend. Every method may be called from many tasks at once. What is written would
/// survive a power cut once it is told, and is recalled from then on.
pub trait Driver: Send + Sync + 'static {
    /// Remembers all drafts or none.
    fn remember<'a>(
        &'a self,
        space: &'a SpaceId,
        drafts: Vec<Draft>,
        by: Provenance,
        quota: Bytes,
    ) -> DriverResult<'a, Vec<Remembered>>;

    /// The records that fit best.
    fn recall<'a>(&'a self, space: &'a SpaceId, query: Query) -> DriverResult<'a, Recall>;

    /// The records of these ids, with their bodies where they are wanted whole.
    fn get<'a>(&'a self, space: &'a SpaceId, ids: Vec<RecordId>, whole: bool) -> DriverResult<'a, Vec<Option<Record>>>;

    /// Makes a new version of a record.
    fn update<'a>(
        &'a self,
        space: &'a SpaceId,
        id: RecordId,
        change: Change,
        by: Provenance,
        quota: Bytes,
    ) -> DriverResult<'a, Record>;

    /// Forgets records, and what was derived from them: which. None of it can be read from the disk once it is told.
    fn forget<'a>(&'a self, space: &'a SpaceId, ids: Vec<RecordId>) -> DriverResult<'a, Vec<RecordId>>;

    /// The kept versions of a record, newest first.
    fn history<'a>(&'a self, space: &'a SpaceId, id: RecordId) -> DriverResult<'a, Vec<Record>>;

    /// Makes the version before the newest once more.
    fn undo<'a>(&'a self, space: &'a SpaceId, id: RecordId, by: Provenance, quota: Bytes) -> DriverResult<'a, Record>;

    /// Records in the order of their ids, after `after`.
    fn list<'a>(
        &'a self,
        space: &'a SpaceId,
        after: Option<RecordId>,
        limit: usize,
        filter: Filter,
    ) -> DriverResult<'a, Vec<Record>>;

    /// Records of one conversation in the order of their ids, after `after`.
    fn session<'a>(
        &'a self,
        space: &'a SpaceId,
        name: &'a str,
        after: Option<RecordId>,
        limit: usize,
    ) -> DriverResult<'a, Vec<Record>>;

    /// The conversations of a space.
    fn sessions<'a>(&'a self, space: &'a SpaceId) -> DriverResult<'a, Vec<Conversation>>;

    /// A small state beside the records, by its key.
    fn note<'a>(&'a self, space: &'a SpaceId, key: &'a str) -> DriverResult<'a, Option<Vec<u8>>>;

    /// Sets a note, or removes it.
    fn set_note<'a>(
        &'a self,
        space: &'a SpaceId,
        key: &'a str,
        note: Option<Vec<u8>>,
        quota: Bytes,
    ) -> DriverResult<'a, ()>;

    /// The spaces that hold anything.
    fn spaces(&self) -> DriverResult<'_, Vec<Space>>;

    /// Removes all that a plugin keeps in spaces of its own, as [`crate::storage::Driver::forget`] does with buckets.
    fn forget_owner<'a>(&'a self, plugin: &'a str) -> DriverResult<'a, Bytes>;
}
