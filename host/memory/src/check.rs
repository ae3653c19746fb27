//! What drafts, changes and queries may be, before anything is done with them. Pure.

use std::collections::HashSet;

use crate::{
    error::MemoryError,
    limits::{
        BATCH, BATCH_BYTES, BODY_BYTES, K, LINKS, METADATA, NAME_BYTES, NOTE_BYTES, NOTE_KEY_BYTES, QUERY_BYTES,
        SPACE_BYTES, TAGS, TEXT_BYTES, VALUE_BYTES,
    },
    query::{Filter, Query},
    record::{Change, Draft, Provenance, SpaceId},
};

type Checked = Result<(), MemoryError>;

fn most(what: &'static str, found: usize, limit: usize) -> Checked {
    if found > limit { Err(MemoryError::TooMuch { what, limit, found }) } else { Ok(()) }
}

fn said(what: &'static str, text: &str) -> Checked {
    if text.trim().is_empty() { Err(MemoryError::Empty { what }) } else { Ok(()) }
}

fn provenance(provenance: &Provenance) -> Checked {
    most("bytes of a plugin's name", provenance.plugin.len(), VALUE_BYTES)?;
    most("bytes of a process's name", provenance.process.len(), VALUE_BYTES)?;
    most("bytes of a run's name", provenance.run.len(), VALUE_BYTES)
}

fn tags(tags: &[String]) -> Checked {
    most("tags of a record", tags.len(), TAGS)?;
    tags.iter().try_for_each(|tag| most("bytes of a tag", tag.len(), NAME_BYTES))
}

fn metadata(pairs: &[(String, String)]) -> Checked {
    most("pairs of metadata", pairs.len(), METADATA)?;
    pairs.iter().try_for_each(|(key, value)| {
        most("bytes of a key of metadata", key.len(), NAME_BYTES)?;
        most("bytes of a value of metadata", value.len(), VALUE_BYTES)
    })
}

fn text(text: &str) -> Checked {
    said("the text of a record", text)?;
    most("bytes of a text", text.len(), TEXT_BYTES)
}

/// Whether drafts can be remembered, all of them.
pub(crate) fn drafts(drafts: &[Draft]) -> Checked {
    most("records of one call", drafts.len(), BATCH)?;
    let (mut bytes, mut links) = (0, 0);
    let mut superseded = HashSet::new();
    for draft in drafts {
        text(&draft.text)?;
        most("bytes of a kind", draft.kind.len(), NAME_BYTES)?;
        tags(&draft.tags)?;
        metadata(&draft.metadata)?;
        most("bytes of a speaker's name", draft.said_by.as_ref().map_or(0, String::len), VALUE_BYTES)?;
        most("bytes of an origin", draft.origin.len(), VALUE_BYTES)?;
        most("bytes of a session's name", draft.session.as_ref().map_or(0, String::len), VALUE_BYTES)?;
        most("records that one supersedes", draft.supersedes.len(), LINKS)?;
        most("records that one is derived from", draft.derived_from.len(), LINKS)?;
        most("bytes of a body", draft.body.as_ref().map_or(0, Vec::len), BODY_BYTES)?;
        provenance(&draft.provenance)?;
        links += draft.supersedes.len() + draft.derived_from.len();
        if draft.supersedes.iter().any(|id| !superseded.insert(id)) {
            return Err(MemoryError::TooMuch { what: "times that one call supersedes a record", limit: 1, found: 2 });
        }
        bytes += draft.text.len() + draft.body.as_ref().map_or(0, Vec::len);
    }
    // Each is read, kept as a version and written anew: a thousand records that supersede the same 256 would be
    // gigabytes.
    most("records that one call supersedes or is derived from", links, LINKS)?;
    most("bytes of one call", bytes, BATCH_BYTES)
}

/// Whether a change can be made.
pub(crate) fn change(change: &Change, by: &Provenance) -> Checked {
    if let Some(changed) = &change.text {
        text(changed)?;
    }
    most("bytes of a kind", change.kind.as_ref().map_or(0, String::len), NAME_BYTES)?;
    tags(change.tags.as_deref().unwrap_or_default())?;
    metadata(change.metadata.as_deref().unwrap_or_default())?;
    provenance(by)
}

/// Whether a question can be asked.
pub(crate) fn query(query: &Query) -> Checked {
    said("the text of a query", &query.text)?;
    most("bytes of a query", query.text.len(), QUERY_BYTES)?;
    most("records that a query asks for", query.k, K)?;
    filter(&query.filter)
}

/// Whether records can be chosen by it.
pub(crate) fn filter(filter: &Filter) -> Checked {
    most("kinds of a filter", filter.kinds.len() + filter.except.len(), TAGS)?;
    most("tags of a filter", filter.tags.len(), TAGS)?;
    most("pairs of metadata of a filter", filter.metadata.len(), METADATA)
}

/// Whether a space can have this name.
pub(crate) fn space(space: &SpaceId) -> Checked {
    said("the name of a space", &space.name)?;
    most("bytes of a space's name", space.name.len(), SPACE_BYTES)?;
    most("bytes of an owner's name", space.owner.as_ref().map_or(0, String::len), SPACE_BYTES)
}

/// Whether so many ids can be asked for at once.
pub(crate) fn ids(count: usize) -> Checked {
    most("records of one call", count, BATCH)
}

/// Whether a note can be kept.
pub(crate) fn note(key: &str, value: Option<&[u8]>) -> Checked {
    said("the key of a note", key)?;
    most("bytes of a note's key", key.len(), NOTE_KEY_BYTES)?;
    most("bytes of a note", value.map_or(0, <[u8]>::len), NOTE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_is_met_exactly() {
        let draft = |change: &dyn Fn(&mut Draft)| {
            let mut draft = Draft { text: "a".into(), ..Draft::default() };
            change(&mut draft);
            drafts(&[draft])
        };
        let long = |bytes: usize| "x".repeat(bytes);
        type Set = fn(&mut Draft, String);
        let bounds: [(usize, Set); 9] = [
            (TEXT_BYTES, |draft, long| draft.text = long),
            (NAME_BYTES, |draft, long| draft.kind = long),
            (NAME_BYTES, |draft, long| draft.tags = vec![long]),
            (NAME_BYTES, |draft, long| draft.metadata = vec![(long, String::new())]),
            (VALUE_BYTES, |draft, long| draft.metadata = vec![(String::new(), long)]),
            (VALUE_BYTES, |draft, long| draft.said_by = Some(long)),
            (VALUE_BYTES, |draft, long| draft.session = Some(long)),
            (VALUE_BYTES, |draft, long| draft.origin = long),
            (BODY_BYTES, |draft, long| draft.body = Some(long.into_bytes())),
        ];
        for (at, (bytes, set)) in bounds.into_iter().enumerate() {
            assert!(draft(&|draft| set(draft, long(bytes))).is_ok(), "{at}");
            let refused = draft(&|draft| set(draft, long(bytes + 1)));
            assert!(matches!(refused, Err(MemoryError::TooMuch { limit, .. }) if limit == bytes), "{at}: {refused:?}");
        }
        assert!(draft(&|draft| draft.tags = vec![String::new(); TAGS]).is_ok());
        assert!(draft(&|draft| draft.tags = vec![String::new(); TAGS + 1]).is_err());
        assert!(matches!(draft(&|draft| draft.text = " \n".into()), Err(MemoryError::Empty { .. })));
        assert!(drafts(&vec![Draft { text: "a".into(), ..Draft::default() }; BATCH]).is_ok());
        assert!(drafts(&vec![Draft { text: "a".into(), ..Draft::default() }; BATCH + 1]).is_err());
        let asked = |k| query(&Query { text: "a".into(), k, ..Query::default() });
        assert!(asked(K).is_ok() && asked(K + 1).is_err());
    }
}
