//! Rights to call tools: `jq/query`, `jq/*`.

use crate::syscall::named::{is_name, named_rule};

named_rule!(
    /// Tools that may be seen and called.
    ToolRule,
    /// A tool that a call wants to see or call.
    ToolWant,
    |text| text.split_once('/').is_some_and(|(plugin, tool)| is_name(plugin) && is_name(tool)),
    "a plugin and a tool, like `jq/query` or `jq/*`"
);
