//! Components with ordinary typed exports: each function is a tool. What it takes and gives is JSON,
//! by a schema that its own types make.

mod call;
mod exports;
mod lift;
mod lower;
mod names;
mod schema;
mod shape;
#[cfg(test)]
mod tests;

pub(super) use call::call;
pub(super) use exports::Typed;
