//! What a login keeps, sealed, between the person's return and the choice.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use tenancy::{
    OrganizationId,
    sealing::{KeyChain, Place, SealError, Vault, WrappedKey},
};
use url::Url;
use uuid::Uuid;

use super::stored::{SealedGrant, SealedSelection, SealedToken};
use crate::{
    authorizer::{Candidate, Grant},
    id::{ChannelId, ConnectionId},
    platform::Platform,
};

/// A candidate as offered for choice: no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Which kind of channel it would be.
    pub platform: Platform,
    /// Its id on the platform.
    pub remote_id: String,
    /// Its name.
    pub name: String,
    /// Its handle.
    pub username: Option<String>,
    /// Its picture.
    pub picture_url: Option<Url>,
    /// Whether the person may publish there.
    pub can_publish: bool,
    /// Whether it is a live channel of this workspace already.
    pub already_connected: bool,
}

/// What the sealed selection says.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) grant: Grant,
    pub(super) candidates: Vec<Candidate>,
}

/// The sealed form. Private to this file: nothing else can write a token out.
#[derive(Serialize, Deserialize)]
struct Plain {
    person: String,
    token: String,
    expires_at: Option<DateTime<Utc>>,
    data_access_expires_at: Option<DateTime<Utc>>,
    granted: Vec<String>,
    declined: Vec<String>,
    candidates: Vec<PlainCandidate>,
}

#[derive(Serialize, Deserialize)]
struct PlainCandidate {
    platform: String,
    remote_id: String,
    name: String,
    username: Option<String>,
    picture_url: Option<Url>,
    token: String,
    expires_at: Option<DateTime<Utc>>,
    can_publish: bool,
}

impl From<&Pending> for Plain {
    fn from(Pending { grant, candidates }: &Pending) -> Self {
        Self {
            person: grant.remote_person.clone(),
            token: grant.token.expose_secret().to_owned(),
            expires_at: grant.expires_at,
            data_access_expires_at: grant.data_access_expires_at,
            granted: grant.granted.clone(),
            declined: grant.declined.clone(),
            candidates: candidates.iter().map(PlainCandidate::from).collect(),
        }
    }
}

impl From<&Candidate> for PlainCandidate {
    fn from(c: &Candidate) -> Self {
        Self {
            platform: c.platform.as_str().to_owned(),
            remote_id: c.remote_id.clone(),
            name: c.name.clone(),
            username: c.username.clone(),
            picture_url: c.picture_url.clone(),
            token: c.token.expose_secret().to_owned(),
            expires_at: c.expires_at,
            can_publish: c.can_publish,
        }
    }
}

impl From<Plain> for Pending {
    fn from(plain: Plain) -> Self {
        let grant = Grant {
            remote_person: plain.person,
            token: plain.token.into(),
            expires_at: plain.expires_at,
            data_access_expires_at: plain.data_access_expires_at,
            granted: plain.granted,
            declined: plain.declined,
        };
        Self {
            grant,
            candidates: plain.candidates.into_iter().filter_map(PlainCandidate::candidate).collect(),
        }
    }
}

impl PlainCandidate {
    /// `None` for a platform this release does not know.
    fn candidate(self) -> Option<Candidate> {
        Some(Candidate {
            platform: self.platform.parse().ok()?,
            remote_id: self.remote_id,
            name: self.name,
            username: self.username,
            picture_url: self.picture_url,
            token: self.token.into(),
            expires_at: self.expires_at,
            can_publish: self.can_publish,
        })
    }
}

/// The person behind a grant, with the token: what a courtesy revocation needs.
#[derive(Serialize, Deserialize)]
struct PlainGrant {
    person: String,
    token: String,
}

/// Seals for one organization, each value under a new key.
pub(super) struct Sealer<'a> {
    pub(super) vault: &'a dyn Vault,
    pub(super) organization: OrganizationId,
    pub(super) key: WrappedKey,
}

impl Sealer<'_> {
    fn seal(&self, row: Uuid, column: &'static str, plain: &[u8]) -> Result<SealedToken, SealError> {
        let key = self.vault.new_data_key(&self.key)?;
        let chain = KeyChain::Organization { organization: self.key.clone(), data: key.clone() };
        let sealed = self.vault.seal(&chain, place(self.organization, row, column), plain)?;
        Ok(SealedToken { key, sealed })
    }

    pub(super) fn pending(&self, attempt: Uuid, pending: &Pending) -> Result<SealedToken, SealError> {
        self.seal(attempt, PENDING, json(&Plain::from(pending))?.expose_secret())
    }

    pub(super) fn grant(
        &self,
        id: ConnectionId,
        person: &str,
        token: &SecretString,
    ) -> Result<SealedToken, SealError> {
        let plain = PlainGrant { person: person.to_owned(), token: token.expose_secret().to_owned() };
        self.seal(id.uuid(), GRANT, json(&plain)?.expose_secret())
    }

    pub(super) fn channel(&self, id: ChannelId, token: &SecretString) -> Result<SealedToken, SealError> {
        self.seal(id.uuid(), CHANNEL, token.expose_secret().as_bytes())
    }
}

const PENDING: &str = "pending_selections.sealed";
const GRANT: &str = "connection_tokens.sealed";
const CHANNEL: &str = "channel_tokens.sealed";

fn place(organization: OrganizationId, row: Uuid, column: &'static str) -> Place {
    Place { owner: organization.uuid(), row, column }
}

fn json<T: Serialize>(value: &T) -> Result<SecretSlice<u8>, SealError> {
    serde_json::to_vec(value).map(Into::into).map_err(|_| SealError::DoesNotOpen)
}

/// Opens a pending selection.
pub(super) fn open_pending(
    vault: &dyn Vault,
    owner: OrganizationId,
    stored: &SealedSelection,
) -> Result<Pending, SealError> {
    let plain = vault.open(&stored.chain, place(owner, stored.attempt, PENDING), &stored.sealed)?;
    let plain: Plain = serde_json::from_slice(plain.expose_secret()).map_err(|_| SealError::DoesNotOpen)?;
    Ok(plain.into())
}

/// Opens a person's token: the person on the platform and the token.
pub(super) fn open_grant(
    vault: &dyn Vault,
    owner: OrganizationId,
    id: ConnectionId,
    stored: &SealedGrant,
) -> Result<(String, SecretString), SealError> {
    let plain = vault.open(&stored.chain, place(owner, id.uuid(), GRANT), &stored.sealed)?;
    let plain: PlainGrant =
        serde_json::from_slice(plain.expose_secret()).map_err(|_| SealError::DoesNotOpen)?;
    Ok((plain.person, plain.token.into()))
}

/// Opens a channel's token.
pub(super) fn open_channel(
    vault: &dyn Vault,
    owner: OrganizationId,
    id: ChannelId,
    stored: &SealedGrant,
) -> Result<SecretString, SealError> {
    let plain = vault.open(&stored.chain, place(owner, id.uuid(), CHANNEL), &stored.sealed)?;
    let text = std::str::from_utf8(plain.expose_secret()).map_err(|_| SealError::DoesNotOpen)?;
    Ok(text.into())
}
