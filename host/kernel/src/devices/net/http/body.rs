//! A body on its way: counted, and ended with the right to its request.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::driver::{Body, HttpError};
use crate::account::{Account, Hold, Total};

/// Ends once the right has lapsed.
type Lapsed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Counts what passes against `network`.
pub(super) struct Counted {
    body: Body,
    account: Arc<Account>,
    /// What it says where the limit is reached.
    over: fn() -> HttpError,
    lapsed: Option<Lapsed>,
    /// Its place among the requests under way, given back with its last byte.
    _hold: Option<Arc<Hold>>,
    ended: bool,
}

impl Counted {
    pub(super) fn request(body: Body, account: Arc<Account>) -> Self {
        let over = || HttpError::HttpRequestBodySize(None);
        Self { body, account, over, lapsed: None, _hold: None, ended: false }
    }

    pub(super) fn response(body: Body, account: Arc<Account>, lapsed: Lapsed, hold: Arc<Hold>) -> Self {
        let over = || HttpError::HttpResponseBodySize(None);
        Self { body, account, over, lapsed: Some(lapsed), _hold: Some(hold), ended: false }
    }

    fn end(&mut self, error: HttpError) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        self.ended = true;
        Poll::Ready(Some(Err(error)))
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(lapsed) = &mut self.lapsed
            && lapsed.as_mut().poll(context).is_ready()
        {
            return self.end(HttpError::HttpRequestDenied);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
            if self.account.take(Total::Network, bytes).is_err() {
                let error = (self.over)();
                return self.end(error);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
