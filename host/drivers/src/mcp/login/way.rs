//! The way of all requests of a login: by the law for what a server names, nothing followed, few, and short.

use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use futures_util::StreamExt;
use holm_kernel::devices::net::law::Target;
use rmcp::transport::auth::{OAuthHttpClient, OAuthHttpClientFuture, OAuthHttpRequest};

use super::super::law;

/// Requests of one login or refresh. Stops a server that names a thousand servers to ask.
const REQUESTS: usize = 40;
/// Bytes of an answer. Stops metadata of a gigabyte.
const ANSWER_BYTES: usize = 256 << 10;
/// How long one may take. Stops an answer that comes a byte at a time.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

/// Where a login's requests may go, for one server.
pub(super) struct Way {
    server: Target,
    left: AtomicUsize,
}

impl Way {
    pub(super) fn new(server: Target) -> Self {
        Self { server, left: AtomicUsize::new(REQUESTS) }
    }

    async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, String> {
        let left = self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| format!("it leads to more than {REQUESTS} places"))?;
        let target = law::named(&request.uri().to_string(), &self.server)?;
        let client = law::requests(&target, ANSWERS_WITHIN)?;
        let request = reqwest::Request::try_from(request).map_err(|error| error.to_string())?;
        // Where it went is said by who asks.
        let answer = client.execute(request).await.map_err(|error| said(&error.without_url()))?;
        let mut whole = http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            whole = whole.header(name, value);
        }
        let (mut body, mut pieces) = (Vec::new(), answer.bytes_stream());
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| said(&error.without_url()))?;
            if body.len() + piece.len() > ANSWER_BYTES {
                return Err(format!("an answer of more than {} KiB", ANSWER_BYTES >> 10));
            }
            body.extend_from_slice(&piece);
        }
        whole.body(body).map_err(|error| error.to_string())
    }
}

impl OAuthHttpClient for Way {
    fn execute(&self, request: OAuthHttpRequest) -> OAuthHttpClientFuture<'_> {
        Box::pin(async move {
            let sent = tokio::time::timeout(ANSWERS_WITHIN, self.send(request.request)).await;
            let late = |_| format!("no answer within {} s", ANSWERS_WITHIN.as_secs());
            sent.map_err(late).flatten().map_err(Into::into)
        })
    }
}

/// An error and what led to it.
fn said(error: &reqwest::Error) -> String {
    let (mut text, mut source) = (error.to_string(), std::error::Error::source(error));
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
