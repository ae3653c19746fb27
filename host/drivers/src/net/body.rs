//! A response's body: ended where it pauses too long, and its connection with it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use holm_kernel::net::HttpError;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use super::dial::{Speaking, spoken};

/// A body as it comes in.
pub(super) struct Timed {
    incoming: Incoming,
    longest: Duration,
    pause: Pin<Box<Sleep>>,
    waiting: bool,
    _speaking: Speaking,
}

impl Timed {
    pub(super) fn new(incoming: Incoming, longest: Duration, speaking: Speaking) -> Self {
        Self { incoming, longest, pause: Box::pin(sleep(longest)), waiting: false, _speaking: speaking }
    }
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Ready(frame) => {
                self.waiting = false;
                Poll::Ready(frame.map(|frame| frame.map_err(|error| spoken(&error))))
            }
            Poll::Pending => {
                // Only waiting for the server counts, not the time that a guest does not read.
                if !std::mem::replace(&mut self.waiting, true) {
                    let end = Instant::now() + self.longest;
                    self.pause.as_mut().reset(end);
                }
                ready!(self.pause.as_mut().poll(context));
                Poll::Ready(Some(Err(HttpError::ConnectionReadTimeout)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
