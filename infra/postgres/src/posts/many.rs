//! Many posts in one transaction: kept, scheduled or taken back together.

use std::collections::BTreeSet;

use diesel::{
    OptionalExtension, QueryableByName,
    sql_types::{Array, Nullable, Uuid as SqlUuid},
};
use publishing::{
    id::{ChannelId, PostId},
    post::{
        Composed, PostError, PostView,
        store::{BulkKey, InTheWay, Rescheduled},
    },
    timing::Timing,
};
use tenancy::Caller;
use uuid::Uuid;

use super::{Stop, channels, decide, insert, read, save, seats};
use crate::{
    error::StoreError,
    idempotency,
    pool::Connection,
    posting::line::WAITS,
    prepared::{Bind, prepared},
};

#[derive(QueryableByName)]
struct MadeRow {
    #[diesel(sql_type = Array<Nullable<SqlUuid>>)]
    posts: Vec<Option<Uuid>>,
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

pub(super) async fn insert_all(
    c: &mut Connection,
    posts: &[Composed],
    together: bool,
    key: Option<&BulkKey>,
) -> Result<Vec<bool>, Stop> {
    let kept = insert::keepable(c, posts).await?;
    if together && kept.contains(&false) {
        return Ok(kept);
    }
    let good: Vec<&Composed> =
        posts.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(one, _)| one).collect();
    insert::insert(c, &good).await?;
    if let Some(key) = key {
        remember(c, posts, &kept, key).await?;
    }
    Ok(kept)
}

/// Writes down beside the key what was made, also when that is nothing.
async fn remember(
    c: &mut Connection,
    posts: &[Composed],
    kept: &[bool],
    key: &BulkKey,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let mut made = vec![None; key.asked];
    for ((place, one), kept) in key.places.iter().zip(posts).zip(kept) {
        made[*place] = kept.then(|| one.post.id.uuid());
    }
    // The key's row knows the organization, and that the key is still this request's.
    prepared(
        "INSERT INTO bulk_creations (id, organization_id, posts)
        SELECT $1, organization_id, $2 FROM idempotency_keys WHERE claim_id = $3",
    )
    .bind::<SqlUuid, _>(key.id)
    .bind::<Array<Nullable<SqlUuid>>, _>(made)
    .bind::<SqlUuid, _>(key.fence.0)
    .execute(c)
    .await?;
    idempotency::made(c, Some(key.fence), key.id).await
}

pub(super) async fn made(
    c: &mut Connection,
    caller: &Caller,
    bulk: Uuid,
) -> Result<Option<Vec<Option<PostId>>>, StoreError> {
    use diesel_async::RunQueryDsl;
    let row: Option<MadeRow> =
        prepared("SELECT posts FROM bulk_creations WHERE id = $1 AND organization_id = $2")
            .bind::<SqlUuid, _>(bulk)
            .bind::<SqlUuid, _>(caller.organization.uuid())
            .get_result(c)
            .await
            .optional()?;
    Ok(row.map(|row| row.posts.into_iter().map(|id| id.map(PostId::from_uuid)).collect()))
}

/// Locks the publications of many posts, and of others that may move because these leave queues, in the order of everybody:
/// channels first, then queues, then publications, each by id.
async fn lock(c: &mut Connection, posts: &[Uuid]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    seats::take_turns(c, posts).await?;
    let named: Vec<IdRow> =
        prepared("SELECT DISTINCT channel_id AS id FROM post_targets WHERE post_id = ANY ($1)")
            .bind::<Array<SqlUuid>, _>(posts)
            .load(c)
            .await?;
    let named: BTreeSet<ChannelId> = named.into_iter().map(|row| ChannelId::from_uuid(row.id)).collect();
    channels::hold_all(c, &named).await?;
    let queues = seats::hold_queues(c, posts).await?;
    prepared(format!(
        "SELECT FROM publications p WHERE p.post_id = ANY ($1) OR (p.channel_id = ANY ($2) AND {WAITS}) ORDER BY p.id FOR UPDATE"
    ))
    .bind::<Array<SqlUuid>, _>(posts)
    .bind::<Array<SqlUuid>, _>(queues)
    .execute(c)
    .await?;
    Ok(())
}

/// `place` is the change that is being made.
pub(super) async fn save_together(
    c: &mut Connection,
    changes: &[Rescheduled],
    place: &mut usize,
    timing: &Timing,
) -> Result<Vec<PostView>, Stop> {
    lock(c, &changes.iter().map(|change| change.post.id.uuid()).collect::<Vec<_>>()).await?;
    let mut views = Vec::with_capacity(changes.len());
    for (at, change) in changes.iter().enumerate() {
        *place = at;
        views.push(save::save(c, &change.post, change.expected, Some(&change.plan), timing).await?);
    }
    Ok(views)
}

/// Everything that stands in the way is `refused`; then the whole ends.
pub(super) async fn cancel_together(
    c: &mut Connection,
    caller: &Caller,
    ids: &[PostId],
    refused: &mut Vec<InTheWay>,
    timing: &Timing,
) -> Result<Vec<PostView>, Stop> {
    // What the caller does not reach is not locked either.
    let reached: BTreeSet<PostId> =
        read::get_all(c, caller, ids).await?.into_iter().map(|view| view.post.id).collect();
    lock(c, &reached.iter().map(PostId::uuid).collect::<Vec<_>>()).await?;
    let mut views = Vec::with_capacity(ids.len());
    for (place, id) in ids.iter().enumerate() {
        let done = if reached.contains(id) {
            decide::cancel(c, caller, *id, timing).await
        } else {
            Err(PostError::NotFound.into())
        };
        match done {
            Ok(view) => views.push(view),
            // The transaction is well, so what comes behind can be looked at, too.
            Err(Stop::Answer(error)) => refused.push((place, error)),
            Err(Stop::Store(error)) => return Err(Stop::Store(error)),
        }
    }
    if refused.is_empty() { Ok(views) } else { Err(PostError::WrongState.into()) }
}
