//! What may be remembered, and its bounds: each stops one way to fill a disk or an index with one call.

use super::driver::{Change, Draft, Filter, RecordId};

/// Bytes of a record's text. Stops records that no model could be shown.
pub(super) const TEXT_BYTES: usize = 64 << 10;
/// Bytes of a kind or a tag, or of who said it.
const WORD_BYTES: usize = 64;
/// Tags of a record.
const TAGS: usize = 32;
/// Names with values of a record, and the bytes of a value.
const PAIRS: usize = 32;
const VALUE_BYTES: usize = 256;
/// Bytes of a conversation's name.
pub(super) const SESSION_BYTES: usize = 128;
/// Records that one supersedes, or sums up.
pub(super) const RELATED: usize = 256;
/// Records of one call.
pub(super) const BATCH: usize = 1000;
/// Bytes of a query. Stops queries that are documents: each of their words is looked up.
pub(super) const QUERY_BYTES: usize = 4 << 10;
/// Records of one answer.
pub(super) const ANSWER: u32 = 1000;

/// What only windows write.
pub(super) const MESSAGE: &str = "message";
pub(super) const SUMMARY: &str = "summary";

type Check<T = ()> = Result<T, String>;

fn within(what: &str, found: usize, most: usize) -> Check {
    if found <= most { Ok(()) } else { Err(format!("{what} at most {most}; {found} were given")) }
}

fn kind(kind: &str) -> Check {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=WORD_BYTES).contains(&kind.len()) || !kind.bytes().all(plain) {
        return Err("a kind has 1 to 64 of a-z, 0-9 and -".to_owned());
    }
    if [MESSAGE, SUMMARY].contains(&kind) {
        return Err(format!("the kind `{kind}` is what a window writes: choose another"));
    }
    Ok(())
}

pub(super) fn text(text: &str) -> Check {
    if text.trim().is_empty() {
        return Err("there is no text to remember".to_owned());
    }
    within("a text has bytes", text.len(), TEXT_BYTES)
}

fn tags(tags: &[String]) -> Check {
    within("a record has tags", tags.len(), TAGS)?;
    tags.iter().try_for_each(|tag| within("a tag has bytes", tag.len(), WORD_BYTES))
}

fn pairs(pairs: &[(String, String)]) -> Check {
    within("metadata has names", pairs.len(), PAIRS)?;
    for (name, value) in pairs {
        within("a name in metadata has bytes", name.len(), WORD_BYTES)?;
        within("a value in metadata has bytes", value.len(), VALUE_BYTES)?;
    }
    match pairs.iter().enumerate().find(|(at, (name, _))| pairs[..*at].iter().any(|(other, _)| other == name)) {
        Some((_, (name, _))) => Err(format!("`{name}` stands twice in the metadata")),
        None => Ok(()),
    }
}

/// The name of a conversation.
pub(super) fn session(name: &str) -> Check {
    match !(1..=SESSION_BYTES).contains(&name.len()) || name.chars().any(char::is_control) {
        true => Err(format!("a conversation's name has 1 to {SESSION_BYTES} bytes and no control characters")),
        false => Ok(()),
    }
}

/// As many records as one call may name, each once.
pub(super) fn ids(ids: &[RecordId]) -> Check {
    within("one call names records", ids.len(), BATCH)?;
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("record {} is named twice", pair[0])),
        None => Ok(()),
    }
}

pub(super) fn draft(draft: &Draft) -> Check {
    text(&draft.text)?;
    kind(&draft.kind)?;
    tags(&draft.tags)?;
    pairs(&draft.metadata)?;
    within("who said it has bytes", draft.said_by.as_deref().map_or(0, str::len), WORD_BYTES)?;
    draft.session.as_deref().map_or(Ok(()), session)?;
    within("a record supersedes records", draft.supersedes.len(), RELATED)?;
    within("a record sums up records", draft.derived_from.len(), RELATED)?;
    match (draft.valid_from, draft.valid_until) {
        (Some(from), Some(until)) if from > until => Err("it would end to hold before it begins to".to_owned()),
        _ => Ok(()),
    }
}

/// What the drafts of one call refer to: each is read, kept as a version and written anew.
pub(super) fn links(drafts: &[Draft]) -> Check {
    let all = drafts.iter().map(|draft| draft.supersedes.len() + draft.derived_from.len()).sum();
    within("one call supersedes or sums up records", all, RELATED)?;
    let mut superseded: Vec<RecordId> = drafts.iter().flat_map(|draft| &draft.supersedes).copied().collect();
    superseded.sort_unstable();
    match superseded.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("record {} would be superseded twice", pair[0])),
        None => Ok(()),
    }
}

pub(super) fn change(change: &Change) -> Check {
    change.text.as_deref().map_or(Ok(()), text)?;
    change.kind.as_deref().map_or(Ok(()), kind)?;
    change.tags.as_deref().map_or(Ok(()), tags)?;
    change.metadata.as_deref().map_or(Ok(()), pairs)
}

pub(super) fn filter(filter: &Filter) -> Check {
    within("a filter names kinds", filter.kinds.len(), TAGS)?;
    tags(&filter.tags)?;
    pairs(&filter.metadata)?;
    filter.session.as_deref().map_or(Ok(()), session)
}

pub(super) fn query(query: &str) -> Check {
    match query.trim().is_empty() {
        true => Err("there is nothing to look for: `list` gives all records".to_owned()),
        false => within("a query has bytes", query.len(), QUERY_BYTES),
    }
}

/// Bytes that a draft brings, for its price.
pub(super) fn bytes(draft: &Draft) -> u64 {
    let words = draft.tags.iter().map(String::len).sum::<usize>();
    let pairs = draft.metadata.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    (draft.text.len() + words + pairs + draft.body.as_ref().map_or(0, Vec::len)) as u64
}
