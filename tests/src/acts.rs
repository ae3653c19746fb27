//! A provider for tests of routing: does one thing after another, whatever it is asked, and remembers
//! when.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_core::future::BoxFuture;
use futures_util::{StreamExt, stream};
use holm_kernel::{
    account::Money,
    llm::{
        Attempt, Choice, Config, Driver, Embedded, Event, Events, Failure, ModelConfig, Part, Prices, Provider,
        StopReason, Target, Traits, Usage,
    },
};
use parking_lot::Mutex;

/// What a provider does with one attempt.
#[derive(Clone, Debug)]
pub enum Act {
    /// Says so many words, of a token each, no more than it is asked for.
    Says(u64),
    /// Says them once this time has passed.
    Slowly(Duration, u64),
    /// Says so many words, and what it told of usage is not all.
    Tells(u64, Option<Usage>),
    /// Does not begin.
    Fails(Failure),
    /// Says so many words, then fails.
    Breaks(u64, Failure),
    /// Says nothing, ever.
    Hangs,
    /// Makes vectors, and tells so many tokens.
    Embeds(Option<u64>),
}

/// Tokens of each request.
pub const ASKED: u64 = 10;

/// A provider that acts; the last act is done again and again.
pub struct Actor {
    acts: Mutex<VecDeque<Act>>,
    asked: Mutex<Vec<Instant>>,
    texts: Mutex<Vec<String>>,
}

impl Actor {
    /// A provider that does this.
    ///
    /// # Panics
    /// There is no act.
    pub fn new(acts: impl IntoIterator<Item = Act>) -> Arc<Self> {
        let acts: VecDeque<Act> = acts.into_iter().collect();
        assert!(!acts.is_empty(), "it has nothing to do");
        Arc::new(Self { acts: Mutex::new(acts), asked: Mutex::default(), texts: Mutex::default() })
    }

    /// When it was asked.
    pub fn asked(&self) -> Vec<Instant> {
        self.asked.lock().clone()
    }

    /// What it was asked, in that order.
    pub fn texts(&self) -> Vec<String> {
        self.texts.lock().clone()
    }

    /// How often it was asked.
    pub fn count(&self) -> usize {
        self.asked.lock().len()
    }

    fn next(&self) -> Act {
        self.asked.lock().push(Instant::now());
        let mut acts = self.acts.lock();
        if acts.len() > 1 { acts.pop_front().unwrap() } else { acts[0].clone() }
    }

    /// A provider of this name.
    pub fn provider(self: &Arc<Self>, name: &str) -> Provider {
        Provider {
            name: name.to_owned(),
            driver: self.clone(),
            concurrency: 64,
            requests_per_minute: None,
            tokens_per_minute: None,
        }
    }
}

/// A target at a provider: a dollar for a million tokens.
pub fn target(provider: &str) -> Target {
    let price = Money(1_000_000);
    Target {
        provider: provider.to_owned(),
        model: "any".into(),
        weight: 1,
        context_window: None,
        max_output: 1_000,
        images: false,
        prices: Prices { input: price, output: price, cached: price, cache_write: price },
        traits: Traits { native_tools: true, ..Traits::default() },
    }
}

/// The one model `fast`, of these providers in their order; it can be changed further.
pub fn routed<const N: usize>(actors: [&Arc<Actor>; N], change: impl FnOnce(&mut ModelConfig)) -> Config {
    let names: Vec<String> = (0..N).map(|at| ["first", "second", "third"][at].to_owned()).collect();
    let mut model = ModelConfig {
        name: "fast".into(),
        targets: names.iter().map(|name| target(name)).collect(),
        choice: Choice::Ordered,
        deadline: Duration::from_secs(60),
        attempts: 4,
        hedge: None,
        cache: false,
    };
    change(&mut model);
    let providers = names.iter().zip(actors).map(|(name, actor)| actor.provider(name)).collect();
    Config { providers, models: vec![model], ..Config::default() }
}

fn words(count: u64) -> impl Iterator<Item = Result<Event, Failure>> {
    (0..count).map(|_| Ok(Event::Text("word ".to_owned())))
}

fn reply(attempt: &Attempt, count: u64, usage: Option<Usage>) -> Events {
    let output = count.min(attempt.request.max_tokens.into());
    let stop = if output < count { StopReason::MaxTokens } else { StopReason::End };
    let usage = usage.or(Some(Usage { input: ASKED, output, ..Usage::default() })).map(|usage| Ok(Event::Usage(usage)));
    stream::iter(words(output).chain(usage).chain([Ok(Event::Stop(stop))]).collect::<Vec<_>>()).boxed()
}

impl Driver for Actor {
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'static, Result<Events, Failure>> {
        let act = self.next();
        let text = attempt.request.messages.iter().flat_map(|message| &message.content).find_map(|part| match part {
            Part::Text(text) => Some(text.clone()),
            _ => None,
        });
        self.texts.lock().extend(text);
        Box::pin(async move {
            match act {
                Act::Says(count) => Ok(reply(&attempt, count, None)),
                Act::Slowly(time, count) => {
                    tokio::time::sleep(time).await;
                    Ok(reply(&attempt, count, None))
                }
                Act::Tells(count, usage) => Ok(reply(&attempt, count, usage.or(Some(Usage::default())))),
                Act::Fails(failure) => Err(failure),
                Act::Breaks(count, failure) => {
                    Ok(stream::iter(words(count).chain([Err(failure)]).collect::<Vec<_>>()).boxed())
                }
                Act::Hangs => std::future::pending().await,
                Act::Embeds(_) => Err(Failure::BadRequest("it only embeds".to_owned())),
            }
        })
    }

    fn embed(&self, _: Arc<str>, texts: Vec<String>) -> BoxFuture<'static, Result<Embedded, Failure>> {
        let act = self.next();
        Box::pin(async move {
            match act {
                Act::Embeds(tokens) => Ok((vec![vec![1.0]; texts.len()], tokens)),
                Act::Fails(failure) => Err(failure),
                _ => Err(Failure::BadRequest("it embeds nothing".to_owned())),
            }
        })
    }
}
