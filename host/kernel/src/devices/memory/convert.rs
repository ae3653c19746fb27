//! Between WIT's words and the device's own.

use super::driver::{Block, Change, Draft, Filter, Hit, Origin, Recall, Record};
use crate::bindings::holm::sys::memory as wit;

pub(super) fn draft(draft: wit::Draft) -> Draft {
    Draft {
        text: draft.text,
        kind: draft.kind,
        tags: draft.tags,
        metadata: draft.metadata,
        origin: match draft.origin {
            wit::Origin::User => Origin::User,
            wit::Origin::Agent => Origin::Agent,
            wit::Origin::Tool => Origin::Tool,
            wit::Origin::Web => Origin::Web,
            wit::Origin::File => Origin::File,
        },
        said_by: draft.said_by,
        session: draft.session,
        time: draft.time,
        valid_from: draft.valid_from,
        valid_until: draft.valid_until,
        expires: draft.expires,
        supersedes: draft.supersedes,
        derived_from: draft.derived_from,
        body: None,
    }
}

pub(super) fn entry(record: Record) -> wit::Entry {
    let Record { id, version, content, written, repeats, superseded_by } = record;
    wit::Entry {
        id,
        version,
        content: wit::Draft {
            text: content.text,
            kind: content.kind,
            tags: content.tags,
            metadata: content.metadata,
            origin: match content.origin {
                Origin::User => wit::Origin::User,
                Origin::Agent => wit::Origin::Agent,
                Origin::Tool => wit::Origin::Tool,
                Origin::Web => wit::Origin::Web,
                Origin::File => wit::Origin::File,
            },
            said_by: content.said_by,
            session: content.session,
            time: content.time,
            valid_from: content.valid_from,
            valid_until: content.valid_until,
            expires: content.expires,
            supersedes: content.supersedes,
            derived_from: content.derived_from,
        },
        written: wit::Provenance {
            plugin: written.plugin,
            process: written.process,
            run: written.run,
            time: written.time,
        },
        repeats,
        superseded_by,
    }
}

pub(super) fn change(change: wit::Change) -> Change {
    Change {
        text: change.text,
        kind: change.kind,
        tags: change.tags,
        metadata: change.metadata,
        valid_from: change.valid_from,
        valid_until: change.valid_until,
        expires: change.expires,
    }
}

pub(super) fn filter(filter: wit::Filter) -> Filter {
    Filter {
        kinds: filter.kinds,
        except: Vec::new(),
        tags: filter.tags,
        metadata: filter.metadata,
        session: filter.session,
        said_by: filter.said_by,
        since: filter.since,
        until: filter.until,
        at: filter.at,
        past: filter.past,
    }
}

pub(super) fn recalled(recall: Recall) -> wit::Recalled {
    let hit = |Hit { record, score, parts }| wit::Hit {
        entry: entry(record),
        score,
        parts: wit::Parts {
            text: parts.text,
            vector: parts.vector,
            neighbours: parts.neighbours,
            speaker: parts.speaker,
            session: parts.session,
            time: parts.time,
        },
    };
    wit::Recalled { hits: recall.hits.into_iter().map(hit).collect(), by_meaning: recall.by_meaning }
}

pub(super) fn block(block: wit::Block) -> Block {
    match block {
        wit::Block::Memory => Block::Memory,
        wit::Block::User => Block::User,
    }
}
