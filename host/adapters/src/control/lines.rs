//! Log lines of processes: to the client that runs their tree, to the kernel's own log otherwise.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, OnceLock},
};

use holm_kernel::{Kernel, log, process::Pid};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::protocol::Reply;

/// Lines of processes whose client is not known yet: a process may log before its pid is told.
const WAITING: usize = 256;

/// Where log lines go.
#[derive(Default)]
pub struct Lines {
    kernel: OnceLock<Kernel>,
    clients: Mutex<Clients>,
}

#[derive(Default)]
struct Clients {
    /// By the root of the tree.
    roots: HashMap<Pid, mpsc::Sender<Reply>>,
    waiting: VecDeque<(Pid, Reply)>,
}

impl Lines {
    /// Nobody's yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Tells of the kernel, which is made after this.
    pub(crate) fn of(&self, kernel: &Kernel) {
        let _ = self.kernel.set(kernel.clone());
    }

    /// A client runs this process. What it logged before that was known comes first, and waits
    /// until it is taken: a process may do much before its client is told that it started.
    pub(crate) async fn attach(&self, pid: Pid, client: mpsc::Sender<Reply>) {
        loop {
            let own = {
                let mut clients = self.clients.lock();
                let (own, others): (VecDeque<_>, _) = clients.waiting.drain(..).partition(|(by, _)| *by == pid);
                clients.waiting = others;
                if own.is_empty() {
                    clients.roots.insert(pid, client);
                    return;
                }
                own
            };
            for (_, line) in own {
                // It may be gone; that shows elsewhere.
                let _ = client.send(line).await;
            }
        }
    }

    /// The client is gone, or the process is.
    pub(crate) fn detach(&self, pid: Pid) {
        self.clients.lock().roots.remove(&pid);
    }

    /// The root of the tree of a process that is not one itself.
    fn root(&self, pid: Pid) -> Option<Pid> {
        self.kernel.get()?.root(pid).filter(|root| *root != pid)
    }
}

impl log::Sink for Lines {
    fn line(&self, pid: Pid, plugin: &str, level: &'static str, message: &str) {
        let text = message.to_owned();
        let line = Reply::Line { pid, plugin: plugin.to_owned(), level: level.to_owned(), message: text };
        let root = self.root(pid);
        let mut clients = self.clients.lock();
        let client = clients.roots.get(&pid).or_else(|| clients.roots.get(&root?));
        match client {
            // Called from within a system call: what the client does not take in time is dropped. Sent under the
            // lock: none comes after the client was detached.
            Some(client) => drop(client.try_send(line)),
            None => {
                if clients.waiting.len() == WAITING {
                    clients.waiting.pop_front();
                }
                clients.waiting.push_back((pid, line));
                tracing::info!(%pid, plugin, level, message, "a process logs");
            }
        }
    }
}
