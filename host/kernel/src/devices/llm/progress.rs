//! The pieces of a reply, from the task that makes it to the process that reads it.
//!
//! The provider is never made to wait for a guest: pieces that nobody has read yet are joined, so
//! that what waits is no more than the reply itself.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use parking_lot::Mutex;

use super::{
    Part,
    reply::{Delta, Reply},
};

/// Where the pieces of a reply go, if anybody wants them. Dropped, it ends them.
#[derive(Debug, Default)]
pub(super) struct Progress(Option<Arc<Pieces>>);

/// Pieces that wait to be read.
#[derive(Debug, Default)]
pub(super) struct Pieces(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    deltas: VecDeque<Delta>,
    /// Some of this attempt's were told.
    told: bool,
    over: bool,
    reader: Option<Waker>,
}

impl Progress {
    /// Pieces, and where they are read.
    pub(super) fn read() -> (Self, Arc<Pieces>) {
        let pieces = Arc::<Pieces>::default();
        (Self(Some(pieces.clone())), pieces)
    }

    pub(super) fn tell(&self, delta: Delta) {
        if let Some(pieces) = &self.0 {
            pieces.add(delta);
        }
    }

    /// The attempt came to nothing. Whoever was told pieces of it is to forget them.
    pub(super) fn lost(&self) {
        if let Some(pieces) = &self.0 {
            pieces.restart();
        }
    }

    /// A reply that is there all at once.
    pub(super) fn whole(&self, reply: &Reply) {
        let mut calls = 0;
        for part in &reply.content {
            match part {
                Part::Text(text) => self.tell(Delta::Text(text.clone())),
                Part::Thinking { text, .. } => self.tell(Delta::Thinking(text.clone())),
                Part::ToolCall(call) => {
                    self.tell(Delta::ToolCall { index: calls, id: call.id.clone(), name: call.name.clone() });
                    self.tell(Delta::Arguments { index: calls, fragment: call.arguments.clone() });
                    calls += 1;
                }
                Part::Image { .. } | Part::ToolResult { .. } => {}
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(pieces) = &self.0 {
            pieces.change(|waiting| waiting.over = true);
        }
    }
}

impl Pieces {
    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.0.lock();
        change(&mut waiting);
        let reader = waiting.reader.take();
        drop(waiting);
        reader.into_iter().for_each(Waker::wake);
    }

    fn add(&self, delta: Delta) {
        self.change(|waiting| {
            waiting.told = true;
            if let Some(delta) = join(&mut waiting.deltas, delta) {
                waiting.deltas.push_back(delta);
            }
        });
    }

    fn restart(&self) {
        self.change(|waiting| {
            if std::mem::take(&mut waiting.told) {
                waiting.deltas.clear();
                waiting.deltas.push_back(Delta::Restart);
            }
        });
    }

    /// The next piece; none once there are no more. Only its process reads it, one call at a time.
    pub(super) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Delta>> {
        let mut waiting = self.0.lock();
        match waiting.deltas.pop_front() {
            Some(delta) => Poll::Ready(Some(delta)),
            None if waiting.over => Poll::Ready(None),
            None => {
                waiting.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Adds a piece to one like it that waits, if there is one: to the last for text, to any of the same
/// call for arguments.
fn join(deltas: &mut VecDeque<Delta>, delta: Delta) -> Option<Delta> {
    match (delta, deltas.back_mut()) {
        (Delta::Text(more), Some(Delta::Text(text))) => text.push_str(&more),
        (Delta::Thinking(more), Some(Delta::Thinking(text))) => text.push_str(&more),
        (Delta::Arguments { index, fragment }, _) => {
            let same = deltas.iter_mut().rev().find_map(|before| match before {
                Delta::Arguments { index: own, fragment } if *own == index => Some(fragment),
                _ => None,
            });
            match same {
                Some(before) => before.push_str(&fragment),
                None => return Some(Delta::Arguments { index, fragment }),
            }
        }
        (delta, _) => return Some(delta),
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &Pieces) -> Vec<Delta> {
        let mut context = Context::from_waker(Waker::noop());
        let mut read = Vec::new();
        while let Poll::Ready(Some(delta)) = pieces.poll_next(&mut context) {
            read.push(delta);
        }
        read
    }

    fn text(text: &str) -> Delta {
        Delta::Text(text.to_owned())
    }

    #[test]
    fn what_is_not_read_is_joined() {
        let (progress, pieces) = Progress::read();
        (0..100_000).for_each(|_| progress.tell(text("x")));
        progress.tell(Delta::Thinking("hm".into()));
        for index in [0, 1, 0, 1, 0] {
            progress.tell(Delta::Arguments { index, fragment: "y".into() });
        }
        let read = read(&pieces);
        assert_eq!(read[0], text(&"x".repeat(100_000)));
        let fragments = [(0, "yyy"), (1, "yy")].map(|(index, y)| Delta::Arguments { index, fragment: y.into() });
        assert_eq!(read[2..], fragments);
    }

    #[test]
    fn what_was_told_of_a_lost_attempt_is_taken_back() {
        let (progress, pieces) = Progress::read();
        progress.lost();
        assert_eq!(read(&pieces), [], "nothing was told");
        progress.tell(text("lost "));
        assert_eq!(read(&pieces), [text("lost ")]);
        progress.tell(text("lost too"));
        progress.lost();
        progress.lost();
        progress.tell(text("kept"));
        assert_eq!(read(&pieces), [Delta::Restart, text("kept")]);
        let mut context = Context::from_waker(Waker::noop());
        assert!(pieces.poll_next(&mut context).is_pending());
        drop(progress);
        assert_eq!(pieces.poll_next(&mut context), Poll::Ready(None));
    }
}
