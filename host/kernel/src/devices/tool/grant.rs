//! Rights to call tools: `jq/*`, `github/*?repo=me/*&state=open`, `files/remove:ask,calls=5/day`.

use std::{fmt, str::FromStr, sync::Arc};

use super::arguments::{Arguments, normal};
use crate::syscall::{
    budget::{Budget, Budgeted, Unit},
    grant::{Rule, RuleError, Rules},
    is_hidden,
    named::{SKILL, is_name, is_plugin_pattern, is_tool_pattern, tool_parts},
    pattern::Pattern,
};

/// Tools whose names match, with arguments that match, on terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolRule {
    pattern: Pattern,
    predicates: Vec<Predicate>,
    /// The operator is asked at every call.
    ask: bool,
    budgets: Vec<Budget>,
}

/// What an argument has to be: a text that matches. One that is absent or no text does not.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Predicate {
    argument: String,
    value: Pattern,
    /// It is about a path or an address: only a value without `.`, `..` and `//` in it matches.
    path: bool,
}

/// A tool that a call wants to see, or to call.
#[derive(Clone, Debug)]
pub struct ToolWant {
    name: String,
    /// None where only the name counts: who looks at a tool does nothing with it yet.
    arguments: Option<Arc<Arguments>>,
}

/// A rule is at most this long: each call may have to ask 256 of them, of a plugin's own writing.
const RULE_BYTES: usize = 512;
/// A longer argument matches no predicate.
const VALUE_BYTES: usize = 4096;

const EXPECTED: &str = "a plugin and a tool, like `jq/*`, with what its arguments have to be and on which terms, \
    like `github/*?repo=me/*` or `files/write:ask,calls=100/hour`";

impl ToolRule {
    /// Whether the operator is asked at every call.
    pub fn asks(&self) -> bool {
        self.ask
    }

    /// The arguments of this tool that it takes for paths.
    pub(super) fn paths<'a>(&'a self, tool: &str) -> impl Iterator<Item = &'a str> {
        let named = self.pattern.admits(tool);
        let paths = self.predicates.iter().filter(move |predicate| named && predicate.path);
        paths.map(|predicate| predicate.argument.as_str())
    }

    fn covered(&self, other: &Predicate) -> bool {
        self.predicates.iter().any(|own| own.argument == other.argument && other.value.covers(&own.value))
    }
}

impl Predicate {
    fn admits(&self, arguments: &Arguments) -> bool {
        arguments.text(&self.argument).is_some_and(|value| {
            value.len() <= VALUE_BYTES
                && (!self.path || normal(value).as_deref() == Some(value))
                && self.value.admits(value)
        })
    }
}

impl ToolWant {
    /// A tool, by its name alone.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), arguments: None }
    }

    /// A call of a tool.
    pub fn call(name: impl Into<String>, arguments: Arc<Arguments>) -> Self {
        Self { name: name.into(), arguments: Some(arguments) }
    }
}

impl Rule for ToolRule {
    type Want = ToolWant;

    fn admits(&self, want: &ToolWant) -> bool {
        let fit = |arguments: &Arc<Arguments>| self.predicates.iter().all(|predicate| predicate.admits(arguments));
        self.pattern.admits(&want.name) && want.arguments.as_ref().is_none_or(fit)
    }

    fn covers(&self, other: &Self) -> bool {
        self.pattern.covers(&other.pattern)
            && self.predicates.iter().all(|predicate| other.covered(predicate))
            && (!self.ask || other.ask)
            && self.spends_no_less(other)
    }

    /// This tool, with the arguments that the rules look at as they are in this call, on the terms
    /// of the ceiling.
    fn spelled(want: &ToolWant, ceiling: &Rules<Self>, granted: &Rules<Self>) -> Option<String> {
        let within = ceiling.admitting(want).next()?;
        let mut spelled = Self {
            pattern: want.name.parse().ok()?,
            predicates: Vec::new(),
            ask: within.ask,
            budgets: within.budgets.clone(),
        };
        for known in ceiling.iter().chain(granted.iter()).filter(|rule| rule.pattern.admits(&want.name)) {
            for Predicate { argument, path, .. } in &known.predicates {
                let value = want.arguments.as_ref().and_then(|arguments| arguments.text(argument));
                let Some(value) = value else { continue };
                // A star would allow more than this call, and nobody could see what is hidden.
                if value.contains('*') || value.chars().any(is_hidden) {
                    return None;
                }
                let known = spelled.predicates.iter_mut().find(|known| known.argument == *argument);
                match known {
                    Some(_) => {}
                    None => {
                        let (argument, path) = (argument.clone(), *path || value.contains('/'));
                        spelled.predicates.push(Predicate { argument, value: value.parse().ok()?, path });
                    }
                }
            }
        }
        let text = spelled.to_string();
        // It has to be read again, and to allow what is wanted.
        text.parse::<Self>().is_ok_and(|rule| rule.admits(want)).then_some(text)
    }
}

impl Budgeted for ToolRule {
    fn scope(&self) -> String {
        Self { ask: false, budgets: Vec::new(), ..self.clone() }.to_string()
    }

    fn budgets(&self) -> &[Budget] {
        &self.budgets
    }
}

/// A colon begins the terms, but for one before a slash: that is an address's.
fn terms(text: &str) -> (&str, Option<&str>) {
    match text.match_indices(':').find(|(at, _)| !text[at + 1..].starts_with('/')) {
        Some((at, _)) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// What a value's own `%`, `&` and `:` are written as.
const ESCAPES: [(&str, &str); 3] = [("%25", "%"), ("%26", "&"), ("%3A", ":")];

fn unescaped(text: &str) -> Option<String> {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, _)) = rest.split_once('%') {
        let escape = &rest[before.len()..];
        let (code, char) = ESCAPES.iter().find(|(code, _)| escape.starts_with(code))?;
        plain.push_str(before);
        plain.push_str(char);
        rest = &escape[code.len()..];
    }
    plain.push_str(rest);
    Some(plain)
}

fn escaped(text: &str) -> String {
    let text = text.replace('%', "%25").replace('&', "%26");
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            ':' if chars.peek() != Some(&'/') => out.push_str("%3A"),
            char => out.push(char),
        }
    }
    out
}

impl FromStr for Predicate {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (argument, value) = text.split_once('=').ok_or(())?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.$@".contains(&byte);
        if !(1..=64).contains(&argument.len()) || !argument.bytes().all(plain) {
            return Err(());
        }
        let mut value = unescaped(value).ok_or(())?;
        let path = value.contains('/');
        if path {
            // What values are compared with is as they are: `./data/*` means `data/*`.
            if value.split('/').any(|part| part == "..") {
                return Err(());
            }
            value = normal(&value).ok_or(())?;
        }
        let path = path || value.contains('/');
        Ok(Self { argument: argument.to_owned(), value: value.parse().map_err(|_| ())?, path })
    }
}

impl FromStr for ToolRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let wrong = || RuleError::new(text, EXPECTED);
        let (what, terms) = terms(text);
        let (name, predicates) = what.split_once('?').map_or((what, None), |(name, rest)| (name, Some(rest)));
        let named = tool_parts(name).is_some_and(|(plugin, tool)| is_plugin_pattern(plugin) && is_tool_pattern(tool))
            // All tools of skills that are called so: `skill/*`.
            || name.strip_prefix(SKILL).is_some_and(is_name);
        if !named || text.len() > RULE_BYTES {
            return Err(wrong());
        }
        let mut rule = Self { pattern: name.parse()?, predicates: Vec::new(), ask: false, budgets: Vec::new() };
        for predicate in predicates.into_iter().flat_map(|all| all.split('&')) {
            let predicate: Predicate = predicate.parse().map_err(|()| wrong())?;
            if rule.predicates.iter().any(|known| known.argument == predicate.argument) {
                return Err(wrong());
            }
            rule.predicates.push(predicate);
        }
        for term in terms.into_iter().flat_map(|terms| terms.split(',')) {
            if term == "ask" && !rule.ask {
                rule.ask = true;
                continue;
            }
            let budget: Budget = term.parse().map_err(|()| wrong())?;
            // One of each window: three at most.
            if budget.unit != Unit::Calls || rule.budget(budget.unit, budget.window) != u64::MAX {
                return Err(wrong());
            }
            rule.budgets.push(budget);
        }
        Ok(rule)
    }
}

impl fmt::Display for ToolRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pattern.fmt(f)?;
        for (index, Predicate { argument, value, .. }) in self.predicates.iter().enumerate() {
            let mark = if index == 0 { '?' } else { '&' };
            write!(f, "{mark}{argument}={}", escaped(value.as_str()))?;
        }
        let budgets = self.budgets.iter().map(ToString::to_string);
        let terms: Vec<String> = self.ask.then(|| "ask".to_owned()).into_iter().chain(budgets).collect();
        if !terms.is_empty() {
            write!(f, ":{}", terms.join(","))?;
        }
        Ok(())
    }
}

impl fmt::Display for ToolWant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> ToolRule {
        text.parse().expect("taken")
    }

    fn rules(texts: &[&str]) -> Rules<ToolRule> {
        let mut rules = Rules::default();
        texts.iter().for_each(|text| rules.add(rule(text)));
        rules
    }

    fn call(name: &str, arguments: &str) -> ToolWant {
        ToolWant::call(name, Arc::new(Arguments::parse(arguments).expect("an object")))
    }

    #[test]
    fn a_rule_reads_as_it_is_written() {
        for text in [
            "jq/*",
            "time/getCurrent.Time_*",
            "files/read_*:ask",
            "github/*?repo=me/*&state=open:ask,calls=100/hour,calls=5/run",
            "web/get?url=https://api.github.com/repos/*",
            "web/get?url=https://host%3A8080/*&q=100%25%26more:calls=1_000/day",
        ] {
            assert_eq!(rule(text).to_string(), text.replace("1_000", "1000"));
        }
        assert_eq!(rule("f/read?path=./data//x/*").to_string(), "f/read?path=data/x/*");
        for text in [
            "jq",
            "jq/",
            "a/b/c",
            "a b/c",
            "A/c",
            "a/c d",
            "jq/*:",
            "jq/*:ask,ask",
            "jq/*:aks",
            "jq/*:tokens=1/day",
            "jq/*:usd=1/day",
            "jq/*:calls=1/run,calls=2/run",
            "jq/*?",
            "jq/*?a",
            "jq/*?=x",
            "jq/*?a=",
            "jq/*?a=x&a=y",
            "jq/*?a=x&",
            "jq/*?a=%41",
            "jq/*?a=x:y",
            "jq/*?a=x/../y",
            "jq/*?a=\u{7}",
            "jq/*?a b=x",
        ] {
            assert!(text.parse::<ToolRule>().is_err(), "{text}");
        }
        assert!(format!("jq/*?a={}", "x".repeat(RULE_BYTES)).parse::<ToolRule>().is_err());
    }

    #[test]
    fn predicates_look_at_the_arguments() {
        let narrow = rule("github/get_*?repo=me/*");
        for (arguments, admitted) in [
            (r#"{"repo":"me/x"}"#, true),
            (r#"{"repo":"me/x/y","other":1}"#, true),
            (r#"{"repo":"you/x"}"#, false),
            // Absent, or no text.
            ("{}", false),
            (r#"{"repo":["me/x"]}"#, false),
            (r#"{"repo":null}"#, false),
            (r#"{"other":{"repo":"me/x"}}"#, false),
            // Not as a path is once it is resolved.
            (r#"{"repo":"me/../you/x"}"#, false),
            (r#"{"repo":"me//x"}"#, false),
            (r#"{"repo":"me/./x"}"#, false),
            (r#"{"repo":"me/..\\x"}"#, false),
        ] {
            assert_eq!(narrow.admits(&call("github/get_file", arguments)), admitted, "{arguments}");
        }
        assert!(narrow.admits(&ToolWant::named("github/get_file")));
        assert!(!narrow.admits(&ToolWant::named("github/put_file")));
        assert!(!narrow.admits(&call("github/get_x", &format!(r#"{{"repo":"me/{}"}}"#, "x".repeat(VALUE_BYTES)))));
    }

    #[test]
    fn less_is_covered_and_more_is_not() {
        let covers = |wide: &str, narrow: &str| rule(wide).covers(&rule(narrow));
        assert!(covers("g/*", "g/get?repo=me/*:ask") && covers("g/*?repo=me/*", "g/get?repo=me/x&state=open"));
        assert!(covers("g/*:calls=5/day", "g/*:calls=5/day,calls=1/run") && covers("g/*:ask", "g/x:ask,calls=1/run"));
        assert!(!covers("g/*?repo=me/*", "g/get") && !covers("g/*?repo=me/*", "g/get?repo=*"));
        assert!(!covers("g/*?repo=me/*", "g/get?owner=me/x") && !covers("g/get?a=x&b=y", "g/get?a=x"));
        assert!(!covers("g/*:ask", "g/get") && !covers("g/*:calls=5/day", "g/*:calls=6/day"));
    }

    #[test]
    fn what_would_allow_a_call_is_as_narrow_as_the_rules_are() {
        let (ceiling, granted) = (rules(&["g/*"]), rules(&["g/*?repo=me/*"]));
        let spelled = |ceiling: &Rules<ToolRule>, granted: &Rules<ToolRule>, arguments: &str| {
            ToolRule::spelled(&call("g/get", arguments), ceiling, granted)
        };
        let other = r#"{"repo":"you/x","q":"y"}"#;
        assert_eq!(spelled(&ceiling, &granted, other).as_deref(), Some("g/get?repo=you/x"));
        assert_eq!(spelled(&ceiling, &rules(&[]), other).as_deref(), Some("g/get"));
        assert_eq!(spelled(&rules(&["g/*?repo=you/*:ask"]), &granted, other).as_deref(), Some("g/get?repo=you/x:ask"));
        // No grant can allow it, or none that says no more.
        assert_eq!(spelled(&rules(&["g/*?repo=us/*"]), &granted, other), None);
        assert_eq!(spelled(&ceiling, &granted, r#"{"repo":"you/*"}"#), None);
        assert_eq!(spelled(&ceiling, &granted, r#"{"repo":"you\u202e"}"#), None);
        // Colons and the like are still the value's own.
        assert_eq!(
            spelled(&ceiling, &granted, r#"{"repo":"a:ask&b=%"}"#).as_deref(),
            Some("g/get?repo=a%3Aask%26b=%25")
        );
    }
}
