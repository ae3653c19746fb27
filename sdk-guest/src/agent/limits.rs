//! How far an agent goes for one task. Pure.

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
    /// From the task's beginning.
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

    /// Tokens that are left, where they are limited.
    pub(super) fn tokens_left(&self, used: &Usage) -> Option<u64> {
        self.tokens.map(|tokens| tokens.saturating_sub(used.tokens()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_its_own_end() {
        let limits = Limits { steps: 3, tokens: Some(100), cost: Some(50), time: Some(Duration::from_secs(9)) };
        let used = |input, cost| Usage { input, cost, ..Usage::default() };
        let now = Duration::from_secs(1);
        assert_eq!(limits.reached(2, &used(99, 49), now), None);
        assert_eq!(limits.reached(3, &used(0, 0), now), Some(End::Steps));
        assert_eq!(limits.reached(0, &used(100, 0), now), Some(End::Tokens));
        assert_eq!(limits.reached(0, &used(0, 50), now), Some(End::Money));
        assert_eq!(limits.reached(0, &used(0, 0), Duration::from_secs(9)), Some(End::Time));
        assert_eq!(limits.tokens_left(&used(150, 0)), Some(0));
    }
}
