//! Keeping series, and changing them with their posts.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use diesel::{
    sql_query,
    sql_types::{BigInt, Jsonb, Nullable, Text, Timestamp, Timestamptz, Uuid as SqlUuid},
};
use publishing::{
    id::{ChannelId, PostId, SeriesId},
    post::PostError,
    series::{
        Series, SeriesState,
        store::{Adjustment, Becomes, Change, Following},
    },
    timing::Timing,
};
use uuid::Uuid;

use super::row;
use crate::{
    error::StoreError,
    idempotency,
    pool::Connection,
    posts::{Stop, channels, decide, save, seats},
};

async fn insert(c: &mut Connection, series: &Series) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query(
        "INSERT INTO series (id, organization_id, workspace_id, caption, plan, targets, instructor_person, version, created_at)
        VALUES ($1, $2, $3, '', 'null', '[]', $4, $5, $6)",
    )
    .bind::<SqlUuid, _>(series.id.uuid())
    .bind::<SqlUuid, _>(series.organization.uuid())
    .bind::<SqlUuid, _>(series.workspace.uuid())
    .bind::<SqlUuid, _>(series.instructor.person.uuid())
    .bind::<BigInt, _>(series.version)
    .bind::<Timestamptz, _>(series.created_at)
    .execute(c)
    .await?;
    // What can change is written in one place.
    update(c, series, series.version).await?;
    Ok(())
}

async fn update(c: &mut Connection, series: &Series, expected: i64) -> Result<usize, StoreError> {
    use diesel_async::RunQueryDsl;
    let (state, reason) = row::state(series.state);
    Ok(sql_query(
        "UPDATE series SET caption = $3, link = $4, media = $5, targets = $6, captions = $7, plan = $8, edits = $9, state = $10,
            reason = $11, next_at = $12, claimed_until = NULL, instructor_person = $13, instructor_key = $14, version = $15,
            updated_at = $16
        WHERE id = $1 AND version = $2",
    )
    .bind::<SqlUuid, _>(series.id.uuid())
    .bind::<BigInt, _>(expected)
    .bind::<Text, _>(&series.content.caption)
    .bind::<Nullable<Text>, _>(series.content.link.as_ref().map(ToString::to_string))
    .bind::<Jsonb, _>(save::json(&series.content.media)?)
    .bind::<Jsonb, _>(row::targets(series)?)
    .bind::<Jsonb, _>(save::json(&series.captions)?)
    .bind::<Jsonb, _>(save::json(&series.plan)?)
    .bind::<Jsonb, _>(row::edits(series)?)
    .bind::<Text, _>(state)
    .bind::<Nullable<Text>, _>(reason)
    .bind::<Nullable<Timestamptz>, _>(series.next_at)
    .bind::<SqlUuid, _>(series.instructor.person.uuid())
    .bind::<Nullable<SqlUuid>, _>(series.instructor.api_key.map(|key| key.uuid()))
    .bind::<BigInt, _>(series.version)
    .bind::<Timestamptz, _>(series.updated_at)
    .execute(c)
    .await?)
}

pub(super) async fn save(c: &mut Connection, change: &Change, timing: &Timing) -> Result<(), Stop> {
    if update(c, &change.series, change.expected).await? == 0 {
        return Err(PostError::Stale.into());
    }
    hold_channels(c, change).await?;
    seats::hold_queues(c, &posts_of(change)).await?;
    let mut owner = change.series.id;
    if let Some(following) = &change.following {
        insert(c, &following.series).await?;
        hand_over(c, owner, following).await?;
        owner = following.series.id;
        idempotency::made(c, change.fence, owner.uuid()).await?;
    }
    for adjustment in &change.adjustments {
        adjust(c, owner, adjustment, timing).await?;
    }
    if change.series.state == SeriesState::Cancelled {
        tell(c, &change.series).await?;
    }
    Ok(())
}

/// Holds the channels of series that stay active, and of all posts that are planned anew: all of them before any publication, as
/// whoever disconnects does. Nobody pauses a series that comes to name a channel after its disconnection.
async fn hold_channels(c: &mut Connection, change: &Change) -> Result<(), Stop> {
    let following = change.following.iter().map(|following| &following.series);
    let active = [&change.series].into_iter().chain(following).filter(|one| one.state == SeriesState::Active);
    let of_series: BTreeSet<ChannelId> = active.flat_map(channels_of).collect();
    let posts = change.adjustments.iter().filter_map(|adjustment| match &adjustment.becomes {
        Becomes::Planned { post, .. } => Some(&post.targets),
        _ => None,
    });
    let of_posts = posts.flatten().map(|target| target.channel);
    let held = channels::hold_all(c, &of_posts.chain(of_series.iter().copied()).collect()).await?;
    if of_series.is_subset(&held.connected) { Ok(()) } else { Err(PostError::Stale.into()) }
}

fn channels_of(series: &Series) -> impl Iterator<Item = ChannelId> + '_ {
    series.targets.iter().map(|target| target.channel)
}

/// Keeps a new series, unless one of its channels was disconnected meanwhile.
pub(super) async fn begin(c: &mut Connection, series: &Series) -> Result<(), Stop> {
    if !channels::hold(c, channels_of(series)).await? {
        return Err(PostError::Stale.into());
    }
    Ok(insert(c, series).await?)
}

/// Gives later occurrences to the series that is split off. Their publications are locked before, as by whoever deletes a post.
async fn hand_over(c: &mut Connection, from: SeriesId, following: &Following) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query(
        "SELECT id FROM publications WHERE post_id IN (SELECT post_id FROM series_occurrences WHERE series_id = $1 AND original >= $2)
        ORDER BY id FOR UPDATE",
    )
    .bind::<SqlUuid, _>(from.uuid())
    .bind::<Timestamp, _>(following.from)
    .execute(c)
    .await?;
    sql_query("UPDATE series_occurrences SET series_id = $3 WHERE series_id = $1 AND original >= $2")
        .bind::<SqlUuid, _>(from.uuid())
        .bind::<Timestamp, _>(following.from)
        .bind::<SqlUuid, _>(following.series.id.uuid())
        .execute(c)
        .await?;
    Ok(())
}

/// The posts that are planned anew or taken back.
fn posts_of(change: &Change) -> Vec<Uuid> {
    let posts = change.adjustments.iter().filter_map(|adjustment| match &adjustment.becomes {
        Becomes::Planned { post, .. } => Some(post.id),
        Becomes::TakenBack(post) => Some(*post),
        Becomes::Gone(post) => *post,
        Becomes::Known(_) => None,
    });
    posts.map(|post| post.uuid()).collect()
}

async fn adjust(
    c: &mut Connection,
    owner: SeriesId,
    adjustment: &Adjustment,
    timing: &Timing,
) -> Result<(), Stop> {
    use diesel_async::RunQueryDsl;
    let before = adjustment.original;
    match &adjustment.becomes {
        Becomes::Known(original) if *original == before => {}
        Becomes::Known(original) => rename(c, owner, before, *original, None).await?,
        Becomes::Planned { original, post, expected, plan } => {
            save::save(c, post, *expected, Some(plan), timing).await?;
            rename(c, owner, before, *original, Some(post.version)).await?;
        }
        Becomes::TakenBack(post) => {
            decide::withdraw(c, *post, timing).await?;
            written(c, *post).await?;
        }
        Becomes::Gone(post) => {
            if let Some(post) = post {
                decide::withdraw(c, *post, timing).await?;
            }
            sql_query("DELETE FROM series_occurrences WHERE series_id = $1 AND original = $2")
                .bind::<SqlUuid, _>(owner.uuid())
                .bind::<Timestamp, _>(before)
                .execute(c)
                .await?;
        }
    }
    Ok(())
}

/// Lets an occurrence be known by another original local time, with the version of its post if the series wrote that.
async fn rename(
    c: &mut Connection,
    owner: SeriesId,
    before: NaiveDateTime,
    after: NaiveDateTime,
    version: Option<i64>,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query(
        "UPDATE series_occurrences SET original = $3, post_version = coalesce($4, post_version)
        WHERE series_id = $1 AND original = $2",
    )
    .bind::<SqlUuid, _>(owner.uuid())
    .bind::<Timestamp, _>(before)
    .bind::<Timestamp, _>(after)
    .bind::<Nullable<BigInt>, _>(version)
    .execute(c)
    .await?;
    Ok(())
}

/// Notes that the last change of a post was one of its series, unless somebody changed it by hand before.
async fn written(c: &mut Connection, post: PostId) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query(
        "UPDATE series_occurrences s SET post_version = o.version FROM posts o
        WHERE o.id = $1 AND s.post_id = o.id AND s.post_version = o.version - 1",
    )
    .bind::<SqlUuid, _>(post.uuid())
    .execute(c)
    .await?;
    Ok(())
}

async fn tell(c: &mut Connection, series: &Series) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    sql_query("INSERT INTO events (organization_id, kind, subject_id) VALUES ($1, 'series.cancelled', $2)")
        .bind::<SqlUuid, _>(series.organization.uuid())
        .bind::<SqlUuid, _>(series.id.uuid())
        .execute(c)
        .await?;
    Ok(())
}
