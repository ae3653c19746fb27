//! Accounts: what a process may use, has used, and has lent to its children. Pure.

mod account;
mod amount;
mod charge;
mod limits;
#[cfg(test)]
mod tests;

pub use account::{Account, Exceeded, Hold, Level, Total};
pub use amount::{Bytes, Fuel, ParseAmountError};
pub use charge::Charge;
pub use limits::{Limits, OnEmpty};
