//! New posts by the hundred: one statement per table, however many they are.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::sql_types::{
    Array, Bool, Bytea, Integer, Jsonb, Nullable, SmallInt, Text, Timestamp, Timestamptz, Uuid as SqlUuid,
};
use publishing::{
    id::ChannelId,
    post::{Composed, Post, Target, store::Planned},
};
use uuid::Uuid;

use super::{
    channels,
    save::{self, json},
    targets,
};
use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
    publications,
};

/// Which of the posts can be kept: all but those whose plan names a channel that is disconnected, or that is not there. Their
/// channels are held until the transaction ends.
pub(crate) async fn keepable(c: &mut Connection, posts: &[Composed]) -> Result<Vec<bool>, StoreError> {
    let named: BTreeSet<ChannelId> =
        posts.iter().flat_map(|one| one.post.targets.iter().map(|target| target.channel)).collect();
    let held = channels::hold_all(c, &named).await?;
    let is_kept = |one: &Composed| {
        let plan = one.plan.as_ref();
        let is_planned =
            |channel| plan.is_some_and(|plan| plan.publications.iter().any(|one| one.channel == channel));
        let fits = |channel| {
            let fit = if is_planned(channel) { &held.connected } else { &held.there };
            fit.contains(&channel)
        };
        one.post.targets.iter().all(|target| fits(target.channel))
    };
    Ok(posts.iter().map(is_kept).collect())
}

/// Keeps posts whose channels are held.
pub(crate) async fn insert(c: &mut Connection, all: &[&Composed]) -> Result<(), StoreError> {
    if all.is_empty() {
        return Ok(());
    }
    posts(c, all).await?;
    post_targets(c, all).await?;
    if all.iter().any(|one| one.plan.is_some()) {
        approvals(c, all).await?;
        planned(c, all).await?;
        publications::wake(c).await?;
    }
    Ok(())
}

/// The values of one column.
fn column<'a, T, R>(all: &'a [T], value: impl FnMut(&'a T) -> R) -> Vec<R> {
    all.iter().map(value).collect()
}

/// When a post is due first, if it is planned.
fn first(one: &Composed) -> Option<DateTime<Utc>> {
    let planned = one.plan.iter().flat_map(|plan| &plan.publications);
    planned.map(|planned| planned.due_at).min().or_else(|| save::earliest(&one.post))
}

async fn posts(c: &mut Connection, all: &[&Composed]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let first = column(all, |one| first(one));
    let all = column(all, |one| &one.post);
    let local = |post: &Post| targets::local(post.schedule);
    let media = all.iter().map(|post| json(&post.content.media)).collect::<Result<Vec<_>, _>>()?;
    prepared(
        "INSERT INTO posts (id, organization_id, workspace_id, caption, link, media, local_time, time_zone, due_at, own_due_at,
            scheduled, author_person, author_key, late_minutes, created_at, updated_at)
        SELECT *, $15, $15 FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind::<Array<SqlUuid>, _>(column(&all, |post| post.id.uuid()))
    .bind::<Array<SqlUuid>, _>(column(&all, |post| post.organization.uuid()))
    .bind::<Array<SqlUuid>, _>(column(&all, |post| post.workspace.uuid()))
    .bind::<Array<Text>, _>(column(&all, |post| post.content.caption.as_str()))
    .bind::<Array<Nullable<Text>>, _>(column(&all, |post| post.content.link.as_ref().map(ToString::to_string)))
    .bind::<Array<Jsonb>, _>(media)
    .bind::<Array<Nullable<Timestamp>>, _>(column(&all, |post| local(post).map(|local| local.local)))
    .bind::<Array<Nullable<Text>>, _>(column(&all, |post| local(post).map(|local| local.zone.name())))
    .bind::<Array<Nullable<Timestamptz>>, _>(first)
    .bind::<Array<Nullable<Timestamptz>>, _>(column(&all, |post| post.schedule.map(|when| when.resolve())))
    .bind::<Array<Bool>, _>(column(&all, |post| post.scheduled))
    .bind::<Array<SqlUuid>, _>(column(&all, |post| post.author.person.uuid()))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(&all, |post| post.author.api_key.map(|key| key.uuid())))
    .bind::<Array<Nullable<Integer>>, _>(column(&all, |post| {
        post.late_limit.map(|limit| i32::from(limit.minutes()))
    }))
    .bind::<Timestamptz, _>(all[0].created_at)
    .execute(c)
    .await?;
    Ok(())
}

async fn post_targets(c: &mut Connection, all: &[&Composed]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let of = |one: &&Composed| {
        let id = one.post.id.uuid();
        (0_i16..).zip(one.post.targets.clone()).map(move |(place, target)| (id, place, target))
    };
    let local = |target: &Target| targets::local(target.time.own());
    let rows: Vec<(Uuid, i16, Target)> = all.iter().flat_map(of).collect();
    let link =
        |target: &Target| target.change.link.as_ref().and_then(|link| link.as_ref().map(ToString::to_string));
    let media = rows
        .iter()
        .map(|(_, _, target)| target.change.media.as_ref().map(json).transpose())
        .collect::<Result<Vec<_>, _>>()?;
    prepared(
        "INSERT INTO post_targets (post_id, channel_id, place, caption, changes_link, link, media, timing, local_time, time_zone,
            due_at) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind::<Array<SqlUuid>, _>(column(&rows, |(post, ..)| *post))
    .bind::<Array<SqlUuid>, _>(column(&rows, |(_, _, target)| target.channel.uuid()))
    .bind::<Array<SmallInt>, _>(column(&rows, |(_, place, _)| *place))
    .bind::<Array<Nullable<Text>>, _>(column(&rows, |(_, _, target)| target.change.caption.clone()))
    .bind::<Array<Bool>, _>(column(&rows, |(_, _, target)| target.change.link.is_some()))
    .bind::<Array<Nullable<Text>>, _>(column(&rows, |(_, _, target)| link(target)))
    .bind::<Array<Nullable<Jsonb>>, _>(media)
    .bind::<Array<Text>, _>(column(&rows, |(_, _, target)| target.time.as_str()))
    .bind::<Array<Nullable<Timestamp>>, _>(column(&rows, |(_, _, target)| local(target).map(|own| own.local)))
    .bind::<Array<Nullable<Text>>, _>(column(&rows, |(_, _, target)| local(target).map(|own| own.zone.name())))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |(_, _, target)| {
        target.time.own().map(|own| own.resolve())
    }))
    .execute(c)
    .await?;
    Ok(())
}

async fn approvals(c: &mut Connection, all: &[&Composed]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let given: Vec<_> =
        all.iter().filter_map(|one| Some((&one.post, &one.plan.as_ref()?.approval))).collect();
    prepared(
        "INSERT INTO approvals (id, organization_id, post_id, method, person_id, api_key_id, created_at)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind::<Array<SqlUuid>, _>(column(&given, |(_, approval)| approval.id.uuid()))
    .bind::<Array<SqlUuid>, _>(column(&given, |(post, _)| post.organization.uuid()))
    .bind::<Array<SqlUuid>, _>(column(&given, |(post, _)| post.id.uuid()))
    .bind::<Array<Text>, _>(column(&given, |(_, approval)| approval.method.as_str()))
    .bind::<Array<SqlUuid>, _>(column(&given, |(_, approval)| approval.person.uuid()))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(&given, |(_, approval)| {
        approval.api_key.map(|key| key.uuid())
    }))
    .bind::<Array<Timestamptz>, _>(column(&given, |(_, approval)| approval.at))
    .execute(c)
    .await?;
    let covers: Vec<_> = given
        .iter()
        .flat_map(|(_, approval)| approval.covers.iter().map(|(channel, hash)| (approval.id, channel, hash)))
        .collect();
    prepared("INSERT INTO approved_content (approval_id, channel_id, content_hash) SELECT * FROM unnest($1, $2, $3)")
        .bind::<Array<SqlUuid>, _>(column(&covers, |(id, ..)| id.uuid()))
        .bind::<Array<SqlUuid>, _>(column(&covers, |(_, channel, _)| channel.uuid()))
        .bind::<Array<Bytea>, _>(column(&covers, |(_, _, hash)| &hash.0[..]))
        .execute(c)
        .await?;
    Ok(())
}

async fn planned(c: &mut Connection, all: &[&Composed]) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let of = |one: &&Composed| {
        let (post, plan) = (one.post.clone(), one.plan.clone());
        plan.into_iter().flat_map(move |plan| {
            let (post, approval) = (post.clone(), plan.approval.id.uuid());
            plan.publications.into_iter().map(move |planned| (post.clone(), approval, planned))
        })
    };
    let rows: Vec<(Post, Uuid, Planned)> = all.iter().flat_map(of).collect();
    let contents =
        rows.iter().map(|(_, _, planned)| json(&planned.content)).collect::<Result<Vec<_>, _>>()?;
    prepared(
        "INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, remote_id, due_at,
            deadline_at, next_step_at, content, content_hash, approval_id)
        SELECT p.id, p.organization_id, p.workspace_id, p.post_id, p.channel_id, p.platform, ch.remote_id, p.due_at,
            p.deadline_at, p.next_step_at, p.content, p.content_hash, p.approval_id
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS p (id, organization_id, workspace_id, post_id,
            channel_id, platform, due_at, deadline_at, next_step_at, content, content_hash, approval_id)
        JOIN channels ch ON ch.id = p.channel_id",
    )
    .bind::<Array<SqlUuid>, _>(column(&rows, |(_, _, planned)| planned.id.uuid()))
    .bind::<Array<SqlUuid>, _>(column(&rows, |(post, ..)| post.organization.uuid()))
    .bind::<Array<SqlUuid>, _>(column(&rows, |(post, ..)| post.workspace.uuid()))
    .bind::<Array<SqlUuid>, _>(column(&rows, |(post, ..)| post.id.uuid()))
    .bind::<Array<SqlUuid>, _>(column(&rows, |(_, _, planned)| planned.channel.uuid()))
    .bind::<Array<Text>, _>(column(&rows, |(_, _, planned)| planned.platform.as_str()))
    .bind::<Array<Timestamptz>, _>(column(&rows, |(_, _, planned)| planned.due_at))
    .bind::<Array<Timestamptz>, _>(column(&rows, |(_, _, planned)| planned.deadline_at))
    .bind::<Array<Timestamptz>, _>(column(&rows, |(_, _, planned)| planned.next_step_at))
    .bind::<Array<Jsonb>, _>(contents)
    .bind::<Array<Bytea>, _>(column(&rows, |(_, _, planned)| &planned.content_hash.0[..]))
    .bind::<Array<SqlUuid>, _>(column(&rows, |(_, approval, _)| *approval))
    .execute(c)
    .await?;
    Ok(())
}
