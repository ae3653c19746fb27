//! Where a browser comes back to after a login: one page on this machine, for whoever knows the login's state.

use std::{sync::Arc, time::Duration};

use holm_packages::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::timeout,
};

/// The page.
pub(super) const PATH: &str = "/callback";
/// Bytes of a request's head, and how long it may take. Stops whoever on this machine says nothing, or never ends.
const HEAD_BYTES: usize = 16 << 10;
const SAYS_WITHIN: Duration = Duration::from_secs(10);
/// Visitors at once. A browser opens a few connections that it never uses.
const VISITORS: usize = 32;

/// Answers visitors until one comes from the login with this state; what that one brought.
pub(super) async fn listen(listener: TcpListener, redirect: String, state: String, brought: mpsc::Sender<Value>) {
    let (places, meant) = (Arc::new(Semaphore::new(VISITORS)), Arc::new((redirect, state)));
    while let Ok(place) = places.clone().acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (meant, brought) = (meant.clone(), brought.clone());
        tokio::spawn(async move {
            let _place = place;
            if let Ok(Some(address)) = timeout(SAYS_WITHIN, visit(stream, &meant.0, &meant.1)).await {
                let _ = brought.send(Value::new(address)).await;
            }
        });
    }
}

async fn visit(mut stream: TcpStream, redirect: &str, wanted: &str) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > HEAD_BYTES || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let address = came(&head, redirect, wanted);
    let (status, text) = match &address {
        Some(_) => ("200 OK", "Holm has what it needs. You can close this page, and go back to the terminal.\n"),
        None => ("400 Bad Request", "This is not what Holm waits for here.\n"),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         referrer-policy: no-referrer\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    address
}

/// The address that was asked for, where it is of the login with this state.
fn came(head: &[u8], redirect: &str, wanted: &str) -> Option<String> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?.strip_prefix("GET ")?;
    let (page, _) = line.split_once(' ')?;
    let query = page.strip_prefix(PATH)?.strip_prefix('?')?;
    let plain = query.bytes().all(|byte| byte.is_ascii_graphic());
    let address = format!("{redirect}?{query}");
    (plain && state(&address) == Some(wanted)).then_some(address)
}

/// The state in an address. It is written without percent signs.
pub(super) fn state(address: &str) -> Option<&str> {
    address.split_once('?')?.1.split(['&', '#']).find_map(|pair| pair.strip_prefix("state="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_login_itself_comes_back() {
        let came =
            |line: &str| came(format!("{line}\r\nHost: x\r\n\r\n").as_bytes(), "http://127.0.0.1:1/callback", "abc");
        assert_eq!(
            came("GET /callback?code=1&state=abc&iss=x HTTP/1.1").as_deref(),
            Some("http://127.0.0.1:1/callback?code=1&state=abc&iss=x")
        );
        for line in [
            "GET /callback?code=1 HTTP/1.1",
            "GET /callback?code=1&state=abd HTTP/1.1",
            "GET /callback?code=1&state= HTTP/1.1",
            "GET /callback?code=1&state=x&state=abc HTTP/1.1",
            "GET /?code=1&state=abc HTTP/1.1",
            "GET /callbackx?code=1&state=abc HTTP/1.1",
            "GET http://127.0.0.1:1/callback?code=1&state=abc HTTP/1.1",
            "POST /callback?code=1&state=abc HTTP/1.1",
            "GET /favicon.ico HTTP/1.1",
            "",
        ] {
            assert_eq!(came(line), None, "{line}");
        }
    }
}
