//! One connection: greet, read one request, answer it; in a session, read the next.

use std::{sync::Arc, time::Duration};

use holm_kernel::process::Pid;
use tokio::{net::UnixStream, sync::mpsc};

use super::{
    failure::{Failure, Kind},
    frame::{FrameError, Io, Reader, split},
    install::Wanted,
    protocol::{Input, Intent, PROTOCOL, Reply, Request, Signal},
    server::Server,
};

/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// Replies that wait to be written. Each is at most a pipe's chunk, but for answers.
const REPLIES: usize = 4;

/// Most processes that one command signals.
const MAXIMUM_PIDS: usize = 10_000;

impl Server {
    /// Serves one client, over a socket or a pipe within this process.
    pub async fn serve(
        self: Arc<Self>,
        io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    ) {
        let io: Box<dyn Io> = Box::new(io);
        let (mut reader, mut writer) = split(io);
        let greeted = tokio::time::timeout(PATIENCE, async {
            let greeting = reader.next::<super::Greeting>().await?;
            writer.send(&self.greeting()).await?;
            Ok::<_, FrameError>(greeting)
        });
        let Ok(Ok(greeting)) = greeted.await else {
            tracing::debug!("a client did not greet");
            return;
        };
        let (outgoing, mut replies) = mpsc::channel::<Reply>(REPLIES);
        let write = tokio::spawn(async move {
            while let Some(reply) = replies.recv().await {
                if let Err(error) = writer.send(&reply).await {
                    tracing::debug!(%error, "a client does not read");
                    return;
                }
            }
        });
        let done = match greeting.intent {
            Intent::Shutdown => Err(None),
            // It was told so by our greeting.
            Intent::Command | Intent::Session if greeting.protocol != PROTOCOL => Ok(()),
            Intent::Command => {
                let request = tokio::time::timeout(PATIENCE, reader.next::<Request>()).await;
                match request.map_err(|_| Failure::new(Kind::Usage, "no request came")) {
                    Ok(request) => self.requested(request, &mut reader, &outgoing).await.map(drop).map_err(Some),
                    Err(failure) => Err(Some(failure)),
                }
            }
            Intent::Session => self.session(&mut reader, &outgoing).await.map_err(Some),
        };
        match done {
            Ok(()) => {}
            Err(Some(failure)) => drop(outgoing.send(Reply::Failed(failure)).await),
            Err(None) => {
                let _ = outgoing.send(Reply::Done).await;
                self.stop();
            }
        }
        drop(outgoing);
        // The last reply is written before the connection is closed.
        let _ = write.await;
    }

    /// Says why a client is not served.
    pub(crate) async fn refuse(&self, stream: UnixStream, refusal: &str) {
        tracing::warn!(refusal, "a client was refused");
        let (mut reader, mut writer) = split(Box::new(stream));
        let refusal = super::Greeting { refusal: Some(refusal.to_owned()), ..self.greeting() };
        // It reads the answer only after its own greeting was taken.
        let told = async {
            reader.next::<super::Greeting>().await?;
            writer.send(&refusal).await
        };
        let _ = tokio::time::timeout(PATIENCE, told).await;
    }

    /// Requests one after the other. What fails is answered, and the next may follow.
    async fn session(self: &Arc<Self>, reader: &mut Reader, outgoing: &mpsc::Sender<Reply>) -> Result<(), Failure> {
        loop {
            let request = tokio::select! {
                request = reader.next::<Request>() => request,
                // Who waits for nothing does not hold the kernel's end up.
                () = self.stopped() => return Ok(()),
            };
            let malformed = matches!(request, Err(FrameError::Malformed(_)));
            match self.requested(request, reader, outgoing).await {
                Ok(true) => {}
                Err(failure) if !malformed => drop(outgoing.send(Reply::Failed(failure)).await),
                ended => return ended.map(drop),
            }
        }
    }

    /// Does what was asked for; whether something was, for the client may be gone.
    async fn requested(
        self: &Arc<Self>,
        request: Result<Request, FrameError>,
        reader: &mut Reader,
        outgoing: &mpsc::Sender<Reply>,
    ) -> Result<bool, Failure> {
        match request {
            Ok(request) => self.command(request, reader, outgoing).await.map(|()| true),
            Err(FrameError::Malformed(error)) => {
                Err(Failure::new(Kind::Usage, format!("a malformed request: {error}")))
            }
            Err(_) => Ok(false),
        }
    }

    async fn command(
        self: &Arc<Self>,
        request: Request,
        reader: &mut Reader,
        outgoing: &mpsc::Sender<Reply>,
    ) -> Result<(), Failure> {
        let reply = match request {
            Request::Status => Reply::Status(Box::new(self.status())),
            Request::Audited => self.audited().await?,
            Request::List => self.list().await?,
            Request::Inspect(target) => self.inspect(target).await?,
            Request::Install { source, update, role, grants, directory } => {
                return self.install(Wanted { source, update, role, grants, directory }, reader, outgoing).await;
            }
            Request::Uninstall { plugin, keep_data } => self.uninstall(plugin, keep_data).await?,
            Request::Grant { plugin, lines, directory } => self.grant(plugin, lines, directory, outgoing).await?,
            Request::Revoke { plugin, lines, directory } => self.revoke(plugin, lines, directory).await?,
            Request::Tools { plugin, servers } => self.tools(plugin, servers).await?,
            Request::SearchTools { query, limit } => self.search_tools(&query, limit).await?,
            Request::Secrets(keeping) => self.secrets(keeping).await?,
            Request::Memory(remembering) => self.memory(remembering).await?,
            Request::Servers(serving) => self.serving(serving, outgoing).await?,
            Request::Keys(change) => self.keys(change).await?,
            Request::Policies => self.policies(),
            Request::SetPolicies { plugin, policies } => self.set_policies(plugin, policies).await?,
            Request::Pending => Reply::Pending(self.kernel.pending()),
            Request::Decide { id, allow } => self.decide(id, allow)?,
            Request::Run(run) => {
                let _place = self.place()?;
                return self.run(run, reader, outgoing).await;
            }
            Request::Call(call) => {
                let _place = self.place()?;
                return self.call(call, reader, outgoing).await;
            }
            Request::Offers { plugin } => self.offers(plugin).await?,
            Request::Fetch(fetching) => {
                let _place = self.place()?;
                return self.fetch(fetching, reader, outgoing).await;
            }
            Request::Watch => return self.watch(reader, outgoing).await,
            Request::Processes => Reply::Processes(self.kernel.snapshot()),
            Request::Statistics => Reply::Statistics(self.kernel.statistics()),
            Request::Metrics => Reply::Metrics(self.metrics()),
            Request::Signal { pids, signal } => self.signal(&pids, signal)?,
        };
        // The client may be gone.
        let _ = outgoing.send(reply).await;
        Ok(())
    }

    /// A place for what may take long.
    fn place(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Failure> {
        let full = |_| Failure::new(Kind::Busy, "too many runs and calls are under way at once");
        self.calls.clone().try_acquire_owned().map_err(full)
    }

    /// Tells of changes until the client goes. Those that come while it does not read are one.
    async fn watch(&self, reader: &mut Reader, outgoing: &mpsc::Sender<Reply>) -> Result<(), Failure> {
        let mut changes = self.changes();
        let mut told = outgoing.send(Reply::Done).await;
        while told.is_ok() {
            tokio::select! {
                changed = changes.changed() => match changed {
                    Ok(()) => told = outgoing.send(Reply::Changed).await,
                    Err(_) => break,
                },
                // Whatever it says, it no longer watches.
                _ = reader.next::<Input>() => break,
                () = self.stopped() => break,
            }
        }
        Ok(())
    }

    fn signal(&self, pids: &[Pid], signal: Signal) -> Result<Reply, Failure> {
        if pids.len() > MAXIMUM_PIDS {
            return Err(Failure::new(Kind::Usage, format!("at most {MAXIMUM_PIDS} processes at once")));
        }
        let kernel = &self.kernel;
        let one = |pid: Pid| match signal {
            Signal::Kill => kernel.kill(pid),
            Signal::Stop => kernel.stop(pid).map(|()| 1),
            Signal::Continue => kernel.resume(pid).map(|()| 1),
            Signal::Renice(nice) => kernel.renice(pid, nice).map(|()| 1),
            Signal::TopUp(fuel) => kernel.top_up(pid, fuel).map(|()| 1),
        };
        Ok(Reply::Signalled(pids.iter().map(|pid| one(*pid).map_err(Failure::from)).collect()))
    }
}
