//! What cosign signs with a key: a small JSON text that names an image by its digest. Pure.

use holm_kernel::program::Digest;
use serde::Deserialize;

use super::Key;

/// The media type of what is signed.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The annotation that holds the signature.
pub(crate) const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const KIND: &str = "cosign container image signature";

/// What lies beside an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CosignSignature {
    /// What is signed.
    pub payload: Vec<u8>,
    /// The signature, in base64.
    pub signature: String,
}

#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    identity: Identity,
    image: SignedImage,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Identity {
    #[serde(rename = "docker-reference")]
    reference: String,
}

#[derive(Deserialize)]
struct SignedImage {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

impl CosignSignature {
    /// Whether this key signed an image of this digest in this repository (`ghcr.io/owner/name`).
    pub(crate) fn holds(&self, key: &Key, repository: &str, digest: Digest) -> bool {
        // Nothing of it is read before its signature is known to hold.
        if !key.verifies(&self.payload, &self.signature) {
            return false;
        }
        let Ok(Payload { critical }) = serde_json::from_slice(&self.payload) else { return false };
        // A version may have been signed by its tag.
        let signed = critical.identity.reference;
        let named = signed.split('@').next().unwrap_or_default();
        let named = named.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(named, |(name, _)| name);
        critical.kind == KIND && critical.image.digest == format!("sha256:{digest}") && named == repository
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
    };

    use super::*;

    #[test]
    fn a_signature_is_for_one_digest_in_one_repository() {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let secret = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, secret.as_ref(), &random).expect("a key");
        let mut der = vec![
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        der.extend_from_slice(pair.public_key().as_ref());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der));
        let key = Key::from_pem(&pem).expect("a key");
        let digest = Digest::of(b"image");
        let signed = |reference: &str, digest: Digest, kind: &str| {
            let payload = format!(
                r#"{{"critical":{{"identity":{{"docker-reference":"{reference}"}},"image":{{"docker-manifest-digest":"sha256:{digest}"}},"type":"{kind}"}},"optional":null}}"#
            );
            let signature = pair.sign(&random, payload.as_bytes()).expect("signed");
            CosignSignature { payload: payload.into_bytes(), signature: STANDARD.encode(signature) }
        };
        for reference in ["ghcr.io/a/b", "ghcr.io/a/b:1.0", &format!("ghcr.io/a/b@sha256:{digest}")] {
            assert!(signed(reference, digest, KIND).holds(&key, "ghcr.io/a/b", digest), "{reference}");
        }
        assert!(signed("127.0.0.1:5000/b", digest, KIND).holds(&key, "127.0.0.1:5000/b", digest));
        let holds = |signature: CosignSignature| signature.holds(&key, "ghcr.io/a/b", digest);
        assert!(!holds(signed("ghcr.io/a/c", digest, KIND)));
        assert!(!holds(signed("ghcr.io/a/b", Digest::of(b"other"), KIND)));
        assert!(!holds(signed("ghcr.io/a/b", digest, "another")));
        let good = signed("ghcr.io/a/b", digest, KIND);
        let mut payload = good.payload.clone();
        payload[20] ^= 1;
        assert!(!holds(CosignSignature { payload, ..good.clone() }));
        assert!(!holds(CosignSignature { signature: String::new(), ..good }));
    }
}
