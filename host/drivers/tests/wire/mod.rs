//! A server that misbehaves as it is told: every byte of an answer, when it is sent, how it ends.
#![allow(unreachable_pub, reason = "a module of test binaries")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What the server does with a request, step by step.
#[derive(Clone)]
pub enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes as a chunk of their own.
    Chunk(Vec<u8>),
    /// Ends a body of chunks as it should end.
    End,
    /// Waits.
    Wait(Duration),
    /// Sends chunks of blanks until the other side has had enough; how many bytes it took is counted.
    Flood,
}

/// A head with a body in chunks.
pub fn head(content_type: &str) -> Act {
    Act::Send(
        format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes(),
    )
}

/// A whole answer of another status.
pub fn status(line: &str, headers: &str, body: &str) -> Vec<Act> {
    let length = body.len();
    vec![Act::Send(format!("HTTP/1.1 {line}\r\ncontent-length: {length}\r\n{headers}\r\n{body}").into_bytes())]
}

/// A request, as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub head: String,
    pub body: Vec<u8>,
}

/// The server. It listens until it is dropped.
pub struct Server {
    pub url: String,
    pub asked: Arc<Mutex<Vec<Asked>>>,
    /// Bytes that a flood sent.
    pub flooded: Arc<AtomicUsize>,
    /// Connections that the other side closed while the server still had something to do.
    pub closed: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// One that does the same with every request.
    pub async fn always(acts: Vec<Act>) -> Self {
        Self::each(move |_| acts.clone()).await
    }

    /// One that does this with the n-th request.
    pub async fn each(acts: impl Fn(usize) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (asked, flooded, closed) = (Arc::default(), Arc::default(), Arc::default());
        let (acts, count) = (Arc::new(acts), Arc::new(AtomicUsize::new(0)));
        let shared = (Arc::clone(&asked), Arc::clone(&flooded), Arc::clone(&closed));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acts, count, shared) = (acts.clone(), count.clone(), shared.clone());
                tokio::spawn(async move { serve(stream, &*acts, &count, shared).await });
            }
        });
        Self { url, asked, flooded, closed, task }
    }
}

impl Server {
    /// Waits until the other side has closed its connection before all was said.
    pub async fn is_let_go_of(&self) {
        for _ in 0..400 {
            if self.closed.load(SeqCst) > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the connection is kept");
    }
}

type Shared = (Arc<Mutex<Vec<Asked>>>, Arc<AtomicUsize>, Arc<AtomicUsize>);

async fn serve(
    mut stream: TcpStream,
    acts: &(impl Fn(usize) -> Vec<Act> + Send + Sync),
    count: &AtomicUsize,
    (asked, flooded, closed): Shared,
) {
    let _ = stream.set_nodelay(true);
    while let Some(request) = read(&mut stream).await {
        asked.lock().push(request);
        let acts = acts(count.fetch_add(1, SeqCst));
        let goes_on = matches!(acts.last(), Some(Act::End)) || acts.len() == 1;
        for act in acts {
            let sent = match act {
                Act::Send(bytes) => stream.write_all(&bytes).await,
                Act::Chunk(bytes) if bytes.is_empty() => Ok(()),
                Act::Chunk(bytes) => chunk(&mut stream, &bytes).await,
                Act::End => stream.write_all(b"0\r\n\r\n").await,
                Act::Wait(time) => {
                    let mut byte = [0];
                    tokio::select! {
                        () = tokio::time::sleep(time) => Ok(()),
                        // Whoever is asked to wait sends nothing more: it is gone.
                        _ = stream.read(&mut byte) => Err(std::io::ErrorKind::BrokenPipe.into()),
                    }
                }
                Act::Flood => loop {
                    if let Err(error) = chunk(&mut stream, &[b' '; 64 << 10]).await {
                        break Err(error);
                    }
                    flooded.fetch_add(64 << 10, SeqCst);
                },
            };
            if sent.is_err() {
                closed.fetch_add(1, SeqCst);
                return;
            }
        }
        if !goes_on {
            return;
        }
    }
}

async fn chunk(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    stream.write_all(&framed).await
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 << 10];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let body = &bytes[end + 4..];
            if body.len() >= length.unwrap_or(0) {
                return Some(Asked { head, body: body.to_vec() });
            }
        }
        match stream.read(&mut piece).await {
            Ok(taken) if taken > 0 => bytes.extend_from_slice(&piece[..taken]),
            _ => return None,
        }
    }
}
