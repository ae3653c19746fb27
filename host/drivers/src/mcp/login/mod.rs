//! Logins at servers: OAuth, by the protocol's law of authorization. A login is begun and ended by its user; what
//! it gave is kept sealed, goes to its server alone, and is renewed by the kernel without a word.

mod flow;
mod tokens;
mod way;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;
use rmcp::transport::auth::{CredentialStore, InMemoryCredentialStore, StoredCredentials};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::{Launch, Server, hidden::Hidden};
use flow::Pending;
pub(super) use tokens::Tokens;

/// A token that ends so soon is renewed before it is sent.
const SOON: Duration = Duration::from_secs(30);
/// Bytes of a token: it goes with each request, in a header.
const TOKEN_BYTES: usize = 16 << 10;
/// Bytes of what a server says when it refuses a request. A longer one is not remembered.
const CHALLENGE_BYTES: usize = 8 << 10;

/// A login, as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    /// The server's address. At another one it is none.
    url: String,
    /// The secret of a client that registered itself for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registered: Option<String>,
    credentials: StoredCredentials,
}

impl Login {
    /// What is in this store, as it came from a server that may give anything for a token.
    async fn taken(kept: &InMemoryCredentialStore, url: String, registered: Option<String>) -> Result<Self, String> {
        let credentials = kept.load().await.map_err(|error| flow::told(&error))?;
        let credentials = credentials.filter(|credentials| credentials.token_response.is_some());
        let login = Self { url, registered, credentials: credentials.ok_or("it gave no token")? };
        let is_bearer = login.of_token("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
        let usable = |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        match login.token() {
            Some(token) if is_bearer && usable(&token) && token.len() <= TOKEN_BYTES => Ok(login),
            _ => Err(format!("it gave no bearer token of at most {} KiB", TOKEN_BYTES >> 10)),
        }
    }

    fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    fn token(&self) -> Option<String> {
        self.of_token("access_token")
    }

    fn of_token(&self, name: &str) -> Option<String> {
        let told = serde_json::to_value(self.credentials.token_response.as_ref()?).ok()?;
        told[name].as_str().map(str::to_owned)
    }

    /// For how long its token is good; none where nobody said.
    fn left(&self) -> Option<Duration> {
        let (lives, since) = (self.lives()?, self.credentials.token_received_at?);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Some(Duration::from_secs(lives.saturating_sub(now.saturating_sub(since))))
    }

    /// Whether its token is better renewed before it is sent.
    fn is_old(&self) -> bool {
        // One that lives for a minute is not renewed for each request.
        let soon = self.lives().map_or(SOON, |lives| Duration::from_secs(lives / 2).min(SOON));
        self.left().is_some_and(|left| left <= soon)
    }

    fn lives(&self) -> Option<u64> {
        serde_json::to_value(self.credentials.token_response.as_ref()?).ok()?["expires_in"].as_u64()
    }
}

/// What is known of the login at one server.
#[derive(Default)]
struct Of {
    /// Held by who renews it; when that was last.
    renewed: Arc<tokio::sync::Mutex<Option<Instant>>>,
    /// What the server said when it last refused a request.
    challenge: Mutex<Option<String>>,
    /// Begun, and not ended yet. A later one takes its place.
    pending: tokio::sync::Mutex<Option<Pending>>,
}

/// The logins at the servers of a kernel.
pub(super) struct Logins {
    launch: Arc<dyn Launch>,
    each: Mutex<HashMap<String, Arc<Of>>>,
}

impl Logins {
    pub(super) fn new(launch: Arc<dyn Launch>) -> Self {
        Self { launch, each: Mutex::default() }
    }

    /// The tokens of a server that is started. `hidden` learns each that goes there.
    pub(super) fn at(self: &Arc<Self>, name: &str, server: &Arc<Server>, hidden: Hidden) -> Tokens {
        Tokens::new(name.to_owned(), server.clone(), self.clone(), hidden)
    }

    /// Whether a server has refused a request, and not been logged in at since.
    pub(super) fn is_challenged(&self, name: &str) -> bool {
        self.of(name).challenge.lock().is_some()
    }

    /// Begins a login: where its user goes. The browser comes back to `redirect`.
    pub(super) async fn begin(&self, name: &str, server: &Server, redirect: &str) -> Result<String, String> {
        check(server)?;
        let of = self.of(name);
        let challenge = of.challenge.lock().clone();
        let before = self.read(name, server)?;
        let begin = flow::begin((name, server), &*self.launch, redirect, challenge.as_deref(), before.as_ref());
        let (address, pending) = timeout(flow::STEP, begin).await.map_err(late)??;
        *of.pending.lock().await = Some(pending);
        Ok(address)
    }

    /// Ends a login with what the browser came back with: what was granted.
    pub(super) async fn finish(&self, name: &str, server: &Server, back: &str) -> Result<Vec<String>, String> {
        let of = self.of(name);
        let mut waiting = of.pending.lock().await;
        let pending = waiting.as_ref().filter(|pending| pending.since.elapsed() < flow::PATIENCE);
        let pending = pending.filter(|pending| pending.is_of(server));
        let pending =
            pending.ok_or_else(|| format!("no login waits for this; `holm server login {name}` begins one"))?;
        let login = timeout(flow::STEP, flow::finish(pending, back)).await.map_err(late)??;
        let scopes = login.credentials.granted_scopes.clone();
        // Who renews the one before writes first, and is written over.
        let _alone = of.renewed.lock().await;
        self.keep(name, server, Some(&login)).await?;
        *waiting = None;
        *of.challenge.lock() = None;
        Ok(scopes)
    }

    /// Forgets the login at a server; whether there was one.
    pub(super) async fn forget(&self, name: &str, server: &Server) -> Result<bool, String> {
        let of = self.of(name);
        *of.pending.lock().await = None;
        let _alone = of.renewed.lock().await;
        let was = self.launch.login((name, server))?.is_some();
        self.keep(name, server, None).await?;
        Ok(was)
    }

    /// Whether its user is logged in there; unknown where the logins are locked.
    pub(super) fn is_in(&self, name: &str, server: &Server) -> Option<bool> {
        self.read(name, server).ok().map(|login| login.is_some())
    }

    fn of(&self, name: &str) -> Arc<Of> {
        self.each.lock().entry(name.to_owned()).or_default().clone()
    }

    fn read(&self, name: &str, server: &Server) -> Result<Option<Login>, String> {
        let login = self.launch.login((name, server))?.and_then(|text| Login::read(&text));
        let id = server.authorization.as_ref().and_then(|settings| settings.client_id.as_ref());
        let of_it = |login: &Login| {
            Some(&login.url) == server.url.as_ref() && id.is_none_or(|id| *id == login.credentials.client_id)
        };
        Ok(login.filter(of_it))
    }

    async fn keep(&self, name: &str, server: &Server, login: Option<&Login>) -> Result<(), String> {
        let text = login.map(|login| serde_json::to_string(login).unwrap_or_default());
        let (launch, name, server) = (self.launch.clone(), name.to_owned(), server.clone());
        let keep = move || launch.keep_login((&name, &server), text);
        tokio::task::spawn_blocking(keep).await.map_err(|error| error.to_string())?
    }
}

/// Whether one logs in at a server at all.
fn check(server: &Server) -> Result<(), String> {
    if server.url.is_none() {
        return Err("it is a program on this machine: nobody logs in there".to_owned());
    }
    match server.has_token() {
        true => Err("its `headers` say `authorization` already: take that out of its settings first".to_owned()),
        false => Ok(()),
    }
}

fn late<E>(_: E) -> String {
    format!("it took more than {} s", flow::STEP.as_secs())
}
