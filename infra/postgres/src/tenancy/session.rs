//! Sessions.

use ::tenancy::{
    OrganizationId, PersonId, Role, SessionId,
    digest::SecretHash,
    sealing::{Sealed, WrappedKey},
    session::{EndReason, LiveSession, NewSession, RenewedSession, SessionStore, StoredSession},
};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    column::{bytes, role, root_key},
    refresh::{exchange, insert_token},
};
use crate::{
    Connection, Pool, StoreError,
    schema::tenancy::{memberships, person_keys, sessions},
};

/// Sessions in the database.
#[derive(Clone)]
pub struct PgSessions(pub Pool);

#[derive(Queryable)]
struct ListedRow {
    id: Uuid,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    idle_expires_at: DateTime<Utc>,
    user_agent: Option<Vec<u8>>,
    address: Option<Vec<u8>>,
}

impl From<ListedRow> for StoredSession {
    fn from(row: ListedRow) -> Self {
        Self {
            id: SessionId::from_uuid(row.id),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            idle_expires_at: row.idle_expires_at,
            user_agent: row.user_agent.map(Sealed),
            address: row.address.map(Sealed),
        }
    }
}

impl PgSessions {
    async fn insert(&self, session: &NewSession) -> Result<Option<Role>, StoreError> {
        let mut connection = self.0.get().await?;
        connection
            .transaction(async |connection| {
                let Some(role) = role_of(connection, session.organization, session.person).await? else {
                    return Ok(None);
                };
                insert_session(connection, session).await?;
                insert_token(connection, session.id.uuid(), session.refresh, session.at).await?;
                Ok(Some(role))
            })
            .await
    }

    async fn all(
        &self,
        person: PersonId,
        now: DateTime<Utc>,
    ) -> Result<Option<(WrappedKey, Vec<StoredSession>)>, StoreError> {
        let mut connection = self.0.get().await?;
        let key = person_keys::table
            .filter(person_keys::person_id.eq(person.uuid()))
            .select((person_keys::id, person_keys::ring_version, person_keys::wrapped))
            .first(&mut connection)
            .await
            .optional()?;
        let Some(key) = key else { return Ok(None) };
        let rows: Vec<ListedRow> = sessions::table
            .filter(sessions::person_id.eq(person.uuid()))
            .filter(sessions::ended_at.is_null().and(sessions::idle_expires_at.gt(now)))
            .order(sessions::id.desc())
            .select((
                sessions::id,
                sessions::created_at,
                sessions::last_used_at,
                sessions::idle_expires_at,
                sessions::user_agent_sealed,
                sessions::address_sealed,
            ))
            .load(&mut connection)
            .await?;
        Ok(Some((root_key(key), rows.into_iter().map(Into::into).collect())))
    }

    async fn end_own(
        &self,
        person: PersonId,
        session: SessionId,
        reason: EndReason,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut connection = self.0.get().await?;
        let own = sessions::table.filter(
            sessions::id
                .eq(session.uuid())
                .and(sessions::person_id.eq(person.uuid()))
                .and(sessions::ended_at.is_null())
                .and(sessions::idle_expires_at.gt(now)),
        );
        let ended = diesel::update(own)
            .set((sessions::ended_at.eq(now), sessions::end_reason.eq(reason.as_str())))
            .execute(&mut connection)
            .await?;
        Ok(ended == 1)
    }
}

async fn role_of(
    connection: &mut Connection,
    organization: OrganizationId,
    person: PersonId,
) -> Result<Option<Role>, StoreError> {
    let found = memberships::table
        .find((organization.uuid(), person.uuid()))
        .select(memberships::role)
        .first::<String>(connection)
        .await
        .optional()?;
    found.map(|text| role(&text)).transpose()
}

async fn insert_session(connection: &mut Connection, session: &NewSession) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(session.id.uuid()),
            sessions::organization_id.eq(session.organization.uuid()),
            sessions::person_id.eq(session.person.uuid()),
            sessions::user_agent_sealed.eq(bytes(session.user_agent.as_ref())),
            sessions::address_sealed.eq(bytes(session.address.as_ref())),
            sessions::created_at.eq(session.at),
            sessions::last_used_at.eq(session.at),
            sessions::idle_expires_at.eq(session.idle_expires_at),
            sessions::expires_at.eq(session.expires_at),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The session, if it is alive, with the role its person has now.
pub(super) async fn live(
    connection: &mut Connection,
    session: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<LiveSession>, StoreError> {
    let membership = memberships::organization_id
        .eq(sessions::organization_id)
        .and(memberships::person_id.eq(sessions::person_id));
    let row: Option<(Uuid, Uuid, String)> = sessions::table
        .inner_join(memberships::table.on(membership))
        .filter(sessions::id.eq(session))
        .filter(sessions::ended_at.is_null().and(sessions::idle_expires_at.gt(now)))
        .select((sessions::person_id, sessions::organization_id, memberships::role))
        .first(connection)
        .await
        .optional()?;
    let Some((person, organization, text)) = row else { return Ok(None) };
    Ok(Some(LiveSession {
        session: SessionId::from_uuid(session),
        person: PersonId::from_uuid(person),
        organization: OrganizationId::from_uuid(organization),
        role: role(&text)?,
    }))
}

#[async_trait]
impl SessionStore for PgSessions {
    async fn open(&self, session: &NewSession) -> Result<Option<Role>, ::tenancy::StoreError> {
        Ok(self.insert(session).await?)
    }

    async fn renew(
        &self,
        presented: SecretHash,
        next: SecretHash,
        now: DateTime<Utc>,
        idle: TimeDelta,
    ) -> Result<Option<RenewedSession>, ::tenancy::StoreError> {
        let mut connection = self.0.get().await.map_err(StoreError::from)?;
        Ok(exchange(&mut connection, presented, next, now, idle).await?)
    }

    async fn live(
        &self,
        session: SessionId,
        now: DateTime<Utc>,
    ) -> Result<Option<LiveSession>, ::tenancy::StoreError> {
        let mut connection = self.0.get().await.map_err(StoreError::from)?;
        Ok(live(&mut connection, session.uuid(), now).await?)
    }

    async fn list(
        &self,
        person: PersonId,
        now: DateTime<Utc>,
    ) -> Result<Option<(WrappedKey, Vec<StoredSession>)>, ::tenancy::StoreError> {
        Ok(self.all(person, now).await?)
    }

    async fn end(
        &self,
        person: PersonId,
        session: SessionId,
        reason: EndReason,
        now: DateTime<Utc>,
    ) -> Result<bool, ::tenancy::StoreError> {
        Ok(self.end_own(person, session, reason, now).await?)
    }
}
