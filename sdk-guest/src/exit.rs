//! What `#[holm::main]` may return, and the exit code it becomes.

use std::fmt::Display;
use std::io::Write;

/// A value that a run can end with.
pub trait Exit {
    /// The exit code; 0 is success. An error has been printed to stderr.
    fn code(self) -> u8;
}

impl Exit for () {
    fn code(self) -> u8 {
        0
    }
}

impl Exit for u8 {
    fn code(self) -> u8 {
        self
    }
}

impl<T: Exit, E: Display> Exit for Result<T, E> {
    fn code(self) -> u8 {
        match self {
            Ok(value) => value.code(),
            Err(error) => {
                // Nobody is left to tell if stderr is closed.
                let _ = writeln!(std::io::stderr(), "error: {error}");
                1
            }
        }
    }
}

/// Ends a run: its exit code, once what it printed is on its way.
///
/// A component's export returns without the standard library's own clean-up, which would flush.
pub fn finish(value: impl Exit) -> u8 {
    let code = value.code();
    match std::io::stdout().flush() {
        Ok(()) => code,
        Err(_) => code.max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn results_become_codes() {
        assert_eq!(().code(), 0);
        assert_eq!(7.code(), 7);
        assert_eq!(Ok::<u8, String>(3).code(), 3);
        assert_eq!(Err::<(), _>("no").code(), 1);
    }
}
