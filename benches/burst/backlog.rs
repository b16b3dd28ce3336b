//! Future posts: copies, in the database, of posts that the API made, with everything that belongs to them.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use diesel::{
    sql_query,
    sql_types::{Integer, Timestamptz},
};
use diesel_async::SimpleAsyncConnection;

use crate::{house::House, stage::Result};

/// Posts that the API makes, to be copied.
const ORIGINALS: usize = 1_000;
/// The originals are due after every copy.
const FAR: Duration = Duration::from_hours(24 * 400);

/// One row for each copy: `$1` is when the originals are due, `$2` how many copies each has. Copies are due within a year, from
/// two days on.
const PLAN: &str = "CREATE TEMP TABLE copies AS
    SELECT p.id AS original, gen_random_uuid() AS post, gen_random_uuid() AS approval, gen_random_uuid() AS publication,
        date_trunc('second', now()) + interval '2 days' + random() * interval '363 days' AS due
    FROM publications p, generate_series(1, $2) WHERE p.due_at = $1";

/// The copies: content is the original's, so hashes and approvals hold. Foreign keys are not checked again, row by row: the
/// copies refer to each other as the originals do. Their first step is the permit, a second ahead.
const COPY: &str = "
SET session_replication_role = replica;
INSERT INTO posts (id, organization_id, workspace_id, caption, link, media, due_at, scheduled, version, author_person, author_key)
    SELECT c.post, o.organization_id, o.workspace_id, o.caption, o.link, o.media, c.due, true, o.version, o.author_person, o.author_key
    FROM copies c JOIN publications p ON p.id = c.original JOIN posts o ON o.id = p.post_id;
INSERT INTO post_targets (post_id, channel_id, place)
    SELECT c.post, p.channel_id, 0 FROM copies c JOIN publications p ON p.id = c.original;
INSERT INTO approvals (id, organization_id, post_id, method, person_id, api_key_id)
    SELECT c.approval, a.organization_id, c.post, a.method, a.person_id, a.api_key_id
    FROM copies c JOIN publications p ON p.id = c.original JOIN approvals a ON a.id = p.approval_id;
INSERT INTO approved_content (approval_id, channel_id, content_hash)
    SELECT c.approval, p.channel_id, p.content_hash FROM copies c JOIN publications p ON p.id = c.original;
INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, remote_id, due_at, deadline_at,
        next_step_at, content, content_hash, approval_id)
    SELECT c.publication, p.organization_id, p.workspace_id, c.post, p.channel_id, p.platform, p.remote_id, c.due,
        c.due + (p.deadline_at - p.due_at), c.due - interval '1 second', p.content, p.content_hash, c.approval
    FROM copies c JOIN publications p ON p.id = c.original;
INSERT INTO calendar_entries (publication_id, organization_id, workspace_id, channel_id, due_at)
    SELECT c.publication, p.organization_id, p.workspace_id, p.channel_id, c.due FROM copies c JOIN publications p ON p.id = c.original;
DROP TABLE copies;
SET session_replication_role = origin;";

/// A connection of our own to the database.
pub(crate) async fn connect(house: &House<'_>) -> Result<postgres::Connection> {
    Ok(postgres::pool::connect_alone(&house.stage.cluster.url("postgres")).await?)
}

/// Puts about so many future posts into the store.
pub(crate) async fn grow(house: &House<'_>, future: usize) -> Result<()> {
    use diesel_async::RunQueryDsl;
    if future == 0 {
        return Ok(());
    }
    eprintln!("adding {future} future posts");
    let posts = house.write(ORIGINALS.min(house.channels.len())).await?;
    let copies = i32::try_from(future / posts.len())?;
    let due = Utc::now() + TimeDelta::from_std(FAR)?;
    house.schedule(posts, due).await?;
    let mut connection = connect(house).await?;
    let plan = sql_query(PLAN).bind::<Timestamptz, _>(due).bind::<Integer, _>(copies);
    plan.execute(&mut connection).await?;
    Ok(connection.batch_execute(COPY).await?)
}

/// Every case begins alike: nothing is left of its set-up for the database to clean up or to write.
pub(crate) async fn settle(house: &House<'_>) -> Result<()> {
    let mut connection = connect(house).await?;
    connection.batch_execute("VACUUM (ANALYZE)").await?;
    Ok(connection.batch_execute("CHECKPOINT").await?)
}
