//! Rights to models: `fast`, `*`, `smart:tokens=100000/day,usd=2/run,calls=50/hour,shared-cache`.

use std::{fmt, str::FromStr};

use crate::syscall::{
    budget::{Budget, Budgeted, Unit},
    grant::{Rule, RuleError},
    named::is_name,
    pattern::Pattern,
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

impl LlmRule {
    /// Whether replies are shared with other plugins.
    pub fn shared_cache(&self) -> bool {
        self.shared_cache
    }
}

impl Budgeted for LlmRule {
    fn scope(&self) -> String {
        self.pattern.to_string()
    }

    fn budgets(&self) -> &[Budget] {
        &self.budgets
    }
}

impl Rule for LlmRule {
    type Want = LlmWant;

    fn admits(&self, want: &LlmWant) -> bool {
        self.pattern.admits(&want.0)
    }

    fn covers(&self, other: &Self) -> bool {
        self.pattern.covers(&other.pattern) && (self.shared_cache || !other.shared_cache) && self.spends_no_less(other)
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
            if budget.unit == Unit::Bytes || rule.budget(budget.unit, budget.window) != u64::MAX {
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
