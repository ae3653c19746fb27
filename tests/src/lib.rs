//! The tests of Holm.
