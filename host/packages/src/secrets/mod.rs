//! `$HOLM_HOME/secrets`: what the host adds to requests, and no guest ever sees. Written by operator
//! commands only.

mod binding;
mod key;
mod logins;
mod seal;
mod store;
mod value;

pub use binding::{Binding, BindingError, Template};
pub use key::is_protected;
pub use seal::SealError;
pub use store::{Carried, ForServer, Secret, Secrets, SecretsError};
pub use value::Value;

/// In Holm's home: the secrets, and what seals them.
const FILE: &str = "secrets";
const KEY_FILE: &str = "secrets.key";
