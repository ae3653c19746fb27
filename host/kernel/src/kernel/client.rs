//! Calls that an adapter makes for a client of its own: no grant of a plugin's stands before them, so the policies
//! over what is called are asked here, and each call is recorded with its client.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    bindings::holm::sys::tool_types::ToolError,
    devices::{Capability as _, tool::ToolRule},
    engine::{Entry, Outcome},
    program::{ArgumentOf, Fetch},
    syscall::{
        Approval, Question,
        audit::{Decision, RESOURCE_BYTES, Record, Sink},
        policy::{Event, Judged, Judges, Moment, ToolEnd, ToolUse, Verdict},
    },
};

/// A root's call, or fetch, for a client.
pub(super) struct ClientCall {
    judged: Judged,
    judges: Arc<dyn Judges>,
    audit: Arc<dyn Sink>,
    /// As records and policies know the client: no plugin is called like it.
    who: Arc<str>,
    operation: &'static str,
    /// `plugin/tool`, or what else of a plugin's is fetched.
    name: String,
    /// The arguments of a tool; policies are asked about nothing else.
    arguments: Option<String>,
}

impl ClientCall {
    pub(super) fn new(
        client: &str,
        entry: &Entry,
        judged: Judged,
        judges: Arc<dyn Judges>,
        audit: Arc<dyn Sink>,
    ) -> Self {
        let plugin = judged.control.plugin.clone();
        let (operation, own, arguments) = match entry {
            Entry::Call { tool, arguments } => ("call", tool.as_str(), Some(arguments.clone())),
            Entry::Fetch(Fetch::Resource { uri }) => ("read", uri.as_str(), None),
            Entry::Fetch(Fetch::Prompt { name, .. }) => ("prompt", name.as_str(), None),
            Entry::Fetch(Fetch::Completion { of: ArgumentOf::Prompt(name) | ArgumentOf::Template(name), .. }) => {
                ("complete", name.as_str(), None)
            }
            _ => ("run", "", None),
        };
        let who: Arc<str> = format!("mcp:{client}").into();
        let name = format!("{plugin}/{own}");
        let judged = Judged { client: Some(who.clone()), ..judged };
        Self { judged, judges, audit, who, operation, name, arguments }
    }

    /// Asks the policies over what is called, and records the call.
    ///
    /// # Errors
    /// Denied, in words.
    pub(super) async fn before(&self) -> Result<(), String> {
        let allowed = match &self.arguments {
            None => Ok(()),
            Some(arguments) => {
                let used = || Event::BeforeTool(ToolUse { name: self.name.clone(), arguments: arguments.clone() });
                self.judge(Moment::BeforeTool, arguments, used).await
            }
        };
        self.record(match &allowed {
            Ok(()) => Decision::Allowed,
            Err(rule) => Decision::Denied(rule.clone()),
        });
        allowed
    }

    /// What its client is told of its end, where no policy withholds it.
    pub(super) async fn after(&self, outcome: Outcome) -> Outcome {
        if self.arguments.is_none() {
            return outcome;
        }
        let end = || {
            let outcome = match &outcome {
                Outcome::Answered(Ok(result)) => Ok(result.clone()),
                Outcome::Answered(Err(ToolError::NoSuchTool)) => Err("there is no such tool".to_owned()),
                Outcome::Answered(Err(ToolError::InvalidArguments(text) | ToolError::Failed(text))) => {
                    Err(text.clone())
                }
                Outcome::Exited(status) => Err(status.to_string()),
                _ => Err("it answered something else".to_owned()),
            };
            Event::AfterTool(ToolEnd { name: self.name.clone(), outcome })
        };
        match self.judge(Moment::AfterTool, "", end).await {
            Ok(()) => outcome,
            Err(rule) => {
                self.record(Decision::Denied(rule.clone()));
                denied(&rule)
            }
        }
    }

    async fn judge(&self, moment: Moment, detail: &str, event: impl FnOnce() -> Event) -> Result<(), String> {
        let policies = self.judges.over(&self.judged.authority, moment);
        if policies.is_empty() {
            return Ok(());
        }
        let (event, mut verdict) = (event(), Verdict::default());
        for policy in policies {
            verdict.add(&policy, self.judges.judge(self.judged.clone(), &policy, event.clone()).await);
            if let Some(rule) = verdict.denied {
                self.tell(&rule);
                return Err(rule);
            }
        }
        let Some(rule) = verdict.asks() else { return Ok(()) };
        let question = Question { approval: Some(Approval::new(detail)), ..self.question(&rule) };
        let allowed = match self.judged.operator.clone() {
            operator if verdict.deferred => self.judges.defer(self.judged.control.tree, question, operator).await,
            // The client is nobody who decides: an operator that cannot be asked says no, and why.
            Some(operator) => operator.approve(question).await,
            None => false,
        };
        match allowed {
            true => Ok(()),
            false => Err(format!("{rule} asks, and nobody allowed it")),
        }
    }

    fn tell(&self, rule: &str) {
        if let Some(operator) = &self.judged.operator {
            operator.told(self.question(rule));
        }
    }

    fn question(&self, rule: &str) -> Question {
        let control = &self.judged.control;
        Question {
            pid: control.pid,
            root: true,
            plugin: control.plugin.to_string(),
            capability: ToolRule::NAME.to_owned(),
            resource: self.name.clone(),
            rule: rule.to_owned(),
            grantable: false,
            approval: None,
        }
    }

    fn record(&self, decision: Decision) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.audit.record(Record {
            time: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            pid: self.judged.control.pid,
            plugin: self.who.to_string(),
            device: "mcp".to_owned(),
            operation: self.operation.to_owned(),
            resource: self.name[..self.name.floor_char_boundary(RESOURCE_BYTES)].to_owned(),
            decision,
            count: 1,
            fuel: 0,
        });
    }
}

/// What the client of a denied call is told.
pub(super) fn denied(rule: &str) -> Outcome {
    Outcome::Answered(Err(ToolError::Failed(format!("denied: {rule}"))))
}
