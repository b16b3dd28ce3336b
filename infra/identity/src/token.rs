//! Access tokens: JWTs (RFC 7519, RFC 9068) signed with Ed25519.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use ring::signature::{Ed25519KeyPair, KeyPair};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use tenancy::session::{AccessClaims, InvalidToken, SignError, TokenSigner};

use crate::{
    jwks::{Jwk, Jwks},
    provider,
};

/// The media type of access tokens, RFC 9068 §2.1: no other JWT passes for one.
const TOKEN_TYPE: &str = "at+jwt";

/// No token of ours is longer, so nothing longer is decoded.
const LONGEST_TOKEN: usize = 2_048;

/// Who issues tokens for whom, and with which keys.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// The issuer (`iss`): the deployment's public URL.
    pub issuer: String,
    /// The audience (`aud`).
    pub audience: String,
    /// Ed25519 seeds of 32 bytes. The first signs; the others are still accepted, or are published before they sign.
    pub seeds: Vec<SecretSlice<u8>>,
}

/// The keys cannot be used.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// There is none.
    #[error("at least one signing key is needed")]
    Missing,
    /// One has not 32 bytes.
    #[error("a signing key must have 32 bytes, one has {0}")]
    WrongLength(usize),
}

/// Signs and verifies.
pub struct EdDsaSigner {
    issuer: String,
    audience: String,
    signing: EncodingKey,
    kid: String,
    verifying: Vec<(Jwk, DecodingKey)>,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    org: String,
    iat: i64,
    exp: i64,
}

impl EdDsaSigner {
    /// Prepares the keys.
    pub fn new(settings: TokenSettings) -> Result<Self, KeyError> {
        provider::install();
        let first = settings.seeds.first().ok_or(KeyError::Missing)?;
        let verifying = settings.seeds.iter().map(verifying_key).collect::<Result<Vec<_>, _>>()?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The time is a parameter here; the library would ask the system.
        validation.validate_exp = false;
        let kid = verifying.first().map(|(jwk, _)| jwk.kid.clone()).ok_or(KeyError::Missing)?;
        Ok(Self {
            signing: EncodingKey::from_ed_der(first.expose_secret()),
            issuer: settings.issuer,
            audience: settings.audience,
            kid,
            verifying,
            validation,
        })
    }

    /// The public keys.
    pub fn jwks(&self) -> Jwks {
        Jwks { keys: self.verifying.iter().map(|(jwk, _)| jwk.clone()).collect() }
    }

    fn read(&self, token: &str) -> Option<AccessClaims> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TOKEN_TYPE) {
            return None;
        }
        let (_, key) = self.verifying.iter().find(|(jwk, _)| Some(&jwk.kid) == header.kid.as_ref())?;
        let claims = decode::<Claims>(token, key, &self.validation).ok()?.claims;
        Some(AccessClaims {
            session: claims.sid.parse().ok()?,
            person: claims.sub.parse().ok()?,
            organization: claims.org.parse().ok()?,
            issued_at: DateTime::from_timestamp(claims.iat, 0)?,
            expires_at: DateTime::from_timestamp(claims.exp, 0)?,
        })
    }
}

fn verifying_key(seed: &SecretSlice<u8>) -> Result<(Jwk, DecodingKey), KeyError> {
    let seed = seed.expose_secret();
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::WrongLength(seed.len()))?;
    let public_key = pair.public_key().as_ref();
    Ok((Jwk::ed25519(public_key), DecodingKey::from_ed_der(public_key)))
}

impl TokenSigner for EdDsaSigner {
    fn sign(&self, claims: &AccessClaims) -> Result<SecretString, SignError> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: claims.person.to_string(),
            sid: claims.session.to_string(),
            org: claims.organization.to_string(),
            iat: claims.issued_at.timestamp(),
            exp: claims.expires_at.timestamp(),
        };
        let header = Header {
            typ: Some(TOKEN_TYPE.to_owned()),
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        encode(&header, &claims, &self.signing).map(Into::into).map_err(|_| SignError)
    }

    fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<AccessClaims, InvalidToken> {
        self.read(token).filter(|claims| now < claims.expires_at).ok_or(InvalidToken)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use ring::hmac;
    use serde_json::{Value, json};
    use tenancy::{OrganizationId, PersonId, SessionId};

    use super::*;

    fn settings(seeds: &[u8]) -> TokenSettings {
        TokenSettings {
            issuer: "https://postern.example".into(),
            audience: "postern".into(),
            seeds: seeds.iter().map(|seed| vec![*seed; 32].into()).collect(),
        }
    }

    fn signer(seeds: &[u8]) -> EdDsaSigner {
        EdDsaSigner::new(settings(seeds)).unwrap()
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn claims() -> AccessClaims {
        AccessClaims {
            session: SessionId::new(),
            person: PersonId::new(),
            organization: OrganizationId::new(),
            issued_at: now(),
            expires_at: now() + TimeDelta::minutes(10),
        }
    }

    fn token(signer: &EdDsaSigner) -> String {
        signer.sign(&claims()).unwrap().expose_secret().to_owned()
    }

    fn part(token: &str, index: usize) -> Value {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    fn joined(header: &Value, payload: &Value) -> String {
        format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(payload.to_string())
        )
    }

    /// Signs whatever header and payload with the first seed of `signer(&[1])`.
    fn forged(header: &Value, payload: &Value) -> String {
        let message = joined(header, payload);
        let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())))
    }

    #[test]
    fn a_token_reads_back_until_it_expires() {
        let (signer, claims) = (signer(&[1]), claims());
        let token = signer.sign(&claims).unwrap();
        let verify = |at| signer.verify(token.expose_secret(), at);
        assert_eq!(verify(now()), Ok(claims));
        assert_eq!(verify(claims.expires_at - TimeDelta::milliseconds(1)), Ok(claims));
        assert_eq!(verify(claims.expires_at), Err(InvalidToken));
    }

    #[test]
    fn a_forgery_with_the_right_key_shows_that_the_other_tests_test_something() {
        let signer = signer(&[1]);
        let token = token(&signer);
        assert!(signer.verify(&forged(&part(&token, 0), &part(&token, 1)), now()).is_ok());
    }

    #[test]
    fn a_token_without_a_signature_is_refused() {
        let signer = signer(&[1]);
        let token = token(&signer);
        for alg in ["none", "None", "NONE"] {
            let mut header = part(&token, 0);
            header["alg"] = json!(alg);
            let message = joined(&header, &part(&token, 1));
            for signature in ["", token.rsplit('.').next().unwrap()] {
                assert_eq!(signer.verify(&format!("{message}.{signature}"), now()), Err(InvalidToken));
            }
        }
    }

    #[test]
    fn a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() {
        let signer = signer(&[1]);
        let token = token(&signer);
        let public = &signer.jwks().keys[0].x;
        let secrets = [URL_SAFE_NO_PAD.decode(public).unwrap(), public.clone().into_bytes()];
        for secret in secrets {
            let mut header = part(&token, 0);
            header["alg"] = json!("HS256");
            let message = joined(&header, &part(&token, 1));
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
            let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
            assert_eq!(signer.verify(&forged, now()), Err(InvalidToken));
        }
    }

    #[test]
    fn another_algorithm_in_the_header_is_refused_although_the_signature_is_right() {
        let signer = signer(&[1]);
        let token = token(&signer);
        for alg in ["HS256", "HS512", "ES256", "RS256", "PS256", "Ed25519", ""] {
            let mut header = part(&token, 0);
            header["alg"] = json!(alg);
            assert_eq!(signer.verify(&forged(&header, &part(&token, 1)), now()), Err(InvalidToken), "{alg}");
        }
    }

    #[test]
    fn another_issuer_audience_or_type_and_missing_claims_are_refused() {
        let signer = signer(&[1]);
        let token = token(&signer);
        for (name, value) in
            [("iss", json!("https://evil.example")), ("aud", json!("other")), ("sid", json!("x"))]
        {
            let mut payload = part(&token, 1);
            payload[name] = value;
            assert_eq!(
                signer.verify(&forged(&part(&token, 0), &payload), now()),
                Err(InvalidToken),
                "{name}"
            );
        }
        for name in ["iss", "aud", "sub", "sid", "org", "iat", "exp"] {
            let mut payload = part(&token, 1);
            payload.as_object_mut().unwrap().remove(name);
            assert_eq!(
                signer.verify(&forged(&part(&token, 0), &payload), now()),
                Err(InvalidToken),
                "{name}"
            );
        }
        for (name, value) in [("typ", json!("JWT")), ("kid", json!("other")), ("kid", json!(null))] {
            let mut header = part(&token, 0);
            header[name] = value;
            assert_eq!(signer.verify(&forged(&header, &part(&token, 1)), now()), Err(InvalidToken), "{name}");
        }
    }

    #[test]
    fn another_key_is_refused_even_under_our_name() {
        let (ours, theirs) = (signer(&[1]), signer(&[2]));
        let stolen_name = token(&theirs).replace(&theirs.kid, &ours.kid);
        assert_eq!(ours.verify(&token(&theirs), now()), Err(InvalidToken));
        assert_eq!(ours.verify(&stolen_name, now()), Err(InvalidToken));
        let mut header = part(&token(&theirs), 0);
        header["kid"] = json!(ours.kid);
        let message = joined(&header, &part(&token(&theirs), 1));
        let pair = Ed25519KeyPair::from_seed_unchecked(&[2; 32]).unwrap();
        let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())));
        assert_eq!(ours.verify(&forged, now()), Err(InvalidToken));
    }

    #[test]
    fn the_first_key_signs_and_the_others_are_still_accepted() {
        let (before, after) = (signer(&[1]), signer(&[2, 1]));
        assert!(after.verify(&token(&before), now()).is_ok());
        assert!(before.verify(&token(&after), now()).is_err());
        assert_eq!(after.jwks().keys.len(), 2);
        assert_eq!(part(&token(&after), 0)["kid"], json!(after.jwks().keys[0].kid));
    }

    #[test]
    fn unusable_keys_are_refused_at_the_start() {
        assert_eq!(EdDsaSigner::new(settings(&[])).err(), Some(KeyError::Missing));
        let mut short = settings(&[1]);
        short.seeds.push(vec![1; 31].into());
        assert_eq!(EdDsaSigner::new(short).err(), Some(KeyError::WrongLength(31)));
    }

    proptest! {
        #[test]
        fn a_token_with_one_other_character_is_refused(at in 0_usize..400, c in "[0-9A-Za-z_.-]") {
            let signer = signer(&[1]);
            let token = token(&signer);
            let at = at % token.len();
            let mut other = token.clone();
            other.replace_range(at..=at, &c);
            prop_assume!(other != token);
            prop_assert_eq!(signer.verify(&other, now()), Err(InvalidToken));
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC*") {
            prop_assert_eq!(signer(&[1]).verify(&text, now()), Err(InvalidToken));
        }
    }
}
