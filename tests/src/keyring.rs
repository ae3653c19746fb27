//! Secrets of the tests' kernels.

use holm_drivers::net::{Credential, Secrets, Unreadable};
use holm_kernel::{
    devices::net::{NetRule, NetWant, law::Target},
    grant::Rule,
};
use parking_lot::Mutex;

/// What is bound to plugins, in the order in which it was.
#[derive(Default)]
pub struct Keyring(Mutex<Vec<(String, NetRule, Credential)>>);

impl Keyring {
    /// Lets a plugin's requests carry `authorization: Bearer SECRET`.
    pub fn bind(&self, plugin: &str, rule: &str, secret: &str) {
        let header = http::header::AUTHORIZATION;
        let (name, value) = (format!("{plugin}-token"), format!("Bearer {secret}").into());
        let credential = Credential { name, header, value, secret: secret.into() };
        self.0.lock().push((plugin.to_owned(), rule.parse().unwrap(), credential));
    }
}

impl Secrets for Keyring {
    fn credentials(&self, plugin: &str, target: &Target, method: &str) -> Result<Vec<Credential>, Unreadable> {
        let want = NetWant { target: target.clone(), method: method.to_owned() };
        let all = self.0.lock();
        let bound = all.iter().filter(|(name, rule, _)| name == plugin && rule.admits(&want));
        Ok(bound.map(|(.., credential)| credential.clone()).collect())
    }
}
