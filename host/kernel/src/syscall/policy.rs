//! Policies: plugins that their user set over others, asked at the door before and after what they do.

use std::sync::Arc;

use super::{Authority, Control, Operator, Question, door::BoxFuture, operator::plain};
use crate::process::Pid;
pub(crate) use crate::program::Moment;

pub(crate) use crate::bindings::policy::exports::holm::sys::policy::{
    Actor, Decision, Event, ModelEnd, ModelUse, SpawnEnd, SpawnUse, ToolEnd, ToolUse, Turn,
};

/// What the kernel does for the door: finds policies, runs them, and keeps what waits for an answer.
pub(crate) trait Judges: Send + Sync + 'static {
    /// The policies over a process with these rights that are asked at this moment, each once.
    fn over(&self, authority: &Authority, moment: Moment) -> Vec<String>;

    /// Asks one.
    ///
    /// # Errors
    /// It failed, for this reason.
    fn judge<'a>(&'a self, judged: Judged, policy: &'a str, event: Event) -> BoxFuture<'a, Result<Decision, String>>;

    /// Waits for the operator's answer to a call of this tree, however long that takes.
    fn defer(&self, tree: Pid, question: Question, operator: Option<Arc<dyn Operator>>) -> BoxFuture<'_, bool>;
}

/// Whose deed is judged.
#[derive(Clone)]
pub(crate) struct Judged {
    pub(crate) control: Arc<Control>,
    pub(crate) authority: Arc<Authority>,
    pub(crate) operator: Option<Arc<dyn Operator>>,
    /// For whom it is called, where that is no plugin.
    pub(crate) client: Option<Arc<str>>,
}

/// What several policies, and the rule of a grant, say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Why it does not happen.
    pub(crate) denied: Option<String>,
    /// Who wants the operator asked.
    asks: Vec<String>,
    /// Whether the answer may take its time.
    pub(crate) deferred: bool,
}

/// A policy's reason is cut here. Stops reasons that are kept in records, denials and questions.
const REASON_BYTES: usize = 1_024;

impl Verdict {
    /// What a grant's own rule says, where it asks.
    pub(crate) fn of_rule(rule: Option<String>) -> Self {
        let asks = rule.map(|rule| format!("`{rule}`")).into_iter().collect();
        Self { asks, ..Self::default() }
    }

    /// Adds what one more policy says.
    pub(crate) fn add(&mut self, policy: &str, decision: Result<Decision, String>) {
        match decision {
            Ok(Decision::Allow) => {}
            Ok(Decision::Deny(reason)) => self.denied = Some(format!("policy `{policy}`: {}", told(&reason))),
            Ok(Decision::Ask(reason)) => self.asks.push(format!("policy `{policy}` ({})", told(&reason))),
            Ok(Decision::Defer(reason)) => {
                self.deferred = true;
                self.asks.push(format!("policy `{policy}` ({})", told(&reason)));
            }
            Err(error) => self.denied = Some(format!("policy `{policy}` failed, which denies: {}", told(&error))),
        }
    }

    /// Who wants the operator asked, in words; none where nobody does.
    pub(crate) fn asks(&self) -> Option<String> {
        (!self.asks.is_empty()).then(|| self.asks.join(" and "))
    }
}

/// As much of a policy's reason as anybody is told, nothing hidden in it.
fn told(reason: &str) -> String {
    let told = plain(&reason[..reason.floor_char_boundary(REASON_BYTES)]);
    if told.is_empty() { "it gave no reason".to_owned() } else { told }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(rule: Option<&str>, decisions: impl IntoIterator<Item = Result<Decision, String>>) -> Verdict {
        let mut verdict = Verdict::of_rule(rule.map(str::to_owned));
        decisions.into_iter().for_each(|decision| verdict.add("p", decision));
        verdict
    }

    #[test]
    fn no_policy_takes_back_what_another_or_a_grant_said() {
        let (allow, ask) = (|| Ok(Decision::Allow), || Ok(Decision::Ask("why".to_owned())));
        let (deny, defer) = (|| Ok(Decision::Deny("no".to_owned())), || Ok(Decision::Defer("later".to_owned())));
        let failed = || Err("it trapped".to_owned());
        assert_eq!(verdict(None, [allow()]), Verdict::default());
        assert_eq!(verdict(Some("a/b:ask"), [allow()]).asks().as_deref(), Some("`a/b:ask`"));
        let both = verdict(Some("a/b:ask"), [ask(), allow()]);
        assert_eq!((both.asks().as_deref(), both.deferred), (Some("`a/b:ask` and policy `p` (why)"), false));
        assert!(verdict(None, [defer(), ask(), allow()]).deferred);
        for denied in [verdict(None, [deny(), allow()]), verdict(None, [allow(), defer(), failed(), allow()])] {
            assert!(denied.denied.is_some());
        }
    }

    #[test]
    fn a_reason_is_short_and_hides_nothing() {
        let reason = format!("\u{1b}[2J\u{202e}{}", "x".repeat(5_000));
        let verdict = verdict(None, [Ok(Decision::Deny(reason))]);
        let denied = verdict.denied.expect("denied");
        assert!(denied.len() < 1_100 && denied.starts_with("policy `p`: \\u{1b}[2J\\u{202e}xx"), "{denied}");
    }
}
