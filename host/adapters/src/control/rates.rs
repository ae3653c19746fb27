//! How often an hour a client may call, where its operator said so.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::{
    failure::{Failure, Kind},
    protocol::Rate,
};

const HOUR: Duration = Duration::from_secs(3600);

/// Names that are counted at a time. They are the operator's, so there are few.
const NAMES: usize = 1024;

/// The calls of the hour, by the name that they are counted under.
#[derive(Default)]
pub(crate) struct Rates(Mutex<HashMap<String, Hour>>);

/// An hour begins with its first call.
struct Hour {
    begun: Instant,
    calls: u32,
}

impl Rates {
    /// Counts a call.
    pub(crate) fn take(&self, rate: &Rate) -> Result<(), Failure> {
        self.take_at(rate, Instant::now())
    }

    fn take_at(&self, rate: &Rate, now: Instant) -> Result<(), Failure> {
        let mut hours = self.0.lock();
        hours.retain(|_, hour| now.duration_since(hour.begun) < HOUR);
        if hours.len() >= NAMES && !hours.contains_key(&rate.name) {
            return Err(Failure::new(Kind::Busy, "too many profiles are counted at once"));
        }
        let hour = hours.entry(rate.name.clone()).or_insert(Hour { begun: now, calls: 0 });
        if hour.calls >= rate.calls_per_hour {
            let left = HOUR.saturating_sub(now.duration_since(hour.begun)).as_secs().div_ceil(60);
            let message = format!("{} used its {} calls of the hour", rate.name, rate.calls_per_hour);
            return Err(Failure::new(Kind::Busy, message).hint(format!("the next hour begins in {left} minutes")));
        }
        hour.calls += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{HOUR, Rate, Rates};

    #[test]
    fn an_hour_has_so_many_calls() {
        let (rates, begun) = (Rates::default(), Instant::now());
        let rate = |name: &str| Rate { name: name.to_owned(), calls_per_hour: 2 };
        let take = |name: &str, after| rates.take_at(&rate(name), begun + after).is_ok();
        let minute = HOUR / 60;
        assert!(take("a", minute) && take("a", 2 * minute) && !take("a", 3 * minute));
        assert!(take("b", 3 * minute));
        assert!(!take("a", HOUR) && take("a", HOUR + minute));
    }
}
