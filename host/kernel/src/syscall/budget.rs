//! Budgets of grants as data: how much calls under a rule may use in a run, an hour or a day.

use std::{fmt, str::FromStr};

use super::grant::Rule;
use crate::account::{Bytes, Money};

/// What a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// Calls.
    Calls,
    /// Tokens of requests and replies.
    Tokens,
    /// Millionths of a US dollar.
    Money,
    /// What passes over the network, both ways.
    Bytes,
}

/// For how long it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// From the start of a root process to its end.
    Run,
    /// An hour of the clock.
    Hour,
    /// A day of the clock (UTC).
    Day,
}

/// At most this much in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// What is counted.
    pub unit: Unit,
    /// For how long.
    pub window: Window,
    /// How much there is.
    pub amount: u64,
}

/// A rule that calls use up.
pub trait Budgeted: Rule {
    /// What it is for, without its budgets: who raises one goes on with what was used.
    fn scope(&self) -> String;

    /// What calls under this rule may use.
    fn budgets(&self) -> &[Budget];

    /// The least of its budgets of this kind; without end where there is none.
    fn budget(&self, unit: Unit, window: Window) -> u64 {
        let same = self.budgets().iter().filter(|budget| budget.unit == unit && budget.window == window);
        same.map(|budget| budget.amount).min().unwrap_or(u64::MAX)
    }

    /// Whether calls under `other` use no more than its own budgets allow.
    fn spends_no_less(&self, other: &Self) -> bool {
        self.budgets().iter().all(|own| other.budget(own.unit, own.window) <= own.amount)
    }
}

impl Budget {
    /// As a limit's name.
    pub fn name(&self) -> &'static str {
        match (self.unit, self.window) {
            (Unit::Calls, Window::Run) => "calls/run",
            (Unit::Calls, Window::Hour) => "calls/hour",
            (Unit::Calls, Window::Day) => "calls/day",
            (Unit::Tokens, Window::Run) => "tokens/run",
            (Unit::Tokens, Window::Hour) => "tokens/hour",
            (Unit::Tokens, Window::Day) => "tokens/day",
            (Unit::Money, Window::Run) => "usd/run",
            (Unit::Money, Window::Hour) => "usd/hour",
            (Unit::Money, Window::Day) => "usd/day",
            (Unit::Bytes, Window::Run) => "bytes/run",
            (Unit::Bytes, Window::Hour) => "bytes/hour",
            (Unit::Bytes, Window::Day) => "bytes/day",
        }
    }
}

impl FromStr for Budget {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (unit, rest) = text.split_once('=').ok_or(())?;
        let (amount, window) = rest.split_once('/').ok_or(())?;
        let window = match window {
            "run" => Window::Run,
            "hour" => Window::Hour,
            "day" => Window::Day,
            _ => return Err(()),
        };
        let number = || amount.replace('_', "").parse().map_err(|_| ());
        let (unit, amount) = match unit {
            "calls" => (Unit::Calls, number()?),
            "tokens" => (Unit::Tokens, number()?),
            "usd" => (Unit::Money, amount.parse::<Money>().map_err(|_| ())?.0),
            "bytes" => (Unit::Bytes, amount.parse::<Bytes>().map_err(|_| ())?.0),
            _ => return Err(()),
        };
        Ok(Budget { unit, window, amount })
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, window) = self.name().split_once('/').unwrap_or_default();
        match self.unit {
            Unit::Money => write!(f, "{unit}={}/{window}", Money(self.amount)),
            // Shortened where that is the very number.
            Unit::Bytes if Bytes(self.amount).to_string().parse::<Bytes>().ok() == Some(Bytes(self.amount)) => {
                write!(f, "{unit}={}/{window}", Bytes(self.amount))
            }
            _ => write!(f, "{unit}={}/{window}", self.amount),
        }
    }
}
