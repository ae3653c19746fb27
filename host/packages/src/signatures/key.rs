//! A public key, and whether it verifies. Pure.

use base64::{Engine, engine::general_purpose::STANDARD};
use holm_kernel::program::Digest;
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
/// What stands before the 32 bytes of an Ed25519 key (RFC 8410).
const ED25519_HEAD: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// What stands before the 65 bytes of a point of P-256 (RFC 5480).
const P256_HEAD: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no PEM.
    #[error(
        "this is no public key in PEM: it begins with `{BEGIN}`; `cosign generate-key-pair` makes one in cosign.pub"
    )]
    NotPem,
    /// It is a private key.
    #[error("this is a private key: keep it to yourself, and add the public one")]
    Private,
    /// It is of another kind.
    #[error("this key is neither ECDSA on P-256 nor Ed25519")]
    Kind,
}

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    ed25519: bool,
    bytes: Vec<u8>,
    pem: String,
}

impl Key {
    /// Reads a public key in PEM.
    ///
    /// # Errors
    /// It is none, or of a kind that is not verified.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        if text.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        let (_, rest) = text.split_once(BEGIN).ok_or(KeyError::NotPem)?;
        let (body, _) = rest.split_once(END).ok_or(KeyError::NotPem)?;
        let body: String = body.split_whitespace().collect();
        let der = STANDARD.decode(&body).map_err(|_| KeyError::NotPem)?;
        let ed25519 = der.strip_prefix(ED25519_HEAD).filter(|key| key.len() == 32);
        // A point that is written out.
        let p256 = der.strip_prefix(P256_HEAD).filter(|point| point.len() == 65 && point[0] == 4);
        let bytes = ed25519.or(p256).ok_or(KeyError::Kind)?.to_vec();
        let pem = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(&der));
        Ok(Self { ed25519: ed25519.is_some(), bytes, pem })
    }

    /// As it was read, written anew.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// `ed25519` or `ecdsa-p256`.
    pub fn kind(&self) -> &'static str {
        if self.ed25519 { "ed25519" } else { "ecdsa-p256" }
    }

    /// Tells it apart: the digest of its bytes.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// Whether its owner signed this, in base64.
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let algorithm: &dyn VerificationAlgorithm = if self.ed25519 { &ED25519 } else { &ECDSA_P256_SHA256_ASN1 };
        let Ok(signature) = STANDARD.decode(signature.trim()) else { return false };
        UnparsedPublicKey::new(algorithm, &self.bytes).verify(message, &signature).is_ok()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind(), self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by OpenSSL, with the signatures below: `openssl pkeyutl -sign -rawin` and `openssl dgst -sha256 -sign`.
    const ED: &str = "MCowBQYDK2VwAyEAelDjO3h7BNyNwYYGdMEG7WZ2YGOxuNfbjhWk885uKD0=";
    const ED_SIGNATURE: &str =
        "u8d3OUy/eg9mu6qMWT+29dTd+vJsx+rc/TE/2EVD1mz6+OH+ZDrb4SltUjhirFjmrTUCaDaREug6AQ8KT7lgDA==";
    const EC: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEM6Ji9NRCCqi5RaplEXgfLjlZTzTluNhm86hOce+H2b8RuuHAI2PY6PZ7EgG8JAus8rTM1GW0KDsv9UO3FpUcHA==";
    const EC_SIGNATURE: &str =
        "MEQCIHAv1HB1lZtQpoMQwO2KMVCFvk245rxIkWiKH8jetO8vAiAu5wgt2z7EOgSNP3FLF3pqVsz4fkOBvpIt3TfnxfA73g==";
    const MESSAGE: &[u8] = b"the message";

    fn key(body: &str) -> Key {
        Key::from_pem(&format!("{BEGIN}\n{body}\n{END}\n")).expect("a key")
    }

    #[test]
    fn what_openssl_signed_is_verified() {
        for (body, signature, kind) in [(ED, ED_SIGNATURE, "ed25519"), (EC, EC_SIGNATURE, "ecdsa-p256")] {
            let key = key(body);
            assert_eq!((key.kind(), Key::from_pem(key.pem())), (kind, Ok(key.clone())));
            assert!(key.verifies(MESSAGE, signature) && key.verifies(MESSAGE, &format!("{signature}\n")));
            assert!(!key.verifies(b"another", signature) && !key.verifies(MESSAGE, ""));
            assert!(!key.verifies(MESSAGE, &signature.replacen(&signature[20..21], "_", 1)));
        }
        assert!(!key(ED).verifies(MESSAGE, EC_SIGNATURE) && !key(EC).verifies(MESSAGE, ED_SIGNATURE));
    }

    #[test]
    fn what_is_no_key_says_so() {
        assert_eq!(Key::from_pem("hello"), Err(KeyError::NotPem));
        assert_eq!(Key::from_pem(&format!("{BEGIN}\n!!\n{END}")), Err(KeyError::NotPem));
        assert_eq!(Key::from_pem(&format!("{BEGIN}\n{}\n{END}", &ED[..20])), Err(KeyError::Kind));
        let private = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nx\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----";
        assert_eq!(Key::from_pem(private), Err(KeyError::Private));
    }
}
