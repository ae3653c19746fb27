//! Rights to models: `fast`, `*`, `smart:tokens=100000/day,usd=2/run,calls=50/hour,shared-cache`.

use std::{fmt, str::FromStr};

use crate::{
    account::Money,
    syscall::{
        grant::{Rule, RuleError},
        named::is_name,
        pattern::Pattern,
    },
};

/// Models whose names match, within budgets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LlmRule {
    pattern: Pattern,
    budgets: Vec<Budget>,
    /// Replies may come from, and go to, the cache that all plugins with this word share.
    shared_cache: bool,
}

/// A model that a call wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LlmWant(pub String);

/// What a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// Calls.
    Calls,
    /// Tokens of requests and replies.
    Tokens,
    /// Millionths of a US dollar.
    Money,
}

/// For how long it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// From the start of a root process to its end.
    Run,
    /// An hour of the clock.
    Hour,
    /// A day of the clock (UTC).
    Day,
}

/// At most this much in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// What is counted.
    pub unit: Unit,
    /// For how long.
    pub window: Window,
    /// How much there is.
    pub amount: u64,
}

impl LlmRule {
    /// The names it means, as they are written.
    pub fn models(&self) -> String {
        self.pattern.to_string()
    }

    /// What calls under this rule may use.
    pub fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// Whether replies are shared with other plugins.
    pub fn shared_cache(&self) -> bool {
        self.shared_cache
    }

    fn budget(&self, unit: Unit, window: Window) -> u64 {
        let same = self.budgets.iter().filter(|budget| budget.unit == unit && budget.window == window);
        same.map(|budget| budget.amount).min().unwrap_or(u64::MAX)
    }
}

impl Rule for LlmRule {
    type Want = LlmWant;

    fn admits(&self, want: &LlmWant) -> bool {
        self.pattern.admits(&want.0)
    }

    fn covers(&self, other: &Self) -> bool {
        self.pattern.covers(&other.pattern)
            && (self.shared_cache || !other.shared_cache)
            && self.budgets.iter().all(|own| other.budget(own.unit, own.window) <= own.amount)
    }
}

impl Budget {
    /// As a limit's name.
    pub fn name(&self) -> &'static str {
        match (self.unit, self.window) {
            (Unit::Calls, Window::Run) => "calls/run",
            (Unit::Calls, Window::Hour) => "calls/hour",
            (Unit::Calls, Window::Day) => "calls/day",
            (Unit::Tokens, Window::Run) => "tokens/run",
            (Unit::Tokens, Window::Hour) => "tokens/hour",
            (Unit::Tokens, Window::Day) => "tokens/day",
            (Unit::Money, Window::Run) => "usd/run",
            (Unit::Money, Window::Hour) => "usd/hour",
            (Unit::Money, Window::Day) => "usd/day",
        }
    }
}

impl FromStr for Budget {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (unit, rest) = text.split_once('=').ok_or(())?;
        let (amount, window) = rest.split_once('/').ok_or(())?;
        let window = match window {
            "run" => Window::Run,
            "hour" => Window::Hour,
            "day" => Window::Day,
            _ => return Err(()),
        };
        let number = || amount.replace('_', "").parse().map_err(|_| ());
        let (unit, amount) = match unit {
            "calls" => (Unit::Calls, number()?),
            "tokens" => (Unit::Tokens, number()?),
            "usd" => (Unit::Money, amount.parse::<Money>().map_err(|_| ())?.0),
            _ => return Err(()),
        };
        Ok(Budget { unit, window, amount })
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, window) = self.name().split_once('/').unwrap_or_default();
        match self.unit {
            Unit::Money => write!(f, "{unit}={}/{window}", Money(self.amount)),
            _ => write!(f, "{unit}={}/{window}", self.amount),
        }
    }
}

impl FromStr for LlmRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let wrong = || {
            RuleError::new(text, "a model's name and budgets, like `fast` or `smart:tokens=100000/day,usd=2.50/run`")
        };
        let (name, rest) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
        if !is_name(name) {
            return Err(wrong());
        }
        let mut rule = Self { pattern: name.parse()?, budgets: Vec::new(), shared_cache: false };
        for word in rest.into_iter().flat_map(|rest| rest.split(',')) {
            if word == "shared-cache" {
                rule.shared_cache = true;
                continue;
            }
            let budget: Budget = word.parse().map_err(|()| wrong())?;
            // One of each: nine at most.
            if rule.budget(budget.unit, budget.window) != u64::MAX {
                return Err(wrong());
            }
            rule.budgets.push(budget);
        }
        Ok(rule)
    }
}

impl fmt::Display for LlmRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pattern.fmt(f)?;
        let budgets = self.budgets.iter().map(ToString::to_string);
        let words: Vec<String> = budgets.chain(self.shared_cache.then(|| "shared-cache".to_owned())).collect();
        if !words.is_empty() {
            write!(f, ":{}", words.join(","))?;
        }
        Ok(())
    }
}

impl fmt::Display for LlmWant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> LlmRule {
        text.parse().expect("taken")
    }

    #[test]
    fn a_rule_reads_as_it_is_written() {
        for text in
            ["fast", "*", "smart:tokens=100000/day,usd=2.50/run,calls=50/hour,shared-cache", "gpt-*:usd=0.000001/day"]
        {
            assert_eq!(rule(text).to_string(), text);
        }
        for text in [
            "",
            "a b",
            "fast:",
            "fast:tokens=1",
            "fast:tokens=-1/day",
            "fast:usd=1.1234567/day",
            "f:calls=1/week",
            "f:calls=1/run,calls=2/run",
        ] {
            assert!(text.parse::<LlmRule>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_wider_budget_is_never_covered() {
        assert!(rule("*").covers(&rule("fast:tokens=5/run")));
        assert!(rule("fast:tokens=5/run").covers(&rule("fast:tokens=5/run,calls=1/day")));
        assert!(!rule("fast:tokens=5/run").covers(&rule("fast:tokens=6/run")));
        assert!(!rule("fast:tokens=5/run").covers(&rule("fast:tokens=5/day")));
        assert!(!rule("fast:tokens=5/run").covers(&rule("fast")));
        assert!(!rule("fast").covers(&rule("fast:shared-cache")));
    }
}
