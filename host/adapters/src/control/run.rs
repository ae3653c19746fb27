//! Runs and tool calls: a process, its streams, and the client at the other end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use holm_kernel::{
    Calling, Spawn, SpawnError,
    account::Limits,
    answer::Listener,
    pipe::{self, PipeReader, PipeWriter},
    program::{Program, Programs},
};
use holm_packages::settle;
use serde_bytes::ByteBuf;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    ear::Ear,
    failure::{Failure, Kind},
    frame::{FrameError, Reader},
    operator::Client,
    protocol::{Call, Fetching, Input, Reply, Run, STDIN_WINDOW, Stage, Stream, Target, Terms},
    runs::RunGrants,
    server::{Server, blocking},
    voice::Voice,
};

/// What takes no longer is not told of.
const UNNOTICED: Duration = Duration::from_millis(20);
/// What waits in a pipe between a process and its client.
const PIPE_BYTES: usize = 64 << 10;

/// A program with the grants of one run.
struct Subject {
    program: Arc<Program>,
    grants: Arc<RunGrants>,
}

impl Server {
    /// Runs a program for its client.
    pub(crate) async fn run(
        self: &Arc<Self>,
        run: Run,
        reader: &mut Reader,
        outgoing: &mpsc::Sender<Reply>,
    ) -> Result<(), Failure> {
        let subject = self.subject(&run.target, &run.terms, outgoing).await?;
        let limits = self.limits(&run.terms, &subject.program.limits, outgoing).await;
        let asks = run.terms.ask && !run.detach;
        // Nobody stays to be told by a detached run, and its operator must not hold the connection open.
        let told = if run.detach { mpsc::channel(1).0 } else { outgoing.clone() };
        let voice = Voice::new(told);
        let client = Client::new(voice.clone(), asks, subject.grants.clone(), self.plugins.clone());
        // Whoever can ask their user about denials can ask them what the tools of this run want to know.
        let ear = Ear::new(voice.clone());
        let mut streams = Streams::new(run.detach);
        let spawn = Spawn {
            arguments: run.arguments,
            environment: run.environment,
            directory: run.terms.directory,
            stdin: streams.stdin_end.take().unwrap_or_else(pipe::empty),
            stdout: streams.stdout_end.take().unwrap_or_else(pipe::sink),
            stderr: streams.stderr_end.take().unwrap_or_else(pipe::sink),
            nice: run.terms.nice,
            limits,
            operator: Some(client.clone()),
            listener: asks.then(|| ear.clone() as Arc<dyn Listener>),
            record: run.record,
            ..Spawn::new(subject.program)
        };
        let running = self.kernel.spawn(spawn).await?;
        let pid = running.pid;
        // The client may be gone already; that shows when it is read from.
        let _ = outgoing.send(Reply::Started { pid }).await;
        if run.detach {
            // Its grants hold as long as it does.
            let grants = subject.grants;
            tokio::spawn(async move {
                running.wait().await;
                drop(grants);
            });
            return Ok(());
        }
        self.lines.attach(pid, outgoing.clone()).await;
        let mut feeding = Feeding::start(streams.stdin.take(), outgoing);
        let pumps = streams.pump(outgoing);
        let mut violation = None;
        let exit = loop {
            tokio::select! {
                exit = running.wait() => break exit,
                input = reader.next::<Input>() => match input {
                    Ok(Input::Answer { id, choice }) => client.answer(id, choice),
                    Ok(Input::Replied { id, replies }) => ear.replied(id, replies),
                    Ok(Input::Stdin(bytes)) if feeding.fits(bytes.len()) => feeding.feed(bytes.into_vec().into()),
                    Ok(Input::StdinEnd) => feeding.end(),
                    Ok(Input::Kill) => {
                        client.gone();
                        // It may have ended by itself.
                        let _ = self.kernel.kill(pid);
                    }
                    other => {
                        violation = complaint(other);
                        client.gone();
                        let _ = self.kernel.kill(pid);
                        break running.wait().await;
                    }
                },
            }
        };
        feeding.stop();
        for pump in pumps {
            // What a process wrote before its end comes before the news of its end.
            let _ = pump.await;
        }
        self.lines.detach(pid);
        voice.close().await;
        match violation {
            Some(failure) => Err(failure),
            None => {
                if run.record {
                    let _ = outgoing.send(Reply::Needs(running.needs())).await;
                }
                let _ = outgoing.send(Reply::Exited(exit)).await;
                Ok(())
            }
        }
    }

    /// Calls a tool for its client.
    pub(crate) async fn call(
        self: &Arc<Self>,
        call: Call,
        reader: &mut Reader,
        outgoing: &mpsc::Sender<Reply>,
    ) -> Result<(), Failure> {
        let Call { target, tool, arguments, servers, hears, terms } = call;
        if let Target::Installed(name) = &target
            && self.servers.knows(name)
        {
            // # No door stands before a server: whoever is not its operator calls it through a plugin's grant.
            if !servers || terms.client.is_some() {
                return Err(Failure::new(Kind::NotFound, format!("there is no plugin `{name}`")));
            }
            return self.call_server(name, &tool, arguments, reader, outgoing).await;
        }
        let start = async |spawn| self.kernel.start_call(spawn, &tool, arguments).await;
        self.answered(target, terms, hears, reader, outgoing, start).await
    }

    /// Fetches for its client what a plugin offers beside its tools.
    pub(crate) async fn fetch(
        self: &Arc<Self>,
        fetching: Fetching,
        reader: &mut Reader,
        outgoing: &mpsc::Sender<Reply>,
    ) -> Result<(), Failure> {
        let Fetching { target, fetch, hears, terms } = fetching;
        let start = async |spawn| self.kernel.start_fetch(spawn, fetch).await;
        self.answered(target, terms, hears, reader, outgoing, start).await
    }

    /// Has a process answer a client. What it writes goes to the client's stderr.
    async fn answered(
        self: &Arc<Self>,
        target: Target,
        terms: Terms,
        hears: bool,
        reader: &mut Reader,
        outgoing: &mpsc::Sender<Reply>,
        start: impl AsyncFnOnce(Spawn) -> Result<Calling, SpawnError>,
    ) -> Result<(), Failure> {
        terms.rate.iter().try_for_each(|rate| self.rates.take(rate))?;
        let subject = self.subject(&target, &terms, outgoing).await?;
        let limits = self.limits(&terms, &subject.program.limits, outgoing).await;
        let voice = Voice::new(outgoing.clone());
        let client = Client::new(voice.clone(), terms.ask, subject.grants.clone(), self.plugins.clone());
        let ear = Ear::new(voice.clone());
        let (writer, output) = pipe::pipe(PIPE_BYTES);
        let spawn = Spawn {
            directory: terms.directory,
            stdout: writer.clone(),
            stderr: writer,
            nice: terms.nice,
            limits,
            operator: Some(client.clone()),
            listener: hears.then(|| ear.clone() as Arc<dyn Listener>),
            client: terms.client,
            ..Spawn::new(subject.program)
        };
        let pump = tokio::spawn(pump(output, Stream::Stderr, outgoing.clone()));
        let calling = start(spawn).await?;
        let pid = calling.pid();
        // The client may be gone already; that shows when it is read from.
        let _ = outgoing.send(Reply::Started { pid }).await;
        self.lines.attach(pid, outgoing.clone()).await;
        let answer = {
            let answer = calling.wait();
            let passing_on = ear.pass_on();
            tokio::pin!(answer, passing_on);
            loop {
                tokio::select! {
                    answer = &mut answer => break Some(answer),
                    () = &mut passing_on => {}
                    input = reader.next::<Input>() => match input {
                        Ok(Input::Answer { id, choice }) => client.answer(id, choice),
                        Ok(Input::Replied { id, replies }) => ear.replied(id, replies),
                        // Dropping the call ends its process.
                        _ => break None,
                    },
                }
            }
        };
        client.gone();
        ear.tell().await;
        let _ = pump.await;
        self.lines.detach(pid);
        // The next call over this connection may be another client's.
        voice.close().await;
        let Some(answer) = answer else { return Err(Failure::new(Kind::Fault, "the call was cancelled")) };
        let _ = outgoing.send(Reply::Answered { result: answer.result, exit: answer.exit }).await;
        Ok(())
    }

    /// The program that is meant, compiled, with the grants of this run.
    async fn subject(
        &self,
        target: &Target,
        terms: &Terms,
        outgoing: &mpsc::Sender<Reply>,
    ) -> Result<Subject, Failure> {
        let (plugins, wanted) = (self.plugins.clone(), target.clone());
        let (mut program, installed) = blocking(move || match wanted {
            Target::Installed(name) => {
                let found = plugins.find(&name)?;
                let grants = found.grants.clone();
                Ok::<_, Failure>((Program::clone(&found), Some(grants)))
            }
            Target::Path(path) => {
                let package = plugins.open_package(&path)?;
                Ok((plugins.program_of(&package, Arc::default(), Vec::new())?, None))
            }
        })
        .await
        .map_err(|failure| self.suggest(target, failure))?;
        let (lines, directory) = (&terms.grants, &terms.directory);
        let extra = settle(&program.name, lines, directory, &program.ceiling, self.plugins.protected())?;
        self.pin(lines, outgoing).await;
        let grants = self.runs.begin(&program.name, installed, extra);
        program.grants = grants.live.clone();
        // Most are compiled already: a message for each call would cost more than that looks up.
        let compiled = self.kernel.inspect(&program);
        let telling = async {
            tokio::time::sleep(UNNOTICED).await;
            let _ = outgoing.send(Reply::Progress(Stage::Compiling)).await;
            std::future::pending().await
        };
        tokio::select! {
            compiled = compiled => drop(compiled?),
            () = telling => {}
        }
        Ok(Subject { program: Arc::new(program), grants })
    }

    /// What the operator allows this run: at most what the kernel allows any process.
    async fn limits(&self, terms: &Terms, own: &Limits, outgoing: &mpsc::Sender<Reply>) -> Limits {
        let kernel = self.kernel.limits();
        let mut limits = kernel.clone();
        let mut lowered = Vec::new();
        if let Some(fuel) = terms.fuel {
            limits.fuel = fuel;
            let most = kernel.fuel.min(own.fuel);
            if fuel > most {
                lowered.push(format!("--fuel {fuel} is lowered to {most}"));
            }
        }
        if let Some(memory) = terms.memory {
            limits.memory = memory;
            let most = kernel.memory.min(own.memory);
            if memory > most {
                lowered.push(format!("--memory {memory} is lowered to {most}"));
            }
        }
        if let Some(tokens) = terms.tokens {
            limits.tokens = limits.tokens.min(tokens);
        }
        if let Some(money) = terms.money {
            limits.money = limits.money.min(money);
        }
        for lowered in lowered {
            let warning = format!("{lowered}: its manifest and config.toml allow no more");
            let _ = outgoing.send(Reply::Warning(warning)).await;
        }
        if let Some(on_empty) = terms.on_empty {
            limits.on_empty = on_empty;
        }
        limits
    }
}

/// What a client is told that said something else than what was due; nothing if it is gone.
fn complaint(input: Result<Input, FrameError>) -> Option<Failure> {
    match input {
        Err(FrameError::Closed | FrameError::Io(_)) => None,
        Err(error) => Some(Failure::new(Kind::Usage, error)),
        Ok(_) => Some(Failure::new(Kind::Usage, "a malformed message: not what a run is told")),
    }
}

/// The pipes of a run: the client's ends, and the process's.
#[derive(Default)]
struct Streams {
    stdin: Option<PipeWriter>,
    stdin_end: Option<PipeReader>,
    stdout: Option<PipeReader>,
    stdout_end: Option<PipeWriter>,
    stderr: Option<PipeReader>,
    stderr_end: Option<PipeWriter>,
}

impl Streams {
    fn new(detach: bool) -> Self {
        if detach {
            return Self::default();
        }
        let (stdin, stdin_end) = pipe::pipe(PIPE_BYTES);
        let (stdout_end, stdout) = pipe::pipe(PIPE_BYTES);
        let (stderr_end, stderr) = pipe::pipe(PIPE_BYTES);
        Self {
            stdin: Some(stdin),
            stdin_end: Some(stdin_end),
            stdout: Some(stdout),
            stdout_end: Some(stdout_end),
            stderr: Some(stderr),
            stderr_end: Some(stderr_end),
        }
    }

    fn pump(&mut self, outgoing: &mpsc::Sender<Reply>) -> Vec<JoinHandle<()>> {
        let ends = [(self.stdout.take(), Stream::Stdout), (self.stderr.take(), Stream::Stderr)];
        let ends = ends.into_iter().filter_map(|(end, stream)| Some((end?, stream)));
        ends.map(|(end, stream)| tokio::spawn(pump(end, stream, outgoing.clone()))).collect()
    }
}

/// Passes on what a process writes. A client that reads slowly holds the process back.
async fn pump(reader: PipeReader, stream: Stream, outgoing: mpsc::Sender<Reply>) {
    while let Some(bytes) = reader.read().await {
        let bytes = ByteBuf::from(Vec::from(bytes));
        if outgoing.send(Reply::Output { stream, bytes }).await.is_err() {
            return;
        }
    }
}

/// Standard input on its way to a process. A process that reads slowly holds its client back,
/// and the connection stays open for what else the client says.
struct Feeding {
    queue: Option<mpsc::UnboundedSender<Bytes>>,
    under_way: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Feeding {
    fn start(stdin: Option<PipeWriter>, outgoing: &mpsc::Sender<Reply>) -> Self {
        // Bounded by the window: see `feed`.
        let (queue, mut queued) = mpsc::unbounded_channel::<Bytes>();
        let under_way = Arc::new(AtomicUsize::default());
        let (counter, outgoing) = (under_way.clone(), outgoing.clone());
        let task = tokio::spawn(async move {
            while let Some(bytes) = queued.recv().await {
                let taken = bytes.len();
                if let Some(stdin) = &stdin {
                    stdin.write(bytes).await;
                }
                counter.fetch_sub(taken, SeqCst);
                if outgoing.send(Reply::StdinTaken(taken)).await.is_err() {
                    return;
                }
            }
        });
        Self { queue: Some(queue), under_way, task }
    }

    /// Whether the client may send so much.
    fn fits(&self, bytes: usize) -> bool {
        self.under_way.load(SeqCst).saturating_add(bytes) <= STDIN_WINDOW
    }

    fn feed(&self, bytes: Bytes) {
        self.under_way.fetch_add(bytes.len(), SeqCst);
        if let Some(queue) = &self.queue {
            // The process may have closed its end.
            let _ = queue.send(bytes);
        }
    }

    fn end(&mut self) {
        self.queue = None;
    }

    fn stop(&self) {
        self.task.abort();
    }
}
