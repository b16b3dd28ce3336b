//! Public addresses of media: `…/media/{token}`, where the token says what it grants and until when, and proves that we made it.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use publishing::{
    id::MediaId,
    media::links::{Grant, MediaGrants, MediaLinks},
};
use tenancy::{Clock, sealing::Vault};
use url::Url;
use uuid::Uuid;

/// The first byte of every token; another byte is another format.
const FORMAT: u8 = 1;

/// Bytes before the proof: format, asset, purpose, seconds since 1970.
const PAYLOAD: usize = 1 + 16 + 16 + 8;

/// What the vault's keyed hash is separated by.
const PURPOSE: &str = "media link";

/// Links with a keyed hash of the vault as their proof.
pub struct SignedLinks {
    base: Url,
    vault: Arc<dyn Vault>,
    clock: Arc<dyn Clock>,
    longest: TimeDelta,
}

impl SignedLinks {
    /// Under `base`, the public address of this deployment. No link lives longer than `longest`, whatever is asked for.
    pub fn new(mut base: Url, vault: Arc<dyn Vault>, clock: Arc<dyn Clock>, longest: TimeDelta) -> Self {
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        base.set_query(None);
        base.set_fragment(None);
        Self { base, vault, clock, longest }
    }

    /// How long links may live unless a deployment says otherwise.
    pub const fn default_longest() -> TimeDelta {
        TimeDelta::minutes(15)
    }
}

impl MediaLinks for SignedLinks {
    fn link(&self, asset: MediaId, purpose: Uuid, expires: DateTime<Utc>) -> Url {
        let expires = expires.min(self.clock.now() + self.longest);
        let mut token = Vec::with_capacity(PAYLOAD + 32);
        token.push(FORMAT);
        token.extend_from_slice(asset.uuid().as_bytes());
        token.extend_from_slice(purpose.as_bytes());
        token.extend_from_slice(&expires.timestamp().to_be_bytes());
        let proof = self.vault.lookup(PURPOSE, &token);
        token.extend_from_slice(&proof);
        let mut url = self.base.clone();
        url.set_path(&format!("{}media/{}", self.base.path(), URL_SAFE_NO_PAD.encode(token)));
        url
    }
}

impl MediaGrants for SignedLinks {
    fn read(&self, token: &str) -> Option<Grant> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (payload, proof) = token.split_at_checked(PAYLOAD)?;
        if !same(&self.vault.lookup(PURPOSE, payload), proof) {
            return None;
        }
        let (format, payload) = payload.split_first()?;
        let (asset, payload) = payload.split_first_chunk::<16>()?;
        let (purpose, seconds) = payload.split_first_chunk::<16>()?;
        if *format != FORMAT {
            return None;
        }
        Some(Grant {
            asset: MediaId::from_uuid(Uuid::from_bytes(*asset)),
            purpose: Uuid::from_bytes(*purpose),
            expires: DateTime::from_timestamp(i64::from_be_bytes(seconds.try_into().ok()?), 0)?,
        })
    }
}

/// Compares in a time that does not depend on where they differ.
fn same(expected: &[u8; 32], given: &[u8]) -> bool {
    given.len() == expected.len()
        && expected.iter().zip(given).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use vault::{KeyRing, LookupKey, RingVault};

    use super::*;

    struct At(DateTime<Utc>);

    impl Clock for At {
        fn now(&self) -> DateTime<Utc> {
            self.0
        }
    }

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap()
    }

    fn links(key: u8) -> SignedLinks {
        let ring = "1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=".to_owned();
        let ring = Arc::new(KeyRing::from_text(&ring.into()).unwrap());
        let vault = Arc::new(RingVault::new(ring, LookupKey::new([key; 32])));
        let base = "https://postern.example/base?x=1#y".parse().unwrap();
        SignedLinks::new(base, vault, Arc::new(At(now())), SignedLinks::default_longest())
    }

    fn token(url: &Url) -> &str {
        url.path().strip_prefix("/base/media/").unwrap()
    }

    #[test]
    fn a_link_grants_what_it_was_made_for() {
        let (asset, purpose) = (MediaId::new(), Uuid::new_v4());
        let expires = now() + TimeDelta::minutes(5);
        let url = links(1).link(asset, purpose, expires);
        assert!(url.as_str().starts_with("https://postern.example/base/media/"));
        assert_eq!((url.query(), url.fragment()), (None, None));
        assert_eq!(links(1).read(token(&url)), Some(Grant { asset, purpose, expires }));
    }

    #[test]
    fn no_link_lives_longer_than_the_longest() {
        let url = links(1).link(MediaId::new(), Uuid::nil(), now() + TimeDelta::days(300));
        assert_eq!(links(1).read(token(&url)).unwrap().expires, now() + TimeDelta::minutes(15));
    }

    #[test]
    fn a_token_that_is_changed_anywhere_cut_or_of_another_key_grants_nothing() {
        let url = links(1).link(MediaId::new(), Uuid::new_v4(), now());
        let good = token(&url);
        assert!(links(1).read(good).is_some());
        assert_eq!(links(2).read(good), None);
        for at in 0..good.len() {
            let other = if good.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &good[..at], &good[at + 1..]);
            assert_eq!(links(1).read(&changed), None, "{at}");
            assert_eq!(links(1).read(&good[..at]), None, "{at}");
        }
        for bad in [format!("{good}A"), format!("{good}="), format!(" {good}"), String::new()] {
            assert_eq!(links(1).read(&bad), None, "{bad}");
        }
    }
}
