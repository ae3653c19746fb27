//! A server over HTTP, inside the network's law for servers.

use std::{collections::HashMap, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};
use rmcp::transport::{StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig};

use super::{
    Launch, Server,
    client::Client,
    guard::{Allowance, MESSAGE_BYTES},
    hidden::Hidden,
    launch::expand,
    law,
    login::Logins,
    watched::Watched,
};

/// How long a server may say nothing within an answer. Between calls a stream may be still for longer.
const SILENCE: Duration = Duration::from_secs(5 * 60);

/// The way to a server, and what is taken out of what it says.
pub(super) fn transport(
    name: &str,
    server: &Arc<Server>,
    launch: &dyn Launch,
    logins: &Arc<Logins>,
    client: Arc<Client>,
    allowance: Arc<Allowance>,
) -> Result<(StreamableHttpClientTransport<Watched>, Hidden), String> {
    let url = server.url.as_deref().unwrap_or_default();
    let target = law::server(url)?;
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
    let requests = law::requests(&target, SILENCE)?;
    let config = StreamableHttpClientTransportConfig::with_uri(url)
        .custom_headers(headers)
        .max_sse_event_size(MESSAGE_BYTES)
        .max_json_response_size(MESSAGE_BYTES)
        .reinit_on_expired_session(true);
    let hidden = Hidden::new(&secrets);
    let tokens = logins.at(name, server, hidden.clone());
    Ok((StreamableHttpClientTransport::with_client(Watched::new(requests, client, allowance, tokens), config), hidden))
}
