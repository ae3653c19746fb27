//! A server of models whose replies take a fixed time: it speaks OpenAI's chat completions.

use std::{
    convert::Infallible,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, ExitCode, Stdio},
    time::Duration,
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use wasmtime::{Result, error::Context};

use crate::process;

/// The first argument of a process that serves.
pub(crate) const CHILD: &str = "--server";

/// What it answers, whatever it is asked.
const REPLY: &str = concat!(
    r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"It is cold, and the wind"}}]}"#,
    "\n\n",
    r#"data: {"choices":[{"index":0,"delta":{"content":" comes from the north."}}]}"#,
    "\n\n",
    r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
    "\n\n",
    r#"data: {"choices":[],"usage":{"prompt_tokens":14,"completion_tokens":12}}"#,
    "\n\ndata: [DONE]\n\n",
);

/// How a model is called that takes this long.
pub(crate) fn model(latency: Duration) -> String {
    format!("takes-{}", latency.as_millis())
}

/// Serves for ever.
pub(crate) async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let asked = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let asked = String::from_utf8_lossy(&asked);
    let latency = asked.split("\"takes-").nth(1).and_then(|rest| rest.split('"').next()?.parse().ok());
    tokio::time::sleep(Duration::from_millis(latency.unwrap_or(0))).await;
    let mut response = Response::new(Full::from(REPLY));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

/// The process that serves, until its parent is gone.
pub(crate) fn child() -> ExitCode {
    let served = process::runtime().and_then(|runtime| {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            println!("{}", listener.local_addr()?);
            tokio::spawn(serve(listener));
            // Its parent holds the other end.
            tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await?;
            Ok(())
        })
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A server in a process of its own: what it takes of the machine is no part of either side.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(CHILD).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("it has a stdout")?).read_line(&mut line)?;
        Ok(Self { address: line.trim().parse()?, child })
    }

    /// Its processor time so far.
    pub(crate) fn processor(&self) -> Result<Duration> {
        process::processor(&self.child.id().to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
