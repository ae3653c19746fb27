//! The user's models and providers, as the kernel is given them.

use std::{sync::Arc, time::Duration};

use super::{Driver, Traits, Usage};
use crate::account::{Bytes, Money};

/// All models that can be granted.
#[derive(Clone)]
pub struct Config {
    /// What answers.
    pub providers: Vec<Provider>,
    /// What guests may ask for.
    pub models: Vec<Model>,
    /// Replies that are kept to be given again, in all; the least used go first.
    pub cache_size: Bytes,
    /// For how long.
    pub cache_time: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            providers: Vec::new(),
            models: Vec::new(),
            cache_size: Bytes(64 << 20),
            cache_time: Duration::from_secs(3600),
        }
    }
}

/// A provider, and what it may be asked at once.
#[derive(Clone)]
pub struct Provider {
    /// The user's name for it.
    pub name: String,
    /// What speaks its protocol.
    pub driver: Arc<dyn Driver>,
    /// Calls under way at most.
    pub concurrency: u32,
    /// Calls begun in a minute at most.
    pub requests_per_minute: Option<u64>,
    /// Tokens, expected and then counted, in a minute at most.
    pub tokens_per_minute: Option<u64>,
}

/// A model's name, and who serves it.
#[derive(Clone, Debug)]
pub struct Model {
    /// As grants and guests spell it.
    pub name: Arc<str>,
    /// In the user's order.
    pub targets: Vec<Target>,
    /// In which order they are tried.
    pub choice: Choice,
    /// Until a call is given up.
    pub deadline: Duration,
    /// Attempts at one call at most, all targets together.
    pub attempts: u32,
    /// A second target is asked too where the first has not begun to answer by then.
    pub hedge: Option<Duration>,
    /// Replies are kept, and given to the same request again.
    pub cache: bool,
}

/// In which order targets are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// As they are listed.
    #[default]
    Ordered,
    /// By chance, in proportion to their weights; the others follow in the same way.
    Weighted,
}

/// A provider's model.
#[derive(Clone, Debug)]
pub struct Target {
    /// Which of the providers.
    pub provider: String,
    /// As that provider calls it.
    pub model: Arc<str>,
    /// Its share, where the choice is weighted.
    pub weight: u32,
    /// Tokens of request and reply together.
    pub context_window: Option<u32>,
    /// Tokens of a reply.
    pub max_output: u32,
    /// It takes images.
    pub images: bool,
    /// What it costs.
    pub prices: Prices,
    /// What it takes.
    pub traits: Traits,
}

impl Target {
    /// What these tokens cost at most, whatever of the request meets the provider's cache.
    pub(crate) fn most(&self, usage: &Usage) -> Money {
        let Prices { input, output, cached, cache_write } = self.prices;
        let cache = if self.traits.prompt_cache { cached.max(cache_write) } else { cached };
        let dearest = Prices { input: input.max(cache), output, ..Prices::default() };
        dearest.cost(&Usage { cached: 0, cache_written: 0, ..*usage })
    }
}

/// What a million tokens cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// Of the request.
    pub input: Money,
    /// Of the reply.
    pub output: Money,
    /// Of the request, read from the provider's cache.
    pub cached: Money,
    /// Of the request, written to the provider's cache.
    pub cache_write: Money,
}

impl Prices {
    /// What these tokens cost, rounded up.
    pub fn cost(&self, usage: &Usage) -> Money {
        let fresh = usage.input.saturating_sub(usage.cached).saturating_sub(usage.cache_written);
        let cost = |tokens: u64, price: Money| u128::from(tokens) * u128::from(price.0);
        let total = cost(fresh, self.input)
            + cost(usage.cached, self.cached)
            + cost(usage.cache_written, self.cache_write)
            + cost(usage.output, self.output);
        Money(u64::try_from(total.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

/// The configuration contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A model's target names a provider that is not there.
    #[error("the model `{model}` names the provider `{provider}`, which is not configured")]
    NoSuchProvider {
        /// The model.
        model: String,
        /// What it names.
        provider: String,
    },
    /// A model has no target.
    #[error("the model `{0}` names no provider")]
    NoTarget(String),
    /// A model's name cannot be granted.
    #[error("`{0}` is no name of a model: use a-z, 0-9, `-` and `_`, at most 64")]
    Name(String),
}
