//! Whether what hours and days have used is known: until then nobody spends of them.

use std::time::Instant;

use tokio::sync::watch;

/// What is known of the budgets that outlive a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// They are being read.
    Unread,
    Read,
    Unreadable,
}

/// The state of the budgets of hours and days.
#[derive(Debug)]
pub(super) struct Books(watch::Sender<State>);

impl Default for Books {
    fn default() -> Self {
        Self(watch::Sender::new(State::Unread))
    }
}

const UNREADABLE: &str =
    "what its budgets of hours and days have used cannot be read from Holm's store; see the kernel's log";

impl Books {
    /// Says whether it could be read; whether that is new.
    pub(super) fn set(&self, read: bool) -> bool {
        let state = if read { State::Read } else { State::Unreadable };
        self.0.send_replace(state) != state
    }

    /// Whether they may be written over.
    pub(super) fn read(&self) -> bool {
        *self.0.borrow() == State::Read
    }

    /// Waits until what was used is known.
    ///
    /// # Errors
    /// It cannot be read, or was not before `deadline`. A budget that nobody can count is none.
    pub(super) async fn open(&self, deadline: Instant) -> Result<(), &'static str> {
        let mut state = self.0.subscribe();
        let known = state.wait_for(|state| *state != State::Unread);
        let known = tokio::time::timeout_at(deadline.into(), known).await;
        match known.map(|state| state.map(|state| *state)) {
            Ok(Ok(State::Read)) => Ok(()),
            _ => Err(UNREADABLE),
        }
    }
}
