//! A server over HTTP is watched as one over standard streams is: what it streams without being asked is
//! counted, and whether it forgot who we are is noticed.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use futures_util::{StreamExt, future};
use http::{HeaderName, HeaderValue};
use rmcp::{
    model::{ClientJsonRpcMessage, ClientRequest},
    transport::{
        common::client_side_sse::BoxedSseResponse,
        streamable_http_client::{
            StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse, StreamableHttpResponseLimits,
        },
    },
};

use super::{client::Client, guard::Allowance};

/// Milliseconds until a stream that ended is opened again, whatever the server wants. Stops one that ends each at
/// once, and wants it again at once.
const AGAIN: u64 = 1_000;

/// The way to one server.
#[derive(Clone)]
pub(super) struct Watched {
    inner: reqwest::Client,
    client: Arc<Client>,
    allowance: Arc<Allowance>,
    greeted: Arc<AtomicBool>,
}

type Failure = StreamableHttpError<reqwest::Error>;

impl Watched {
    pub(super) fn new(inner: reqwest::Client, client: Arc<Client>, allowance: Arc<Allowance>) -> Self {
        Self { inner, client, allowance, greeted: Arc::default() }
    }

    /// Nothing is said any more to one that was cut off.
    fn speaks(&self) -> Result<(), Failure> {
        match self.allowance.broken() {
            Some(why) => Err(StreamableHttpError::UnexpectedServerResponse(why.into())),
            None => Ok(()),
        }
    }

    fn counted(&self, stream: BoxedSseResponse) -> BoxedSseResponse {
        let allowance = self.allowance.clone();
        let within = stream.take_while(move |event| {
            let texts = event.as_ref().map(|event| [&event.data, &event.id, &event.event].map(Option::as_ref));
            let bytes = texts.map_or(0, |texts| texts.into_iter().flatten().map(String::len).sum());
            future::ready(allowance.take(bytes, 1).is_ok())
        });
        let patient = within.map(|event| {
            event.map(|mut event| {
                event.retry = event.retry.map(|wait| wait.max(AGAIN));
                event
            })
        });
        patient.boxed()
    }
}

impl StreamableHttpClient for Watched {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, token, headers, limits).await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        self.speaks()?;
        let greets = matches!(&message, ClientJsonRpcMessage::Request(request)
            if matches!(request.request, ClientRequest::InitializeRequest(_)));
        let answer =
            self.inner.post_message_with_response_limits(uri, message, session, token, headers, limits).await?;
        if greets && self.greeted.swap(true, SeqCst) {
            // Its session had expired. In the new one its tools may be others, and nothing said so.
            self.client.stale.store(true, SeqCst);
        }
        Ok(match answer {
            StreamableHttpPostResponse::Sse(stream, session) => {
                StreamableHttpPostResponse::Sse(self.counted(stream), session)
            }
            answer => answer,
        })
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Failure> {
        self.inner.delete_session(uri, session, token, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxedSseResponse, Failure> {
        self.speaks()?;
        Ok(self.counted(self.inner.get_stream(uri, session, last, token, headers).await?))
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
        longest: usize,
    ) -> Result<BoxedSseResponse, Failure> {
        self.speaks()?;
        let stream = self.inner.get_stream_with_max_sse_event_size(uri, session, last, token, headers, longest).await?;
        Ok(self.counted(stream))
    }
}
