//! Processes as data: ids, states, the table, how they end. No engine here.

mod exit;
mod id;
mod state;
mod table;

pub use exit::{ExitStatus, Fault, KilledBy};
pub use id::{ParsePidError, Pid};
pub use state::{Event, IllegalMove, State};
pub use table::{Full, IllegalParent, Table};
