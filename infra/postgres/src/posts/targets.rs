//! The channels a post goes to: what differs there, and when.

use diesel::sql_types::{Bool, Jsonb, Nullable, SmallInt, Text, Timestamp, Timestamptz, Uuid as SqlUuid};
use publishing::{
    id::{ChannelId, PostId},
    post::Post,
};
use scheduling::{LocalSchedule, Schedule};

use super::save::json;
use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

/// The wall-clock time of a schedule that is one.
pub(super) const fn local(schedule: Option<Schedule>) -> Option<LocalSchedule> {
    match schedule {
        Some(Schedule::Local(local)) => Some(local),
        Some(Schedule::At(_)) | None => None,
    }
}

/// Keeps the channels of a post, in their order.
pub(super) async fn insert(c: &mut Connection, post: &Post) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    for (place, target) in (0_i16..).zip(&post.targets) {
        let change = &target.change;
        let link = change.link.as_ref().and_then(|link| link.as_ref().map(ToString::to_string));
        let own = target.time.own();
        prepared(
            "INSERT INTO post_targets (post_id, channel_id, place, caption, changes_link, link, media, timing, local_time, time_zone,
                due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind::<SqlUuid, _>(post.id.uuid())
        .bind::<SqlUuid, _>(target.channel.uuid())
        .bind::<SmallInt, _>(place)
        .bind::<Nullable<Text>, _>(&change.caption)
        .bind::<Bool, _>(change.link.is_some())
        .bind::<Nullable<Text>, _>(link)
        .bind::<Nullable<Jsonb>, _>(change.media.as_ref().map(json).transpose()?)
        .bind::<Text, _>(target.time.as_str())
        .bind::<Nullable<Timestamp>, _>(local(own).map(|l| l.local))
        .bind::<Nullable<Text>, _>(local(own).map(|l| l.zone.name()))
        .bind::<Nullable<Timestamptz>, _>(own.map(|own| own.resolve()))
        .execute(c)
        .await?;
    }
    Ok(())
}

/// Gives one channel of a post a time of its own, whatever it had before.
pub(super) async fn give_time(
    c: &mut Connection,
    post: PostId,
    channel: ChannelId,
    schedule: Schedule,
) -> Result<(), StoreError> {
    use diesel_async::RunQueryDsl;
    let local = local(Some(schedule));
    prepared(
        "UPDATE post_targets SET timing = 'own', due_at = $3, local_time = $4, time_zone = $5
        WHERE post_id = $1 AND channel_id = $2",
    )
    .bind::<SqlUuid, _>(post.uuid())
    .bind::<SqlUuid, _>(channel.uuid())
    .bind::<Timestamptz, _>(schedule.resolve())
    .bind::<Nullable<Timestamp>, _>(local.map(|l| l.local))
    .bind::<Nullable<Text>, _>(local.map(|l| l.zone.name()))
    .execute(c)
    .await?;
    Ok(())
}
