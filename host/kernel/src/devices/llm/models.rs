//! All models of a kernel: from a name to its targets, from a request to the reply that is
//! cached, being made, or made now.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use moka::future::Cache;
use sha2::{Digest, Sha256};

use super::{
    Usage,
    call::{Call, Trail},
    check::Checked,
    checking::Checking,
    config::{Config, ConfigError, Model},
    embed::embed,
    lane::{Lane, ProviderSnapshot},
    progress::Progress,
    reply::{Answer, CallError},
    spend::{Caller, count_call, opened},
};
use crate::{
    account::Money,
    syscall::{ledger::Ledger, named::is_exact_name},
};

/// Everything behind the llm device.
pub(crate) struct Models {
    models: HashMap<String, Arc<Routed>>,
    lanes: Vec<Arc<Lane>>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) checking: Checking,
    cache: Cache<[u8; 32], Arc<Answer>>,
}

/// A model, and the lane to each of its targets.
pub(super) struct Routed {
    pub(super) model: Model,
    pub(super) lanes: Vec<Arc<Lane>>,
}

/// Bytes that a cached reply costs besides its text.
const CACHED_OVERHEAD: usize = 512;

impl Models {
    /// # Errors
    /// The configuration contradicts itself.
    pub(crate) fn new(config: Config, ledger: Arc<Ledger>) -> Result<Self, ConfigError> {
        let lanes: HashMap<&str, Arc<Lane>> =
            config.providers.iter().map(|provider| (provider.name.as_str(), Lane::new(provider))).collect();
        let mut models = HashMap::new();
        for model in config.models {
            if !is_exact_name(&model.name) {
                return Err(ConfigError::Name(model.name.to_string()));
            }
            if model.targets.is_empty() {
                return Err(ConfigError::NoTarget(model.name.to_string()));
            }
            let lane = |provider: &String| {
                let missing =
                    || ConfigError::NoSuchProvider { model: model.name.to_string(), provider: provider.clone() };
                lanes.get(provider.as_str()).cloned().ok_or_else(missing)
            };
            let lanes = model.targets.iter().map(|target| lane(&target.provider)).collect::<Result<_, _>>()?;
            models.insert(model.name.to_string(), Arc::new(Routed { model, lanes }));
        }
        let weigh = |_: &[u8; 32], answer: &Arc<Answer>| {
            u32::try_from(answer.reply.bytes() + CACHED_OVERHEAD).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().max_capacity(config.cache_size.0).weigher(weigh).time_to_live(config.cache_time);
        let mut lanes: Vec<Arc<Lane>> = lanes.into_values().collect();
        lanes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { models, lanes, ledger, checking: Checking::default(), cache: cache.build() })
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Routed>> {
        self.models.get(name).cloned()
    }

    /// The names that can be granted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.models.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    /// The providers, and who waits for them, by name.
    pub(crate) fn providers(&self) -> Vec<ProviderSnapshot> {
        self.lanes.iter().map(|lane| lane.snapshot()).collect()
    }

    /// Makes a call, or answers it from the cache. Pieces go to `progress` as they come.
    ///
    /// # Errors
    /// Why there is no reply. What was used is accounted for in any case.
    pub(super) async fn call(
        &self,
        caller: &Caller,
        routed: &Routed,
        checked: &Checked,
        cached: bool,
        deadline: Option<Duration>,
        progress: &Progress,
    ) -> Result<Answer, CallError> {
        let (created, begun) = (SystemTime::now(), Instant::now());
        let wanted = routed.model.deadline.min(deadline.unwrap_or(Duration::MAX));
        let deadline = begun + wanted;
        opened(&self.ledger, caller, &routed.model.name, deadline).await?;
        count_call(&self.ledger, caller)?;
        let trail = Trail::default();
        let _timed = Timed { caller, begun, trail: &trail };
        let call = Call { models: self, caller, routed, checked, progress, created, deadline, trail: &trail };
        let made = tokio::time::timeout_at(deadline.into(), async {
            self.checking.compiles(caller, checked).await?;
            if cached || (routed.model.cache && checked.request.temperature == Some(0.0)) {
                self.through_cache(&call).await
            } else {
                call.make().await
            }
        });
        made.await.unwrap_or_else(|_| Err(trail.gave_up(wanted)))
    }

    /// Makes a vector of each text.
    ///
    /// # Errors
    /// As [`Models::call`].
    pub(super) async fn embed(
        &self,
        caller: &Caller,
        routed: &Routed,
        texts: Vec<String>,
    ) -> Result<Vec<Vec<f32>>, CallError> {
        let begun = Instant::now();
        let wanted = routed.model.deadline;
        let deadline = begun + wanted;
        opened(&self.ledger, caller, &routed.model.name, deadline).await?;
        count_call(&self.ledger, caller)?;
        let trail = Trail::default();
        let _timed = Timed { caller, begun, trail: &trail };
        let made = embed(self, caller, routed, texts, deadline, &trail);
        let made = tokio::time::timeout_at(deadline.into(), made);
        made.await.unwrap_or_else(|_| Err(trail.gave_up(wanted)))
    }

    /// Identical requests are made once, also while the first is under way.
    async fn through_cache(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let first = AtomicBool::new(false);
        let found = self.cache.try_get_with(key(call), async {
            first.store(true, Relaxed);
            match call.make().await {
                // What a budget cut off is its caller's alone.
                Ok(answer) if answer.clipped => Err(Unshared::Clipped(Arc::new(answer))),
                Ok(answer) => Ok(Arc::new(answer)),
                Err(error) => Err(Unshared::Failed(error)),
            }
        });
        match (found.await, first.load(Relaxed)) {
            (Ok(answer), true) => Ok(Answer::clone(&answer)),
            (Ok(answer), false) => {
                let now = SystemTime::now();
                call.trail.answered();
                call.progress.whole(&answer.reply);
                Ok(Answer {
                    usage: Usage::default(),
                    cost: Money(0),
                    exact: true,
                    clipped: false,
                    served_by: format!("cache:{}", answer.served_by.trim_start_matches("cache:")),
                    created: call.created,
                    started: now,
                    finished: now,
                    reply: answer.reply.clone(),
                })
            }
            (Err(unshared), true) => match &*unshared {
                Unshared::Clipped(answer) => Ok(Answer::clone(answer)),
                Unshared::Failed(error) => Err(error.clone()),
            },
            // The other's failure may be its own: its budget, its deadline.
            (Err(_), false) => call.make().await,
        }
    }
}

/// What is not kept for others.
enum Unshared {
    Clipped(Arc<Answer>),
    Failed(CallError),
}

/// Notes how long a call waited and took, however it ends.
struct Timed<'a> {
    caller: &'a Caller,
    begun: Instant,
    trail: &'a Trail,
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        let turnaround = self.begun.elapsed();
        let waiting = self.trail.first_sent().map_or(turnaround, |sent| sent.duration_since(self.begun));
        self.caller.control.note_call(waiting, turnaround);
    }
}

/// Which requests are the same: the model, all that is asked, and who may see each other's replies.
fn key(call: &Call<'_>) -> [u8; 32] {
    let caller = call.caller;
    let shared = !caller.under.is_empty() && caller.under.iter().all(|under| under.rule.shared_cache());
    let scope = match shared {
        true => "shared".to_owned(),
        // A run's plugins are strangers to each other.
        false => format!("run {} {}", u64::from(caller.run().root), caller.control.plugin),
    };
    let mut hash = Sha256::new();
    let request = serde_json::to_vec(&call.checked.request).unwrap_or_default();
    for part in [
        scope.as_bytes(),
        call.routed.model.name.as_bytes(),
        &call.checked.max_tokens.unwrap_or(0).to_le_bytes(),
        &request,
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
