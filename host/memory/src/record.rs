//! What is remembered: records, as they are given and as they are kept.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970, by UTC.
pub type Millis = i64;

/// A record's number in its space. Numbers grow and are never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordId(pub u64);

/// A space, by its name and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceId {
    /// The plugin that it belongs to; none where it is shared between plugins.
    pub owner: Option<String>,
    /// Its name among its owner's.
    pub name: String,
}

/// Who wrote something. The caller says it; this crate believes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The plugin.
    pub plugin: String,
    /// Its process.
    pub process: String,
    /// The run that the process belongs to.
    pub run: String,
}

/// A record to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// What is remembered, and recalled by.
    pub text: String,
    /// What sort of thing it is: `preference`, `decision`, `message`, …
    pub kind: String,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Pairs to filter by.
    pub metadata: Vec<(String, String)>,
    /// Who said it, by name.
    pub said_by: Option<String>,
    /// Where it is from: `user`, `agent`, `tool:NAME`, …
    pub origin: String,
    /// The conversation that it is a turn of. Turns stand in the order in which they were remembered.
    pub session: Option<String>,
    /// When it was said, or happened; now where it is not said.
    pub time: Option<Millis>,
    /// Since when it has held.
    pub valid_from: Option<Millis>,
    /// Until when it held, exclusive.
    pub valid_until: Option<Millis>,
    /// When it is to be forgotten; from then on nothing shows it.
    pub expires: Option<Millis>,
    /// Records that hold no longer since this one does.
    pub supersedes: Vec<RecordId>,
    /// Records that this one was made from, and is forgotten with.
    pub derived_from: Vec<RecordId>,
    /// Bytes kept with it and never looked at, such as a model's whole message.
    pub body: Option<Vec<u8>>,
    /// Who writes it.
    pub provenance: Provenance,
}

/// What became of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Its record.
    pub id: RecordId,
    /// Whether that stood there before and says the same: then it counts one more repeat.
    pub repeated: bool,
}

/// A record as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number.
    pub id: RecordId,
    /// How often it was written, from 1.
    pub version: u32,
    /// As of the draft, or of the last change.
    pub text: String,
    /// Likewise.
    pub kind: String,
    /// Likewise.
    pub tags: Vec<String>,
    /// Likewise.
    pub metadata: Vec<(String, String)>,
    /// Who said it.
    pub said_by: Option<String>,
    /// Where it is from.
    pub origin: String,
    /// The conversation that it is a turn of.
    pub session: Option<String>,
    /// When it was said, or happened.
    pub time: Millis,
    /// When its first version was written.
    pub created: Millis,
    /// When this version was written.
    pub written: Millis,
    /// Since when it has held.
    pub valid_from: Option<Millis>,
    /// Until when it held.
    pub valid_until: Option<Millis>,
    /// When it is to be forgotten.
    pub expires: Option<Millis>,
    /// The record that took its place.
    pub superseded_by: Option<RecordId>,
    /// The records whose place it took.
    pub supersedes: Vec<RecordId>,
    /// The records that it was made from.
    pub derived_from: Vec<RecordId>,
    /// How often the same was remembered again.
    pub repeats: u32,
    /// Bytes kept with it; only `get` and `session` bring them.
    #[serde(skip)]
    pub body: Option<Vec<u8>>,
    /// Who wrote this version, or repeated it last.
    pub provenance: Provenance,
}

/// What to change of a record; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Another text.
    pub text: Option<String>,
    /// Another kind.
    pub kind: Option<String>,
    /// Other tags, all of them.
    pub tags: Option<Vec<String>>,
    /// Other metadata, all of it.
    pub metadata: Option<Vec<(String, String)>>,
    /// Since when it has held; `Some(None)` takes the bound away.
    pub valid_from: Option<Option<Millis>>,
    /// Until when it holds, likewise.
    pub valid_until: Option<Option<Millis>>,
    /// When it is to be forgotten, likewise.
    pub expires: Option<Option<Millis>>,
}

/// One version of a record, as it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub version: u32,
    /// When it was written.
    pub written: Millis,
    /// The record as it then was; none where its bytes are damaged.
    pub record: Option<Record>,
}

/// Some records in order, and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Those that can be read.
    pub records: Vec<Record>,
    /// Those that cannot: their bytes on disk were changed. `forget` removes them.
    pub damaged: Vec<RecordId>,
    /// The `after` of the next page; none on the last.
    pub next: Option<RecordId>,
}

/// A conversation, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub name: String,
    /// The time of its earliest record.
    pub first: Millis,
    /// The time of its latest.
    pub last: Millis,
    /// How many there are.
    pub records: u64,
}

/// What a space holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Records that stand.
    pub records: u64,
    /// Bytes that count against the quota.
    pub bytes: u64,
}
