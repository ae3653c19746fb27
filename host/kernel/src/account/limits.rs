//! The one table of limits. Each bound names the attack it stops.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Bytes, Fuel, Money};

/// What happens when a process has burned all its fuel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnEmpty {
    /// It ends with the fault `out-of-fuel`.
    #[default]
    End,
    /// It stops and waits for `holm topup`.
    Stop,
}

/// All that a process and the processes it starts may use. A manifest's limits are
/// requests: what holds is the least of manifest, operator and parent ([`Limits::meet`]).
///
/// Limits marked *tree* bound a process and its descendants together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Limits {
    /// *Tree.* Instructions and host work. Stops endless loops.
    pub fuel: Fuel,
    /// End, or stop and wait for more.
    pub on_empty: OnEmpty,
    /// *Tree.* Linear memories and tables together, what is kept for handles of requests, and what waits for a
    /// parent: mail, streams, answers. Stops `memory.grow` bombs over many memories.
    pub memory: Bytes,
    /// Elements of all tables of a process. Stops `table.grow` bombs. A table from the pool of
    /// instances ends at 20,000, whatever is allowed here.
    pub table_elements: u64,
    /// Core instances in a component. Stops components made of ten thousand instances.
    pub instances: u64,
    /// Time from start to end, stopped or not. Stops a process that waits for ever.
    #[serde(with = "humantime_serde")]
    pub wall_time: Duration,
    /// Live resources a process holds. Stops a million handles.
    pub handles: u64,
    /// *Tree.* Live descendants. Stops wide fork bombs.
    pub children: u64,
    /// Generations below a root process. Stops deep fork bombs.
    pub depth: u64,
    /// *Tree.* Files and directories held open. Stops descriptor exhaustion in the host.
    pub open_files: u64,
    /// *Tree.* Files, directories and links made. Stops a hundred thousand empty files.
    pub files_created: u64,
    /// *Tree.* Bytes written to granted directories. Stops filling the disk.
    pub written: Bytes,
    /// *Tree.* Lines written through `log`.
    pub log_lines: u64,
    /// *Tree.* Bytes written through `log`.
    pub log_bytes: Bytes,
    /// *Tree.* Bytes written to stdout and stderr. Stops output floods.
    pub output: Bytes,
    /// Bytes kept in a plugin's private buckets, and in each shared one, old versions included.
    pub storage: Bytes,
    /// Bytes kept in a plugin's private spaces of memory, and in each shared one, old versions included. Stops a
    /// diary that fills the disk.
    pub remembered: Bytes,
    /// Bytes one call may pass to the host. Stops giant lists and strings.
    pub hostcall: Bytes,
    /// Random bytes one call may ask for. Stops `get-random-bytes(4 GiB)`.
    pub random: Bytes,
    /// Bytes that wait in one mailbox or pipe. Stops mailbox floods.
    pub mailbox: Bytes,
    /// *Tree.* Bytes of audit records; past it they are counted, not kept. Stops audit floods.
    pub audit: Bytes,
    /// *Tree.* Calls of models. Stops a loop of calls that cost nothing else.
    pub model_calls: u64,
    /// *Tree.* Tokens of requests and replies. Stops twenty children that share one budget.
    pub tokens: u64,
    /// *Tree.* What models may cost, in US dollars.
    pub money: Money,
    /// *Tree.* Calls of models under way. Stops replies that nobody reads: each may hold 4 MiB.
    pub model_streams: u64,
    /// *Tree.* Requests to the network under way, until their response is read or let go. Stops a
    /// thousand connections that nobody reads.
    pub requests: u64,
    /// *Tree.* Bytes sent to the network and received from it. Stops bodies that never end.
    pub network: Bytes,
    /// *Tree.* Questions to whoever called a tool. Stops tools that wear down who answers.
    pub questions: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: Fuel(100_000_000_000),
            on_empty: OnEmpty::End,
            memory: Bytes(256 << 20),
            table_elements: 20_000,
            instances: 64,
            wall_time: Duration::from_secs(600),
            handles: 4_096,
            children: 64,
            depth: 8,
            open_files: 64,
            files_created: 10_000,
            written: Bytes(1 << 30),
            log_lines: 10_000,
            log_bytes: Bytes(1 << 20),
            output: Bytes(64 << 20),
            storage: Bytes(64 << 20),
            remembered: Bytes(256 << 20),
            hostcall: Bytes(4 << 20),
            random: Bytes(64 << 10),
            mailbox: Bytes(1 << 20),
            audit: Bytes(1 << 20),
            model_calls: 1_000,
            tokens: 1_000_000,
            money: Money(5_000_000),
            model_streams: 32,
            requests: 16,
            network: Bytes(256 << 20),
            questions: 64,
        }
    }
}

impl Limits {
    /// Bytes of stack that a guest's calls may use. The engine's, the same for every process, and no key of
    /// `[limits]`. Stops deep recursion.
    pub const STACK: Bytes = Bytes(512 << 10);

    /// The least of both, limit by limit. A process stops on empty only where both say so.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        macro_rules! least {
            ($($limit:ident),* $(,)?) => {
                Self {
                    $($limit: self.$limit.min(other.$limit),)*
                    on_empty: match (self.on_empty, other.on_empty) {
                        (OnEmpty::Stop, OnEmpty::Stop) => OnEmpty::Stop,
                        _ => OnEmpty::End,
                    },
                }
            };
        }
        least!(
            fuel,
            memory,
            table_elements,
            instances,
            wall_time,
            handles,
            children,
            depth,
            open_files,
            files_created,
            written,
            log_lines,
            log_bytes,
            output,
            storage,
            remembered,
            hostcall,
            random,
            mailbox,
            audit,
            model_calls,
            tokens,
            money,
            model_streams,
            requests,
            network,
            questions,
        )
    }
}
