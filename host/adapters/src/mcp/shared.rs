//! What all clients of one `holm mcp` share: the way to the kernel, and the tools, read again only
//! when they changed.

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
use tokio::sync::{Notify, watch};

use super::{
    catalog::Catalog,
    kernel::{Kernel, Machine},
    profile::Profile,
};
use crate::control::{Failure, Reply, Request, ToolView};

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
    listed: tokio::sync::Mutex<Option<Arc<Vec<ToolView>>>>,
    /// Whether changes are told: then what was listed holds until one is.
    watching: AtomicBool,
    reached: Notify,
    catalogs: Mutex<HashMap<String, Kept>>,
    changed: watch::Sender<()>,
}

/// A catalogue, and what it was made of.
struct Kept {
    views: Arc<Vec<ToolView>>,
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
            changed: watch::Sender::new(()),
        });
        tokio::spawn(watch(Arc::downgrade(&shared)));
        shared
    }

    /// The tools of a profile.
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

    /// Tells when tools were added, changed or removed.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    async fn views(&self) -> Result<Arc<Vec<ToolView>>, Failure> {
        let mut listed = self.listed.lock().await;
        match &*listed {
            Some(views) if self.watching.load(SeqCst) => Ok(views.clone()),
            _ => self.list(&mut listed).await,
        }
    }

    /// Reads the tools anew, and tells if they are others.
    async fn list(&self, listed: &mut Option<Arc<Vec<ToolView>>>) -> Result<Arc<Vec<ToolView>>, Failure> {
        let (connection, reply) = self.kernel.ask(&Request::Tools { plugin: None }).await?;
        self.reached.notify_one();
        let views = match reply {
            Reply::Tools(views) => views,
            Reply::Failed(failure) => {
                self.kernel.keep(connection);
                return Err(failure);
            }
            _ => return Err(Failure::internal("the kernel answered something else than was asked")),
        };
        self.kernel.keep(connection);
        if let Some(before) = listed
            && **before == views
        {
            return Ok(before.clone());
        }
        let views = Arc::new(views);
        if listed.replace(views.clone()).is_some() {
            self.changed.send_replace(());
        }
        Ok(views)
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
