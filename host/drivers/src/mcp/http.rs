//! A server over HTTP, inside the network's law: one origin, nothing followed, no proxy, and no address that
//! its user did not write.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use holm_kernel::devices::net::law::{Class, Host, Target, class, reachable};
use http::{HeaderName, HeaderValue};
use reqwest::dns::{Name, Resolve, Resolving};
use rmcp::transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig};

use super::{
    Launch, Server,
    client::Client,
    guard::{Allowance, MESSAGE_BYTES},
    hidden::Hidden,
    launch::expand,
    watched::Watched,
};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a server may say nothing within an answer. Between calls a stream may be still for longer.
const SILENCE: Duration = Duration::from_secs(5 * 60);

/// The way to a server, and what is taken out of what it says.
pub(super) fn transport(
    name: &str,
    server: &Server,
    launch: &dyn Launch,
    client: Arc<Client>,
    allowance: Arc<Allowance>,
) -> Result<(StreamableHttpClientTransport<Watched>, Hidden), String> {
    let url = server.url.as_deref().unwrap_or_default();
    // What follows may be a key.
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let target = Target::parse(url).map_err(|error| format!("`{shown}`: {error}"))?;
    let local = is_local(&target.host);
    if target.scheme != "https" && !local && !matches!(target.host, Host::Address(address) if is_inner(address)) {
        return Err(format!("`{shown}`: `http` is spoken within this machine and its own networks only; use `https`"));
    }
    // Errors name the address as a whole.
    let query = target.query.as_deref().unwrap_or_default();
    let mut secrets: Vec<String> =
        query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value.to_owned()).collect();
    if let Ok(address) = reqwest::Url::parse(url) {
        secrets.extend(address.query_pairs().map(|(_, value)| value.into_owned()));
    }
    let mut headers = HashMap::new();
    for (header, value) in &server.headers {
        let (value, values) = expand((name, server), value, launch)?;
        let unusable = format!("the header `{header}` has no usable value");
        let header: HeaderName = header.parse().map_err(|_| format!("`{header}` is no name of a header"))?;
        // Not said which: it may be a secret.
        let mut value: HeaderValue = value.parse().map_err(|_| unusable)?;
        value.set_sensitive(true);
        secrets.extend(values);
        secrets.extend(value.to_str().ok().and_then(|value| value.split(' ').next_back()).map(str::to_owned));
        headers.insert(header, value);
    }
    // Fails where another part of Holm has set it already, to the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let requests = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .pool_max_idle_per_host(0)
        .dns_resolver(Arc::new(Lawful { host: target.host.clone(), local }))
        .user_agent(concat!("holm/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())?;
    let config = StreamableHttpClientTransportConfig::with_uri(url)
        .custom_headers(headers)
        .max_sse_event_size(MESSAGE_BYTES)
        .max_json_response_size(MESSAGE_BYTES)
        .reinit_on_expired_session(true);
    Ok((
        StreamableHttpClientTransport::with_client(Watched::new(requests, client, allowance), config),
        Hidden::new(&secrets),
    ))
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
