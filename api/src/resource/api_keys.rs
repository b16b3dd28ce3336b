//! API keys: how programs sign in.

use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
};
use tenancy::{ApiKeys, Reach, api_key, id};

use super::Chapter;
use crate::{
    answer::{Created, Done, Found},
    problem::Answer,
    request::{
        Access, After, Cursors, Limit, Once, Page,
        permissions::{ReadKeys, WriteKeys},
    },
    strict::StrictJson,
    value::{Id, Instant, ScopeName, Secret},
};

/// Where keys are.
const PLACE: &str = "/v1/api_keys";

/// A key, without the key.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
struct ApiKey {
    /// The identifier.
    id: Id<id::ApiKey>,
    /// What it is for.
    name: String,
    /// The beginning of the key, by which you recognise it.
    prefix: String,
    /// What it may do.
    scopes: Vec<ScopeName>,
    /// The workspaces it reaches; absent when it reaches all of them.
    workspaces: Option<Vec<Id<id::Workspace>>>,
    /// The web origins it may be used from.
    origins: Vec<String>,
    /// Who granted it.
    granted_by: Id<id::Person>,
    /// When it was granted.
    created_at: Instant,
    /// When it ends; absent when only revoking ends it.
    expires_at: Option<Instant>,
    /// When it was last used, to the minute.
    last_used_at: Option<Instant>,
    /// When it was revoked.
    revoked_at: Option<Instant>,
}

impl From<api_key::ApiKey> for ApiKey {
    fn from(key: api_key::ApiKey) -> Self {
        let prefix = key.prefix();
        let workspaces = match key.reach {
            Reach::All => None,
            Reach::Only(workspaces) => Some(workspaces.into_iter().map(Into::into).collect()),
        };
        Self {
            id: key.id.into(),
            name: key.name,
            prefix,
            scopes: key.scopes.iter().map(ScopeName).collect(),
            workspaces,
            origins: key.origins.iter().map(ToString::to_string).collect(),
            granted_by: key.granted_by.into(),
            created_at: key.created_at.into(),
            expires_at: key.expires_at.map(Into::into),
            last_used_at: key.last_used_at.map(Into::into),
            revoked_at: key.revoked_at.map(Into::into),
        }
    }
}

/// A key to be granted.
#[derive(Object)]
struct NewApiKey {
    /// What it is for.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// What it may do; no more than you may.
    #[oai(validator(min_items = 1, unique_items))]
    scopes: Vec<ScopeName>,
    /// The workspaces it reaches; as many as you reach if you do not say.
    #[oai(validator(min_items = 1, max_items = 1000, unique_items))]
    workspaces: Option<Vec<Id<id::Workspace>>>,
    /// When it ends.
    expires_at: Option<Instant>,
    /// The web origins it may be used from, such as `https://app.example.org`; never a wildcard.
    #[oai(default, validator(max_items = 20, unique_items))]
    origins: Vec<String>,
}

/// A new key and, this once, its text.
#[derive(Object)]
struct GrantedApiKey {
    /// The key as it will be listed.
    api_key: ApiKey,
    /// Send this as `Authorization: Bearer`. It is shown this once.
    secret: Secret,
}

/// API keys.
pub struct ApiKeysResource {
    /// The use cases.
    pub api_keys: ApiKeys,
    /// Seals positions in lists.
    pub cursors: Cursors,
}

#[OpenApi(prefix_path = "/v1", tag = "Chapter::ApiKeys")]
impl ApiKeysResource {
    /// List API keys
    ///
    /// Those of your organization in order of creation, ended ones included.
    #[oai(path = "/api_keys", method = "get", operation_id = "listApiKeys")]
    async fn list(
        &self,
        caller: Access<ReadKeys>,
        limit: Query<Limit>,
        after: Query<After>,
    ) -> Answer<Found<Page<ApiKey>>> {
        let list = self.cursors.list("api_keys", caller.organization, limit.0);
        let rows = self.api_keys.list(&caller, list.part(after.0.as_deref())?).await?;
        Ok(Found::plain(list.page(rows, |one| one.id)?))
    }

    /// Grant an API key
    ///
    /// The key is in this answer and nowhere else. The answer is not kept for replays: the same `Idempotency-Key` gets a 409
    /// with `idempotency_secret_gone` and the place of the key that was granted.
    #[oai(path = "/api_keys", method = "post", operation_id = "createApiKey")]
    async fn create(
        &self,
        caller: Access<WriteKeys>,
        idempotency_key: Once,
        body: StrictJson<NewApiKey>,
    ) -> Answer<Created<GrantedApiKey>> {
        let StrictJson(body) = body;
        let grant = api_key::Grant {
            name: body.name,
            scopes: body.scopes.into_iter().map(|scope| scope.0).collect(),
            workspaces: body.workspaces.map(|ids| ids.into_iter().map(|id| id.0).collect()),
            expires_at: body.expires_at.map(|instant| instant.0),
            origins: body.origins,
            fence: idempotency_key.with_secret::<id::ApiKey>(PLACE)?,
        };
        let granted = self.api_keys.grant(&caller, grant).await?;
        let place = format!("{PLACE}/{}", granted.key.id);
        let view = GrantedApiKey { api_key: granted.key.into(), secret: granted.secret.into() };
        Ok(Created::at(place, view).shown_once())
    }

    /// Revoke an API key
    ///
    /// Its next request is refused.
    #[oai(path = "/api_keys/:id", method = "delete", operation_id = "revokeApiKey")]
    async fn revoke(&self, caller: Access<WriteKeys>, id: Path<Id<id::ApiKey>>) -> Answer<Done> {
        self.api_keys.revoke(&caller, id.0.0).await?;
        Ok(Done)
    }
}
