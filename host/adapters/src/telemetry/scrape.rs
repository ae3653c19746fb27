//! Serves the figures to Prometheus: one path, to who asks by address.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HOST, HeaderValue},
    http::uri::Authority,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

use super::{numbers::Numbers, prometheus};

/// Connections at once; more wait to be accepted. Stops who opens them and says nothing.
const CONNECTIONS: usize = 16;
/// Until a request has come, and until its answer was taken.
const PATIENCE: Duration = Duration::from_secs(10);
/// The head of a request.
const HEAD_BYTES: usize = 16 << 10;

/// The figures are not served.
#[derive(Debug, thiserror::Error)]
#[error("metrics are not served at {address}: {error}")]
pub struct ScrapeError {
    address: SocketAddr,
    error: io::Error,
}

/// Takes the address to serve at.
///
/// # Errors
/// It is taken, or not ours.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ScrapeError> {
    TcpListener::bind(address).await.map_err(|error| ScrapeError { address, error })
}

/// Serves `/metrics` for as long as it is polled.
pub async fn serve(listener: TcpListener, numbers: Arc<Numbers>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // It is never closed.
        let Ok(place) = room.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let numbers = numbers.clone();
                tokio::spawn(async move {
                    // Who is too slow, or speaks no HTTP, learns nothing.
                    let _ = tokio::time::timeout(PATIENCE, connection(stream, numbers)).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection for metrics was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, numbers: Arc<Numbers>) -> hyper::Result<()> {
    let answer = service_fn(move |request: Request<Incoming>| {
        let numbers = numbers.clone();
        async move { Ok::<_, Infallible>(answer(&request, &numbers)) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer)
        .await
}

fn answer<B>(request: &Request<B>, numbers: &Numbers) -> Response<Full<Bytes>> {
    let plain = |status: StatusCode, text: &str| {
        let mut response = Response::new(Full::from(text.to_owned()));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    };
    match refusal(request) {
        Some((status, text)) => plain(status, text),
        None => {
            let mut response = plain(StatusCode::OK, &numbers.text());
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(prometheus::CONTENT_TYPE));
            response
        }
    }
}

/// Why a request is not answered.
fn refusal<B>(request: &Request<B>) -> Option<(StatusCode, &'static str)> {
    // A page in a browser whose name was made to mean this machine sends that name. Nobody owns an
    // address or `localhost`.
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().filter(|_| hosts.next().is_none());
    let ours = host.and_then(|host| Authority::try_from(host.as_bytes()).ok()).is_some_and(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']');
        name == "localhost" || name.parse::<std::net::IpAddr>().is_ok()
    });
    match (request.method(), request.uri().path()) {
        _ if !ours => Some((StatusCode::MISDIRECTED_REQUEST, "ask for an address or for localhost, not for a name\n")),
        (_, path) if path != "/metrics" => Some((StatusCode::NOT_FOUND, "there is /metrics and nothing else\n")),
        (method, _) if method != Method::GET && method != Method::HEAD => {
            Some((StatusCode::METHOD_NOT_ALLOWED, "it can be read and not changed\n"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: Method, path: &str, hosts: &[&str]) -> u16 {
        let mut request = Request::builder().method(method).uri(path);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        refusal(&request.body(()).expect("a request")).map_or(200, |(status, _)| status.as_u16())
    }

    #[test]
    fn who_asks_by_a_name_is_refused() {
        for host in ["127.0.0.1:9464", "localhost", "localhost:1", "[::1]:9464", "192.168.1.7"] {
            assert_eq!(ask(Method::GET, "/metrics", &[host]), 200, "{host}");
        }
        for host in ["evil.example:9464", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b", "user@"] {
            assert_eq!(ask(Method::GET, "/metrics", &[host]), 421, "{host}");
        }
        assert_eq!(ask(Method::GET, "/metrics", &[]), 421);
        assert_eq!(ask(Method::GET, "/metrics", &["localhost", "evil.example"]), 421);
    }

    #[test]
    fn there_is_one_thing_to_read() {
        assert_eq!(ask(Method::GET, "/", &["localhost"]), 404);
        assert_eq!(ask(Method::POST, "/metrics", &["localhost"]), 405);
        assert_eq!(ask(Method::HEAD, "/metrics", &["localhost"]), 200);
    }
}
