//! What is asked of a space, and what it answers.

use crate::record::{Millis, Record, RecordId};

/// A question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// What is looked for, in plain words; no sign in it means anything.
    pub text: String,
    /// How many records at most.
    pub k: usize,
    /// Which records are looked at.
    pub filter: Filter,
}

/// Which records are looked at: those that fit everything that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of one of these kinds; of any where there is none.
    pub kinds: Vec<String>,
    /// Of none of these kinds.
    pub except: Vec<String>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// With all of these pairs.
    pub metadata: Vec<(String, String)>,
    /// Of this conversation.
    pub session: Option<String>,
    /// Said by this speaker.
    pub said_by: Option<String>,
    /// From this origin.
    pub origin: Option<String>,
    /// Written, or last repeated, by this plugin.
    pub plugin: Option<String>,
    /// Of this time or later.
    pub since: Option<Millis>,
    /// Before this time.
    pub until: Option<Millis>,
    /// That held at this time; now where it is not said.
    pub at: Option<Millis>,
    /// Also what was superseded, or holds no longer.
    pub past: bool,
}

/// What a space answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recall {
    /// The best first.
    pub hits: Vec<Hit>,
    /// Whether meaning was looked at, or words alone.
    pub vectors: Vectors,
    /// Records that would have been found, and cannot be read: their bytes on disk were changed.
    pub damaged: Vec<RecordId>,
}

/// How far vectors had part in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vectors {
    /// There is no embedding model: words alone.
    #[default]
    Absent,
    /// The model failed on this query: words alone.
    Failed,
    /// Some records have no vector yet, and were found by words alone.
    Partly {
        /// How many records wait.
        waiting: u64,
    },
    /// Every record has its vector.
    Used,
}

/// A record that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The record, without its body.
    pub record: Record,
    /// How well it fits, beside the others of this answer; no measure by itself.
    pub score: f32,
    /// What the score is the sum of.
    pub parts: Parts,
}

/// What each kind of evidence added to a score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// Its words.
    pub text: f32,
    /// Its meaning.
    pub vector: f32,
    /// The turns beside it.
    pub neighbours: f32,
    /// Who said it.
    pub speaker: f32,
    /// The conversation around it.
    pub session: f32,
    /// When it was.
    pub time: f32,
}

impl Parts {
    /// The score.
    pub fn sum(&self) -> f32 {
        self.text + self.vector + self.neighbours + self.speaker + self.session + self.time
    }
}

/// How far the indexes of a space have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records that stand.
    pub records: u64,
    /// Those that are found by their words.
    pub indexed: u64,
    /// Those that have a vector.
    pub embedded: u64,
}
