//! Models, by the names their user gave them.
//!
//! ```no_run
//! use holm::llm::{Model, Request};
//!
//! # fn run() -> holm::Result<()> {
//! let model = Model::open("smart")?;
//! let reply = model.complete(&Request::new().system("Answer in one word.").user("What is the capital of Peru?"))?;
//! assert_eq!(reply.text(), "Lima");
//! # Ok(())
//! # }
//! ```
//!
//! Which provider answers is the user's choice, and may change between two calls. Each call is paid
//! for out of the budgets of the grant that admits it.

mod convert;
mod error;
mod message;
mod request;

use crate::bindings::imports::holm::sys::llm as sys;
use crate::poll::Pollable;

pub use error::{Error, Result, Wait};
pub use message::{Delta, Message, Part, Reply, Role, StopReason, ToolCall, Usage};
pub use request::{Effort, Request, Tool, ToolChoice};

/// An open model.
#[derive(Debug)]
pub struct Model(sys::Model);

/// What the user's configuration says of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Tokens of its context window; none where the user has not said.
    pub context_window: Option<u32>,
    /// Tokens of its longest reply; none where the user has not said.
    pub max_output: Option<u32>,
    /// Whether it takes images.
    pub images: bool,
    /// Millionths of a US dollar for a million tokens of request.
    pub input_price: u64,
    /// And of reply.
    pub output_price: u64,
}

/// What calls of a model may still use: the least that the account and the budgets of the grants leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Calls.
    pub calls: u64,
    /// Tokens of requests and replies.
    pub tokens: u64,
    /// Millionths of a US dollar.
    pub money: u64,
}

/// Requests of one system call.
const REQUESTS: usize = 32;

impl Model {
    /// Opens a model by the name its user gave it.
    ///
    /// # Errors
    /// Denied, not found (no model has this name), quota (handles).
    pub fn open(name: &str) -> Result<Self> {
        Ok(Self(sys::Model::open(name)?))
    }

    /// What the user's configuration says of it.
    ///
    /// # Errors
    /// Denied (revoked).
    pub fn describe(&self) -> Result<Description> {
        let found = self.0.describe()?;
        Ok(Description {
            context_window: found.context_window,
            max_output: found.max_output,
            images: found.images,
            input_price: found.input_price,
            output_price: found.output_price,
        })
    }

    /// Makes a call and waits for its reply.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn complete(&self, request: &Request) -> Result<Reply> {
        let replies = self.0.complete(&[request.into()])?;
        let none = || Error::Malformed("no reply to the request".to_owned());
        Ok(replies.into_iter().next().ok_or_else(none)??.into())
    }

    /// Makes all calls at once, as far as the user's limits allow, and waits for the last; the
    /// outcomes in the order of the requests.
    ///
    /// # Errors
    /// Denied (revoked). Each reply has its own outcome besides.
    pub fn complete_all(&self, requests: &[Request]) -> Result<Vec<Result<Reply>>> {
        let mut outcomes = Vec::with_capacity(requests.len());
        for some in requests.chunks(REQUESTS) {
            let some: Vec<sys::Request> = some.iter().map(Into::into).collect();
            let replies = self.0.complete(&some)?;
            outcomes.extend(replies.into_iter().map(|reply| Ok(reply?.into())));
        }
        Ok(outcomes)
    }

    /// Begins a call whose reply comes in pieces.
    ///
    /// # Errors
    /// Denied (revoked), quota (replies under way), malformed.
    pub fn stream(&self, request: &Request) -> Result<ReplyStream> {
        Ok(ReplyStream(self.0.stream(&request.into())?))
    }

    /// One vector for each text, at most 256.
    ///
    /// # Errors
    /// All of [`Error`]; unavailable where its providers embed nothing.
    pub fn embed<S: AsRef<str>>(&self, texts: &[S]) -> Result<Vec<Vec<f32>>> {
        let texts: Vec<String> = texts.iter().map(|text| text.as_ref().to_owned()).collect();
        Ok(self.0.embed(&texts)?)
    }

    /// What calls of it may still use, together with all others that draw on the same budgets: for who
    /// divides it between children.
    ///
    /// # Errors
    /// Denied (revoked).
    pub fn left(&self) -> Result<Left> {
        let left = self.0.left()?;
        Ok(Left { calls: left.calls, tokens: left.tokens, money: left.money })
    }

    /// Tokens that the request would be counted as: an upper bound.
    ///
    /// # Errors
    /// Denied (revoked), malformed.
    pub fn count_tokens(&self, request: &Request) -> Result<u64> {
        Ok(self.0.count_tokens(&request.into())?.tokens)
    }
}

/// A reply that is being written; dropping it cancels the call, and what it used is paid for.
#[derive(Debug)]
pub struct ReplyStream(sys::ReplyStream);

impl ReplyStream {
    /// Waits for the next piece; none after [`Delta::Done`].
    ///
    /// # Errors
    /// All of [`Error`]; nothing follows.
    pub fn next(&self) -> Result<Option<Delta>> {
        Ok(self.0.next()?.map(Into::into))
    }

    /// Ready once [`next`](Self::next) would not wait.
    #[must_use]
    pub fn readable(&self) -> Pollable {
        Pollable(self.0.subscribe())
    }
}
