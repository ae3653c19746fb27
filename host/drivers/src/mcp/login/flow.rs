//! A login, in two steps: an address for the user's browser, and what the browser comes back with.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use holm_kernel::devices::net::law::{Class, Host, Target, class};
use rmcp::transport::auth::{
    AuthError, AuthorizationCallback, AuthorizationManager, AuthorizationMetadataResolution,
    AuthorizationMetadataSource, InMemoryCredentialStore, OAuthClientConfig, WWWAuthenticateParams,
};

use super::{
    super::{Launch, Server, config::Authorization, launch::expand, law},
    Login,
    way::Way,
};

/// How long its user has, once they have the address.
pub(super) const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How long it may take until there is an address, and once the browser came back.
pub(super) const STEP: Duration = Duration::from_secs(60);
/// Bytes of an address for the browser. Stops a server with ten thousand scopes.
const ADDRESS_BYTES: usize = 4 << 10;
/// Bytes of what a browser comes back with.
const BACK_BYTES: usize = 8 << 10;
/// What Holm is called where it registers itself.
const CLIENT: &str = "Holm";

/// A login that waits for its user.
pub(super) struct Pending {
    manager: AuthorizationManager,
    kept: InMemoryCredentialStore,
    /// The server's address, which the token is for.
    url: String,
    issuer: Option<String>,
    /// A secret that the client got when it registered just now.
    registered: Option<String>,
    state: String,
    redirect: String,
    pub(super) since: Instant,
}

impl Pending {
    /// Whether it is for this server as it is now.
    pub(super) fn is_of(&self, server: &Server) -> bool {
        server.url.as_ref() == Some(&self.url)
    }
}

/// A manager of rmcp's whose requests go by the law.
pub(super) async fn manager(server: &Server) -> Result<(AuthorizationManager, Target), String> {
    let url = server.url.as_deref().unwrap_or_default();
    let target = law::server(url)?;
    let way = Arc::new(Way::new(target.clone()));
    let manager = AuthorizationManager::new_with_oauth_http_client(url, way).await.map_err(|error| told(&error))?;
    Ok((manager, target))
}

/// Finds out who gives out tokens for a server, and becomes their client. What of `challenge` is: the server's
/// word when it refused a request; of `before`: the login that there is.
pub(super) async fn begin(
    (name, server): (&str, &Server),
    launch: &dyn Launch,
    redirect: &str,
    challenge: Option<&str>,
    before: Option<&Login>,
) -> Result<(String, Pending), String> {
    check_redirect(redirect)?;
    let (mut manager, target) = manager(server).await?;
    let kept = InMemoryCredentialStore::new();
    manager.set_credential_store(kept.clone());
    let none = Authorization::default();
    let settings = server.authorization.as_ref().unwrap_or(&none);
    let found = manager.resolve_metadata_from_challenge(challenge).await.map_err(|error| told(&error))?;
    check_metadata(&found, settings, &target)?;
    let (issuer, metadata) = (found.metadata.issuer.clone(), found.metadata);
    let supports_documents = metadata.additional_fields.get("client_id_metadata_document_supported");
    let supports_documents = supports_documents.and_then(serde_json::Value::as_bool) == Some(true);
    let registers = metadata.registration_endpoint.is_some();
    manager.set_metadata(metadata);
    let scopes = scopes(&manager, settings, challenge, before, server).await;
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let mut registered = None;
    let id = match (&settings.client_id, &settings.client_metadata) {
        (Some(id), _) => Some(id),
        (None, Some(document)) if supports_documents => Some(document),
        _ => None,
    };
    match id {
        Some(id) => {
            let mut config = OAuthClientConfig::new(id, redirect);
            if let Some(secret) = secret((name, server), launch)? {
                config = config.with_client_secret(secret);
            }
            manager.configure_client(config).map_err(|error| told(&error))?;
        }
        None if registers => {
            let config = manager.register_client(CLIENT, redirect, &scopes).await.map_err(|error| told(&error))?;
            registered = config.client_secret;
        }
        None => {
            return Err(format!(
                "it lets nobody register: register Holm there by hand, and put what it is called into \
                 [mcp-servers.{name}.authorization] as `client-id`, and `port` for `{redirect}`"
            ));
        }
    }
    let address = manager.get_authorization_url(&scopes).await.map_err(|error| told(&error))?;
    if address.len() > ADDRESS_BYTES {
        return Err(format!("it asks for so much that the address has more than {} KiB", ADDRESS_BYTES >> 10));
    }
    // Opened by a browser: nothing but the web.
    law::named(&address, &target).map_err(|why| format!("where it would be logged in: {why}"))?;
    let state = query(&address, "state").ok_or("the address has no state")?;
    let url = server.url.clone().unwrap_or_default();
    let since = Instant::now();
    Ok((address, Pending { manager, kept, url, issuer, registered, state, redirect: redirect.to_owned(), since }))
}

/// Takes what the browser came back with for a login.
pub(super) async fn finish(pending: &Pending, back: &str) -> Result<Login, String> {
    if back.len() > BACK_BYTES || !back.starts_with(&format!("{}?", pending.redirect)) {
        return Err(format!(
            "it begins with `{}?`: give all of the address that the browser ended at",
            pending.redirect
        ));
    }
    // Before anything of it is believed.
    if query(back, "state").as_deref() != Some(&pending.state) {
        return Err("it is not of this login: its `state` is another one".to_owned());
    }
    if let Some(error) = query(back, "error") {
        if query(back, "iss").is_some_and(|issuer| Some(issuer) != pending.issuer) {
            return Err("it is from somebody else than this login was begun with".to_owned());
        }
        let why = query(back, "error_description").map_or_else(String::new, |why| format!(" ({why})"));
        return Err(plain(&format!("it says no: {error}{why}")));
    }
    let callback = AuthorizationCallback::from_redirect_url(back).map_err(|error| told(&error))?;
    let exchange = pending.manager.exchange_code_for_token_with_issuer(
        &callback.code,
        &callback.csrf_token,
        callback.issuer.as_deref(),
    );
    exchange.await.map_err(|error| told(&error))?;
    Login::taken(&pending.kept, pending.url.clone(), pending.registered.clone()).await
}

/// The secret of a client that was registered beforehand.
pub(super) fn secret((name, server): (&str, &Server), launch: &dyn Launch) -> Result<Option<String>, String> {
    let secret = server.authorization.as_ref().and_then(|settings| settings.client_secret.as_ref());
    secret.map(|text| expand((name, server), text, launch).map(|(text, _)| text)).transpose()
}

/// Whether what was found is what its user said, and safe to begin with.
pub(super) fn check_metadata(
    found: &AuthorizationMetadataResolution,
    settings: &Authorization,
    server: &Target,
) -> Result<(), String> {
    let metadata = &found.metadata;
    if let Some(wanted) = &settings.issuer {
        let is = metadata.issuer.as_deref().unwrap_or_default();
        if is.trim_end_matches('/') != wanted.trim_end_matches('/') {
            return Err(plain(&format!("its tokens are given out by `{is}`, and its settings say `{wanted}`")));
        }
    }
    let discovered = found.source != AuthorizationMetadataSource::LegacyEndpointFallback;
    let methods = metadata.code_challenge_methods_supported.as_deref().unwrap_or_default();
    // Without that, whoever sees the code has the token.
    if discovered && !methods.iter().any(|method| method == "S256") {
        return Err("who gives out its tokens does not say that they know PKCE with `S256`".to_owned());
    }
    let endpoints = [&metadata.authorization_endpoint, &metadata.token_endpoint];
    endpoints.into_iter().chain(&metadata.registration_endpoint).try_for_each(|url| law::named(url, server).map(drop))
}

/// What is asked for: what its user said; otherwise what the server wants, and after a refusal for the want of
/// more, what there was besides.
async fn scopes(
    manager: &AuthorizationManager,
    settings: &Authorization,
    challenge: Option<&str>,
    before: Option<&Login>,
    server: &Server,
) -> Vec<String> {
    let challenge = challenge.zip(server.url.as_ref().and_then(|url| url.parse().ok()));
    let challenge = challenge.map(|(challenge, url)| WWWAuthenticateParams::parse(challenge, &url));
    let lacks = challenge.as_ref().is_some_and(WWWAuthenticateParams::is_insufficient_scope);
    let mut scopes = match settings.scopes.is_empty() {
        true => manager.select_initial_scopes(&[]).await,
        false => settings.scopes.clone(),
    };
    if lacks {
        let wanted = challenge.and_then(|challenge| challenge.scope).unwrap_or_default();
        scopes.extend(wanted.split_whitespace().map(str::to_owned));
        scopes.extend(before.into_iter().flat_map(|login| login.credentials.granted_scopes.clone()));
    }
    let mut seen = std::collections::BTreeSet::new();
    scopes.retain(|scope| seen.insert(scope.clone()));
    scopes
}

/// A browser comes back to this machine.
fn check_redirect(redirect: &str) -> Result<(), String> {
    let target = Target::parse(redirect).map_err(|error| error.to_string())?;
    let local = match &target.host {
        Host::Name(name) => name == "localhost",
        Host::Address(address) => class(*address) == Class::Loopback,
    };
    match local && target.scheme == "http" && target.query.is_none() {
        true => Ok(()),
        false => Err("a login comes back to this machine alone".to_owned()),
    }
}

/// What an address says by this name; none where it says it twice.
fn query(address: &str, name: &str) -> Option<String> {
    let address = reqwest::Url::parse(address).ok()?;
    let mut values = address.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    values.next().filter(|_| values.next().is_none())
}

/// An error, and what led to it, for a terminal.
pub(super) fn told(error: &AuthError) -> String {
    let (mut text, mut source) = (error.to_string(), std::error::Error::source(error));
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    plain(&text)
}

fn plain(text: &str) -> String {
    text.chars().map(|char| if holm_kernel::is_hidden(char) { ' ' } else { char }).take(800).collect()
}
