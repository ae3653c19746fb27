//! A provider for tests: does what the last line of the request says, and counts truthfully.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use futures_core::future::BoxFuture;
use futures_util::{StreamExt, stream};
use holm_kernel::{
    account::Money,
    llm::{
        Attempt, Choice, Config, Driver, Event, Events, Failure, ModelConfig, Part, Prices, Provider, Request,
        StopReason, Target, Traits, Usage,
    },
};

/// Tokens that one request counts as, whatever it holds.
const INPUT: u64 = 10;

/// Answers as it is told, in words of a token each:
///
/// - `say N`: N words, at once.
/// - `drip N`: N words, one a millisecond.
/// - `hang`: nothing, ever.
/// - `tell TEXT`: that text, as a word.
/// - `panic N`: N words, and then it panics; before the first where there is none.
#[derive(Default)]
pub struct Obedient {
    /// Tokens that were used, cancelled replies included.
    pub used: Arc<AtomicU64>,
    /// Replies under way.
    pub open: Arc<AtomicU64>,
}

impl Obedient {
    /// The models `fast` (free), `dear` (a dollar for a million tokens) and `frail` (breaks, and another
    /// takes over).
    pub fn models(self: &Arc<Self>) -> Config {
        let provider = |name: &str, driver: Arc<dyn Driver>| Provider {
            name: name.to_owned(),
            driver,
            concurrency: 64,
            requests_per_minute: None,
            tokens_per_minute: None,
        };
        let target = |provider: &str, price: u64| Target {
            provider: provider.to_owned(),
            model: "any".into(),
            weight: 1,
            context_window: None,
            max_output: 100_000,
            images: false,
            prices: Prices {
                input: Money(price),
                output: Money(price),
                cached: Money(price),
                cache_write: Money(price),
            },
            traits: Traits { native_tools: true, ..Traits::default() },
        };
        let model = |name: &str, targets: Vec<Target>| ModelConfig {
            name: name.into(),
            targets,
            choice: Choice::Ordered,
            deadline: Duration::from_secs(60),
            attempts: 4,
            hedge: None,
            cache: false,
        };
        Config {
            providers: vec![provider("obedient", self.clone()), provider("broken", Arc::new(Broken))],
            models: vec![
                model("fast", vec![target("obedient", 0)]),
                model("dear", vec![target("obedient", 1_000_000)]),
                model("frail", vec![target("broken", 0), target("obedient", 0)]),
            ],
            ..Config::default()
        }
    }
}

fn order(request: &Request) -> (String, String) {
    let mut text = request.messages.iter().flat_map(|message| &message.content).filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let line = text.next_back().and_then(|text| text.lines().next_back()).unwrap_or_default();
    let (word, number) = line.split_once(' ').unwrap_or((line, "0"));
    (word.to_owned(), number.to_owned())
}

/// A reply under way, counted.
struct Open(Arc<AtomicU64>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Driver for Obedient {
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'static, Result<Events, Failure>> {
        let (word, rest) = order(&attempt.request);
        let told = word == "tell";
        let number = if told { 1 } else { rest.parse().unwrap_or(0) };
        let (used, open) = (self.used.clone(), self.open.clone());
        open.fetch_add(1, SeqCst);
        let open = Open(open);
        Box::pin(async move {
            used.fetch_add(INPUT, SeqCst);
            if word == "hang" {
                std::future::pending::<()>().await;
            }
            let panics = word == "panic";
            assert!(!panics || number > 0, "a request that makes the driver panic");
            let output = number.min(attempt.request.max_tokens.into());
            let stop = if output < number { StopReason::MaxTokens } else { StopReason::End };
            let words = stream::iter(0..output).then(move |_| {
                let (used, slowly) = (used.clone(), word == "drip");
                let said = if told { rest.clone() } else { "word ".to_owned() };
                async move {
                    if slowly {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    used.fetch_add(1, SeqCst);
                    Ok(Event::Text(said))
                }
            });
            let end = [Ok(Event::Usage(Usage { input: INPUT, output, ..Usage::default() })), Ok(Event::Stop(stop))];
            let all = words.chain(stream::iter(end));
            // Held as long as somebody listens.
            let held = all.map(move |event| {
                assert!(!panics || !matches!(event, Ok(Event::Stop(_))), "a reply that makes the driver panic");
                let _ = &open;
                event
            });
            Ok(held.boxed())
        })
    }
}

/// Says three words and breaks off.
struct Broken;

impl Driver for Broken {
    fn attempt(&self, _: Attempt) -> BoxFuture<'static, Result<Events, Failure>> {
        let words = (0..3).map(|_| Ok(Event::Text("lost ".to_owned())));
        let end = Err(Failure::Unavailable("it broke off".to_owned()));
        Box::pin(async move { Ok(stream::iter(words.chain([end]).collect::<Vec<_>>()).boxed()) })
    }
}
