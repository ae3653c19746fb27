//! A native program that is a server: started, listened to, and ended with all that it started.

use std::{
    collections::VecDeque,
    io,
    process::Stdio,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    time::Duration,
};

use holm_kernel::is_hidden;
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    runtime::Handle,
    sync::oneshot,
    task::JoinHandle,
};

use super::{
    guard::{Allowance, Guard},
    hidden::Hidden,
};

/// What is kept of what a program complains of.
const SAID_BYTES: usize = 4 << 10;
/// How long it has to end by itself once its input is closed, and once it was asked to.
const GRACE: Duration = Duration::from_millis(1500);
/// How long what it complained of may be on its way once it ended.
const HEARD: Duration = Duration::from_millis(500);
/// How often it is looked whether it did.
const LOOK: Duration = Duration::from_millis(10);

/// A program under way. Dropped, it is killed, and all of its process group.
pub(super) struct Program {
    group: Pid,
    child: tokio::sync::Mutex<Child>,
    said: Arc<Mutex<VecDeque<u8>>>,
    hidden: Hidden,
    listening: JoinHandle<()>,
    pub(super) allowance: Arc<Allowance>,
    /// It was killed and waited for: its number may be another's by now.
    ended: AtomicBool,
}

/// What a program reads and writes.
pub(super) type Pipes = (Guard<ChildStdout>, ChildStdin);

impl Program {
    /// Starts it, in a process group of its own.
    pub(super) async fn start(command: std::process::Command, hidden: Hidden) -> io::Result<(Self, Pipes)> {
        let mut command = Command::from(command);
        command.process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = spawn(command).await?;
        let missing = || io::Error::other("it ended at once");
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let (said, allowance) = (Arc::<Mutex<VecDeque<u8>>>::default(), Arc::<Allowance>::default());
        let listening = tokio::spawn(listen(stderr, said.clone()));
        let program = Self {
            group,
            child: tokio::sync::Mutex::new(child),
            said,
            hidden,
            listening,
            allowance: allowance.clone(),
            ended: AtomicBool::default(),
        };
        Ok((program, (Guard::new(stdout, allowance), stdin)))
    }

    /// Ends it: its input is closed already, then it is asked, then it is killed. All of its group goes.
    pub(super) async fn stop(&self) {
        // Whoever asks second waits for the first.
        let mut child = self.child.lock().await;
        if self.ended.load(SeqCst) {
            return;
        }
        if !self.is_over_within(GRACE).await {
            // What is gone cannot be asked.
            let _ = kill_process_group(self.group, Signal::TERM);
            self.is_over_within(GRACE).await;
        }
        // Its number is not given to another before it was waited for; what it started is of its group.
        let _ = kill_process_group(self.group, Signal::KILL);
        if let Err(error) = child.wait().await {
            tracing::warn!(%error, "a server cannot be waited for");
        }
        self.ended.store(true, SeqCst);
    }

    async fn is_over_within(&self, grace: Duration) -> bool {
        let over = async {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
            while matches!(waitid(WaitId::Pid(self.group), options), Ok(None)) {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(grace, over).await.is_ok()
    }

    /// Why it says nothing more: how it ended, or why it was cut off, and what it complained of last.
    pub(super) async fn why(&self) -> String {
        if let Some(broken) = self.allowance.broken() {
            return broken;
        }
        let ended = match self.is_over_within(GRACE).await {
            true => {
                let mut child = self.child.lock().await;
                // Before its number can be another's.
                if !self.ended.swap(true, SeqCst) {
                    let _ = kill_process_group(self.group, Signal::KILL);
                }
                child.wait().await.map_or_else(|error| error.to_string(), |status| format!("it ended ({status})"))
            }
            false => "it closed its output".to_owned(),
        };
        // It may have said why just before.
        let heard = async {
            while !self.listening.is_finished() {
                tokio::time::sleep(LOOK).await;
            }
        };
        let _ = tokio::time::timeout(HEARD, heard).await;
        match self.last_words() {
            words if words.is_empty() => ended,
            words => format!("{ended}: {words}"),
        }
    }

    /// The last line that it complained of, with nothing hidden in it, and no secret of it.
    pub(super) fn last_words(&self) -> String {
        let bytes: Vec<u8> = self.said.lock().iter().copied().collect();
        let text: String =
            String::from_utf8_lossy(&bytes).chars().filter(|char| *char == '\n' || !is_hidden(*char)).collect();
        let text = self.hidden.text(text);
        // What is left of a longer text may begin with the end of a secret.
        let begin = if bytes.len() < SAID_BYTES { 0 } else { self.hidden.longest().min(text.len()) };
        let text = &text[text.ceil_char_boundary(begin)..];
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        line.chars().take(400).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.listening.abort();
        if !self.ended.load(SeqCst) {
            // It may have ended by itself.
            let _ = kill_process_group(self.group, Signal::KILL);
        }
    }
}

/// Keeps the end of what a program complains of.
async fn listen(mut stderr: impl AsyncRead + Unpin, said: Arc<Mutex<VecDeque<u8>>>) {
    let mut piece = [0; 1024];
    while let Ok(taken @ 1..) = stderr.read(&mut piece).await {
        let mut said = said.lock();
        said.extend(&piece[..taken]);
        let over = said.len().saturating_sub(SAID_BYTES);
        said.drain(..over);
    }
}

type Job = (Command, Handle, oneshot::Sender<io::Result<Child>>);

/// Programs are children of one thread that never ends: the system ends them when their parent does, and
/// takes a thread for the parent.
static PARENT: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| {
    let (jobs, queue) = mpsc::channel::<Job>();
    let parent = std::thread::Builder::new().name("servers".to_owned()).spawn(move || {
        while let Ok((mut command, runtime, done)) = queue.recv() {
            let _inside = runtime.enter();
            // Nobody may be waiting any more: then it is killed with its handle.
            let _ = done.send(command.spawn());
        }
    });
    if let Err(error) = parent {
        tracing::error!(%error, "no server can be started");
    }
    jobs
});

async fn spawn(command: Command) -> io::Result<Child> {
    let (done, spawned) = oneshot::channel();
    let gone = || io::Error::other("there is no thread to start it");
    PARENT.send((command, Handle::current(), done)).map_err(|_| gone())?;
    spawned.await.map_err(|_| gone())?
}
