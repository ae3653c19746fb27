//! A listener that remembers what it was told and asked, and replies as it was told to.

use std::sync::Arc;

use holm_kernel::answer::{Inquiry, Listener, Progress, Reply};
use parking_lot::Mutex;

/// Hears what tools say before their end.
#[derive(Default)]
pub struct Hearer {
    /// What is replied to each question; none waits for ever.
    reply: Option<Reply>,
    /// What it was told.
    pub told: Mutex<Vec<Progress>>,
    /// What it was asked.
    pub asked: Mutex<Vec<Inquiry>>,
}

impl Hearer {
    /// One who replies this to everything.
    pub fn replying(reply: Reply) -> Arc<Self> {
        Arc::new(Self { reply: Some(reply), ..Self::default() })
    }

    /// One who agrees to everything.
    pub fn agreeing() -> Arc<Self> {
        Self::replying(Reply::Accepted("{\"ok\":true}".to_owned()))
    }

    /// One who never says anything.
    pub fn silent() -> Arc<Self> {
        Arc::default()
    }
}

impl Listener for Hearer {
    fn told(&self, progress: Progress) {
        self.told.lock().push(progress);
    }

    fn asked(&self, inquiry: Inquiry) -> std::pin::Pin<Box<dyn std::future::Future<Output = Vec<Reply>> + Send + '_>> {
        let replies = self.reply.clone().map(|reply| vec![reply; inquiry.questions.len()]);
        self.asked.lock().push(inquiry);
        Box::pin(async move {
            match replies {
                Some(replies) => replies,
                None => std::future::pending().await,
            }
        })
    }
}
