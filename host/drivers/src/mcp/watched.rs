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

use super::{client::Client, guard::Allowance, login::Tokens};

/// Milliseconds until a stream that ended is opened again, whatever the server wants. Stops one that ends each at
/// once, and wants it again at once.
const AGAIN: u64 = 1_000;

/// The way to one server.
#[derive(Clone)]
pub(super) struct Watched {
    inner: reqwest::Client,
    client: Arc<Client>,
    allowance: Arc<Allowance>,
    tokens: Tokens,
    greeted: Arc<AtomicBool>,
}

type Failure = StreamableHttpError<reqwest::Error>;

impl Watched {
    pub(super) fn new(inner: reqwest::Client, client: Arc<Client>, allowance: Arc<Allowance>, tokens: Tokens) -> Self {
        Self { inner, client, allowance, tokens, greeted: Arc::default() }
    }

    /// Sends a request with the token of its user's login, and once more where another one is to be had.
    async fn with_token<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        send: impl Fn(Option<String>) -> F,
    ) -> Result<T, Failure> {
        let cannot = |why: String| StreamableHttpError::UnexpectedServerResponse(why.into());
        let token = self.tokens.now().await.map_err(cannot)?;
        let answer = send(token.clone()).await;
        match answer {
            Err(StreamableHttpError::AuthRequired(refusal)) => {
                match self.tokens.refused(token, &refusal.www_authenticate_header).await.map_err(cannot)? {
                    Some(other) => send(Some(other)).await,
                    None => Err(StreamableHttpError::AuthRequired(refusal)),
                }
            }
            Err(StreamableHttpError::InsufficientScope(refusal)) => {
                self.tokens.challenged(&refusal.www_authenticate_header);
                Err(StreamableHttpError::InsufficientScope(refusal))
            }
            answer => answer,
        }
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
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        self.speaks()?;
        let greets = matches!(&message, ClientJsonRpcMessage::Request(request)
            if matches!(request.request, ClientRequest::InitializeRequest(_)));
        let send = |token| {
            let (uri, message, session, headers) = (uri.clone(), message.clone(), session.clone(), headers.clone());
            self.inner.post_message_with_response_limits(uri, message, session, token, headers, limits)
        };
        let answer = self.with_token(send).await?;
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
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Failure> {
        let send = |token| self.inner.delete_session(uri.clone(), session.clone(), token, headers.clone());
        self.with_token(send).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxedSseResponse, Failure> {
        self.speaks()?;
        let send = |token| {
            let (uri, session, last, headers) = (uri.clone(), session.clone(), last.clone(), headers.clone());
            self.inner.get_stream(uri, session, last, token, headers)
        };
        Ok(self.counted(self.with_token(send).await?))
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
        longest: usize,
    ) -> Result<BoxedSseResponse, Failure> {
        self.speaks()?;
        let send = |token| {
            let (uri, session, last, headers) = (uri.clone(), session.clone(), last.clone(), headers.clone());
            self.inner.get_stream_with_max_sse_event_size(uri, session, last, token, headers, longest)
        };
        let stream = self.with_token(send).await?;
        Ok(self.counted(stream))
    }
}
