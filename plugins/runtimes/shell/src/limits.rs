//! What a script can grow, and how far; each with the attack that it stops.

/// Functions, sourced files, `eval`s and substitutions within each other: `f() { f; }; f`.
pub(crate) const DEPTH: usize = 200;

/// Brackets within each other in a script's text: ten thousand `(` would exhaust the parser's stack.
pub(crate) const NESTING: usize = 200;

/// Words that one brace expression makes: `{1..1000000000}`.
pub(crate) const BRACES: usize = 1 << 20;

/// Bytes of one script: `source /dev/zero`, or a file of gigabytes.
pub(crate) const SCRIPT: u64 = 8 << 20;

/// Bytes that one expansion yields: `x=$x$x` in a loop, `${x//a/$x}`.
pub(crate) const EXPANSION: usize = 16 << 20;

/// Bytes that wait between two stages that the shell runs itself, or are caught by `$(…)`: `x=$(yes)`.
/// A stage that writes more is ended as if by a closed pipe.
pub(crate) const CAUGHT: usize = 32 << 20;

/// Bytes given to a command's input that may be given again to who reads next. A pipe holds as much: whoever
/// took more did read, and what it took is gone.
pub(crate) const OFFERED: usize = 64 << 10;

/// Elements that one assignment of an index may reach: `a[4611686018427387904]=1` is one element, kept sparse;
/// `mapfile` of an endless file is not.
pub(crate) const ELEMENTS: usize = 1 << 20;

/// Children that run at once: `while :; do sleep 1000 & done`.
pub(crate) const JOBS: usize = 64;

/// Characters a pattern may make the matcher look at: `*(*(a))*(*(a))b` against a long line.
pub(crate) const MATCHING: usize = 50_000_000;
