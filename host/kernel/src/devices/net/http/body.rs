//! A body on its way: counted, and ended with the right to its request.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::{Instant, Sleep, sleep};

use super::{
    driver::{Body, HttpError, Place},
    meter::Meter,
    passed::FIELDS,
    send::head_bytes,
};
use crate::account::Exceeded;

/// Ends once the right has lapsed.
type Lapsed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Counts what passes against `network`, and against the budgets of grants.
pub(super) struct Counted {
    body: Arc<Mutex<Option<Body>>>,
    meter: Arc<Meter>,
    /// What it says where a limit is reached (some: a grant's budget of so many bytes), and where trailers
    /// are too long.
    over: fn(Option<u64>) -> HttpError,
    long: fn() -> HttpError,
    lapsed: Option<Lapsed>,
    /// How long its writer may pause. Stops uploads that are held open for nothing.
    pause: Option<(Duration, Pin<Box<Sleep>>)>,
    waiting: bool,
    /// Its place among the requests under way, given back with its last byte.
    _place: Option<Place>,
    ended: bool,
}

/// Ends a response from outside: its body is dropped, and its connection with it.
pub(super) struct End(Weak<Mutex<Option<Body>>>);

impl End {
    pub(super) fn end(&self) {
        if let Some(body) = self.0.upgrade() {
            drop(body.lock().take());
        }
    }
}

impl Counted {
    pub(super) fn request(body: Body, meter: Arc<Meter>, pause: Duration) -> Self {
        Self {
            body: Arc::new(Mutex::new(Some(body))),
            meter,
            over: HttpError::HttpRequestBodySize,
            long: || HttpError::HttpRequestTrailerSectionSize(None),
            lapsed: None,
            pause: Some((pause, Box::pin(sleep(pause)))),
            waiting: false,
            _place: None,
            ended: false,
        }
    }

    pub(super) fn response(body: Body, meter: Arc<Meter>, lapsed: Lapsed, place: Place) -> (Self, End) {
        let body = Arc::new(Mutex::new(Some(body)));
        let end = End(Arc::downgrade(&body));
        let counted = Self {
            body,
            meter,
            over: HttpError::HttpResponseBodySize,
            long: || HttpError::HttpResponseTrailerSectionSize(None),
            lapsed: Some(lapsed),
            pause: None,
            waiting: false,
            _place: Some(place),
            ended: false,
        };
        (counted, end)
    }

    fn end(&mut self, error: HttpError) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        self.ended = true;
        drop(self.body.lock().take());
        Poll::Ready(Some(Err(error)))
    }

    /// Waits for the writer, and not for ever.
    fn paused(&mut self, context: &mut Context<'_>) -> bool {
        let Some((longest, pause)) = &mut self.pause else { return false };
        if !std::mem::replace(&mut self.waiting, true) {
            pause.as_mut().reset(Instant::now() + *longest);
        }
        pause.as_mut().poll(context).is_ready()
    }
}

/// The bytes of the budget that is used up; none where it is the account's limit.
pub(super) fn budget(exceeded: Exceeded) -> Option<u64> {
    (exceeded.limit != "network").then_some(exceeded.maximum)
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
        let polled = self.body.lock().as_mut().map(|body| Pin::new(body).poll_frame(context));
        let frame = match polled {
            None => return self.end(HttpError::HttpRequestDenied),
            Some(Poll::Pending) if self.paused(context) => return self.end(HttpError::ConnectionWriteTimeout),
            Some(Poll::Pending) => return Poll::Pending,
            Some(Poll::Ready(frame)) => frame,
        };
        self.waiting = false;
        if let Some(Ok(frame)) = &frame {
            let trailers = frame.trailers_ref().map_or(0, head_bytes);
            let bytes = frame.data_ref().map_or(0, Bytes::len) as u64 + trailers;
            if trailers > FIELDS as u64 {
                let error = (self.long)();
                return self.end(error);
            }
            if let Err(exceeded) = self.meter.take(bytes) {
                let error = (self.over)(budget(exceeded));
                return self.end(error);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.lock().as_ref().is_some_and(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.lock().as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}
