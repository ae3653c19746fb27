//! How a registry wants to be asked: `Bearer realm="…",service="…",scope="…"`. Pure.

use holm_kernel::devices::net::law::{Host, Target};

/// What a registry wants with each request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password.
    Basic,
    /// A token, from this address.
    Bearer { realm: String, query: Vec<(String, String)> },
}

/// Reads a `www-authenticate` header; none where nothing of it is known.
pub(super) fn read(header: &str) -> Option<Challenge> {
    let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut query, mut rest) = (None, Vec::new(), rest.trim_start());
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"')?;
        let name = name.trim().trim_start_matches(',').trim().to_ascii_lowercase();
        match name.as_str() {
            "realm" => realm = Some(value.to_owned()),
            "service" | "scope" => query.push((name, value.to_owned())),
            _ => {}
        }
        rest = after;
    }
    Some(Challenge::Bearer { realm: realm?, query })
}

/// Whether a registry may send its user's password to where it gives tokens: its own host, one that it lies
/// below (`registry.gitlab.com` asks at `gitlab.com`), or Docker's pair. Stops a registry that sends it away.
pub(super) fn trusts(registry: &Target, realm: &Target) -> bool {
    if registry.scheme != realm.scheme {
        return false;
    }
    let (Host::Name(own), Host::Name(other)) = (&registry.host, &realm.host) else {
        return registry.host == realm.host && registry.port == realm.port;
    };
    let below = other.contains('.') && own.strip_suffix(other.as_str()).is_some_and(|head| head.ends_with('.'));
    let docker = own == "registry-1.docker.io" && other == "auth.docker.io";
    own == other || below || docker
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let bearer = read(r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull,push""#);
        let query = [("service", "ghcr.io"), ("scope", "repository:a/b:pull,push")];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        assert_eq!(bearer, Some(Challenge::Bearer { realm: "https://ghcr.io/token".to_owned(), query }));
        assert_eq!(read("Basic realm=\"x\""), Some(Challenge::Basic));
        for none in ["", "Bearer", "Bearer realm=\"x", "Bearer service=\"x\"", "Negotiate abc"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn passwords_stay_with_their_registry() {
        let target = |text: &str| Target::parse(text).expect("a target");
        let trusts = |registry: &str, realm: &str| trusts(&target(registry), &target(realm));
        assert!(trusts("https://ghcr.io/v2/", "https://ghcr.io/token"));
        assert!(trusts("https://registry.gitlab.com/v2/", "https://gitlab.com/jwt/auth"));
        assert!(trusts("https://registry-1.docker.io/v2/", "https://auth.docker.io/token"));
        assert!(trusts("http://127.0.0.1:5000/v2/", "http://127.0.0.1:5000/token"));
        assert!(!trusts("https://ghcr.io/v2/", "https://evil.example/token"));
        assert!(!trusts("https://ghcr.io/v2/", "https://io/token"));
        assert!(!trusts("https://xghcr.io/v2/", "https://ghcr.io/token"));
        assert!(!trusts("https://ghcr.io/v2/", "http://ghcr.io/token"));
        assert!(!trusts("http://127.0.0.1:5000/v2/", "http://127.0.0.1:5001/token"));
    }
}
