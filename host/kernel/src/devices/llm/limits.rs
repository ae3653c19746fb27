//! What a provider takes: token buckets for its rates, a circuit breaker for its failures.
//! Pure: the time is given.

use std::time::{Duration, Instant};

/// So much a minute, saved up for at most a minute.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    per_minute: f64,
    level: f64,
    at: Instant,
}

impl Rate {
    pub(super) fn new(per_minute: u64, now: Instant) -> Self {
        Self { per_minute: per_minute as f64, level: per_minute as f64, at: now }
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * self.per_minute / 60.0).min(self.per_minute);
        self.at = now;
    }

    /// How long until `amount` can be taken; what is more than a minute's worth waits for a full bucket.
    pub(super) fn wait(&mut self, amount: u64, now: Instant) -> Duration {
        self.fill(now);
        let lacking = (amount as f64).min(self.per_minute) - self.level;
        if lacking <= 0.0 {
            return Duration::ZERO;
        }
        // A rate of nothing never fills; look again in a minute.
        Duration::try_from_secs_f64(lacking * 60.0 / self.per_minute).unwrap_or(Duration::from_secs(60))
    }

    /// Takes it, below zero if need be; a negative amount gives back.
    pub(super) fn take(&mut self, amount: f64, now: Instant) {
        self.fill(now);
        self.level = (self.level - amount).min(self.per_minute);
    }
}

/// Keeps calls away from a provider that fails again and again.
#[derive(Clone, Debug, Default)]
pub(super) struct Breaker {
    /// Failures in a row.
    failures: u32,
    /// No calls until then; after it, one to try.
    open_until: Option<Instant>,
    trying: bool,
}

/// Failures in a row that open the breaker.
const FAILURES: u32 = 5;
/// How long it stays open at first; twice as long each time the one that tries fails.
const OPEN: Duration = Duration::from_secs(5);
/// At most this long.
const OPEN_MOST: Duration = Duration::from_secs(300);

impl Breaker {
    /// Whether a call may go out, and if not, how long until one may.
    pub(super) fn ask(&self, now: Instant) -> Result<(), Duration> {
        match self.open_until {
            None => Ok(()),
            Some(until) if until > now => Err(until - now),
            Some(_) if self.trying => Err(OPEN),
            Some(_) => Ok(()),
        }
    }

    /// A call goes out.
    pub(super) fn begin(&mut self) {
        self.trying = self.open_until.is_some();
    }

    /// A call was cancelled: it says nothing of the provider.
    pub(super) fn cancelled(&mut self) {
        self.trying = false;
    }

    /// The provider answered, with whatever.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// The provider failed.
    pub(super) fn failed(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.trying = false;
        if self.failures >= FAILURES {
            let doublings = (self.failures - FAILURES).min(8);
            self.open_until = Some(now + (OPEN * 2_u32.pow(doublings)).min(OPEN_MOST));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_rate_is_saved_up_for_a_minute_and_no_longer() {
        let start = Instant::now();
        let mut rate = Rate::new(60, start);
        assert_eq!(rate.wait(60, start), Duration::ZERO);
        rate.take(60.0, start);
        assert_eq!(rate.wait(5, start), 5 * SECOND);
        assert_eq!(rate.wait(5, start + 5 * SECOND), Duration::ZERO);
        assert_eq!(
            rate.wait(1_000_000, start + 65 * SECOND),
            Duration::ZERO,
            "more than a bucket waits for a full one"
        );
        rate.take(120.0, start + 600 * SECOND);
        assert_eq!(rate.wait(1, start + 600 * SECOND), 61 * SECOND);
    }

    #[test]
    fn a_breaker_opens_after_failures_in_a_row_and_lets_one_try() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES - 1 {
            breaker.failed(now);
        }
        assert_eq!(breaker.ask(now), Ok(()));
        breaker.failed(now);
        assert_eq!(breaker.ask(now), Err(OPEN));
        let later = now + OPEN;
        assert_eq!(breaker.ask(later), Ok(()));
        breaker.begin();
        assert!(breaker.ask(later).is_err(), "one at a time");
        breaker.failed(later);
        assert_eq!(breaker.ask(later), Err(OPEN * 2));
        breaker.begin();
        breaker.succeeded();
        assert_eq!(breaker.ask(later), Ok(()));
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..100 {
            breaker.failed(now);
            breaker.succeeded();
        }
        assert_eq!(breaker.ask(now), Ok(()));
    }
}
