//! Refresh tokens.

use ::tenancy::{
    digest::SecretHash,
    session::{EndReason, RefreshState, Renewal, RenewedSession, judge_renewal},
};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::session::live;
use crate::{
    Connection, StoreError,
    schema::tenancy::{refresh_tokens, sessions},
};

/// A refresh token with its session, locked.
#[derive(Queryable)]
struct Presented {
    session: Uuid,
    used_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    idle_expires_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl Presented {
    fn state(&self) -> RefreshState {
        RefreshState {
            is_used: self.used_at.is_some(),
            is_ended: self.ended_at.is_some(),
            idle_expires_at: self.idle_expires_at,
            expires_at: self.expires_at,
        }
    }
}

/// Exchanges a refresh token for the next one, or ends the session of one that was used before; in one transaction.
pub(super) async fn exchange(
    connection: &mut Connection,
    presented: SecretHash,
    next: SecretHash,
    now: DateTime<Utc>,
    idle: TimeDelta,
) -> Result<Option<RenewedSession>, StoreError> {
    connection
        .transaction(async |connection| {
            let Some(row) = lock(connection, presented).await? else { return Ok(None) };
            match judge_renewal(&row.state(), now, idle) {
                Renewal::Refuse => Ok(None),
                Renewal::EndReused => {
                    end(connection, row.session, EndReason::ReusedToken, now).await?;
                    Ok(None)
                }
                Renewal::Renew { idle_expires_at } => {
                    renew(connection, &row, (presented, next), now, idle_expires_at).await
                }
            }
        })
        .await
}

/// Two uses of one token at once wait here for each other, and the second sees the first.
async fn lock(connection: &mut Connection, presented: SecretHash) -> Result<Option<Presented>, StoreError> {
    Ok(refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::hash.eq(presented.0.as_slice()))
        .select((
            sessions::id,
            refresh_tokens::used_at,
            sessions::ended_at,
            sessions::idle_expires_at,
            sessions::expires_at,
        ))
        .for_update()
        .first(connection)
        .await
        .optional()?)
}

async fn end(
    connection: &mut Connection,
    session: Uuid,
    reason: EndReason,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(session))
        .set((sessions::ended_at.eq(now), sessions::end_reason.eq(reason.as_str())))
        .execute(connection)
        .await?;
    Ok(())
}

async fn renew(
    connection: &mut Connection,
    row: &Presented,
    (presented, next): (SecretHash, SecretHash),
    now: DateTime<Utc>,
    idle_expires_at: DateTime<Utc>,
) -> Result<Option<RenewedSession>, StoreError> {
    diesel::update(refresh_tokens::table.find(presented.0.as_slice()))
        .set(refresh_tokens::used_at.eq(now))
        .execute(connection)
        .await?;
    insert_token(connection, row.session, next, now).await?;
    diesel::update(sessions::table.find(row.session))
        .set((sessions::idle_expires_at.eq(idle_expires_at), sessions::last_used_at.eq(now)))
        .execute(connection)
        .await?;
    let live = live(connection, row.session, now).await?;
    Ok(live.map(|live| RenewedSession { live, idle_expires_at, expires_at: row.expires_at }))
}

/// Stores the token that is to be used next.
pub(super) async fn insert_token(
    connection: &mut Connection,
    session: Uuid,
    hash: SecretHash,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(hash.0.as_slice()),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::created_at.eq(now),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
