//! The other side: tokio tasks that call the server with reqwest, read its reply and look no closer.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use reqwest::{Client, header::CONTENT_TYPE};
use tokio::{sync::watch, task::JoinHandle};
use wasmtime::{Result, ensure};

use crate::server;

/// A client, and what it asks.
#[derive(Clone)]
pub(crate) struct Plain {
    client: Client,
    url: String,
    body: String,
}

/// Tasks that wait to be told to begin.
pub(crate) struct Tasks {
    tasks: Vec<JoinHandle<Result<Vec<Duration>>>>,
    word: watch::Sender<bool>,
}

impl Plain {
    pub(crate) fn new(server: SocketAddr, latency: Duration) -> Result<Self> {
        // The drivers may have chosen one already; then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let body = format!(
            r#"{{"model":"{}","messages":[{{"role":"user","content":"How is the weather at the harbour?"}}],"stream":true,"stream_options":{{"include_usage":true}},"max_tokens":64}}"#,
            server::model(latency),
        );
        let client = Client::builder().no_proxy().build()?;
        Ok(Self { client, url: format!("http://{server}/v1/chat/completions"), body })
    }

    /// Starts so many, each to make `calls` calls.
    pub(crate) fn start(&self, agents: usize, calls: u64) -> Tasks {
        let (word, told) = watch::channel(false);
        let task = |_| {
            let (plain, mut told) = (self.clone(), told.clone());
            tokio::spawn(async move {
                let mut times = Vec::with_capacity(calls as usize);
                let _ = told.wait_for(|begin| *begin).await;
                for _ in 0..calls {
                    let start = Instant::now();
                    plain.call().await?;
                    times.push(start.elapsed());
                }
                Ok(times)
            })
        };
        Tasks { tasks: (0..agents).map(task).collect(), word }
    }

    async fn call(&self) -> Result<()> {
        let request = self.client.post(&self.url).header(CONTENT_TYPE, "application/json").body(self.body.clone());
        let text = request.send().await?.text().await?;
        ensure!(text.ends_with("data: [DONE]\n\n"), "the server said `{text}`");
        Ok(())
    }
}

impl Tasks {
    /// The word.
    pub(crate) fn begin(&self) {
        self.word.send_replace(true);
    }

    /// How long each call took.
    pub(crate) async fn wait(self) -> Result<Vec<Duration>> {
        let mut all = Vec::new();
        for task in self.tasks {
            all.extend(task.await??);
        }
        Ok(all)
    }

    /// They are not waited for.
    pub(crate) fn abort(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
