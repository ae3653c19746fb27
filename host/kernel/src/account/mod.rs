//! Accounts: what a process may use, has used, and has lent to its children. Pure.

mod amount;
mod charge;
mod limits;
#[cfg(test)]
mod tests;
mod tree;

pub use amount::{Bytes, Fuel, Money, ParseAmountError};
pub use charge::Charge;
pub use limits::{Limits, OnEmpty};
pub use tree::{Account, Exceeded, Hold, Level, Total};
