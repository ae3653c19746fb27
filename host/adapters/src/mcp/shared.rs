//! What all clients of one `holm mcp` share: the way to the kernel, and what plugins offer, read again
//! only when it changed.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use parking_lot::Mutex;
use rmcp::model::Tool;
use tokio::sync::{Notify, watch};

use super::{
    catalog::{Catalog, Views},
    kernel::{Kernel, Machine},
    parked::Parked,
    profile::Profile,
    share::Shares,
    tasks::Tasks,
};
use crate::control::{Failure, Reply, Request};

/// Until it is looked again whether a kernel runs. It is not started for that.
const PAUSE: Duration = Duration::from_secs(2);

/// Profiles whose catalogues are kept: an operator has few.
const CATALOGS: usize = 64;

/// What clients share.
pub struct Shared {
    pub(crate) kernel: Arc<Kernel>,
    /// By which the relative paths of calls are read.
    pub(crate) directory: PathBuf,
    /// Holm's version.
    pub(crate) version: String,
    /// What was listed last. One reads it anew at a time.
    listed: tokio::sync::Mutex<Option<Arc<Views>>>,
    /// Whether changes are told: then what was listed holds until one is.
    watching: AtomicBool,
    reached: Notify,
    catalogs: Mutex<HashMap<String, Kept>>,
    changed: watch::Sender<Changes>,
    /// The calls that are under way, by client.
    pub(crate) shares: Arc<Shares>,
    /// The calls that wait for their clients.
    pub(crate) parked: Arc<Parked>,
    /// The calls that take long.
    pub(crate) tasks: Arc<Tasks>,
}

/// How often what is offered was changed, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) tools: u64,
    pub(crate) offers: u64,
    /// A plugin that offers something is another one: what its resources hold may be, too. That is all that is
    /// known of what they hold: each read is a run of its own.
    pub(crate) held: u64,
}

/// A catalogue, and what it was made of.
struct Kept {
    views: Arc<Views>,
    profile: Arc<Profile>,
    catalog: Arc<Catalog>,
}

impl Shared {
    /// For clients of the kernel that `machine` leads to; inside a tokio runtime.
    pub fn new(machine: Arc<dyn Machine>, directory: PathBuf, version: &str) -> Arc<Self> {
        let shared = Arc::new(Self {
            kernel: Arc::new(Kernel::new(machine)),
            directory,
            version: version.to_owned(),
            listed: tokio::sync::Mutex::default(),
            watching: AtomicBool::default(),
            reached: Notify::new(),
            catalogs: Mutex::default(),
            changed: watch::Sender::default(),
            shares: Arc::default(),
            parked: Parked::new(),
            tasks: Arc::default(),
        });
        tokio::spawn(watch(Arc::downgrade(&shared)));
        shared
    }

    /// What a profile offers.
    ///
    /// # Errors
    /// The kernel does not start or answer.
    pub(crate) async fn catalog(&self, profile: &Arc<Profile>) -> Result<Arc<Catalog>, Failure> {
        let views = self.views().await?;
        let mut catalogs = self.catalogs.lock();
        if let Some(kept) = catalogs.get(&profile.name)
            && Arc::ptr_eq(&kept.views, &views)
            && Arc::ptr_eq(&kept.profile, profile)
        {
            return Ok(kept.catalog.clone());
        }
        let catalog = Arc::new(Catalog::new(&views, profile));
        if catalogs.len() >= CATALOGS {
            catalogs.clear();
        }
        let kept = Kept { views, profile: profile.clone(), catalog: catalog.clone() };
        catalogs.insert(profile.name.clone(), kept);
        Ok(catalog)
    }

    /// A tool by the name that some client was told.
    pub(crate) fn described(&self, name: &str) -> Option<Tool> {
        let catalogs = self.catalogs.lock();
        catalogs.values().find_map(|kept| Some(kept.catalog.tools.find(name)?.described.clone()))
    }

    /// Tells when something was added, changed or removed.
    pub(crate) fn changes(&self) -> watch::Receiver<Changes> {
        self.changed.subscribe()
    }

    async fn views(&self) -> Result<Arc<Views>, Failure> {
        let mut listed = self.listed.lock().await;
        match &*listed {
            Some(views) if self.watching.load(SeqCst) => Ok(views.clone()),
            _ => self.list(&mut listed).await,
        }
    }

    /// Reads anew what is offered, and tells what of it is other than it was.
    async fn list(&self, listed: &mut Option<Arc<Views>>) -> Result<Arc<Views>, Failure> {
        let tools = match self.kernel.ask(&Request::Tools { plugin: None, servers: false }).await? {
            Reply::Tools(tools) => tools,
            reply => return Err(unexpected(reply)),
        };
        let offers = match self.kernel.ask(&Request::Offers { plugin: None }).await? {
            Reply::Offers(offers) => offers,
            reply => return Err(unexpected(reply)),
        };
        self.reached.notify_one();
        let views = Views { tools, offers };
        let before = listed.clone();
        if let Some(before) = &before
            && **before == views
        {
            return Ok(before.clone());
        }
        let views = Arc::new(views);
        *listed = Some(views.clone());
        if let Some(before) = before {
            self.changed.send_modify(|changes| {
                changes.tools += u64::from(before.tools != views.tools);
                let lists = |views: &Views| -> Vec<_> {
                    views.offers.iter().map(|view| (view.plugin.clone(), view.offers.clone())).collect()
                };
                changes.offers += u64::from(lists(&before) != lists(&views));
                changes.held += u64::from(before.offers != views.offers);
            });
        }
        Ok(views)
    }
}

fn unexpected(reply: Reply) -> Failure {
    match reply {
        Reply::Failed(failure) => failure,
        _ => Failure::internal("the kernel answered something else than was asked"),
    }
}

/// Hears of changes for as long as there are clients. Where no kernel runs there is nothing to hear, and
/// none is started.
async fn watch(shared: Weak<Shared>) {
    while let Some(strong) = shared.upgrade() {
        if let Ok(Some(mut connection)) = strong.kernel.machine.connect_if_running().await
            && connection.send(&Request::Watch).await.is_ok()
        {
            let mut strong = Some(strong);
            // The first says that it watches: what changed before that may not be known.
            while let Ok(Reply::Done | Reply::Changed) = connection.next().await {
                let Some(told) = strong.take().or_else(|| shared.upgrade()) else { return };
                let mut listed = told.listed.lock().await;
                told.watching.store(true, SeqCst);
                if listed.is_some() && told.list(&mut listed).await.is_err() {
                    // It is read when it is next asked for.
                    told.watching.store(false, SeqCst);
                    break;
                }
            }
        }
        let Some(strong) = shared.upgrade() else { return };
        strong.watching.store(false, SeqCst);
        // Who just started a kernel need not wait.
        let _ = tokio::time::timeout(PAUSE, strong.reached.notified()).await;
    }
}
