//! A response to a request that carried a secret: where the server says it back, the guest reads stars.

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use bytes::Bytes;
use holm_kernel::net::{Body, HttpError};
use http::{HeaderMap, HeaderValue, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;

use crate::forms::{SHORTEST, forms};

/// What is looked for.
#[derive(Clone)]
pub(super) struct Echo(Arc<Words>);

struct Words {
    all: Vec<Vec<u8>>,
    longest: usize,
    found: AhoCorasick,
}

impl Echo {
    /// Looks for these secrets, in all forms that an honest server would say them back in.
    pub(super) fn new<'a>(secrets: impl Iterator<Item = &'a str>) -> Result<Self, HttpError> {
        let words: BTreeSet<String> = secrets.flat_map(forms).filter(|word| word.len() >= SHORTEST).collect();
        let all: Vec<Vec<u8>> = words.into_iter().map(String::into_bytes).collect();
        // In any case: percent signs are followed by either, and names of headers lose theirs.
        let found = AhoCorasickBuilder::new().ascii_case_insensitive(true).build(&all);
        let found = found.map_err(|_| HttpError::InternalError(Some("a secret is too long".to_owned())))?;
        Ok(Self(Arc::new(Words { longest: all.iter().map(Vec::len).max().unwrap_or(0), all, found })))
    }

    /// The response, as the guest may read it.
    pub(super) fn response(self, response: http::Response<Body>) -> Result<http::Response<Body>, HttpError> {
        let (mut head, body) = response.into_parts();
        if let Some(coding) = packed(&head.headers) {
            return Err(HttpError::HttpResponseContentCoding(Some(coding)));
        }
        self.headers(&mut head.headers);
        let body = Starred { body, echo: self, held: Vec::new(), stars: Vec::new(), after: None };
        Ok(http::Response::from_parts(head, body.boxed_unsync()))
    }

    fn headers(&self, headers: &mut HeaderMap) {
        let named: Vec<_> = headers.keys().filter(|name| self.0.found.is_match(name.as_str())).cloned().collect();
        named.into_iter().for_each(|name| drop(headers.remove(name)));
        for value in headers.values_mut() {
            let mut bytes = value.as_bytes().to_vec();
            if self.star(&mut bytes)
                && let Ok(starred) = HeaderValue::from_bytes(&bytes)
            {
                *value = starred;
            }
        }
    }

    fn star(&self, bytes: &mut [u8]) -> bool {
        let found: Vec<_> = self.0.found.find_overlapping_iter(&*bytes).map(|found| found.range()).collect();
        found.iter().for_each(|range| bytes[range.clone()].fill(b'*'));
        !found.is_empty()
    }

    /// Bytes at the end that may be the beginning of a word.
    fn begun(&self, bytes: &[u8]) -> usize {
        let first = bytes.len().saturating_sub(self.0.longest.saturating_sub(1));
        let begun = (first..bytes.len()).find(|at| {
            let rest = &bytes[*at..];
            self.0.all.iter().any(|word| word.len() > rest.len() && word[..rest.len()].eq_ignore_ascii_case(rest))
        });
        begun.map_or(0, |at| bytes.len() - at)
    }
}

/// How a body is packed, if it is.
fn packed(headers: &HeaderMap) -> Option<String> {
    let plain = |(name, value): (&header::HeaderName, &HeaderValue)| {
        let coding = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
        let plain = if name == header::TRANSFER_ENCODING { "chunked" } else { "identity" };
        (coding != plain && !coding.is_empty()).then_some(coding)
    };
    let codings =
        headers.iter().filter(|(name, _)| [header::CONTENT_ENCODING, header::TRANSFER_ENCODING].contains(*name));
    codings.filter_map(plain).next()
}

/// A body whose secrets are stars, of the same length.
struct Starred {
    body: Body,
    echo: Echo,
    /// Not given on yet, since it may be the beginning of a secret.
    held: Vec<u8>,
    /// Which of those bytes lie in a secret that was found whole.
    stars: Vec<bool>,
    /// Comes once what is held was given on.
    after: Option<Frame<Bytes>>,
}

impl Starred {
    /// Takes more, and gives on what can be no secret any more.
    fn pass(&mut self, bytes: &[u8], last: bool) -> Option<Bytes> {
        self.held.extend_from_slice(bytes);
        self.stars.resize(self.held.len(), false);
        for found in self.echo.0.found.find_overlapping_iter(&self.held) {
            self.stars[found.range()].fill(true);
        }
        let kept = if last { 0 } else { self.echo.begun(&self.held) };
        let given = self.held.len() - kept;
        let stars = self.stars.drain(..given);
        let given: Bytes =
            self.held.drain(..given).zip(stars).map(|(byte, star)| if star { b'*' } else { byte }).collect();
        (!given.is_empty()).then_some(given)
    }
}

impl HttpBody for Starred {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        loop {
            if let Some(after) = self.after.take() {
                return Poll::Ready(Some(Ok(after)));
            }
            let given = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => self.pass(&bytes, false),
                    Err(frame) => {
                        let echo = self.echo.clone();
                        self.after = frame.into_trailers().ok().map(|mut trailers| {
                            echo.headers(&mut trailers);
                            Frame::trailers(trailers)
                        });
                        self.pass(&[], true)
                    }
                },
                // What is held is lost with the rest.
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => match self.pass(&[], true) {
                    Some(given) => Some(given),
                    None => return Poll::Ready(None),
                },
            };
            if let Some(given) = given {
                return Poll::Ready(Some(Ok(Frame::data(given))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream() && self.held.is_empty() && self.after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::StreamBody;

    use super::*;

    const SECRET: &str = "sk-very/secret+0123";

    fn echo() -> Echo {
        Echo::new([SECRET].into_iter()).expect("words")
    }

    async fn read(pieces: Vec<Vec<u8>>) -> String {
        let frames = pieces.into_iter().map(|piece| Ok::<_, HttpError>(Frame::data(Bytes::from(piece))));
        let body = StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync();
        let response = echo().response(http::Response::new(body)).expect("plain");
        let read = response.into_body().collect().await.expect("read").to_bytes();
        String::from_utf8(read.to_vec()).expect("text")
    }

    #[tokio::test]
    async fn an_echo_is_stars_however_it_is_cut() {
        let stars = "*".repeat(SECRET.len());
        let (text, starred) = (format!("sk-very {SECRET}, ä{SECRET}sk-ve"), format!("sk-very {stars}, ä{stars}sk-ve"));
        for at in 0..=text.len() {
            let (one, two) = text.as_bytes().split_at(at);
            assert_eq!(read(vec![one.to_vec(), two.to_vec()]).await, starred, "cut at {at}");
        }
        assert_eq!(read(text.bytes().map(|byte| vec![byte]).collect()).await, starred);
    }

    #[tokio::test]
    async fn an_echo_is_stars_in_all_its_forms() {
        use base64::{Engine, engine::general_purpose::STANDARD};
        for before in ["", "a", "ab", "Basic user:"] {
            let packed = STANDARD.encode(format!("{before}{SECRET}"));
            let told = read(packed.bytes().map(|byte| vec![byte]).collect()).await;
            assert!(told.contains("********************") && told.len() == packed.len(), "{told}");
        }
        assert_eq!(
            read(vec![b"sk-very%2fsecret%2B".to_vec(), b"0123!".to_vec()]).await,
            format!("{}!", "*".repeat(23))
        );
    }

    #[test]
    fn heads_are_looked_through() {
        let mut response = http::Response::new(Body::default());
        response.headers_mut().insert("x-echo", format!("Bearer {SECRET}").parse().expect("a value"));
        let response = echo().response(response).expect("plain");
        assert_eq!(response.headers()["x-echo"], format!("Bearer {}", "*".repeat(SECRET.len())));
        for (name, coding) in [("content-encoding", "gzip"), ("transfer-encoding", "gzip, chunked")] {
            let mut response = http::Response::new(Body::default());
            response.headers_mut().insert(name, coding.parse().expect("a value"));
            assert!(echo().response(response).is_err(), "{coding}");
        }
    }
}
