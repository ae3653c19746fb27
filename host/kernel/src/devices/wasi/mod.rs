//! WASI's small devices: streams and polls, clocks, random, the program's own surroundings.
//!
//! They need no grant: what they give is bounded, and a process without them could not even
//! print. They enter the door all the same, to be charged, counted and preempted.

mod clocks;
mod io;
mod program;
mod random;

pub(crate) use clocks::Clocks;
pub(crate) use io::{Io, trap};
pub(crate) use program::{ExitCode, Program, Surroundings};
pub(crate) use random::Random;
