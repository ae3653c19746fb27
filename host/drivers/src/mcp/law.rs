//! The network's law for servers and for where they send their user to log in: one host for each client, nothing
//! followed, no proxy, and no inner address that its user did not write.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use holm_kernel::devices::net::law::{Class, Host, Target, class, reachable};
use reqwest::dns::{Name, Resolve, Resolving};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Reads a server's address, which its user wrote. What is shown of it in errors has no query: it may be a key.
pub(super) fn server(url: &str) -> Result<Target, String> {
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let target = Target::parse(url).map_err(|error| format!("`{shown}`: {error}"))?;
    let inner = matches!(target.host, Host::Address(address) if is_inner(address));
    match target.scheme == "https" || is_local(&target.host) || inner {
        true => Ok(target),
        false => Err(format!("`{shown}`: `http` is spoken within this machine and its own networks only; use `https`")),
    }
}

/// Reads an address that a server named, or what it named: it leads to the internet over TLS, or to where the
/// server itself is.
pub(super) fn named(url: &str, server: &Target) -> Result<Target, String> {
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let shown: String = shown.chars().filter(|char| !holm_kernel::is_hidden(*char)).take(200).collect();
    let target = Target::parse(url).map_err(|error| format!("`{shown}`: {error}"))?;
    let local = is_local(&server.host) && is_local(&target.host);
    let same = (target.scheme, &target.host, target.port) == (server.scheme, &server.host, server.port);
    if local || same {
        return Ok(target);
    }
    if target.scheme != "https" {
        return Err(format!("`{shown}` is not `https`"));
    }
    let inner = match &target.host {
        Host::Name(_) => is_local(&target.host),
        Host::Address(address) => class(*address) != Class::Public,
    };
    match inner {
        true => Err(format!("`{shown}` leads into a network that the server has no business in")),
        false => Ok(target),
    }
}

/// A client that speaks to this target's host, and to no other.
pub(super) fn requests(target: &Target, silence: Duration) -> Result<reqwest::Client, String> {
    // Fails where another part of Holm has set it already, to the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let local = is_local(&target.host);
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .read_timeout(silence)
        .pool_max_idle_per_host(0)
        .dns_resolver(Arc::new(Lawful { host: target.host.clone(), local }))
        .user_agent(concat!("holm/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}

/// `localhost`, which names this machine as much as its address does.
fn is_local(host: &Host) -> bool {
    match host {
        Host::Name(name) => name == "localhost",
        Host::Address(address) => class(*address) == Class::Loopback,
    }
}

fn is_inner(address: IpAddr) -> bool {
    matches!(class(address), Class::Loopback | Class::Private)
}

/// Looks a name up, and tells addresses only where all of them may be dialled.
struct Lawful {
    host: Host,
    local: bool,
}

impl Resolve for Lawful {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, local, name) = (self.host.clone(), self.local, name.as_str().to_owned());
        Box::pin(async move {
            if Host::Name(name.trim_end_matches('.').to_owned()) != host {
                return Err(format!("`{name}` is not where its settings lead").into());
            }
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
            match local {
                true if addresses.iter().all(|address| class(*address) == Class::Loopback) => {}
                _ => reachable(&host, &addresses)?,
            }
            Ok(Box::new(found.into_iter()) as Box<dyn Iterator<Item = SocketAddr> + Send>)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_names_is_of_the_internet_or_where_it_is_itself() {
        let named = |url: &str, at: &str| named(url, &server(at).expect("a server")).is_ok();
        let (public, local) = ("https://a.example/mcp", "http://127.0.0.1:3000/mcp");
        for (url, at) in [
            ("https://login.example/token", public),
            ("https://a.example/token", public),
            ("http://127.0.0.1:4000/token", local),
            ("http://localhost:4000/token", local),
            ("https://login.example/token", local),
            ("http://10.0.0.9:8080/token", "http://10.0.0.9:8080/mcp"),
        ] {
            assert!(named(url, at), "{url} {at}");
        }
        for (url, at) in [
            ("http://login.example/token", public),
            ("http://a.example/token", public),
            ("http://127.0.0.1/token", public),
            ("https://localhost/token", public),
            ("https://127.0.0.1/token", public),
            ("https://2130706433/token", public),
            ("https://10.0.0.1/token", public),
            ("https://169.254.169.254/latest", public),
            ("https://[::1]/token", public),
            ("https://10.0.0.1/token", local),
            ("https://10.0.0.10/token", "http://10.0.0.9:8080/mcp"),
            ("http://10.0.0.9:9090/token", "http://10.0.0.9:8080/mcp"),
            ("https://a.example@10.0.0.1/token", public),
            ("file:///etc/passwd", public),
            ("javascript:alert(1)", public),
            ("--help", public),
        ] {
            assert!(!named(url, at), "{url} {at}");
        }
    }
}
