//! `$HOLM_HOME/secrets`: what the host adds to requests, and no guest ever sees. Written by operator
//! commands only.

mod binding;
mod seal;
mod store;
mod value;

pub use binding::{Binding, BindingError, Template};
pub use seal::SealError;
pub use store::{Secret, Secrets, SecretsError};
pub use value::Value;
