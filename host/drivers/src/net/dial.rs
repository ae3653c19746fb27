//! One request: resolve, check, connect to what was checked, speak.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use holm_kernel::{
    devices::net::law::{Host, Target, reachable},
    net::{Body, Failure, HttpError, Place, Request},
};
use http::{HeaderValue, Uri, header};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::Notify,
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsConnector;

use super::{Network, body::Timed, secret};

/// Header lines of a response. Stops thirty thousand of them.
const HEADERS: usize = 128;
/// Bytes of a response's head, and of what is read ahead of the guest.
const BUFFER: usize = 64 << 10;

/// Heads like `103 Early Hints`. Nobody reads or counts them: stops a server that sends nothing else.
const INFORMATIONAL: usize = 8;

/// What is spoken over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(super) async fn send(network: &Network, request: Request) -> Result<http::Response<Body>, Failure> {
    let Request { plugin, target, mut head, timeouts, place } = request;
    let echo = secret::attach(&*network.secrets, &plugin, &target, &mut head)?;
    let connecting = timeout(timeouts.connect, connect(network, &target, place, timeouts.between_bytes));
    let stream = connecting.await.map_err(|_| HttpError::ConnectionTimeout)??;
    address(&target, &mut head)?;
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(HEADERS)
        .max_buf_size(BUFFER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| spoken(&error))?;
    // Ends when the body is dropped, or with this future.
    let speaking = Speaking(tokio::spawn(connection));
    let flooded = count_informational(&mut head);
    let response = tokio::select! {
        response = timeout(timeouts.first_byte, sender.send_request(head)) => response,
        () = flooded.notified() => return Err(HttpError::HttpProtocolError.into()),
    };
    let response = response.map_err(|_| HttpError::ConnectionReadTimeout)?.map_err(|error| spoken(&error))?;
    let response = response.map(|body| Timed::new(body, timeouts.between_bytes, speaking).boxed_unsync());
    Ok(match echo {
        Some(echo) => echo.response(response)?,
        None => response,
    })
}

/// Tells when there came more than [`INFORMATIONAL`] heads before the one that is waited for.
fn count_informational(head: &mut http::Request<Body>) -> Arc<Notify> {
    let (flooded, count) = (Arc::new(Notify::new()), AtomicUsize::new(0));
    let told = flooded.clone();
    hyper::ext::on_informational(head, move |_| {
        if count.fetch_add(1, Relaxed) >= INFORMATIONAL {
            told.notify_one();
        }
    });
    flooded
}

/// The task that drives a connection; dropped, the connection ends.
pub(super) struct Speaking(tokio::task::JoinHandle<hyper::Result<()>>);

impl Drop for Speaking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn connect(
    network: &Network,
    target: &Target,
    place: Place,
    pause: Duration,
) -> Result<Box<dyn Stream>, Failure> {
    let addresses = match &target.host {
        Host::Address(address) => vec![*address],
        Host::Name(name) => network.resolve.resolve(name.clone(), place).await,
    };
    reachable(&target.host, &addresses)?;
    let stream = dial(&addresses, target.port).await?;
    // What was admitted is answered piece by piece; waiting to fill a packet only delays it.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    // Stops a server that takes a connection and reads nothing from it.
    stream.set_write_timeout(Some(pause));
    let stream = Box::pin(stream);
    if target.scheme != "https" {
        return Ok(Box::new(stream));
    }
    let name = match &target.host {
        Host::Address(address) => ServerName::from(*address),
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| HttpError::TlsProtocolError)?,
    };
    let secured = TlsConnector::from(Arc::clone(&network.tls)).connect(name, stream).await;
    Ok(Box::new(secured.map_err(|error| certificate(&error))?))
}

/// How long one address may take where there is another to try.
const EACH: Duration = Duration::from_secs(5);

/// Connects to one of the addresses that were checked: to the very address, so that no name is
/// asked again.
async fn dial(addresses: &[IpAddr], port: u16) -> Result<TcpStream, HttpError> {
    let mut failed = HttpError::DestinationUnavailable;
    for address in addresses {
        match timeout(EACH, TcpStream::connect(SocketAddr::new(*address, port))).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(_)) => failed = HttpError::ConnectionRefused,
            Err(_) => failed = HttpError::ConnectionTimeout,
        }
    }
    Err(failed)
}

/// Writes over the request what was checked: its address and its host, whatever the guest had put there.
fn address(target: &Target, head: &mut http::Request<Body>) -> Result<(), HttpError> {
    let path = match &target.query {
        Some(query) => format!("{}?{query}", target.path),
        None => target.path.clone(),
    };
    *head.uri_mut() = Uri::try_from(path).map_err(|_| HttpError::HttpRequestUriInvalid)?;
    let host = HeaderValue::try_from(target.authority()).map_err(|_| HttpError::HttpRequestUriInvalid)?;
    *head.version_mut() = http::Version::HTTP_11;
    let headers = head.headers_mut();
    headers.insert(header::HOST, host);
    // Of the connection, which is ours and serves one request; and no answer in another protocol.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    for name in [header::UPGRADE, header::TE, header::PROXY_AUTHORIZATION] {
        headers.remove(name);
    }
    if !headers.contains_key(header::USER_AGENT) {
        headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("holm/", env!("CARGO_PKG_VERSION"))));
    }
    Ok(())
}

fn certificate(error: &std::io::Error) -> HttpError {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => HttpError::TlsCertificateError,
        _ => HttpError::TlsProtocolError,
    }
}

/// What went wrong in the conversation, in the words of `wasi:http`.
pub(super) fn spoken(error: &hyper::Error) -> HttpError {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match () {
        () if cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::TimedOut) => {
            HttpError::ConnectionWriteTimeout
        }
        () if error.is_parse_too_large() => HttpError::HttpResponseHeaderSectionSize(None),
        () if error.is_incomplete_message() => HttpError::HttpResponseIncomplete,
        () if error.is_timeout() => HttpError::HttpResponseTimeout,
        () if error.is_canceled() || error.is_closed() => HttpError::ConnectionTerminated,
        () => HttpError::HttpProtocolError,
    }
}
