//! Registries of components: as whom they are asked, and how they are reached.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_core::future::BoxFuture;
use holm_drivers::registry::{self, RegistryError};
use holm_packages::{Login, Progress, Reference, Registries, Remote, RemoteError, Value};
use serde::Deserialize;

/// What manifests of images are, of either kind.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, \
                         application/vnd.docker.distribution.manifest.v2+json, \
                         application/vnd.oci.image.index.v1+json";

/// Registries, over the kernel's network.
pub(crate) struct Reached(pub(crate) registry::Registry);

impl Registries for Reached {
    fn open(&self, reference: &Reference, login: Option<Login>) -> Result<Box<dyn Remote>, RemoteError> {
        let login = login.map(|login| registry::Login { user: login.user, password: login.password.expose().into() });
        let host = match reference.registry.as_str() {
            "docker.io" => "registry-1.docker.io",
            host => host,
        };
        let repository = self.0.repository(host, &reference.repository, login).map_err(told)?;
        Ok(Box::new(Repository(repository)))
    }
}

struct Repository(registry::Repository);

fn told(error: RegistryError) -> RemoteError {
    match error {
        RegistryError::NotFound(_) => RemoteError::NotFound(error.to_string()),
        error => RemoteError::Failed(error.to_string()),
    }
}

impl Remote for Repository {
    fn manifest<'a>(&'a self, version: &'a str, maximum: u64) -> BoxFuture<'a, Result<Vec<u8>, RemoteError>> {
        Box::pin(async move {
            let path = format!("manifests/{version}");
            self.0.get(&path, MANIFESTS, maximum, &mut |_| ()).await.map(Into::into).map_err(told)
        })
    }

    fn blob<'a>(
        &'a self,
        digest: &'a str,
        maximum: u64,
        progress: Progress<'a>,
    ) -> BoxFuture<'a, Result<Vec<u8>, RemoteError>> {
        Box::pin(async move {
            let path = format!("blobs/{digest}");
            self.0.get(&path, "*/*", maximum, progress).await.map(Into::into).map_err(told)
        })
    }
}

/// Bytes of Docker's settings.
const MAXIMUM_BYTES: u64 = 1 << 20;

#[derive(Deserialize)]
struct DockerSettings {
    #[serde(default)]
    auths: std::collections::HashMap<String, DockerLogin>,
}

#[derive(Deserialize)]
struct DockerLogin {
    #[serde(default)]
    auth: String,
}

/// As whom `docker login` (or `oras login`, `podman login --authfile`) said to ask a registry; none where it
/// said nothing. Programs that it names to ask instead are not run.
pub(crate) fn login(registry: &str) -> Option<Login> {
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let path = folder.or_else(|| Some(std::env::home_dir()?.join(".docker")))?.join("config.json");
    let found = std::fs::metadata(&path).ok()?;
    if !found.is_file() || found.len() > MAXIMUM_BYTES {
        return None;
    }
    read(&std::fs::read_to_string(path).ok()?, registry)
}

fn read(settings: &str, registry: &str) -> Option<Login> {
    let settings: DockerSettings = serde_json::from_str(settings).ok()?;
    let old = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry };
    let kept = settings.auths.get(registry).or_else(|| settings.auths.get(old))?;
    let pair = String::from_utf8(STANDARD.decode(&kept.auth).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    Some(Login { user: user.to_owned(), password: Value::new(password.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn logins_are_found_by_their_registry() {
        let settings = r#"{"auths":{"ghcr.io":{"auth":"YW5uOnNlOmNyZXQ="},"https://index.docker.io/v1/":{"auth":"YTpi"},
            "empty.example":{},"odd.example":{"auth":"!"}},"credsStore":"desktop"}"#;
        let login =
            |registry: &str| read(settings, registry).map(|login| (login.user, login.password.expose().to_owned()));
        assert_eq!(login("ghcr.io"), Some(("ann".to_owned(), "se:cret".to_owned())));
        assert_eq!(login("docker.io"), Some(("a".to_owned(), "b".to_owned())));
        for none in ["other.example", "empty.example", "odd.example"] {
            assert_eq!(login(none), None);
        }
        assert!(read("no JSON", "ghcr.io").is_none());
    }
}
