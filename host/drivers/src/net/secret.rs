//! Secrets of requests: the host writes them into the head, after the guest let go of it.

use std::fmt;

use holm_kernel::{
    devices::net::law::Target,
    net::{Body, HttpError},
};
use http::{HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};

use super::echo::Echo;

/// What the host adds to a request.
#[derive(Clone, Debug)]
pub struct Credential {
    /// What the secret is called.
    pub name: String,
    /// The header; what a guest wrote there is taken out.
    pub header: HeaderName,
    /// All of its value.
    pub value: SecretString,
    /// The secret in it, as a server might say it back.
    pub secret: SecretString,
}

/// The secrets cannot be read. Nothing is sent then, with or without.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the secrets cannot be read: {0}")]
pub struct Unreadable(pub String);

/// Who knows which secrets go where.
pub trait Secrets: Send + Sync + 'static {
    /// What a plugin's request of this method to this place carries. Asked for requests over TLS only.
    ///
    /// # Errors
    /// They cannot be read.
    fn credentials(&self, plugin: &str, target: &Target, method: &str) -> Result<Vec<Credential>, Unreadable>;
}

/// Without secrets.
impl Secrets for () {
    fn credentials(&self, _: &str, _: &Target, _: &str) -> Result<Vec<Credential>, Unreadable> {
        Ok(Vec::new())
    }
}

impl fmt::Debug for dyn Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets([hidden])")
    }
}

/// What the secrets are called that go with a request. Where they cannot be read, none does, and no request.
pub(super) fn names(secrets: &dyn Secrets, plugin: &str, target: &Target, method: &str) -> Vec<String> {
    match target.scheme {
        "https" => secrets.credentials(plugin, target, method).unwrap_or_default().into_iter(),
        _ => Vec::new().into_iter(),
    }
    .map(|credential| credential.name)
    .collect()
}

/// Writes what is bound to this request into its head. Some: what to take out of the response.
pub(super) fn attach(
    secrets: &dyn Secrets,
    plugin: &str,
    target: &Target,
    head: &mut http::Request<Body>,
) -> Result<Option<Echo>, HttpError> {
    // Without TLS anybody on the way could read it.
    if target.scheme != "https" {
        return Ok(None);
    }
    let credentials = secrets.credentials(plugin, target, head.method().as_str());
    let credentials = credentials.map_err(|error| {
        tracing::error!(%error, plugin, "a request was not sent");
        HttpError::InternalError(Some("the host cannot read its secrets; `holm secret list` says why".to_owned()))
    })?;
    if credentials.is_empty() {
        return Ok(None);
    }
    let headers = head.headers_mut();
    for credential in &credentials {
        let value = HeaderValue::try_from(credential.value.expose_secret());
        let mut value = value.map_err(|_| HttpError::InternalError(Some("a secret fits no header".to_owned())))?;
        value.set_sensitive(true);
        headers.insert(credential.header.clone(), value);
    }
    // What comes packed cannot be looked through.
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(Some(Echo::new(credentials.iter().map(|credential| credential.secret.expose_secret()))?))
}
