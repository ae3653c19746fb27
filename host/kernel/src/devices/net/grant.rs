//! Rights to the network: `https://api.github.com/repos/*:get,post`, `https://*.example.com:calls=9/day`, `*://*`.

use std::{fmt, str::FromStr};

use url::Host as UrlHost;

use super::law::{Class, Host, Target, class, default_port, host};
use crate::syscall::{
    budget::{Budget, Budgeted, Unit},
    grant::{Rule, RuleError, Rules},
    pattern::Pattern,
};

/// Requests that may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetRule {
    /// None: each of them.
    scheme: Option<&'static str>,
    host: Hosts,
    port: Ports,
    /// Matched after it was normalised.
    path: Pattern,
    /// In order; none of them means each.
    methods: Vec<String>,
    /// How many requests there may be, and how many bytes of them.
    budgets: Vec<Budget>,
}

/// Hosts that a rule means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    /// `*`: names, and addresses of the internet.
    All,
    /// `*.example.com`: all names below, and not itself.
    Below(String),
    One(Host),
}

/// Ports that a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ports {
    /// `:*`, and where neither a port nor a scheme that has one is written.
    All,
    One(u16),
}

/// A request that a call wants to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetWant {
    /// What it reaches.
    pub target: Target,
    /// In capitals; empty for what is no request.
    pub method: String,
}

const SCHEMES: [&str; 5] = ["https", "http", "tcp", "udp", "dns"];
/// Of a rule; a path's pattern included.
const MAXIMUM_BYTES: usize = 512;
const METHODS: usize = 16;
const EXPECTED: &str = "a scheme, a host, and what is allowed there, like `https://api.example.com/v1/*:get,post` or `https://*.example.com`";

impl NetRule {
    /// Whether it means one origin, over TLS: what a secret may be bound to.
    pub fn is_secure_origin(&self) -> bool {
        let origin = matches!((&self.host, self.port), (Hosts::One(_), Ports::One(_)));
        self.scheme == Some("https") && origin && self.budgets.is_empty()
    }

    /// What it means, but for the one question that a ceiling leaves open: see [`Rule::bounds`].
    fn means(&self, want: &NetWant) -> bool {
        let target = &want.target;
        let host = match (&self.host, &target.host) {
            (Hosts::All, _) => true,
            (Hosts::Below(parent), Host::Name(name)) => is_below(name, parent),
            (Hosts::Below(_), Host::Address(_)) => false,
            (Hosts::One(own), host) => own == host,
        };
        host && self.scheme.is_none_or(|scheme| scheme == target.scheme)
            && (self.port == Ports::All || self.port == Ports::One(target.port))
            && self.path.admits(&target.matched())
            && (self.methods.is_empty() || self.methods.contains(&want.method))
    }
}

/// Whether `name` is `something.parent`.
fn is_below(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

impl Rule for NetRule {
    type Want = NetWant;

    /// An address that is not of the internet must be written in the rule itself.
    fn admits(&self, want: &NetWant) -> bool {
        let inner = matches!(want.target.host, Host::Address(address) if class(address) != Class::Public);
        self.means(want) && (!inner || matches!(self.host, Hosts::One(_)))
    }

    fn bounds(&self, want: &NetWant) -> bool {
        self.means(want)
    }

    /// By what is written. That `*` covers `127.0.0.1` admits no request there: each layer of
    /// grants is asked for it again, and must name it.
    fn covers(&self, other: &Self) -> bool {
        let host = match (&self.host, &other.host) {
            (Hosts::All, _) => true,
            (Hosts::Below(parent), Hosts::Below(name)) => parent == name || is_below(name, parent),
            (Hosts::Below(parent), Hosts::One(Host::Name(name))) => is_below(name, parent),
            (own, other) => own == other,
        };
        let methods = || !other.methods.is_empty() && other.methods.iter().all(|method| self.methods.contains(method));
        host && (self.scheme.is_none() || self.scheme == other.scheme)
            && (self.port == Ports::All || self.port == other.port)
            && self.path.covers(&other.path)
            && (self.methods.is_empty() || methods())
            && self.spends_no_less(other)
    }

    /// This request, on the terms of the ceiling.
    fn spelled(want: &NetWant, ceiling: &Rules<Self>, _granted: &Rules<Self>) -> Option<String> {
        let within = ceiling.iter().find(|rule| rule.bounds(want))?;
        let budgets = within.budgets.iter().map(ToString::to_string);
        let methods = (!want.method.is_empty()).then(|| want.method.to_ascii_lowercase());
        let terms: Vec<String> = methods.into_iter().chain(budgets).collect();
        Some(if terms.is_empty() { want.target.to_string() } else { format!("{}:{}", want.target, terms.join(",")) })
    }
}

impl Budgeted for NetRule {
    fn scope(&self) -> String {
        Self { budgets: Vec::new(), ..self.clone() }.to_string()
    }

    fn budgets(&self) -> &[Budget] {
        &self.budgets
    }
}

impl FromStr for NetRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        read(text).ok_or_else(|| RuleError::new(text, EXPECTED))
    }
}

fn read(text: &str) -> Option<NetRule> {
    if text.len() > MAXIMUM_BYTES || text.chars().any(|char| char.is_control() || char.is_whitespace()) {
        return None;
    }
    // Terms end the rule: behind the path, or behind the authority where there is none.
    let (text, terms) = match text.rsplit_once(':').map(|(before, words)| (before, terms(words))) {
        Some((before, Some(terms))) => (before, Some(terms)),
        _ => (text, None),
    };
    let (scheme, rest) = text.split_once("://")?;
    let scheme = match scheme {
        "*" => None,
        named => Some(*SCHEMES.iter().find(|scheme| **scheme == named)?),
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    // What follows the last colon was to be terms.
    if terms.is_none() && path.contains(':') {
        return None;
    }
    let (name, port) = split_port(authority)?;
    let port = match port {
        Some("*") => Ports::All,
        Some(port) => Ports::One(port.parse().ok().filter(|_| !port.starts_with('+'))?),
        None => scheme.and_then(default_port).map_or(Ports::All, Ports::One),
    };
    let (methods, budgets) = terms.unwrap_or_default();
    Some(NetRule { scheme, host: hosts(name)?, port, path: paths(path)?, methods, budgets })
}

/// A host and its port; an IPv6 address has brackets.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let end = authority.find(']').map_or(0, |bracket| bracket + 1);
    let colon = authority.get(end..)?.find(':').map(|colon| end + colon);
    Some(colon.map_or((authority, None), |colon| (&authority[..colon], Some(&authority[colon + 1..]))))
}

fn hosts(text: &str) -> Option<Hosts> {
    let named = |text: &str| match UrlHost::parse(text).ok()? {
        UrlHost::Domain(name) => host(UrlHost::Domain(&name)),
        UrlHost::Ipv4(address) => Some(Host::Address(address.into())),
        UrlHost::Ipv6(address) => Some(Host::Address(address.into())),
    };
    match text {
        "*" => Some(Hosts::All),
        _ => match text.strip_prefix("*.") {
            Some(parent) => match named(parent)? {
                Host::Name(parent) => Some(Hosts::Below(parent)),
                Host::Address(_) => None,
            },
            None => named(text).map(Hosts::One),
        },
    }
}

/// None written: all of them. Written, it is in the spelling that paths are normalised to.
fn paths(text: &str) -> Option<Pattern> {
    if text.is_empty() {
        return "*".parse().ok();
    }
    // A `?` or `#` would never match; a path that normalising changes neither.
    let plain = text.replace('*', "x");
    let target = Target::parse(&format!("https://x{plain}")).ok().filter(|target| target.path == plain)?;
    (target.host == Host::Name("x".to_owned())).then(|| text.replace(':', "%3A").parse().ok()).flatten()
}

/// `get,post,calls=100/hour,bytes=10MiB/day`: methods, and how much. None where it is neither, like a port.
fn terms(words: &str) -> Option<(Vec<String>, Vec<Budget>)> {
    let (mut methods, mut budgets) = (Vec::new(), Vec::<Budget>::new());
    for word in words.split(',') {
        if word.contains('=') {
            let budget: Budget = word.parse().ok()?;
            // One of each unit and window: six at most.
            let known = budgets.iter().any(|known| (known.unit, known.window) == (budget.unit, budget.window));
            if !matches!(budget.unit, Unit::Calls | Unit::Bytes) || known {
                return None;
            }
            budgets.push(budget);
            continue;
        }
        let method = word.to_ascii_uppercase();
        let token = method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        if !(1..=16).contains(&method.len()) || !token || method.starts_with('-') {
            return None;
        }
        methods.push(method);
    }
    methods.sort_unstable();
    methods.dedup();
    (methods.len() <= METHODS).then_some((methods, budgets))
}

impl fmt::Display for NetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.unwrap_or("*"))?;
        match &self.host {
            Hosts::All => f.write_str("*")?,
            Hosts::Below(parent) => write!(f, "*.{parent}")?,
            Hosts::One(host) => host.fmt(f)?,
        }
        let unwritten = self.scheme.and_then(default_port).map_or(Ports::All, Ports::One);
        match self.port {
            port if port == unwritten => {}
            Ports::All => f.write_str(":*")?,
            Ports::One(port) => write!(f, ":{port}")?,
        }
        if self.path.as_str() != "*" {
            self.path.fmt(f)?;
        }
        let methods = self.methods.iter().map(|method| method.to_ascii_lowercase());
        let terms: Vec<String> = methods.chain(self.budgets.iter().map(ToString::to_string)).collect();
        if !terms.is_empty() {
            write!(f, ":{}", terms.join(","))?;
        }
        Ok(())
    }
}

/// What would have to be granted.
impl fmt::Display for NetWant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(f)?;
        if !self.method.is_empty() {
            write!(f, ":{}", self.method.to_ascii_lowercase())?;
        }
        Ok(())
    }
}
