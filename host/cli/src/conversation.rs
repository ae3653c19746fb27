//! The client's side of a run: streams, questions, signals, the end.

use std::{
    collections::HashSet,
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use holm_adapters::control::{Choice, Connection, Input, Reply, STDIN_WINDOW, Sender, Stream};
use holm_kernel::{
    Exit, Question, ToolError,
    process::{ExitStatus, Pid},
};
use holm_packages::printable;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};

use crate::{
    commands::pinned,
    denial::Denials,
    error::{CommandError, FAULT, INTERRUPTED, KILLED, Result},
    inquiry,
    needs::Needs,
    output::GuestOutput,
    session::unexpected,
    terminal::{self, Terminal},
    ui::{self, Spinner},
};

/// Bytes of one piece of standard input.
const PIECE: usize = 32 << 10;

/// How long the reader of a terminal looks for input before it looks whether a question is asked.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// How a run ended.
pub(crate) enum End {
    /// It goes on without us.
    Detached(Pid),
    /// Its process ended.
    Exited(Exit),
    /// A tool answered, or did not.
    Answered(Result<String, ToolError>, Exit),
}

/// A run, seen from its client.
pub(crate) struct Conversation {
    /// Says what is denied.
    pub(crate) denials: Denials,
    /// Where to ask; none denies.
    pub(crate) terminal: Option<Terminal>,
    /// What the guest reads as its standard input.
    pub(crate) stdin: Stdin,
    /// Where its standard output goes.
    pub(crate) stdout: Stdout,
    /// What Ctrl-C means.
    pub(crate) interrupt: Interrupt,
    /// Who is told that the process runs.
    pub(crate) started: Option<oneshot::Sender<()>>,
    /// Whether it goes on without us.
    pub(crate) detach: bool,
    /// Where what it needed is written.
    pub(crate) needs: Option<Needs>,
}

/// What a guest reads as its standard input.
pub(crate) enum Stdin {
    /// Its end.
    Nothing,
    /// What is typed or piped to this command.
    Ours,
    /// These pieces.
    Pieces(mpsc::Receiver<Vec<u8>>),
}

/// Where a guest's standard output goes.
pub(crate) enum Stdout {
    /// To this command's.
    Ours,
    /// To whoever receives these pieces; who no longer does, gets no more.
    Pieces(mpsc::Sender<Vec<u8>>),
}

/// What Ctrl-C means.
pub(crate) enum Interrupt {
    /// The process is killed.
    Kill,
    /// Whoever receives this decides.
    Pass(mpsc::Sender<()>),
}

impl Conversation {
    /// As a command runs a program: our streams are its streams.
    pub(crate) fn new(denials: Denials, terminal: Option<Terminal>, stdin: Stdin) -> Self {
        Self {
            denials,
            terminal,
            stdin,
            stdout: Stdout::Ours,
            interrupt: Interrupt::Kill,
            started: None,
            detach: false,
            needs: None,
        }
    }
}

type Speaker = Arc<Mutex<Sender>>;

static INTERRUPTED_BY_USER: AtomicBool = AtomicBool::new(false);

impl Conversation {
    /// Follows a run, which was asked for already, to its end.
    ///
    /// # Errors
    /// It did not start, or the kernel is gone.
    pub(crate) async fn follow(mut self, connection: Connection) -> Result<End> {
        let (mut replies, sender) = connection.into_sender();
        let speaker: Speaker = Arc::new(Mutex::new(sender));
        if !self.detach {
            tokio::spawn(pass_on_signals(speaker.clone(), self.interrupt));
        }
        let window = Arc::new(Semaphore::new(STDIN_WINDOW));
        let (mut stdin, mut started) = (Some(self.stdin), self.started);
        let (mut stdout, mut stderr) = (GuestOutput::stdout(), GuestOutput::stderr());
        let (mut spinner, mut told) = (Spinner::new(), HashSet::new());
        let terminal = self.terminal.map(Arc::new);
        loop {
            let reply = replies.next().await?;
            if !matches!(reply, Reply::Progress(_) | Reply::Told(_)) {
                spinner.clear();
            }
            match reply {
                Reply::Progress(stage) => spinner.show(stage),
                Reply::Warning(text) => ui::warn(text),
                Reply::Pinned(server) => pinned(&server),
                Reply::Failed(failure) => return Err(failure.into()),
                Reply::Started { pid } if self.detach => return Ok(End::Detached(pid)),
                Reply::Started { .. } => {
                    // Whoever asked may have gone.
                    let _ = started.take().map(|started| started.send(()));
                    match stdin.take() {
                        Some(Stdin::Ours) => {
                            let (pieces, read) = mpsc::channel(1);
                            // A thread of its own: it may wait for ever for somebody to type.
                            std::thread::spawn(move || read_stdin(&pieces));
                            tokio::spawn(feed(read, speaker.clone(), window.clone()));
                        }
                        Some(Stdin::Pieces(read)) => drop(tokio::spawn(feed(read, speaker.clone(), window.clone()))),
                        Some(Stdin::Nothing) | None => {}
                    }
                }
                Reply::Output { stream: Stream::Stdout, bytes } => match &self.stdout {
                    Stdout::Ours => stdout.write(&bytes)?,
                    Stdout::Pieces(to) => drop(to.send(bytes.into_vec()).await),
                },
                // Nobody may be listening; the run goes on.
                Reply::Output { stream: Stream::Stderr, bytes } => drop(stderr.write(&bytes)),
                Reply::StdinTaken(bytes) => window.add_permits(bytes.min(STDIN_WINDOW)),
                Reply::Line { plugin, level, message, .. } => {
                    stderr.fresh_line();
                    // A program that is not installed has its digest in its name.
                    let name = plugin.split('@').next().unwrap_or_default();
                    ui::talk(ui::dim(format_args!("{}: {level}: {}", printable(name), printable(&message))));
                }
                Reply::Denied { question, ask, installed } => {
                    stderr.fresh_line();
                    let line = self.denials.line(&question, installed);
                    let choice = match (&terminal, ask) {
                        (Some(terminal), Some(_)) => {
                            stdout.fresh_line();
                            ask_user(terminal.clone(), self.denials.deed(&question), &question, installed).await
                        }
                        _ => Choice::Never,
                    };
                    let key = (question.plugin, question.capability, question.resource);
                    if choice == Choice::Never && told.insert(key) {
                        ui::talk(line);
                    }
                    if let Some(id) = ask {
                        // The kernel may be gone; that shows when it is read from.
                        let _ = speaker.lock().await.send(&Input::Answer { id, choice }).await;
                    }
                }
                Reply::Approve { question, ask } => {
                    stderr.fresh_line();
                    stdout.fresh_line();
                    let choice = match &terminal {
                        Some(terminal) => approve(terminal.clone(), self.denials.wish(&question), &question).await,
                        None => Choice::Never,
                    };
                    let _ = speaker.lock().await.send(&Input::Answer { id: ask, choice }).await;
                }
                Reply::Deferred { question, id } => {
                    stderr.fresh_line();
                    let (wish, rule) = (self.denials.wish(&question), printable(&question.rule));
                    ui::talk(format_args!("holm: waiting: {wish} ({rule}); to decide: holm answer {id} yes|no"));
                }
                Reply::Told(progress) => {
                    stderr.fresh_line();
                    spinner.tell(&progress);
                }
                Reply::Asked { id, inquiry } => {
                    stderr.fresh_line();
                    stdout.fresh_line();
                    let replies = inquiry::replies(terminal.clone(), inquiry).await;
                    let _ = speaker.lock().await.send(&Input::Replied { id, replies }).await;
                }
                // What was typed for it is not sent to anybody.
                Reply::Withdrawn { .. } => {}
                Reply::Needs(needs) => {
                    stderr.fresh_line();
                    if let Some(file) = &mut self.needs {
                        file.add(needs);
                        file.write()?;
                    }
                }
                Reply::Exited(exit) => {
                    stderr.fresh_line();
                    return Ok(End::Exited(exit));
                }
                Reply::Answered { result, exit } => return Ok(End::Answered(result, exit)),
                reply => return unexpected(&reply),
            }
        }
    }
}

/// Asks the user. Meanwhile nothing of the guest is shown.
async fn ask_user(terminal: Arc<Terminal>, deed: String, question: &Question, installed: bool) -> Choice {
    let rule = format!("{}={}", question.capability, printable(&question.resource));
    let asked = tokio::task::spawn_blocking(move || {
        let text = format!("holm: {deed} ({rule}); allow it?");
        match installed {
            true => {
                let choices = [("once", Choice::Once), ("always", Choice::Always), ("never", Choice::Never)];
                terminal.ask(&text, &choices, Choice::Never)
            }
            // There is nothing that a grant could be kept for.
            false => terminal.ask(&text, &[("once", Choice::Once), ("never", Choice::Never)], Choice::Never),
        }
    });
    match asked.await {
        Ok(Ok(choice)) => choice,
        _ => Choice::Never,
    }
}

/// Asks the user about one call.
async fn approve(terminal: Arc<Terminal>, wish: String, question: &Question) -> Choice {
    let text = format!("holm: {wish} ({}); allow it?", printable(&question.rule));
    let choices = [("yes", Choice::Once), ("no", Choice::Never)];
    match tokio::task::spawn_blocking(move || terminal.ask(&text, &choices, Choice::Never)).await {
        Ok(Ok(choice)) => choice,
        _ => Choice::Never,
    }
}

/// Passes the first interruption on to the process; the second ends the command, and with it the run.
async fn pass_on_signals(speaker: Speaker, interrupted: Interrupt) {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else { return };
    loop {
        tokio::select! {
            _ = interrupt.recv() => {
                if let Interrupt::Pass(to) = &interrupted
                    && to.try_send(()).is_ok()
                {
                    continue;
                }
            }
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        if INTERRUPTED_BY_USER.swap(true, SeqCst) || terminal::is_asking() {
            // The kernel sees the connection end, and ends the process.
            terminal::restore();
            std::process::exit(i32::from(INTERRUPTED));
        }
        let _ = speaker.lock().await.send(&Input::Kill).await;
    }
}

/// Feeds pieces to the guest's standard input, as fast as it takes them.
async fn feed(mut read: mpsc::Receiver<Vec<u8>>, speaker: Speaker, window: Arc<Semaphore>) {
    while let Some(piece) = read.recv().await {
        let Ok(room) = window.acquire_many(u32::try_from(piece.len()).unwrap_or(u32::MAX)).await else { return };
        room.forget();
        if speaker.lock().await.send(&Input::Stdin(piece.into())).await.is_err() {
            return;
        }
    }
    let _ = speaker.lock().await.send(&Input::StdinEnd).await;
}

fn read_stdin(pieces: &mpsc::Sender<Vec<u8>>) {
    let stdin = std::io::stdin();
    let shared = std::io::IsTerminal::is_terminal(&stdin);
    loop {
        let mut piece = vec![0; PIECE];
        let taken = match shared {
            false => stdin.lock().read(&mut piece),
            true => {
                // A question on the terminal comes first.
                if terminal::is_asking() {
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                }
                let _guard = terminal::reading();
                match poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&GLANCE)) {
                    Ok(0) => continue,
                    _ => rustix::io::read(&stdin, &mut piece).map_err(Into::into),
                }
            }
        };
        match taken {
            Ok(0) => return,
            Ok(taken) => {
                piece.truncate(taken);
                if pieces.blocking_send(piece).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// What the end of a process means for the command: its own code, or what became of it.
///
/// # Errors
/// Any end but success.
pub(crate) fn conclude(name: &str, status: &ExitStatus) -> Result<()> {
    match status {
        ExitStatus::Code(0) => Ok(()),
        ExitStatus::Code(code) => Err(CommandError::silent(*code)),
        ExitStatus::Fault(fault) => {
            let error =
                CommandError::new(FAULT, format!("{} was ended: {}", printable(name), printable(&fault.to_string())));
            Err(match fault.kind() {
                "out-of-fuel" => {
                    error.hint("more fuel with --fuel, or --on-empty stop and `holm topup`; its limits: `holm inspect`")
                }
                "deadline" => error.hint("a longer wall-time in [limits] of its plugin.toml or of config.toml"),
                _ => error,
            })
        }
        ExitStatus::Killed(_) if INTERRUPTED_BY_USER.load(SeqCst) => Err(CommandError::silent(INTERRUPTED)),
        ExitStatus::Killed(_) => Err(CommandError::new(KILLED, format!("{} was {status}", printable(name)))),
    }
}

/// What a process used, in one line.
pub(crate) fn usage(exit: &Exit) -> String {
    let calls = ui::count(usize::try_from(exit.syscalls).unwrap_or(usize::MAX), "system call");
    let mut used = format!("used {} fuel, {calls}, {}", exit.fuel, ui::span(exit.wall));
    if exit.latency.calls > 0 {
        let models = ui::count(usize::try_from(exit.latency.calls).unwrap_or(usize::MAX), "model call");
        let (waiting, turnaround) = (ui::times(&exit.latency.waiting), ui::times(&exit.latency.turnaround));
        used.push_str(&format!("; {models} (waiting {waiting}, turnaround {turnaround}: mean, p50, p90, p99)"));
    }
    used
}
