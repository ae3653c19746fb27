//! Names to addresses, asked once for each request.

use std::{
    collections::HashMap,
    net::{IpAddr, ToSocketAddrs},
    sync::{Arc, Weak},
};

use futures_core::future::BoxFuture;
use holm_kernel::{net::Place, process::Pid};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Answers for names. Behind a trait, so that a test can be the name service that lies.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of a name; none where there is no answer. What goes on after its future was
    /// dropped keeps the place of the request.
    fn resolve(&self, name: String, place: Place) -> BoxFuture<'static, Vec<IpAddr>>;
}

/// The system's own resolver. It cannot be interrupted: a thread waits in it until it gives up,
/// whoever still wants to know, so each look-up has a turn, and keeps it until it is over.
#[derive(Clone)]
pub struct System(Arc<Turns>);

struct Turns {
    ask: fn(&str) -> Vec<IpAddr>,
    all: Arc<Semaphore>,
    trees: Mutex<HashMap<Pid, Weak<Semaphore>>>,
}

/// More answers than this are not looked at.
const ADDRESSES: usize = 64;
/// Look-ups under way. Stops names whose servers never answer from taking the five hundred threads
/// that files, storage and the operator's commands share.
const LOOKUPS: usize = 16;
/// Those of one tree: it must not keep the others waiting.
const TREE_LOOKUPS: usize = 2;

impl Default for System {
    fn default() -> Self {
        Self::asking(ask)
    }
}

impl System {
    fn asking(ask: fn(&str) -> Vec<IpAddr>) -> Self {
        Self(Arc::new(Turns { ask, all: Arc::new(Semaphore::new(LOOKUPS)), trees: Mutex::default() }))
    }
}

impl Turns {
    fn of(&self, tree: Pid) -> Arc<Semaphore> {
        let mut trees = self.trees.lock();
        trees.retain(|_, turns| turns.strong_count() > 0);
        if let Some(turns) = trees.get(&tree).and_then(Weak::upgrade) {
            return turns;
        }
        let turns = Arc::new(Semaphore::new(TREE_LOOKUPS));
        trees.insert(tree, Arc::downgrade(&turns));
        turns
    }
}

/// Asks the system. With a last dot first: no search domain is tried behind what the world knows. Names of
/// the machine's own (`/etc/hosts`) have none.
fn ask(name: &str) -> Vec<IpAddr> {
    // Port 0: only the addresses are wanted.
    let asked = [format!("{name}."), name.to_owned()].into_iter().find_map(|name| (name, 0).to_socket_addrs().ok());
    asked.into_iter().flatten().map(|address| address.ip()).take(ADDRESSES).collect()
}

impl Resolve for System {
    fn resolve(&self, name: String, place: Place) -> BoxFuture<'static, Vec<IpAddr>> {
        let turns = self.0.clone();
        Box::pin(async move {
            // The tree's first: who waits for its own waits in nobody's way.
            let (own, all) = (turns.of(place.tree()), turns.all.clone());
            let (Ok(own), Ok(all)) = (own.acquire_owned().await, all.acquire_owned().await) else { return Vec::new() };
            let asking = tokio::task::spawn_blocking(move || {
                let answer = (turns.ask)(&name);
                drop((own, all, place));
                answer
            });
            asking.await.unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        time::Duration,
    };

    use holm_kernel::account::{Account, Level, Limits};
    use tokio::time::timeout;

    use super::*;

    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static SILENT: AtomicBool = AtomicBool::new(true);

    /// A name service that does not answer for one name until it may.
    fn silent(name: &str) -> Vec<IpAddr> {
        ASKED.fetch_add(1, SeqCst);
        while name == "silent.example" && SILENT.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        vec![IpAddr::from([1, 1, 1, 1])]
    }

    async fn eventually(what: impl Fn() -> bool) {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn names_that_nobody_answers_for_keep_their_turns_and_no_others() {
        let system = System::asking(silent);
        let account = Account::root(Limits::default());
        let place = |tree: u64| {
            let pid = serde_json::from_value(tree.into()).expect("a pid");
            Place::new(pid, account.hold(Level::Requests, 1).expect("a place"))
        };
        for _ in 0..8 {
            // Let go of at once, as with a timeout of a nanosecond.
            let asked = system.resolve("silent.example".to_owned(), place(1));
            assert!(timeout(Duration::from_millis(20), asked).await.is_err());
        }
        eventually(|| ASKED.load(SeqCst) == TREE_LOOKUPS).await;
        assert_eq!(account.level(Level::Requests), TREE_LOOKUPS as u64);
        // Another tree is answered meanwhile.
        let other = system.resolve("a.example".to_owned(), place(2)).await;
        assert_eq!(other, [IpAddr::from([1, 1, 1, 1])]);
        SILENT.store(false, SeqCst);
        eventually(|| account.level(Level::Requests) == 0).await;
        assert_eq!(system.resolve("silent.example".to_owned(), place(1)).await.len(), 1);
    }
}
