//! guard: a policy that keeps secrets in and asks before a tool changes anything.
//!
//! It holds no grant: it sees what it is asked about, and can tell nobody.

use holm::policy::{Actor, Decision, Event};
use regex_lite::Regex;

/// What a secret looks like, and what it is called. They are long and have a shape of their own: a text
/// that only speaks of keys holds none.
const SECRETS: &[(&str, &str)] = &[
    ("a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})"),
    ("a key of a model provider", r"\bsk-[A-Za-z0-9_-]{20}"),
    ("a Google key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("a Slack token", r"\bxox[abeprs]-[0-9A-Za-z-]{10}"),
    ("a Stripe key", r"\b[rs]k_live_[0-9A-Za-z]{16}"),
];

/// Tools that are named so change something.
const CHANGES: &[&str] = &[
    "write", "edit", "append", "create", "put", "set", "delete", "remove", "move", "rename", "send", "post", "publish",
    "exec", "execute", "run", "extract",
];

holm::export_policy!(judge);

fn judge(_: &Actor, event: &Event) -> Decision {
    if let Some(secret) = event.texts().into_iter().find_map(secret) {
        return Decision::Deny(format!("{} holds what looks like {secret}", place(event)));
    }
    match event {
        Event::BeforeTool(call) if changes(&call.name) => Decision::Ask("it changes something".to_owned()),
        _ => Decision::Allow,
    }
}

/// The name of a secret in this text.
fn secret(text: &str) -> Option<&'static str> {
    // The patterns are ours, and the tests compile each.
    let holds = |pattern: &str| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
    SECRETS.iter().find(|(_, pattern)| holds(pattern)).map(|(name, _)| *name)
}

/// Whether a tool's name, like `files/write` or `db/delete_all`, says that it changes something.
fn changes(name: &str) -> bool {
    let tool = name.rsplit('/').next().unwrap_or(name);
    tool.split(['-', '_']).any(|word| CHANGES.contains(&word))
}

fn place(event: &Event) -> &'static str {
    match event {
        Event::BeforeTool(_) => "the call",
        Event::AfterTool(_) => "the result",
        Event::BeforeModel(_) => "the conversation",
        Event::BeforeSpawn(_) => "the sub-agent's task",
        _ => "it",
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Event, SECRETS, changes, judge, secret};
    use holm::policy::{Actor, ModelUse, ToolEnd, ToolUse, Turn};
    use regex_lite::Regex;

    fn judged(event: &Event) -> String {
        let actor = Actor { plugin: "agent".into(), root: "agent".into(), pid: 1 };
        match judge(&actor, event) {
            Decision::Allow => "allow".to_owned(),
            Decision::Deny(reason) => format!("deny: {reason}"),
            Decision::Ask(reason) | Decision::Defer(reason) => format!("ask: {reason}"),
        }
    }

    fn call(name: &str, arguments: &str) -> Event {
        Event::BeforeTool(ToolUse { name: name.into(), arguments: arguments.into() })
    }

    #[test]
    fn patterns_compile() {
        for (name, pattern) in SECRETS {
            assert!(Regex::new(pattern).is_ok(), "{name}");
        }
    }

    #[test]
    fn secrets_are_known_by_their_shape() {
        // Put together here: nothing in this file is taken for one.
        let all = [
            ("a private key", format!("x\n-----BEGIN {}PRIVATE KEY-----\nMII", "OPENSSH ")),
            ("an AWS access key", format!("key=AKIA{}", "Z".repeat(16))),
            ("a GitHub token", format!("ghp_{}", "a1".repeat(18))),
            ("a key of a model provider", format!("OPENAI_API_KEY=sk-{}", "p".repeat(48))),
            ("a Slack token", format!("xoxb-{}", "1".repeat(12))),
        ];
        for (name, text) in all {
            assert_eq!(secret(&text), Some(name), "{text}");
        }
        for text in ["ask for the API key", "sk-learn and risk-averse", "a PRIVATE KEY has a header", "AKIA"] {
            assert_eq!(secret(text), None, "{text}");
        }
    }

    #[test]
    fn what_changes_something_is_asked_about() {
        for name in ["files/write", "db/delete_all", "mail/send-draft", "zip/extract"] {
            assert!(changes(name), "{name}");
        }
        for name in ["files/read", "files/search", "writer/list", "csv/query", "x/offset"] {
            assert!(!changes(name), "{name}");
        }
        assert_eq!(judged(&call("files/write", r#"{"path":"a"}"#)), "ask: it changes something");
        assert_eq!(judged(&call("files/read", r#"{"path":"a"}"#)), "allow");
    }

    #[test]
    fn a_secret_goes_nowhere() {
        let key = format!("sk-{}", "k".repeat(30));
        let denied = judged(&call("files/write", &key));
        assert_eq!(denied, "deny: the call holds what looks like a key of a model provider");
        let result = Event::AfterTool(ToolEnd { name: "files/read".into(), outcome: Ok(format!("token: {key}")) });
        assert!(judged(&result).starts_with("deny: the result"));
        let turns =
            vec![Turn { role: "user".into(), text: "hello".into() }, Turn { role: "tool-result".into(), text: key }];
        let request = Event::BeforeModel(ModelUse { model: "fast".into(), turns, tools: Vec::new() });
        assert!(judged(&request).starts_with("deny: the conversation"));
    }
}
