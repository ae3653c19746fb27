//! The way to one provider: its queue, its rates, its breaker.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{
    Driver,
    config::Provider,
    limits::{Breaker, Rate},
    queue::{Entry, Flow, Queue},
};

/// One provider, shared by all that call it.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) driver: Arc<dyn Driver>,
    concurrency: u32,
    state: Mutex<State>,
}

struct State {
    queue: Queue<oneshot::Sender<Result<(), Closed>>>,
    under_way: u32,
    requests: Option<Rate>,
    tokens: Option<Rate>,
    breaker: Breaker,
    /// The provider said when to come again, or does not take its key.
    closed: Option<(Instant, Why)>,
    tickets: u64,
    /// When a timer will look at the queue again.
    timer: Option<Instant>,
}

/// The provider takes no calls for a while.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    /// How long, at least.
    pub(super) wait: Duration,
    pub(super) why: Why,
}

/// Why a provider takes no calls.
#[derive(Clone, Debug)]
pub(super) enum Why {
    /// It is at a limit of its rate, or too many wait for it.
    Limited,
    /// It failed too often.
    Failing,
    /// It did not take its key, and said this.
    Unauthorized(Arc<str>),
}

/// A provider at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSnapshot {
    /// The user's name for it.
    pub provider: String,
    /// Calls that wait for their turn.
    pub waiting: usize,
    /// Calls under way.
    pub under_way: u32,
    /// The most there may be.
    pub concurrency: u32,
    /// Whether it takes calls: it is neither failing nor did it send everybody away for a while.
    pub open: bool,
}

/// Calls that wait for one provider. Stops a thousand processes that ask for a thousand things.
const WAITING: usize = 16_384;
/// The provider gave no time.
const RATE_PAUSE: Duration = Duration::from_secs(2);
/// The longest that a provider may send everybody away for.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// A provider that does not take its key is left alone for this long.
const UNAUTHORIZED_PAUSE: Duration = Duration::from_secs(60);

impl Lane {
    pub(super) fn new(provider: &Provider) -> Arc<Self> {
        let now = Instant::now();
        let rate = |per_minute: Option<u64>| per_minute.map(|per_minute| Rate::new(per_minute, now));
        let state = State {
            queue: Queue::default(),
            under_way: 0,
            requests: rate(provider.requests_per_minute),
            tokens: rate(provider.tokens_per_minute),
            breaker: Breaker::default(),
            closed: None,
            tickets: 0,
            timer: None,
        };
        Arc::new(Self {
            name: provider.name.clone(),
            driver: provider.driver.clone(),
            concurrency: provider.concurrency.max(1),
            state: Mutex::new(state),
        })
    }

    pub(super) fn snapshot(&self) -> ProviderSnapshot {
        let state = self.state.lock();
        ProviderSnapshot {
            provider: self.name.clone(),
            waiting: state.queue.len(),
            under_way: state.under_way,
            concurrency: self.concurrency,
            open: state.open(Instant::now()).is_ok(),
        }
    }

    /// Waits for its turn to make a call of about `tokens`, which nobody wants any more after
    /// `deadline`.
    ///
    /// # Errors
    /// The provider takes no calls for a while, or none before the deadline, or too many wait.
    pub(super) async fn admit(self: &Arc<Self>, flow: Flow, tokens: u64, deadline: Instant) -> Result<Permit, Closed> {
        let (sender, turn) = oneshot::channel();
        let ticket = {
            let now = Instant::now();
            let mut state = self.state.lock();
            state.open(now)?;
            // However few are before it, its rate lets it in no sooner than this.
            let wait = state.wait(tokens, now);
            if state.queue.len() >= WAITING || now + wait > deadline {
                return Err(Closed { wait: wait.max(RATE_PAUSE), why: Why::Limited });
            }
            state.tickets += 1;
            let ticket = state.tickets;
            state.queue.push(flow, Entry { ticket, tokens, deadline, call: sender });
            ticket
        };
        let mut place = Place { lane: self, flow, ticket, tokens, turn, kept: true };
        self.pump();
        match (&mut place.turn).await {
            Ok(Ok(())) => {
                // From here on the permit stands for it.
                place.kept = false;
                Ok(Permit { lane: self.clone(), flow, expected: tokens, used: None, told: false })
            }
            Ok(Err(closed)) => Err(closed),
            Err(_) => Err(Closed { wait: RATE_PAUSE, why: Why::Failing }),
        }
    }

    /// Lets in who may come in now.
    fn pump(self: &Arc<Self>) {
        let now = Instant::now();
        let mut state = self.state.lock();
        while state.under_way < self.concurrency
            && let Some(tokens) = state.queue.peek()
        {
            let wait = state.wait(tokens, now);
            if wait > Duration::ZERO {
                self.look_again(&mut state, now + wait);
                return;
            }
            let Some(turn) = state.queue.pop() else { return };
            state.under_way += 1;
            state.take(1.0, tokens as f64, now);
            state.breaker.begin();
            if turn.send(Ok(())).is_err() {
                // It went away; its place noticed too late to leave the queue.
                state.under_way -= 1;
                state.take(-1.0, -(tokens as f64), now);
                state.breaker.cancelled();
            }
        }
    }

    /// Looks at the queue again at `at`, unless somebody does so sooner: a smaller call may have come
    /// to its head since the last time was set.
    fn look_again(self: &Arc<Self>, state: &mut State, at: Instant) {
        if state.timer.is_some_and(|set| set <= at) {
            return;
        }
        state.timer = Some(at);
        let lane = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep_until(at.into()).await;
            let mut state = lane.state.lock();
            if state.timer == Some(at) {
                state.timer = None;
            }
            drop(state);
            lane.pump();
        });
    }

    /// The provider takes no calls for a while: who waits for it looks elsewhere.
    fn close(&self, state: &mut State, closed: &Closed) {
        for turn in state.queue.drain() {
            let _ = turn.send(Err(closed.clone()));
        }
    }
}

impl State {
    fn open(&self, now: Instant) -> Result<(), Closed> {
        if let Some((until, why)) = &self.closed
            && *until > now
        {
            return Err(Closed { wait: *until - now, why: why.clone() });
        }
        self.breaker.ask(now).map_err(|wait| Closed { wait, why: Why::Failing })
    }

    fn wait(&mut self, tokens: u64, now: Instant) -> Duration {
        let requests = self.requests.as_mut().map_or(Duration::ZERO, |rate| rate.wait(1, now));
        let tokens = self.tokens.as_mut().map_or(Duration::ZERO, |rate| rate.wait(tokens, now));
        requests.max(tokens)
    }

    fn take(&mut self, requests: f64, tokens: f64, now: Instant) {
        if let Some(rate) = &mut self.requests {
            rate.take(requests, now);
        }
        if let Some(rate) = &mut self.tokens {
            rate.take(tokens, now);
        }
    }
}

/// A place in the queue; dropped, it is given up.
struct Place<'a> {
    lane: &'a Arc<Lane>,
    flow: Flow,
    ticket: u64,
    tokens: u64,
    turn: oneshot::Receiver<Result<(), Closed>>,
    kept: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.kept {
            return;
        }
        let mut state = self.lane.state.lock();
        if state.queue.cancel(&self.flow, self.ticket).is_some() {
            return;
        }
        // Its turn came while it was going: it goes on to the next.
        if let Ok(Ok(())) = self.turn.try_recv() {
            state.under_way -= 1;
            state.take(-1.0, -(self.tokens as f64), Instant::now());
            state.queue.settle(&self.flow, self.tokens, 0);
            state.breaker.cancelled();
            drop(state);
            self.lane.pump();
        }
    }
}

/// The right to make one call now. Dropping it lets the next one in.
pub(super) struct Permit {
    lane: Arc<Lane>,
    flow: Flow,
    expected: u64,
    used: Option<u64>,
    told: bool,
}

impl Permit {
    /// What the call used in the end.
    pub(super) fn used(&mut self, tokens: u64) {
        self.used = Some(tokens);
    }

    /// The provider answered.
    pub(super) fn succeeded(&mut self) {
        self.told = true;
        self.lane.state.lock().breaker.succeeded();
    }

    /// The provider failed to answer.
    pub(super) fn failed(&mut self) {
        self.told = true;
        let now = Instant::now();
        let mut state = self.lane.state.lock();
        state.breaker.failed(now);
        if let Err(closed) = state.open(now) {
            self.lane.close(&mut state, &closed);
        }
    }

    /// The provider said it takes no more calls for now.
    pub(super) fn limited(&mut self, retry_after: Option<Duration>) {
        self.shut(retry_after.unwrap_or(RATE_PAUSE).min(LONGEST_PAUSE), Why::Limited);
    }

    /// The provider does not take its key, and said why.
    pub(super) fn unauthorized(&mut self, text: &str) {
        self.shut(UNAUTHORIZED_PAUSE, Why::Unauthorized(text.into()));
    }

    fn shut(&mut self, wait: Duration, why: Why) {
        self.told = true;
        let until = Instant::now() + wait;
        let mut state = self.lane.state.lock();
        state.breaker.cancelled();
        // What several calls under way are told: the longest holds.
        if state.closed.as_ref().is_none_or(|(before, _)| *before < until) {
            state.closed = Some((until, why.clone()));
        }
        self.lane.close(&mut state, &Closed { wait, why });
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.lane.state.lock();
        state.under_way -= 1;
        let used = self.used.unwrap_or(self.expected);
        state.queue.settle(&self.flow, self.expected, used);
        state.take(0.0, used as f64 - self.expected as f64, Instant::now());
        if !self.told {
            state.breaker.cancelled();
        }
        drop(state);
        self.lane.pump();
    }
}
