//! Requests to one registry: asked, answered within bounds, led on where its redirects may lead.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use holm_kernel::{
    account::{Account, Level, Limits},
    devices::net::law::{Host, Target, TargetError, Unreachable},
    net::{Body, Driver, Failure, HttpError, Place, Request, Timeouts},
    process::Pid,
};
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Full};
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};

use super::challenge::{self, Challenge};
use crate::net::Network;

/// Bytes of an answer that gives a token.
const TOKEN_BYTES: u64 = 64 << 10;
/// Redirects of one request: registries keep their blobs elsewhere.
const REDIRECTS: usize = 3;
/// The whole of one request. Stops blobs that drip for ever.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// Why a registry did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Its address makes no sense.
    #[error("`{address}`: {source}")]
    Address {
        /// The address.
        address: String,
        /// Why.
        source: TargetError,
    },
    /// It has no such thing.
    #[error("it has no {0}")]
    NotFound(String),
    /// It wants to know who asks, or gives it to others.
    #[error("it does not give it to {0}")]
    Unauthorized(&'static str),
    /// Another status.
    #[error("it answers {0}")]
    Status(StatusCode),
    /// The answer is longer than it may be.
    #[error("its answer is longer than {0} bytes")]
    TooLarge(u64),
    /// It leads where nobody follows.
    #[error("it redirects to `{to}`, {why}")]
    Redirect {
        /// Where.
        to: String,
        /// Why nobody follows.
        why: &'static str,
    },
    /// It is not reached.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The conversation failed.
    #[error("the connection failed: {0}")]
    Http(HttpError),
    /// It took too long.
    #[error("it took longer than ten minutes")]
    Time,
    /// Its answer makes no sense.
    #[error("it speaks another protocol: {0}")]
    Malformed(&'static str),
}

/// A user of a registry.
#[derive(Clone, Debug)]
pub struct Login {
    /// Who.
    pub user: String,
    /// What only they know.
    pub password: SecretString,
}

/// Registries, over the network.
#[derive(Clone)]
pub struct Registry {
    network: Network,
    account: Arc<Account>,
}

impl Registry {
    /// Over this network.
    pub fn new(network: Network) -> Self {
        Self { network, account: Account::root(Limits::default()) }
    }

    /// One repository of one registry: `ghcr.io` and `owner/name`.
    ///
    /// # Errors
    /// They are no address.
    pub fn repository(&self, host: &str, name: &str, login: Option<Login>) -> Result<Repository, RegistryError> {
        let base = target(&format!("https://{host}/v2/{name}/"))?;
        let base = match base.host {
            // What resolves the name could say something else.
            Host::Name(ref name) if name == "localhost" => Host::Address([127, 0, 0, 1].into()),
            ref host => host.clone(),
        };
        let loopback = matches!(base, Host::Address(address) if address.is_loopback());
        let scheme = if loopback { "http" } else { "https" };
        let port = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map(|(_, port)| port);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let base = format!("{scheme}://{base}{port}/v2/{name}/");
        target(&base)?;
        Ok(Repository { registry: self.clone(), base, login, authorization: Mutex::new(None) })
    }

    /// Another site whose files are fetched by the same law, by its name.
    ///
    /// # Errors
    /// It is no name.
    pub fn site(&self, host: &str) -> Result<Repository, RegistryError> {
        let base = format!("https://{host}/");
        target(&base)?;
        Ok(Repository { registry: self.clone(), base, login: None, authorization: Mutex::new(None) })
    }
}

/// One repository.
pub struct Repository {
    registry: Registry,
    base: String,
    login: Option<Login>,
    /// What the registry gave for later requests.
    authorization: Mutex<Option<HeaderValue>>,
}

fn target(address: &str) -> Result<Target, RegistryError> {
    Target::parse(address).map_err(|source| RegistryError::Address { address: address.to_owned(), source })
}

impl Repository {
    /// What lies at a path of the repository, like `manifests/latest`: at most so many bytes. `progress` is
    /// told how many have come.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn get(
        &self,
        path: &str,
        accept: &'static str,
        maximum: u64,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Bytes, RegistryError> {
        let address = format!("{}{path}", self.base);
        let whole = async {
            let answer = self.ask(Method::GET, &address, accept, Bytes::new()).await?;
            read(answer, maximum, progress).await
        };
        tokio::time::timeout(LONGEST, whole).await.map_err(|_| RegistryError::Time)?
    }

    /// Asks, says who asks where that is wanted, and goes where it is led.
    async fn ask(
        &self,
        method: Method,
        address: &str,
        accept: &'static str,
        body: Bytes,
    ) -> Result<http::Response<Body>, RegistryError> {
        let own = target(address)?;
        let (mut at, mut address) = (own.clone(), address.to_owned());
        let (mut known, mut redirects) = (false, 0);
        loop {
            let mut head = http::Request::builder().method(method.clone()).header(header::ACCEPT, accept);
            // Whom it leads to is not who was logged in at.
            if let (true, Some(value)) = (same_origin(&own, &at), self.authorization.lock().clone()) {
                head = head.header(header::AUTHORIZATION, value);
            }
            let answer = self.send(at.clone(), head, body.clone()).await?;
            let status = answer.status();
            if status == StatusCode::UNAUTHORIZED && !known && same_origin(&own, &at) {
                known = true;
                let challenge = answer.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
                let authorization = self.introduce(&own, challenge.and_then(challenge::read)).await?;
                *self.authorization.lock() = Some(authorization);
                continue;
            }
            if status.is_redirection() {
                let to = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
                let to = to.ok_or(RegistryError::Malformed("a redirect to nowhere"))?.to_owned();
                redirects += 1;
                (at, address) = self.led(&own, &address, &to, redirects)?;
                continue;
            }
            return match status {
                StatusCode::NOT_FOUND => Err(RegistryError::NotFound(shown(&own.path))),
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Err(RegistryError::Unauthorized(match self.login {
                        Some(_) => "this user",
                        None => "everybody",
                    }))
                }
                status if status.is_success() => Ok(answer),
                status => Err(RegistryError::Status(status)),
            };
        }
    }

    /// Where a redirect leads, if anybody may follow it: another server over TLS by its name, which the
    /// network resolves by the same law, or the same server.
    fn led(&self, own: &Target, from: &str, to: &str, count: usize) -> Result<(Target, String), RegistryError> {
        let refuse = |why| RegistryError::Redirect { to: shown(to), why };
        let absolute = if to.starts_with('/') && !to.starts_with("//") {
            let origin_bytes = from.match_indices('/').nth(2).map_or(from.len(), |(at, _)| at);
            format!("{}{to}", &from[..origin_bytes])
        } else {
            to.to_owned()
        };
        let target = Target::parse(&absolute).map_err(|_| refuse("which is no address of the web"))?;
        match target.host {
            _ if count > REDIRECTS => Err(refuse("after too many others")),
            _ if same_origin(own, &target) => Ok((target, absolute)),
            _ if target.scheme != "https" => Err(refuse("which is not encrypted")),
            Host::Address(_) => Err(refuse("an address without a name")),
            Host::Name(_) => Ok((target, absolute)),
        }
    }

    /// What to say from now on.
    async fn introduce(&self, own: &Target, challenge: Option<Challenge>) -> Result<HeaderValue, RegistryError> {
        let basic = self.login.as_ref().map(|login| {
            let pair = format!("{}:{}", login.user, login.password.expose_secret());
            format!("Basic {}", STANDARD.encode(pair))
        });
        let (realm, query) = match challenge {
            Some(Challenge::Basic) => {
                return basic.as_deref().and_then(secret).ok_or(RegistryError::Unauthorized("everybody"));
            }
            Some(Challenge::Bearer { realm, query }) => (realm, query),
            None => return Err(RegistryError::Unauthorized("everybody")),
        };
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let mark = if realm.contains('?') { '&' } else { '?' };
        let realm = target(&format!("{realm}{mark}{}", query.join("&")))?;
        let refuse = |why| RegistryError::Redirect { to: shown(&realm.to_string()), why };
        if realm.scheme != "https" && !same_origin(own, &realm) {
            return Err(refuse("which is not encrypted"));
        }
        if matches!(realm.host, Host::Address(_)) && !same_origin(own, &realm) {
            return Err(refuse("an address without a name"));
        }
        let mut head = http::Request::builder().header(header::ACCEPT, "application/json");
        if let Some(value) = basic.as_deref().and_then(secret) {
            if !challenge::trusts(own, &realm) {
                return Err(refuse("with your password, which is not given to others"));
            }
            head = head.header(header::AUTHORIZATION, value);
        }
        let answer = self.send(realm, head, Bytes::new()).await?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(RegistryError::Unauthorized("this user")),
            status => return Err(RegistryError::Status(status)),
        }
        let bytes = read(answer, TOKEN_BYTES, &mut |_| ()).await?;
        let malformed = RegistryError::Malformed("its token is none");
        let Ok(given) = serde_json::from_slice::<serde_json::Value>(&bytes) else { return Err(malformed) };
        let token = ["token", "access_token"].iter().find_map(|key| given.get(key)?.as_str());
        token.and_then(|token| secret(&format!("Bearer {token}"))).ok_or(malformed)
    }

    async fn send(
        &self,
        target: Target,
        head: http::request::Builder,
        body: Bytes,
    ) -> Result<http::Response<Body>, RegistryError> {
        let malformed = || RegistryError::Malformed("the request cannot be written");
        let body = Full::new(body).map_err(|never| match never {}).boxed_unsync();
        let head = head.uri("/").body(body).map_err(|_| malformed())?;
        let hold = self.registry.account.hold(Level::Requests, 1).map_err(|_| malformed())?;
        // Of no process: the operator's.
        let place = Place::new(Pid::new(u32::MAX, u32::MAX), hold);
        let request = Request { plugin: "".into(), target, head, timeouts: Timeouts::LONGEST, place };
        self.registry.network.send(request).await.map_err(|failure| match failure {
            Failure::Unreachable(error) => error.into(),
            Failure::Http(error) => RegistryError::Http(error),
        })
    }
}

async fn read(
    answer: http::Response<Body>,
    maximum: u64,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Bytes, RegistryError> {
    let mut body = answer.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame.map_err(RegistryError::Http)?.into_data() else { continue };
        if (bytes.len() + part.len()) as u64 > maximum {
            return Err(RegistryError::TooLarge(maximum));
        }
        bytes.extend_from_slice(&part);
        progress(bytes.len() as u64);
    }
    Ok(bytes.into())
}

fn same_origin(one: &Target, other: &Target) -> bool {
    (one.scheme, &one.host, one.port) == (other.scheme, &other.host, other.port)
}

/// A header that no log shows.
fn secret(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/,".contains(&byte);
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What a server said, as much of it as anybody is shown.
fn shown(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(200).collect()
}
