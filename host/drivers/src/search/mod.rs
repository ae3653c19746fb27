//! Tools found by words, among thousands, as whoever looks for one would say it.

mod index;
mod query;
mod words;

pub use index::Tools;
