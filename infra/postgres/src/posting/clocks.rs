//! Queues whose zone has new rules.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{OptionalExtension, QueryableByName, sql_types::Uuid as SqlUuid};
use publishing::{clocks::Move, id::ChannelId, timing::Timing};
use scheduling::LocalSchedule;
use tenancy::WorkspaceId;
use uuid::Uuid;

use super::{
    line::{self, Line, WAITS},
    seat,
    taken::Need,
};
use crate::{
    error::StoreError,
    pool::Connection,
    prepared::{Bind, prepared},
};

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The next channel in whose queue somebody waits.
pub(crate) async fn next(
    c: &mut Connection,
    after: Option<ChannelId>,
) -> Result<Option<ChannelId>, StoreError> {
    use diesel_async::RunQueryDsl;
    let statement = format!(
        "SELECT p.channel_id AS id FROM publications p WHERE {WAITS} AND p.channel_id > $1 ORDER BY p.channel_id LIMIT 1"
    );
    let row: Option<IdRow> = prepared(statement)
        .bind::<SqlUuid, _>(after.map_or(Uuid::nil(), |after| after.uuid()))
        .get_result(c)
        .await
        .optional()?;
    Ok(row.map(|row| ChannelId::from_uuid(row.id)))
}

/// Who waits where there is no slot any more, and where that slot is by now.
pub(crate) async fn differences(c: &mut Connection, channel: ChannelId) -> Result<Vec<Move>, StoreError> {
    let Some(mut line) = line::read(c, &[channel.uuid()], Need::Settling).await?.pop() else {
        return Ok(Vec::new());
    };
    follow(c, &mut line).await
}

/// The same, and moves them there.
pub(crate) async fn settle(
    c: &mut Connection,
    channel: ChannelId,
    timing: &Timing,
) -> Result<Vec<Move>, StoreError> {
    use diesel_async::RunQueryDsl;
    prepared(
        "SELECT FROM workspaces WHERE id = (SELECT h.workspace_id FROM channels h WHERE h.id = $1) FOR SHARE",
    )
    .bind::<SqlUuid, _>(channel.uuid())
    .execute(c)
    .await?;
    line::lock(c, &[channel.uuid()]).await?;
    line::lock_waiting(c, &[channel.uuid()]).await?;
    let Some(mut line) = line::read(c, &[channel.uuid()], Need::Settling).await?.pop() else {
        return Ok(Vec::new());
    };
    let moves = follow(c, &mut line).await?;
    let concerned: BTreeSet<_> = moves.iter().map(|one| one.post).collect();
    let seats: Vec<_> =
        line.everybody().into_iter().filter(|entry| concerned.contains(&entry.post)).collect();
    seat::write(c, &line, &seats, timing).await?;
    let posts: Vec<Uuid> = moves.iter().map(|one| one.post.uuid()).collect();
    seat::due_with_the_first(c, &posts).await?;
    seat::tell(c, &posts).await?;
    Ok(moves)
}

async fn follow(c: &mut Connection, line: &mut Line) -> Result<Vec<Move>, StoreError> {
    use diesel_async::RunQueryDsl;
    let before: BTreeMap<_, _> = line.everybody().into_iter().map(|entry| (entry.post, entry.at)).collect();
    let moved = line.queue.follow_clocks(line.now);
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let row: IdRow = prepared("SELECT workspace_id AS id FROM channels WHERE id = $1")
        .bind::<SqlUuid, _>(line.channel.uuid())
        .get_result(c)
        .await?;
    let workspace = WorkspaceId::from_uuid(row.id);
    let (channel, zone) = (Some(line.channel), line.queue.zone());
    let change = |to: scheduling::queue::Waiting<_>| {
        let from = *before.get(&to.post)?;
        let schedule = LocalSchedule::showing(to.at, zone);
        Some(Move { post: to.post, channel, workspace, schedule, from, to: to.at })
    };
    Ok(moved.into_iter().filter_map(change).collect())
}
