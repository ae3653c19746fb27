//! All models of a kernel: from a name to its targets, from a request to the reply that is
//! cached, being made, or made now.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use moka::future::Cache;
use sha2::{Digest, Sha256};

use super::{
    Usage,
    budget::{Kept, Ledger},
    call::{Call, Progress, embed},
    check::Checked,
    config::{Config, ConfigError, Model},
    lane::{Lane, ProviderSnapshot},
    reply::{Answer, CallError, Delta},
    spend::{Caller, count_call, hour},
};
use crate::{account::Money, process::Pid, syscall::named::is_exact_name};

/// Everything behind the llm device.
pub(crate) struct Models {
    models: HashMap<String, Arc<Routed>>,
    lanes: Vec<Arc<Lane>>,
    pub(super) ledger: Ledger,
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
    pub(crate) fn new(config: Config) -> Result<Self, ConfigError> {
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
        Ok(Self { models, lanes, ledger: Ledger::default(), cache: cache.build() })
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

    /// A root process has ended.
    pub(crate) fn end_run(&self, root: Pid) {
        self.ledger.end_run(root);
    }

    /// Hours and days of budgets, to be kept; none where nothing changed since the last time.
    pub(crate) fn keep(&self) -> Option<Vec<Kept>> {
        self.ledger.keep(hour(SystemTime::now()))
    }

    /// What was kept.
    pub(crate) fn restore(&self, kept: Vec<Kept>) {
        self.ledger.restore(kept);
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
        let created = SystemTime::now();
        let begun = tokio::time::Instant::now();
        count_call(&self.ledger, caller)?;
        let deadline = routed.model.deadline.min(deadline.unwrap_or(Duration::MAX));
        let call = Call { models: self, caller, routed, checked, progress, created };
        let made = tokio::time::timeout_at(begun + deadline, async {
            if cached || (routed.model.cache && checked.request.temperature == Some(0.0)) {
                self.through_cache(&call).await
            } else {
                call.make().await
            }
        });
        let answer = made.await.unwrap_or_else(|_| {
            Err(CallError::Unavailable(format!("no provider answered within {} s", deadline.as_secs_f64())))
        });
        let turnaround = begun.elapsed();
        let waiting = answer.as_ref().ok().and_then(|answer| answer.started.duration_since(created).ok());
        caller.control.note_call(waiting.unwrap_or(turnaround), turnaround);
        answer
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
        count_call(&self.ledger, caller)?;
        let made = tokio::time::timeout(routed.model.deadline, embed(self, caller, routed, texts));
        made.await.unwrap_or_else(|_| Err(CallError::Unavailable("no provider answered in time".to_owned())))
    }

    /// Identical requests are made once, also while the first is under way.
    async fn through_cache(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let first = AtomicBool::new(false);
        let key = key(call);
        let found = self.cache.try_get_with(key, async {
            first.store(true, Relaxed);
            call.make().await.map(Arc::new)
        });
        match found.await {
            Ok(answer) if first.load(Relaxed) => Ok(Answer::clone(&answer)),
            Ok(answer) => {
                let now = SystemTime::now();
                call.progress.whole(&answer.reply);
                Ok(Answer {
                    usage: Usage::default(),
                    cost: Money(0),
                    exact: true,
                    served_by: format!("cache:{}", answer.served_by.trim_start_matches("cache:")),
                    created: call.created,
                    started: now,
                    finished: now,
                    reply: answer.reply.clone(),
                })
            }
            Err(error) if first.load(Relaxed) => Err(CallError::clone(&error)),
            // The other's failure may be its own: its budget, its deadline.
            Err(_) => call.make().await,
        }
    }
}

/// Which requests are the same: the model, all that is asked, and who may see each other's replies.
fn key(call: &Call<'_>) -> [u8; 32] {
    let shared = !call.caller.under.is_empty() && call.caller.under.iter().all(|under| under.rule.shared_cache());
    let scope = if shared { "shared".to_owned() } else { format!("run {}", u64::from(call.caller.root())) };
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

impl Progress {
    /// A reply that is there all at once.
    fn whole(&self, reply: &super::reply::Reply) {
        use super::Part;
        let mut calls = 0;
        for part in &reply.content {
            match part {
                Part::Text(text) => self.tell(Delta::Text(text.clone())),
                Part::Thinking { text, .. } => self.tell(Delta::Thinking(text.clone())),
                Part::ToolCall(call) => {
                    self.tell(Delta::ToolCall { index: calls, id: call.id.clone(), name: call.name.clone() });
                    self.tell(Delta::Arguments { index: calls, fragment: call.arguments.clone() });
                    calls += 1;
                }
                Part::Image { .. } | Part::ToolResult { .. } => {}
            }
        }
    }
}
