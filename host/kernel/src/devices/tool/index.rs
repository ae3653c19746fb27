//! Tools found by words among thousands: what finds them, and what is asked of it.

use std::sync::Arc;

use crate::program::Offer;

/// Bytes of a query. Stops one that is looked up for seconds.
pub const QUERY_BYTES: usize = 1024;
/// Words of a query that count; more are not looked up, and not paid for.
pub const QUERY_WORDS: usize = 24;
/// Tools that one search gives.
pub const MAXIMUM_FOUND: u32 = 100;

/// A tool that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// `plugin/tool`.
    pub name: String,
    /// The first sentence of what it does.
    pub summary: String,
    /// How well it fits, beside the best that was found, which has 1.
    pub score: f32,
}

/// Who may know of a tool, by its full name.
pub type Admits = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Finds tools by words.
pub trait Index: Send + Sync + 'static {
    /// The tools that these words fit best, the best first, at most `limit` of those that are admitted.
    /// `offers` is all there is; what it was last time costs nothing again. It may take a while, off the
    /// workers. An index that fails finds nothing, and says why in the log.
    fn find(&self, offers: &[Arc<dyn Offer>], query: &str, admits: &Admits, limit: usize) -> Vec<Found>;
}

/// No index: nothing is found.
impl Index for () {
    fn find(&self, _: &[Arc<dyn Offer>], _: &str, _: &Admits, _: usize) -> Vec<Found> {
        Vec::new()
    }
}
