//! The public keys, as anybody may read them at `/.well-known/jwks.json` (RFC 7517, RFC 8037).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde::Serialize;

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// The key type, always `OKP`.
    pub kty: &'static str,
    /// The curve, always `Ed25519`.
    pub crv: &'static str,
    /// The public key, in base64url.
    pub x: String,
    /// The key's name: its thumbprint (RFC 7638), so that nobody has to invent one.
    pub kid: String,
    /// The algorithm, always `EdDSA`.
    pub alg: &'static str,
    /// The use, always `sig`.
    #[serde(rename = "use")]
    pub key_use: &'static str,
}

/// A set of public keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The keys; tokens are signed with the first.
    pub keys: Vec<Jwk>,
}

impl Jwk {
    /// Describes a public key of 32 bytes.
    pub(crate) fn ed25519(public_key: &[u8]) -> Self {
        let x = URL_SAFE_NO_PAD.encode(public_key);
        // RFC 7638 §3.2: the required members in this order, without spaces.
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
        Self { kty: "OKP", crv: "Ed25519", x, kid, alg: "EdDSA", key_use: "sig" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_the_one_of_rfc_8037() {
        let x = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(Jwk::ed25519(&x).kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn a_key_is_written_with_the_names_of_the_rfc() {
        let json = serde_json::to_value(Jwk::ed25519(&[0; 32])).unwrap();
        let mut names: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
    }
}
