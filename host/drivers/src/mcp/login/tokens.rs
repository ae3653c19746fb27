//! The tokens of one server: read, sent, renewed before they end and when they are refused.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rmcp::transport::auth::{AuthError, CredentialStore, InMemoryCredentialStore, OAuthClientConfig};

use super::{
    super::{Server, config::Authorization, hidden::Hidden},
    CHALLENGE_BYTES, Login, Logins, flow,
};

/// Between two renewals. Stops a server that refuses each token from having a new one made for each request.
const AGAIN: Duration = Duration::from_secs(10);

/// The tokens of a server.
#[derive(Clone)]
pub(in super::super) struct Tokens {
    name: String,
    server: Arc<Server>,
    logins: Arc<Logins>,
    hidden: Hidden,
}

impl Tokens {
    pub(super) fn new(name: String, server: Arc<Server>, logins: Arc<Logins>, hidden: Hidden) -> Self {
        Self { name, server, logins, hidden }
    }

    /// The token that goes with a request; none where its user is not logged in, or that came to its end.
    pub(in super::super) async fn now(&self) -> Result<Option<String>, String> {
        if self.server.has_token() {
            return Ok(None);
        }
        let Some(login) = self.logins.read(&self.name, &self.server)? else { return Ok(None) };
        match login.is_old() {
            true => self.renewed(None).await,
            false => Ok(self.known(login.token())),
        }
    }

    /// The server refused a request, sent with this token: another one, if there is any.
    pub(in super::super) async fn refused(
        &self,
        sent: Option<String>,
        challenge: &str,
    ) -> Result<Option<String>, String> {
        if self.server.has_token() {
            return Ok(None);
        }
        self.challenged(challenge);
        match sent {
            Some(sent) => self.renewed(Some(sent)).await,
            None => Ok(None),
        }
    }

    /// What the server says that it lacks is asked for at the next login.
    pub(in super::super) fn challenged(&self, challenge: &str) {
        if challenge.len() <= CHALLENGE_BYTES {
            *self.logins.of(&self.name).challenge.lock() = Some(challenge.to_owned());
        }
    }

    /// A token that is not this one, and does not end soon. Who asked may be gone before it is there: what was
    /// renewed is kept all the same, since the one before is good for nothing then.
    async fn renewed(&self, refused: Option<String>) -> Result<Option<String>, String> {
        let tokens = self.clone();
        let renew = async move { tokens.renew(refused.as_deref()).await };
        let token = tokio::spawn(renew).await.map_err(|error| error.to_string())??;
        Ok(self.known(token))
    }

    async fn renew(&self, refused: Option<&str>) -> Result<Option<String>, String> {
        let of = self.logins.of(&self.name);
        let mut last = of.renewed.clone().lock_owned().await;
        // Another run may have done it meanwhile.
        let Some(login) = self.logins.read(&self.name, &self.server)? else { return Ok(None) };
        if !login.is_old() && refused != login.token().as_deref() {
            return Ok(login.token());
        }
        let soon = last.is_some_and(|last| last.elapsed() < AGAIN);
        if soon || login.of_token("refresh_token").is_none() {
            // It may be good for what is left.
            let is_good = refused.is_none() && login.left().is_none_or(|left| !left.is_zero());
            return Ok(login.token().filter(|_| is_good));
        }
        *last = Some(Instant::now());
        let renewed = tokio::time::timeout(flow::STEP, self.refresh(login)).await;
        let Some(login) = renewed.map_err(super::late)?? else { return Ok(None) };
        self.logins.keep(&self.name, &self.server, Some(&login)).await?;
        tracing::info!(server = self.name, "a login was renewed");
        Ok(login.token())
    }

    /// Asks who gave the token out for another one; none where they say no for good.
    async fn refresh(&self, login: Login) -> Result<Option<Login>, String> {
        let none = Authorization::default();
        let settings = self.server.authorization.as_ref().unwrap_or(&none);
        let (mut manager, target) = flow::manager(&self.server).await?;
        let found = manager.resolve_metadata().await.map_err(|error| flow::told(&error))?;
        flow::check_metadata(&found, settings, &target)?;
        // Its user logged in with somebody: nobody else is sent what they gave.
        if found.metadata.issuer != login.credentials.issuer {
            return Err(format!(
                "somebody else gives out its tokens than at the login; `holm server login {}` shows who",
                self.name
            ));
        }
        manager.set_metadata(found.metadata);
        let mut config = OAuthClientConfig::new(&login.credentials.client_id, &login.url);
        let secret = flow::secret((&self.name, &self.server), &*self.logins.launch)?;
        if let Some(secret) = secret.or_else(|| login.registered.clone()) {
            config = config.with_client_secret(secret);
        }
        manager.configure_client(config).map_err(|error| flow::told(&error))?;
        let kept = InMemoryCredentialStore::new();
        kept.save(login.credentials).await.map_err(|error| flow::told(&error))?;
        manager.set_credential_store(kept.clone());
        match manager.refresh_token().await {
            Ok(_) => Login::taken(&kept, login.url, login.registered).await.map(Some),
            Err(AuthError::TokenRefreshRejected(why)) => {
                tracing::info!(server = self.name, why, "a login is over");
                Ok(None)
            }
            Err(error) => Err(format!("its login cannot be renewed: {}", flow::told(&error))),
        }
    }

    fn known(&self, token: Option<String>) -> Option<String> {
        token.iter().for_each(|token| self.hidden.learn(token));
        token
    }
}
