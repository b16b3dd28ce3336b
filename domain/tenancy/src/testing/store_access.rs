//! Sessions and API keys in memory.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    doubles::lock,
    store::{MemoryStore, SessionRow, Tables},
};
use crate::{
    ApiKeyId, OrganizationId, Page, PersonId, Reach, Role, SessionId, StoreError,
    api_key::{ApiKey, ApiKeyStore, FoundApiKey, NewApiKey, Origin},
    digest::SecretHash,
    id,
    sealing::WrappedKey,
    session::{
        EndReason, LiveSession, NewSession, RefreshState, Renewal, RenewedSession, SessionStore,
        StoredSession, judge_renewal,
    },
};

impl SessionRow {
    fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.ended.is_none() && now < self.new.idle_expires_at
    }
}

impl Tables {
    fn live(&self, row: &SessionRow) -> Option<LiveSession> {
        let NewSession { id, person, organization, .. } = row.new;
        let role = *self.memberships.get(&(organization, person))?;
        Some(LiveSession { session: id, person, organization, role })
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn open(&self, session: &NewSession) -> Result<Option<Role>, StoreError> {
        let mut tables = lock(&self.tables);
        let role = tables.memberships.get(&(session.organization, session.person)).copied();
        if role.is_some() {
            let row = SessionRow { new: session.clone(), last_used_at: session.at, ended: None };
            tables.sessions.insert(session.id, row);
            tables.refresh_tokens.insert(session.refresh, (session.id, false));
        }
        Ok(role)
    }

    async fn renew(
        &self,
        presented: SecretHash,
        next: SecretHash,
        now: DateTime<Utc>,
        idle: TimeDelta,
    ) -> Result<Option<RenewedSession>, StoreError> {
        let mut tables = lock(&self.tables);
        let Some((id, is_used)) = tables.refresh_tokens.get(&presented).copied() else { return Ok(None) };
        let Some(row) = tables.sessions.get_mut(&id) else { return Ok(None) };
        let expires_at = row.new.expires_at;
        let is_ended = row.ended.is_some();
        let state = RefreshState { is_used, is_ended, idle_expires_at: row.new.idle_expires_at, expires_at };
        let idle_expires_at = match judge_renewal(&state, now, idle) {
            Renewal::Renew { idle_expires_at } => idle_expires_at,
            Renewal::Refuse => return Ok(None),
            Renewal::EndReused => {
                row.ended = Some(EndReason::ReusedToken);
                return Ok(None);
            }
        };
        row.new.idle_expires_at = idle_expires_at;
        row.last_used_at = now;
        tables.refresh_tokens.insert(presented, (id, true));
        tables.refresh_tokens.insert(next, (id, false));
        let live = tables.sessions.get(&id).and_then(|row| tables.live(row));
        Ok(live.map(|live| RenewedSession { live, idle_expires_at, expires_at }))
    }

    async fn live(&self, session: SessionId, now: DateTime<Utc>) -> Result<Option<LiveSession>, StoreError> {
        let tables = lock(&self.tables);
        Ok(tables.sessions.get(&session).filter(|row| row.is_live(now)).and_then(|row| tables.live(row)))
    }

    async fn list(
        &self,
        person: PersonId,
        now: DateTime<Utc>,
    ) -> Result<Option<(WrappedKey, Vec<StoredSession>)>, StoreError> {
        let tables = lock(&self.tables);
        let Some((owner, _)) = tables.persons.get(&person) else { return Ok(None) };
        let own = tables.sessions.values().rev().filter(|row| row.new.person == person && row.is_live(now));
        let view = |row: &SessionRow| StoredSession {
            id: row.new.id,
            created_at: row.new.at,
            last_used_at: row.last_used_at,
            idle_expires_at: row.new.idle_expires_at,
            user_agent: row.new.user_agent.clone(),
            address: row.new.address.clone(),
        };
        Ok(Some((owner.key.clone(), own.map(view).collect())))
    }

    async fn end(
        &self,
        person: PersonId,
        session: SessionId,
        reason: EndReason,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tables = lock(&self.tables);
        let row =
            tables.sessions.get_mut(&session).filter(|row| row.new.person == person && row.is_live(now));
        Ok(row.map(|row| row.ended = Some(reason)).is_some())
    }
}

#[async_trait]
impl ApiKeyStore for MemoryStore {
    async fn insert(&self, new: &NewApiKey) -> Result<bool, StoreError> {
        let mut tables = lock(&self.tables);
        let key = &new.key;
        let is_own = |id| tables.workspaces.get(id).is_some_and(|w| w.organization == key.organization);
        let is_within = match &key.reach {
            Reach::All => true,
            Reach::Only(workspaces) => workspaces.iter().all(is_own),
        };
        let is_member = tables.memberships.contains_key(&(key.organization, key.granted_by));
        if is_within && is_member {
            self.keys.made(new.fence, key.id.uuid())?;
            tables.api_keys.insert(key.id, new.clone());
        }
        Ok(is_within && is_member)
    }

    async fn find(&self, id: ApiKeyId, hash: SecretHash) -> Result<Option<FoundApiKey>, StoreError> {
        let tables = lock(&self.tables);
        let found = tables.api_keys.get(&id).filter(|new| new.hash == hash);
        Ok(found.and_then(|new| {
            let grantor = *tables.memberships.get(&(new.key.organization, new.key.granted_by))?;
            Some(FoundApiKey { key: new.key.clone(), grantor })
        }))
    }

    async fn touch(&self, id: ApiKeyId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.touches.fetch_add(1, Ordering::Relaxed);
        if let Some(new) = lock(&self.tables).api_keys.get_mut(&id) {
            new.key.last_used_at = Some(now);
        }
        Ok(())
    }

    async fn list(
        &self,
        organization: OrganizationId,
        page: Page<id::ApiKey>,
    ) -> Result<Vec<ApiKey>, StoreError> {
        let tables = lock(&self.tables);
        let own = tables.api_keys.values().map(|new| &new.key).filter(|key| key.organization == organization);
        let after = own.filter(|key| page.after.is_none_or(|after| key.id > after));
        Ok(after.take(page.limit.into()).cloned().collect())
    }

    async fn revoke(
        &self,
        organization: OrganizationId,
        id: ApiKeyId,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tables = lock(&self.tables);
        let own = tables.api_keys.get_mut(&id).filter(|new| new.key.organization == organization);
        Ok(own.map(|new| new.key.revoked_at = new.key.revoked_at.or(Some(now))).is_some())
    }

    async fn knows_origin(&self, origin: &Origin, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let tables = lock(&self.tables);
        Ok(tables.api_keys.values().any(|new| new.key.is_live(now) && new.key.origins.contains(origin)))
    }
}
