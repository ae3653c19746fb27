//! The client of one call as its tool's listener: told of progress, and asked.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use holm_kernel::answer::{Inquiry, Listener, Progress, Reply as Answer};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::{protocol::Reply, voice::Voice};

/// A client is told of progress at most this often, and always of the last. Stops floods of it.
const PACE: Duration = Duration::from_millis(20);

/// A client that listens.
pub(crate) struct Ear {
    voice: Voice,
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Vec<Answer>>>>,
    /// What was told last and is not on its way yet.
    latest: Mutex<Option<Progress>>,
    news: Notify,
}

impl Ear {
    pub(crate) fn new(voice: Voice) -> Arc<Self> {
        let (waiting, latest) = (Mutex::default(), Mutex::default());
        Arc::new(Self { voice, next: AtomicU64::default(), waiting, latest, news: Notify::new() })
    }

    /// Passes on what is told, for as long as this is polled.
    pub(crate) async fn pass_on(&self) {
        loop {
            self.news.notified().await;
            self.tell().await;
            tokio::time::sleep(PACE).await;
        }
    }

    /// Passes on what was told last.
    pub(crate) async fn tell(&self) {
        let _ = self.voice.say_then(|| self.latest.lock().take().map(Reply::Told)).await;
    }

    /// The client replied. An id that nobody waits for means nothing.
    pub(crate) fn replied(&self, id: u64, replies: Vec<Answer>) {
        if let Some(waiting) = self.waiting.lock().remove(&id) {
            let _ = waiting.send(replies);
        }
    }

    async fn ask(&self, inquiry: Inquiry) -> Vec<Answer> {
        let id = self.next.fetch_add(1, Relaxed);
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().insert(id, answer);
        // Also where its process is killed while it waits.
        let _waiting = Waiting(self, id);
        // What was told before comes before the question.
        self.tell().await;
        match self.voice.say(Reply::Asked { id, inquiry }).await {
            Ok(()) => answered.await.unwrap_or_default(),
            // Who is gone says neither yes nor no.
            Err(_) => Vec::new(),
        }
    }
}

/// An inquiry under way: where nobody waits for its answer any more, the client learns that.
struct Waiting<'a>(&'a Ear, u64);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.0.waiting.lock().remove(&self.1).is_some() {
            self.0.voice.call_out(Reply::Withdrawn { id: self.1 });
        }
    }
}

impl Listener for Ear {
    fn told(&self, progress: Progress) {
        *self.latest.lock() = Some(progress);
        self.news.notify_one();
    }

    fn asked(&self, inquiry: Inquiry) -> Pin<Box<dyn Future<Output = Vec<Answer>> + Send + '_>> {
        Box::pin(self.ask(inquiry))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use holm_kernel::{
        answer::{Inquiry, Listener, Progress, Question, Reply as Answer, Wanted},
        process::Pid,
    };
    use tokio::sync::mpsc;

    use super::{Ear, Reply, Voice};

    fn inquiry() -> Inquiry {
        let questions = vec![Question { name: "places".to_owned(), wanted: Wanted::Roots }];
        Inquiry { pid: "7".parse::<Pid>().expect("a pid"), root: true, plugin: "clipper".to_owned(), questions }
    }

    #[tokio::test]
    async fn a_flood_of_progress_is_told_in_few_and_the_last_is_told() {
        let (outgoing, mut replies) = mpsc::channel(4);
        let ear = Ear::new(Voice::new(outgoing));
        let passing = tokio::spawn({
            let ear = ear.clone();
            async move { ear.pass_on().await }
        });
        for step in 0..100_000 {
            ear.told(Progress { done: f64::from(step), total: None, message: None });
            if step % 10_000 == 0 {
                tokio::task::yield_now().await;
            }
        }
        passing.abort();
        let _ = passing.await;
        ear.tell().await;
        drop(ear);
        let mut told = Vec::new();
        while let Some(Reply::Told(progress)) = replies.recv().await {
            told.push(progress.done);
        }
        assert!(told.len() < 10, "{told:?}");
        assert_eq!(told.last(), Some(&99_999.0));
    }

    #[tokio::test]
    async fn a_question_is_answered_withdrawn_or_left() {
        let (outgoing, mut replies) = mpsc::channel(4);
        let ear = Ear::new(Voice::new(outgoing));
        let (answer, ()) = tokio::join!(ear.asked(inquiry()), async {
            let Some(Reply::Asked { id, inquiry }) = replies.recv().await else { panic!("it is asked") };
            assert_eq!(inquiry.plugin, "clipper");
            ear.replied(id + 1, vec![Answer::Nobody]);
            ear.replied(id, vec![Answer::Declined]);
        });
        assert_eq!(answer, [Answer::Declined]);
        // Whoever asks ends first.
        assert!(tokio::time::timeout(Duration::from_millis(20), ear.asked(inquiry())).await.is_err());
        assert!(matches!(replies.recv().await, Some(Reply::Asked { .. })));
        assert!(matches!(replies.recv().await, Some(Reply::Withdrawn { .. })));
        // Nobody is there.
        drop(replies);
        assert_eq!(ear.asked(inquiry()).await, []);
    }
}
