//! A server on this machine that does to its clients what its paths say.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::Authority;

/// What lies at `/page`.
const PAGE: &str = "<!doctype html><html><head><title>Äpfel</title><script>alert(1)</script></head><body>\
    <h1>Apples</h1><p>Some are <b>red</b>, see <a href=\"/more?a=1\">more</a>.</p></body></html>";

/// A server, and the heads of the requests that came to it.
pub struct Web {
    /// Where it listens.
    pub address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Mutex<Vec<String>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Web {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Web {
    /// Starts one.
    pub async fn start() -> Self {
        Self::speaking(None).await
    }

    /// Starts one that speaks TLS, and is trusted.
    pub async fn secure() -> Self {
        Self::secured(Authority::trusted().acceptor("127.0.0.1")).await
    }

    /// Starts one that speaks TLS.
    pub async fn secured(acceptor: TlsAcceptor) -> Self {
        Self::speaking(Some(acceptor)).await
    }

    async fn speaking(acceptor: Option<TlsAcceptor>) -> Self {
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let heads = seen.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, heads) = (acceptor.clone(), heads.clone());
                tokio::spawn(async move {
                    match acceptor {
                        Some(acceptor) => answer(acceptor.accept(stream).await?, heads).await,
                        None => answer(stream, heads).await,
                    }
                });
            }
        });
        Self { address, scheme, seen, serving }
    }

    /// The address of something on it.
    pub fn at(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The grant of all that is on it.
    pub fn grant(&self) -> String {
        format!("net={}://{}/*", self.scheme, self.address)
    }

    /// The heads of the requests that came.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().clone()
    }
}

async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    heads: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut part = [0; 4096];
        match stream.read(&mut part).await? {
            0 => return Ok(()),
            read => head.extend(&part[..read]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    heads.lock().push(head.clone());
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    match path {
        "/text" => whole(&mut stream, "200 OK", "", "hello").await,
        "/head" => whole(&mut stream, "200 OK", "", &head).await,
        "/pieces" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await?;
            for byte in head.bytes() {
                stream.write_all(&[byte]).await?;
                stream.flush().await?;
            }
            stream.shutdown().await
        }
        "/said-back" => {
            let said = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or("nothing");
            whole(&mut stream, "200 OK", &format!("location: {said}\r\n"), said).await
        }
        "/redirect" => whole(&mut stream, "302 Found", &format!("location: {query}\r\n"), "").await,
        "/silent" => std::future::pending().await,
        "/early" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello").await?;
            let mut part = [0; 65536];
            while !matches!(stream.read(&mut part).await, Ok(0) | Err(_)) {}
            heads.lock().push("the upload ended".to_owned());
            Ok(())
        }
        "/informational" => loop {
            stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").await?;
        },
        "/dripping-head" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx-slow: ").await?;
            loop {
                stream.write_all(b"x").await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        "/stalling" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello").await?;
            std::future::pending().await
        }
        "/many-headers" => {
            let mut many = "HTTP/1.1 200 OK\r\n".to_owned();
            (0..33_000).for_each(|n| many.push_str(&format!("x-{n}: x\r\n")));
            stream.write_all(format!("{many}\r\n").as_bytes()).await
        }
        "/long-header" => {
            let long = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "x".repeat(1 << 20));
            stream.write_all(long.as_bytes()).await
        }
        "/large" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n").await?;
            let chunk = vec![b'x'; 100_000];
            for _ in 0..1_000 {
                stream.write_all(&chunk).await?;
            }
            Ok(())
        }
        "/endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
            loop {
                stream.write_all(chunk.as_bytes()).await?;
            }
        }
        "/short" => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello").await,
        "/nonsense" => stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n\r\n").await,
        "/page" => whole(&mut stream, "200 OK", "content-type: text/html; charset=utf-8\r\n", PAGE).await,
        "/picture" => whole(&mut stream, "200 OK", "content-type: image/png\r\n", "\u{fffd}PNG").await,
        "/round" => whole(&mut stream, "302 Found", "location: /round\r\n", "").await,
        "/packed" => whole(&mut stream, "200 OK", "content-encoding: gzip\r\n", "not unpacked").await,
        _ => whole(&mut stream, "404 Not Found", "", "").await,
    }
}

async fn whole(stream: &mut (impl AsyncWrite + Unpin), status: &str, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let whole = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(whole.as_bytes()).await?;
    stream.flush().await
}
