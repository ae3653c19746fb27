//! What is said of one call to its client, until it is over: from then on the connection is the next one's, and
//! nothing late gets in.

use parking_lot::Mutex;
use tokio::{runtime::Handle, sync::mpsc, task::JoinSet};

use super::protocol::Reply;

/// A client's end of a connection, for one call.
#[derive(Clone)]
pub(crate) struct Voice {
    outgoing: mpsc::Sender<Reply>,
    state: std::sync::Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    closed: bool,
    /// What could not wait for room where it was said.
    late: JoinSet<()>,
}

/// The client is gone, or the call is over.
pub(crate) struct Closed;

impl Voice {
    pub(crate) fn new(outgoing: mpsc::Sender<Reply>) -> Self {
        Self { outgoing, state: std::sync::Arc::default() }
    }

    /// Says something, once there is room.
    pub(crate) async fn say(&self, reply: Reply) -> Result<(), Closed> {
        self.say_then(|| Some(reply)).await
    }

    /// Says what there is to say by the time that there is room: whoever stops waiting here loses nothing.
    pub(crate) async fn say_then(&self, reply: impl FnOnce() -> Option<Reply>) -> Result<(), Closed> {
        let room = self.outgoing.reserve().await.map_err(|_| Closed)?;
        let state = self.state.lock();
        if state.closed {
            return Err(Closed);
        }
        if let Some(reply) = reply() {
            room.send(reply);
        }
        Ok(())
    }

    /// Says something where nobody can wait: now, or soon.
    pub(crate) fn call_out(&self, reply: Reply) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        if let Err(mpsc::error::TrySendError::Full(reply)) = self.outgoing.try_send(reply)
            && let Ok(runtime) = Handle::try_current()
        {
            let voice = self.clone();
            let late = async move { drop(voice.say(reply).await) };
            state.late.spawn_on(late, &runtime);
        }
    }

    /// The call is over: what was said before is on its way, and nothing more is said.
    pub(crate) async fn close(&self) {
        loop {
            let mut late = {
                let mut state = self.state.lock();
                if state.late.is_empty() {
                    state.closed = true;
                    return;
                }
                std::mem::take(&mut state.late)
            };
            while late.join_next().await.is_some() {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::{Reply, Voice};

    #[tokio::test]
    async fn nothing_is_said_after_the_end() {
        let (outgoing, mut replies) = mpsc::channel(1);
        let voice = Voice::new(outgoing);
        (0..3).for_each(|_| voice.call_out(Reply::Changed));
        let waits = tokio::spawn({
            let voice = voice.clone();
            async move { voice.say(Reply::Done).await.is_err() }
        });
        let (_, heard) = tokio::join!(voice.close(), async {
            let mut heard = 0;
            while heard < 3 {
                heard += usize::from(matches!(replies.recv().await, Some(Reply::Changed)));
            }
            heard
        });
        assert_eq!(heard, 3);
        let _ = waits.await;
        while let Ok(reply) = replies.try_recv() {
            assert!(matches!(reply, Reply::Done), "it was said before the end, or not at all");
        }
        voice.call_out(Reply::Changed);
        assert!(voice.say(Reply::Changed).await.is_err());
        drop(voice);
        assert!(replies.recv().await.is_none());
    }
}
