//! Rights to start plugins: `csv-query`, `team-*`.

use crate::syscall::named::{is_name, named_rule};

named_rule!(
    /// Plugins that may be started. `self` is the plugin's own component.
    SpawnRule,
    /// A plugin that a call wants to start.
    SpawnWant,
    is_name,
    "the name of a plugin, like `csv-query`, or `self`"
);
