//! The compiler's own process: a component on stdin, machine code on stdout.

use crate::compiler;

/// Compile the component on stdin
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Bytes of address space that the engine reserves for each memory
    reservation: u64,
    #[command(flatten)]
    bounds: compiler::Bounds,
}

impl Arguments {
    pub(super) fn run(self) -> u8 {
        compiler::compile(self.reservation, self.bounds)
    }
}
