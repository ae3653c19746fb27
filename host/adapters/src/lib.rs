//! holm-adapters
