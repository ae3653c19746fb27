//! One call: target after target, attempt after attempt, until one answers.

use std::{
    collections::VecDeque,
    sync::{
        OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use futures_util::future::{Either, select};
use parking_lot::Mutex;

use super::{
    Failure,
    attempt::{Begun, Miss},
    check::{Checked, shown},
    config::{Choice, Target},
    lane::{Closed, Why},
    models::{Models, Routed},
    progress::Progress,
    reply::{Answer, CallError},
    spend::Caller,
};

/// A call under way.
pub(super) struct Call<'a> {
    pub(super) models: &'a Models,
    pub(super) caller: &'a Caller,
    pub(super) routed: &'a Routed,
    pub(super) checked: &'a Checked,
    pub(super) progress: &'a Progress,
    pub(super) created: SystemTime,
    /// When nobody wants the reply any more.
    pub(super) deadline: Instant,
    pub(super) trail: &'a Trail,
}

/// What became of a call's attempts so far.
#[derive(Debug, Default)]
pub(super) struct Trail {
    /// Attempts that left for a provider.
    sent: AtomicU32,
    first_sent: OnceLock<Instant>,
    /// What attempts cost that gave no reply, in millionths of a dollar.
    lost: AtomicU64,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    failure: Option<Failure>,
    /// A limit, and when it ends.
    limited: Option<Instant>,
}

/// The longest that a call waits for a provider that takes none.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two rounds through all targets; doubled each time, and jittered.
const BACK_OFF: Duration = Duration::from_millis(250);
const BACK_OFF_MOST: Duration = Duration::from_secs(8);

impl Trail {
    /// An attempt leaves.
    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Relaxed);
        self.first_sent.get_or_init(Instant::now);
    }

    /// It needed no provider.
    pub(super) fn answered(&self) {
        self.first_sent.get_or_init(Instant::now);
    }

    /// When its first attempt left, if one did.
    pub(super) fn first_sent(&self) -> Option<Instant> {
        self.first_sent.get().copied()
    }

    /// An attempt that cost this gave no reply.
    pub(super) fn lose(&self, money: u64) {
        self.lost.fetch_add(money, Relaxed);
    }

    /// What attempts cost that gave no reply.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    fn failed(&self, failure: Failure) {
        self.last.lock().failure = Some(failure);
    }

    /// Why there is no reply by the deadline.
    pub(super) fn gave_up(&self, waited: Duration) -> CallError {
        let last = self.last.lock();
        let now = Instant::now();
        match (&last.failure, last.limited) {
            (_, Some(until)) if until > now => CallError::RateLimited(Some(until - now)),
            // It waited for its turn all the time.
            (None, _) if self.sent.load(Relaxed) == 0 => CallError::RateLimited(None),
            (failure, _) => {
                let why = failure.as_ref().map_or_else(String::new, |failure| format!("; before, {failure}"));
                CallError::Unavailable(shown(&format!("no provider answered within {} s{why}", waited.as_secs_f64())))
            }
        }
    }
}

impl Call<'_> {
    /// # Errors
    /// Why there is no reply.
    pub(super) async fn make(&self) -> Result<Answer, CallError> {
        let mut order = order(&self.routed.model.targets, self.routed.model.choice, fastrand::f64);
        for round in 0.. {
            let mut closed: Option<Closed> = None;
            let mut shut = 0;
            let mut left: VecDeque<usize> = order.iter().copied().collect();
            while self.attempts_left() > 0
                && let Some(index) = left.pop_front()
            {
                let (second, begun) = self.hedged(index, left.front().copied()).await;
                left.retain(|other| Some(*other) != second);
                let missed = match begun {
                    Ok(begun) => {
                        let index = begun.index;
                        match self.finish(begun).await {
                            Ok(answer) => return Ok(answer),
                            Err(miss) => vec![(index, miss)],
                        }
                    }
                    Err(missed) => missed,
                };
                for (index, miss) in missed {
                    match miss {
                        Miss::Final(error) => return Err(error),
                        Miss::Failed(failure) => {
                            if hopeless(&failure) {
                                order.retain(|other| *other != index);
                            }
                            self.trail.failed(failure);
                        }
                        Miss::Closed(Closed { why: Why::Unauthorized(text), .. }) => {
                            order.retain(|other| *other != index);
                            self.trail.failed(Failure::Unauthorized(text.to_string()));
                        }
                        Miss::Closed(found) => {
                            shut += 1;
                            closed = Some(closed.filter(|before| before.wait <= found.wait).unwrap_or(found));
                        }
                    }
                }
            }
            if self.attempts_left() == 0 || order.is_empty() {
                break;
            }
            let pause = match closed {
                Some(closed) if shut == order.len() => self.wait(closed)?,
                _ => jitter((BACK_OFF * 2_u32.pow(round.min(5))).min(BACK_OFF_MOST)),
            };
            tokio::time::sleep(pause).await;
        }
        let last = self.trail.last.lock().failure.take();
        Err(last.map_or_else(|| CallError::Unavailable("no provider answered".to_owned()), CallError::from))
    }

    fn attempts_left(&self) -> u32 {
        self.routed.model.attempts.max(1).saturating_sub(self.trail.sent.load(Relaxed))
    }

    /// How long to wait where all providers are closed.
    ///
    /// # Errors
    /// Longer than anybody waits: why they are closed.
    fn wait(&self, closed: Closed) -> Result<Duration, CallError> {
        let wait = closed.wait + jitter(Duration::from_millis(50));
        let mut last = self.trail.last.lock();
        if closed.wait > PATIENCE || Instant::now() + wait > self.deadline {
            return Err(turned_away(closed, last.failure.take()));
        }
        last.limited = matches!(closed.why, Why::Limited).then(|| Instant::now() + wait);
        Ok(wait)
    }

    /// A reply that begins, of the first target, or of a second one where the first takes too long
    /// to begin: whoever begins first writes it, the other is let go of. Also the second, if it was
    /// asked.
    async fn hedged(
        &self,
        first: usize,
        second: Option<usize>,
    ) -> (Option<usize>, Result<Begun<'_>, Vec<(usize, Miss)>>) {
        let second = second.filter(|_| self.attempts_left() > 1);
        let (Some(delay), Some(second)) = (self.routed.model.hedge, second) else {
            return (None, self.begin(first).await.map_err(|miss| vec![(first, miss)]));
        };
        let one = self.begin(first);
        tokio::pin!(one);
        if let Ok(begun) = tokio::time::timeout(delay, &mut one).await {
            return (None, begun.map_err(|miss| vec![(first, miss)]));
        }
        let other = self.begin(second);
        tokio::pin!(other);
        let begun = match select(one, other).await {
            Either::Left((Ok(begun), _)) | Either::Right((Ok(begun), _)) => Ok(begun),
            Either::Left((Err(miss), other)) => other.await.map_err(|also| vec![(first, miss), (second, also)]),
            Either::Right((Err(miss), one)) => one.await.map_err(|also| vec![(second, miss), (first, also)]),
        };
        (Some(second), begun)
    }
}

/// The same request will not do better there.
fn hopeless(failure: &Failure) -> bool {
    matches!(failure, Failure::ContextLength(_) | Failure::BadRequest(_) | Failure::Unauthorized(_))
}

pub(super) fn turned_away(closed: Closed, last: Option<Failure>) -> CallError {
    match (closed.why, last) {
        (Why::Unauthorized(text), _) => Failure::Unauthorized(text.to_string()).into(),
        (Why::Limited, _) => CallError::RateLimited(Some(closed.wait)),
        (Why::Failing, Some(failure)) => failure.into(),
        (Why::Failing, None) => CallError::Unavailable(format!(
            "its providers failed too often; the next attempt is allowed in {} s",
            closed.wait.as_secs().max(1)
        )),
    }
}

/// Half to all of it.
fn jitter(time: Duration) -> Duration {
    time.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// The order in which targets are tried. `chance` gives 0 to 1.
fn order(targets: &[Target], choice: Choice, chance: impl Fn() -> f64) -> Vec<usize> {
    let mut left: Vec<usize> = (0..targets.len()).collect();
    if choice == Choice::Ordered {
        return left;
    }
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let total: u64 = left.iter().map(|index| u64::from(targets[*index].weight)).sum();
        let mut mark = chance() * total as f64;
        let place = left.iter().position(|index| {
            mark -= f64::from(targets[*index].weight);
            mark < 0.0
        });
        order.push(left.remove(place.unwrap_or(0)));
    }
    order
}
