//! The account tree, tested as data.
