//! Strikes against whoever guesses.

use ::tenancy::throttle::{Strikes, Subject, ThrottleStore, Throttled};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use crate::{Connection, Pool, StoreError, schema::tenancy::throttles};

/// Strikes in the database.
#[derive(Clone)]
pub struct PgThrottles(pub Pool);

/// Why strikes are rolled back.
enum NotCounted {
    Throttled(Throttled),
    Error(StoreError),
}

impl<E: Into<StoreError>> From<E> for NotCounted {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl PgThrottles {
    async fn count(
        &self,
        subjects: &[Subject],
        now: DateTime<Utc>,
    ) -> Result<Result<(), Throttled>, StoreError> {
        let mut ordered: Vec<&Subject> = subjects.iter().collect();
        // Everybody locks in one order, so nobody waits in a circle.
        ordered.sort_by_key(|subject| subject.key);
        let mut connection = self.0.get().await?;
        let counted = connection
            .transaction::<_, NotCounted, _>(async |connection| {
                for subject in ordered {
                    let before = lock(connection, &subject.key, now).await?;
                    let after = subject.rule.strike(before, now).map_err(NotCounted::Throttled)?;
                    write(connection, &subject.key, after).await?;
                }
                Ok(())
            })
            .await;
        match counted {
            Ok(()) => Ok(Ok(())),
            Err(NotCounted::Throttled(throttled)) => Ok(Err(throttled)),
            Err(NotCounted::Error(error)) => Err(error),
        }
    }

    async fn take_back(&self, subjects: &[Subject]) -> Result<(), StoreError> {
        let Some((first, others)) = subjects.split_first() else { return Ok(()) };
        let all: Vec<&[u8]> = subjects.iter().map(|subject| subject.key.as_slice()).collect();
        let others: Vec<&[u8]> = others.iter().map(|subject| subject.key.as_slice()).collect();
        let mut connection = self.0.get().await?;
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                // In the order in which everybody locks them.
                let held = throttles::table.filter(throttles::subject.eq_any(all)).order(throttles::subject);
                held.select(throttles::subject).for_update().load::<Vec<u8>>(connection).await?;
                diesel::delete(throttles::table.find(first.key.as_slice())).execute(connection).await?;
                let struck = throttles::table
                    .filter(throttles::subject.eq_any(others))
                    .filter(throttles::strikes.gt(0));
                diesel::update(struck)
                    .set(throttles::strikes.eq(throttles::strikes - 1))
                    .execute(connection)
                    .await?;
                Ok(())
            })
            .await
    }
}

/// Makes sure of a row, so that two first attempts wait for each other, and locks it.
async fn lock(
    connection: &mut Connection,
    key: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Strikes>, StoreError> {
    diesel::insert_into(throttles::table)
        .values((
            throttles::subject.eq(key.as_slice()),
            throttles::strikes.eq(0),
            throttles::blocked_until.eq(now),
            throttles::forget_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    let (count, blocked_until, forget_at): (i32, DateTime<Utc>, DateTime<Utc>) = throttles::table
        .find(key.as_slice())
        .select((throttles::strikes, throttles::blocked_until, throttles::forget_at))
        .for_update()
        .first(connection)
        .await?;
    let count = u32::try_from(count).map_err(|_| StoreError::corrupt("throttles.strikes"))?;
    Ok((count > 0).then_some(Strikes { count, blocked_until, forget_at }))
}

async fn write(connection: &mut Connection, key: &[u8; 32], strikes: Strikes) -> Result<(), StoreError> {
    diesel::update(throttles::table.find(key.as_slice()))
        .set((
            throttles::strikes.eq(i32::try_from(strikes.count).unwrap_or(i32::MAX)),
            throttles::blocked_until.eq(strikes.blocked_until),
            throttles::forget_at.eq(strikes.forget_at),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

#[async_trait]
impl ThrottleStore for PgThrottles {
    async fn strike(
        &self,
        subjects: &[Subject],
        now: DateTime<Utc>,
    ) -> Result<Result<(), Throttled>, ::tenancy::StoreError> {
        Ok(self.count(subjects, now).await?)
    }

    async fn forgive(&self, subjects: &[Subject]) -> Result<(), ::tenancy::StoreError> {
        Ok(self.take_back(subjects).await?)
    }
}
