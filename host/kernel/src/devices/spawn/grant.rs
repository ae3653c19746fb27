//! Rights to start plugins (`csv-query`, `team-*`), and to execute commands (`python`, `git*`).

use crate::syscall::named::{is_command_pattern, is_name, named_rule};

named_rule!(
    /// Plugins that may be started. `self` is the plugin's own component.
    SpawnRule,
    /// A plugin that a call wants to start.
    SpawnWant,
    is_name,
    "the name of a plugin, like `csv-query`, or `self`"
);

named_rule!(
    /// Commands that may be executed.
    ExecRule,
    /// A command that a call wants to execute.
    ExecWant,
    is_command_pattern,
    "the name of a command, like `python` or `git`"
);
