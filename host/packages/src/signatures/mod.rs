//! Signatures of plugins: who signs is a key that its user added, and what has to be signed is their rule.

mod cosign;
mod key;
mod keys;
mod rules;

pub use cosign::CosignSignature;
pub(crate) use cosign::{MEDIA_TYPE as COSIGN_MEDIA_TYPE, SIGNATURE as COSIGN_SIGNATURE};
pub use key::{Key, KeyError};
pub use keys::{Keys, KeysError, KnownKey, SIGNATURE_FILE, signed_text};
pub use rules::{SignatureError, SignatureRules};
