//! What a space may hold, and what a call may ask: each bound, and the attack that it stops.

/// Bytes of a record's text. Stops one record that is slow to seal, to index and to show.
pub const TEXT_BYTES: usize = 64 << 10;
/// Bytes of what goes with a text unread. Stops a space that is used as a disk.
pub const BODY_BYTES: usize = 1 << 20;
/// Bytes of a kind, a tag, a key of metadata. They are held in memory for every record.
pub const NAME_BYTES: usize = 64;
/// Bytes of a value of metadata, a speaker, a session, an origin, a part of a provenance. Stops long names that
/// each record carries.
pub const VALUE_BYTES: usize = 256;
/// Tags of a record. Each is compared with what a query asks for.
pub const TAGS: usize = 32;
/// Pairs of metadata of a record, likewise.
pub const METADATA: usize = 32;
/// Records that one record supersedes or is derived from. Stops one `forget` that never ends.
pub const LINKS: usize = 256;
/// Records of one call of `remember`, and ids of one call of `get` or `forget`. Others wait for the same writer.
pub const BATCH: usize = 1_000;
/// Bytes of all that one call of `remember` brings. It is held in memory until it is on disk.
pub const BATCH_BYTES: usize = 16 << 20;
/// Records that a query may ask for. Each is read and opened.
pub const K: usize = 1_000;
/// Bytes of a query's text. It is embedded while its caller waits.
pub const QUERY_BYTES: usize = 8 << 10;
/// Words of a query that are looked for. Each is a list to walk.
pub const QUERY_WORDS: usize = 64;
/// Records on a page of `list` or `session`.
pub const PAGE: usize = 1_000;
/// Bytes of texts on a page. What is longer ends the page early.
pub const PAGE_BYTES: usize = 8 << 20;
/// Versions kept of a record; the oldest goes. Stops a record that is changed for ever.
pub const VERSIONS: usize = 32;
/// Bytes of a note, and of its key.
pub const NOTE_BYTES: usize = 64 << 10;
/// Bytes of a note's key.
pub const NOTE_KEY_BYTES: usize = 256;
/// Bytes of a space's name, and of its owner's.
pub const SPACE_BYTES: usize = 256;
/// Spaces of one owner. Each has a row, and a folder once it is large.
pub const SPACES: usize = 1_000;
/// Records of one space. What is known of each is held in memory while the space is open.
pub const RECORDS: usize = 4_000_000;
/// What a record counts against the quota beside its bytes: its key, its vector, its place in the indexes.
/// Stops millions of empty records.
pub const RECORD_OVERHEAD: u64 = 1_024;
/// What a kept version, or a note, counts beside its bytes.
pub const VERSION_OVERHEAD: u64 = 128;
