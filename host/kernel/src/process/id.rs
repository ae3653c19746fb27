//! Process ids: a slot of the table and the generation that uses it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A process id. A slot is used again, a pid never is: an id of a process that has
/// ended answers "no such process", and never means somebody else.
///
/// As a number it is `slot + generation << 32`; written as `slot` for the first
/// generation and `slot.generation` after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u64", from = "u64")]
pub struct Pid {
    slot: u32,
    generation: u32,
}

impl Pid {
    /// The pid of a slot in its `generation`th use, counted from 0.
    pub const fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// The slot of the process table.
    pub fn slot(self) -> u32 {
        self.slot
    }

    /// How often the slot was used before.
    pub fn generation(self) -> u32 {
        self.generation
    }
}

impl From<Pid> for u64 {
    fn from(pid: Pid) -> Self {
        u64::from(pid.slot) | u64::from(pid.generation) << 32
    }
}

impl From<u64> for Pid {
    fn from(number: u64) -> Self {
        Self { slot: number as u32, generation: (number >> 32) as u32 }
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.generation {
            0 => write!(f, "{}", self.slot),
            generation => write!(f, "{}.{generation}", self.slot),
        }
    }
}

/// The text is no pid.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no process id: write it as `holm ps` does, like 7 or 7.2")]
pub struct ParsePidError(String);

impl FromStr for Pid {
    type Err = ParsePidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (slot, generation) = text.split_once('.').unwrap_or((text, "0"));
        match (slot.parse(), generation.parse()) {
            (Ok(slot), Ok(generation)) => Ok(Self { slot, generation }),
            _ => Err(ParsePidError(text.to_owned())),
        }
    }
}
