//! The resident kernel's side: accepts clients, and ends when nobody needs it.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use holm_kernel::Kernel;
use holm_packages::{Plugins, Registries, SignatureRules};
use tokio::{
    net::UnixStream,
    sync::{Semaphore, watch},
    task::JoinSet,
};

use super::{
    failure::Failure,
    home::Claim,
    lines::Lines,
    protocol::{Greeting, Intent, PROTOCOL, Reply, Status},
    rates::Rates,
    runs::Runs,
    tool_servers::ToolServers,
};

/// Clients at a time. More wait to be accepted.
const CONNECTIONS: usize = 1024;

/// Of these, kept for commands that are no calls: whoever calls much does not keep its operator from `holm kill`.
const SPARE: usize = 64;

/// How long clients have to take their last replies when the kernel ends.
const FAREWELL: Duration = Duration::from_secs(2);

/// What the kernel tells about itself.
pub struct Facts {
    /// Its version.
    pub version: String,
    /// Tells builds of one version apart.
    pub build: String,
    /// Its storage driver.
    pub storage: String,
    /// Waits until all audit records so far are written. May block.
    pub audited: Box<dyn Fn() + Send + Sync>,
    /// Where plugins come from that are no folders.
    pub registries: Box<dyn Registries>,
    /// Which plugins have to be signed.
    pub signatures: SignatureRules,
    /// Its figures, as text.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
}

/// A kernel and its clients.
pub struct Server {
    pub(crate) kernel: Kernel,
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) servers: Arc<dyn ToolServers>,
    pub(crate) lines: Arc<Lines>,
    pub(crate) runs: Arc<Runs>,
    pub(crate) rates: Rates,
    /// Places for calls.
    pub(crate) calls: Arc<Semaphore>,
    pub(crate) facts: Arc<Facts>,
    started: Instant,
    changes: watch::Sender<()>,
    stopping: watch::Sender<bool>,
}

impl Server {
    /// Stands before a kernel. `lines` has to be the kernel's log sink, `plugins` its programs, `servers` those
    /// behind its tools.
    pub fn new(
        kernel: Kernel,
        plugins: Arc<Plugins>,
        servers: Arc<dyn ToolServers>,
        lines: Arc<Lines>,
        facts: Facts,
    ) -> Arc<Self> {
        lines.of(&kernel);
        let runs = Arc::new(Runs::default());
        let (notified, settled) = (kernel.clone(), runs.clone());
        let changes = watch::Sender::new(());
        let told = changes.clone();
        plugins.notify(move || {
            settled.settle();
            notified.grants_changed();
            told.send_replace(());
        });
        Arc::new(Self {
            kernel,
            plugins,
            servers,
            lines,
            runs,
            rates: Rates::default(),
            calls: Arc::new(Semaphore::new(CONNECTIONS - SPARE)),
            facts: Arc::new(facts),
            started: Instant::now(),
            changes,
            stopping: watch::Sender::new(false),
        })
    }

    /// Serves clients until it is told to stop, or nobody needed it for as long as `idle`. Then
    /// ends all processes.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub async fn listen(self: Arc<Self>, claim: &Claim, idle: Duration) -> io::Result<()> {
        let listener = claim.listen()?;
        let mut clients = JoinSet::new();
        let mut stopping = self.stopping.subscribe();
        let mut needed = Instant::now();
        let mut tick = tokio::time::interval(idle.clamp(Duration::from_millis(20), Duration::from_secs(1)));
        loop {
            tokio::select! {
                accepted = listener.accept(), if clients.len() < CONNECTIONS => match accepted {
                    Ok((stream, _)) => {
                        let server = self.clone();
                        clients.spawn(async move {
                            match refusal(&stream) {
                                None => server.serve(stream).await,
                                Some(refusal) => server.refuse(stream, refusal).await,
                            }
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a client was not accepted");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = clients.join_next() => {}
                _ = tick.tick() => {
                    if !clients.is_empty() || !self.kernel.snapshot().is_empty() {
                        needed = Instant::now();
                    } else if needed.elapsed() >= idle {
                        tracing::info!("nobody needs this kernel; it ends");
                        break;
                    }
                }
                _ = stopping.wait_for(|stop| *stop) => break,
            }
        }
        // Who connects from now on starts another kernel, which waits until this one is gone.
        tracing::info!("the kernel ends");
        claim.unlisten();
        drop(listener);
        self.kernel.shutdown().await;
        self.servers.stop().await;
        let farewell = async { while clients.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("clients did not take their last replies");
        }
        Ok(())
    }

    /// Ends [`Server::listen`].
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until it is told to end.
    pub(crate) async fn stopped(&self) {
        let _ = self.stopping.subscribe().wait_for(|stop| *stop).await;
    }

    /// Whether something was installed, removed or granted.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    pub(crate) fn greeting(&self) -> Greeting {
        let Facts { version, build, .. } = &*self.facts;
        let (version, build) = (version.clone(), build.clone());
        Greeting { protocol: PROTOCOL, version, build, intent: Intent::Command, refusal: None }
    }

    pub(crate) fn status(&self) -> Status {
        let status = Status {
            version: self.facts.version.clone(),
            process: std::process::id(),
            seconds: self.started.elapsed().as_secs(),
            processes: self.kernel.snapshot().len(),
            capacity: 0,
            bound_by: String::new(),
            pooled: self.kernel.is_pooled(),
            storage: self.facts.storage.clone(),
        };
        status.with_capacity(self.kernel.capacity())
    }

    pub(crate) fn metrics(&self) -> String {
        (self.facts.metrics)()
    }

    pub(crate) async fn audited(&self) -> Result<Reply, Failure> {
        let facts = self.facts.clone();
        blocking(move || {
            (facts.audited)();
            Ok::<_, Failure>(Reply::Done)
        })
        .await
    }
}

/// Why the other end may not operate this kernel. The socket's mode keeps other users out already;
/// what landlock confines, like a build script, is the same user and no operator.
fn refusal(stream: &UnixStream) -> Option<&'static str> {
    let Ok(peer) = stream.peer_cred() else { return Some("it cannot tell who you are") };
    if peer.uid() != rustix::process::geteuid().as_raw() {
        return Some("it serves another user");
    }
    let confined = |process: &str| {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        Some(status.lines().any(|line| line.strip_prefix("NoNewPrivs:").is_some_and(|value| value.trim() == "1")))
    };
    let peer = peer.pid().and_then(|pid| confined(&pid.to_string()));
    // Where this kernel is confined itself, that says nothing.
    match peer == Some(false) || confined("self") == Some(true) {
        true => None,
        false => Some("you are confined (no-new-privileges), and it is not; what is confined grants nothing"),
    }
}

/// Runs what waits for disks on a thread that may.
pub(crate) async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Failure>
where
    T: Send + 'static,
    E: Into<Failure> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Into::into),
        Err(error) => Err(Failure::internal(format!("the kernel failed: {error}"))),
    }
}
