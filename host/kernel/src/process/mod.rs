//! Processes as data: ids, states, the table, how they end. No engine here.

mod exit;
mod id;
mod latency;
mod state;
mod table;

pub use exit::{ExitStatus, Fault, KilledBy};
pub use id::{ParsePidError, Pid};
pub(crate) use latency::Latency;
pub use latency::{BOUNDS, Distribution, LatencySummary, Times};
pub use state::{Event, IllegalMove, State};
pub use table::{Full, IllegalParent, Table};
