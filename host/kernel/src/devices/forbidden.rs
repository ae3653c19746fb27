//! What no device can do, with the compiler's answer beside it. Compiled only by the test that
//! shows that it does not compile, in two parts: the second is looked at where the first is well.

#[cfg(not(holm_compile_fail = "rights"))]
mod door {
    use crate::{
        account::Charge,
        syscall::{Device, Entered, Op, Syscall, door::Core},
    };

    /// Reads what the door keeps.
    fn reads_the_core(core: &Core) -> usize {
        core.origins.len() // E0616
    }

    /// Reaches the resources of a process without entering.
    fn reaches_the_table<D: Device>(call: Syscall<'_, D>) {
        drop(call.table); // E0616
    }

    /// Reaches a device's state without entering.
    fn reaches_the_session<D: Device>(call: Syscall<'_, D>) {
        drop(call.session); // E0616
    }

    /// Lets itself in, past the wait and the charge.
    fn enters_by_itself<D: Device>(call: &mut Syscall<'_, D>, op: &'static Op, charge: Charge) {
        drop(call.entered(op, charge)); // E0624
    }

    /// Borrows the whole table, resources of other devices included, though it serves no WASI interface.
    fn borrows_the_table<D: Device>(call: &mut Entered<'_, D>) {
        call.wasi(); // E0599
    }
}

#[cfg(holm_compile_fail = "rights")]
mod rights {
    use crate::{
        devices::fs::{FsRule, FsWant},
        syscall::door::Granted,
    };

    /// Makes a right out of nothing.
    fn grants_itself(want: FsWant) -> Granted<FsRule> {
        Granted { want, rules: Vec::new(), epoch: 0 } // E0451
    }
}
