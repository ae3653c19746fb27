//! How far an agent goes for one task, and what its sub-agents share of it. Pure.

use super::End;
use crate::llm::Usage;
use std::time::Duration;

/// Limits of one task. They are the agent's own manners; what binds it are its grants and its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Replies of the model.
    pub steps: u32,
    /// Tokens of requests and replies, sub-agents included.
    pub tokens: Option<u64>,
    /// Millionths of a US dollar.
    pub cost: Option<u64>,
    /// From the task's beginning. What is under way when it is over is cut off.
    pub time: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 32, tokens: None, cost: None, time: None }
    }
}

impl Limits {
    /// The limit that is reached, if one is.
    pub(super) fn reached(&self, steps: u32, used: &Usage, elapsed: Duration) -> Option<End> {
        if steps >= self.steps {
            Some(End::Steps)
        } else if self.tokens.is_some_and(|tokens| used.tokens() >= tokens) {
            Some(End::Tokens)
        } else if self.cost.is_some_and(|cost| used.cost >= cost) {
            Some(End::Money)
        } else if self.time.is_some_and(|time| elapsed >= time) {
            Some(End::Time)
        } else {
            None
        }
    }

    /// What is left to spend.
    pub(super) fn left(&self, used: &Usage) -> Share {
        Share { tokens: self.tokens, cost: self.cost }.without(Share::of(used))
    }
}

/// Something to spend; none is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) tokens: Option<u64>,
    /// Millionths of a US dollar.
    pub(super) cost: Option<u64>,
}

/// What a request may cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Price {
    /// Its own tokens at most.
    pub(super) tokens: u64,
    /// Millionths of a US dollar for a million tokens of it, and of its reply.
    pub(super) input: u64,
    pub(super) output: u64,
}

impl Share {
    fn of(used: &Usage) -> Self {
        Self { tokens: Some(used.tokens()), cost: Some(used.cost) }
    }

    fn each(self, other: Self, both: fn(u64, Option<u64>) -> u64) -> Self {
        Self {
            tokens: self.tokens.map(|tokens| both(tokens, other.tokens)),
            cost: self.cost.map(|cost| both(cost, other.cost)),
        }
    }

    fn without(self, other: Self) -> Self {
        self.each(other, |own, other| own.saturating_sub(other.unwrap_or(0)))
    }

    /// The least of both.
    pub(super) fn least(self, other: Self) -> Self {
        let least = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
        Self { tokens: least(self.tokens, other.tokens), cost: least(self.cost, other.cost) }
    }

    /// Tokens that a reply may have after its request, or which limit leaves none; none is without limit.
    pub(super) fn reply(&self, price: &Price) -> Result<Option<u32>, End> {
        let tokens = self.tokens.map(|tokens| tokens.saturating_sub(price.tokens));
        if tokens == Some(0) {
            return Err(End::Tokens);
        }
        let bought = self.cost.filter(|_| price.input > 0 || price.output > 0).map(|cost| {
            let request = u128::from(price.tokens) * u128::from(price.input);
            let rest = (u128::from(cost) * 1_000_000).saturating_sub(request);
            u64::try_from(rest / u128::from(price.output.max(1))).unwrap_or(u64::MAX)
        });
        if bought == Some(0) {
            return Err(End::Money);
        }
        let most = tokens.into_iter().chain(bought).min();
        Ok(most.map(|most| u32::try_from(most).unwrap_or(u32::MAX)))
    }
}

/// What sub-agents that run at once share: each is given a part of what is free, and what it leaves comes
/// back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse(pub(super) Share);

impl Purse {
    /// The part of one of `places` that are free now. As much is kept for what follows.
    pub(super) fn take(&mut self, places: usize, most: Share) -> Share {
        let parts = Share { tokens: Some(places as u64 + 1), cost: Some(places as u64 + 1) };
        let part = self.0.each(parts, |own, parts| own / parts.unwrap_or(1).max(1)).least(most);
        self.0 = self.0.without(part);
        part
    }

    /// Its sub-agent has ended.
    pub(super) fn back(&mut self, part: Share, used: &Usage) {
        let rest = part.without(Share::of(used));
        self.0 = self.0.each(rest, |own, rest| own.saturating_add(rest.unwrap_or(0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(input: u64, cost: u64) -> Usage {
        Usage { input, cost, ..Usage::default() }
    }

    #[test]
    fn each_limit_has_its_own_end() {
        let limits = Limits { steps: 3, tokens: Some(100), cost: Some(50), time: Some(Duration::from_secs(9)) };
        let now = Duration::from_secs(1);
        assert_eq!(limits.reached(2, &used(99, 49), now), None);
        assert_eq!(limits.reached(3, &used(0, 0), now), Some(End::Steps));
        assert_eq!(limits.reached(0, &used(100, 0), now), Some(End::Tokens));
        assert_eq!(limits.reached(0, &used(0, 50), now), Some(End::Money));
        assert_eq!(limits.reached(0, &used(0, 0), Duration::from_secs(9)), Some(End::Time));
        assert_eq!(limits.left(&used(150, 20)), Share { tokens: Some(0), cost: Some(30) });
        assert_eq!(Limits::default().left(&used(150, 20)), Share::default());
    }

    #[test]
    fn a_reply_fits_into_what_its_request_leaves() {
        let share = |tokens, cost| Share { tokens, cost };
        let price = Price { tokens: 100, input: 1_000_000, output: 5_000_000 };
        assert_eq!(share(Some(150), None).reply(&price), Ok(Some(50)));
        assert_eq!(share(Some(100), None).reply(&price), Err(End::Tokens));
        // 100 for the request, and five for each token of the reply.
        assert_eq!(share(None, Some(130)).reply(&price), Ok(Some(6)));
        assert_eq!(share(Some(103), Some(130)).reply(&price), Ok(Some(3)));
        assert_eq!(share(None, Some(104)).reply(&price), Err(End::Money));
        // What costs nothing is not bounded by money.
        assert_eq!(share(None, Some(0)).reply(&Price { tokens: 100, ..Price::default() }), Ok(None));
        assert_eq!(Share::default().reply(&price), Ok(None));
    }

    #[test]
    fn what_sub_agents_are_given_is_never_more_than_there_is() {
        let mut purse = Purse(Share { tokens: Some(9_000), cost: None });
        let parts: Vec<Share> = [2, 1].map(|places| purse.take(places, Share::default())).into();
        assert_eq!(parts, [Share { tokens: Some(3_000), cost: None }; 2]);
        assert_eq!(purse.0.tokens, Some(3_000), "for what follows");
        // What one leaves is the next one's.
        purse.back(parts[0], &used(1_000, 5));
        assert_eq!(purse.take(1, Share::default()).tokens, Some(2_500));
        let mut purse = Purse(Share { tokens: Some(100), cost: Some(10) });
        let most = Share { tokens: Some(20), cost: Some(900) };
        assert_eq!(purse.take(1, most), Share { tokens: Some(20), cost: Some(5) });
        assert_eq!(purse.0, Share { tokens: Some(80), cost: Some(5) });
    }
}
