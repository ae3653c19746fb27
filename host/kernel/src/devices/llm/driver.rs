//! What a provider of models does: one attempt at one reply, told as it is written.

use std::{sync::Arc, time::Duration};

use futures_core::{future::BoxFuture, stream::BoxStream};

use super::message::{Event, Request};

/// What the user's configuration says of a provider's model, for drivers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// It takes `temperature`.
    pub sampling: bool,
    /// It takes tools; otherwise they are put to it through structured output.
    pub native_tools: bool,
    /// It takes an effort.
    pub effort: bool,
    /// The provider is asked to keep the stable head of the prompt.
    pub prompt_cache: bool,
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The model, as its provider calls it.
    pub model: Arc<str>,
    /// What it is asked; the same for all attempts of a call but for `max_tokens`.
    pub request: Arc<Request>,
    /// What the model takes.
    pub traits: Traits,
}

/// Why an attempt failed. Its texts are for people; they never hold a key or a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The provider takes no more calls now.
    #[error("the provider takes no more calls now")]
    RateLimited {
        /// When it says to come again.
        retry_after: Option<Duration>,
    },
    /// The request does not fit the context window.
    #[error("the request does not fit the model's context window: {0}")]
    ContextLength(String),
    /// The provider declined to answer.
    #[error("the provider declined to answer: {0}")]
    Refused(String),
    /// It could not be reached, did not answer, broke off, or is overloaded.
    #[error("the provider is not available: {0}")]
    Unavailable(String),
    /// It took the request and did not answer in time: it may have done the work.
    #[error("the provider did not answer in time: {0}")]
    TimedOut(String),
    /// It does not take the key, or the key may not use this model.
    #[error("the provider does not take the key: {0}")]
    Unauthorized(String),
    /// The provider found the request wrong.
    #[error("the provider does not take the request: {0}")]
    BadRequest(String),
    /// What came back is not what the provider's protocol says.
    #[error("the provider's reply is malformed: {0}")]
    Malformed(String),
}

/// A reply that is being written. Ends after [`Event::Stop`] or the first failure.
pub type Events = BoxStream<'static, Result<Event, Failure>>;

/// One vector for each text that was embedded, and the tokens of all of them, where the provider told.
pub type Embedded = (Vec<Vec<f32>>, Option<u64>);

/// A provider of models. Every method may be called from many tasks at once; dropping what it
/// returned ends the attempt, its connection included.
pub trait Driver: Send + Sync + 'static {
    /// Sends the request and hands out the reply as it comes. Returns once the provider began to
    /// answer. A failure before that means that no token was used, unless it is
    /// [`Failure::TimedOut`] or [`Failure::Malformed`].
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'static, Result<Events, Failure>>;

    /// Turns texts into vectors, in the order of the texts. A failure means that no token was used,
    /// with the same two exceptions.
    fn embed(&self, model: Arc<str>, texts: Vec<String>) -> BoxFuture<'static, Result<Embedded, Failure>> {
        let _ = (model, texts);
        Box::pin(async { Err(Failure::BadRequest("this provider embeds nothing".to_owned())) })
    }
}
