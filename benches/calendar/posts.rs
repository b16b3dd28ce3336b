//! The posts: a few that the API makes, and copies of them in the database, with everything that belongs to them.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use diesel::{
    sql_query,
    sql_types::{Integer, Timestamptz},
};
use diesel_async::SimpleAsyncConnection;
use reqwest::Method;
use serde_json::json;

use crate::{
    stage::{Result, Stage, front_end::FrontEnd},
    views::Desk,
};

/// Channels, each with a post to be copied.
const CHANNELS: usize = 20;
/// API keys among which requests are spread, because each has a quota.
const KEYS: usize = 32;
/// The originals are due after every copy.
const FAR: Duration = Duration::from_hours(24 * 700);

/// One row for each copy: `$1` is when the originals are due, `$2` how many copies each has, `$3` over how many days they go.
const PLAN: &str = "CREATE TEMP TABLE copies AS
    SELECT p.id AS original, gen_random_uuid() AS post, gen_random_uuid() AS approval, gen_random_uuid() AS publication,
        date_trunc('minute', now()) + interval '2 days' + random() * $3 * interval '1 day' AS due
    FROM publications p, generate_series(1, $2) WHERE p.due_at = $1";

/// The copies: content is the original's, so hashes and approvals hold. Neither foreign keys are checked again nor triggers run.
const COPY: &str = "
SET session_replication_role = replica;
INSERT INTO posts (id, organization_id, workspace_id, caption, media, due_at, scheduled, version, author_person, author_key)
    SELECT c.post, o.organization_id, o.workspace_id, o.caption, o.media, c.due, true, o.version, o.author_person, o.author_key
    FROM copies c JOIN publications p ON p.id = c.original JOIN posts o ON o.id = p.post_id;
INSERT INTO post_targets (post_id, channel_id, place)
    SELECT c.post, p.channel_id, 0 FROM copies c JOIN publications p ON p.id = c.original;
INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, remote_id, due_at, deadline_at,
        next_step_at, content, content_hash, approval_id)
    SELECT c.publication, p.organization_id, p.workspace_id, c.post, p.channel_id, p.platform, p.remote_id, c.due,
        c.due + interval '1 hour', c.due - interval '1 minute', p.content, p.content_hash, p.approval_id
    FROM copies c JOIN publications p ON p.id = c.original;
INSERT INTO calendar_entries (publication_id, organization_id, workspace_id, channel_id, due_at)
    SELECT c.publication, p.organization_id, p.workspace_id, p.channel_id, c.due FROM copies c JOIN publications p ON p.id = c.original;
DROP TABLE copies;
SET session_replication_role = origin;
VACUUM (ANALYZE);";

/// Signs somebody up whose workspace has so many posts.
pub(crate) async fn fill(stage: &Stage, front_end: FrontEnd, posts: usize, days: i32) -> Result<Desk> {
    use diesel_async::RunQueryDsl;
    let tenant = front_end.sign_up().await?;
    let keys = front_end.keys(&tenant, KEYS).await?;
    let due = Utc::now() + TimeDelta::from_std(FAR)?;
    eprintln!("writing {posts} posts");
    for channel in front_end.connect(&tenant, &keys[0], CHANNELS).await? {
        let caption = format!("{} for {channel}", "A post of a measurement, of ordinary length, ".repeat(5));
        let post = front_end.write(&tenant, &keys[0], &channel, &caption).await?;
        let schedule = front_end.request(Method::POST, &format!("/v1/posts/{post}/schedule"), &keys[0]);
        schedule.json(&json!({"at": due})).send().await?.error_for_status()?;
    }
    let mut connection = postgres::pool::connect_alone(&stage.cluster.url("postgres")).await?;
    let plan = sql_query(PLAN)
        .bind::<Timestamptz, _>(due)
        .bind::<Integer, _>(i32::try_from(posts / CHANNELS)?)
        .bind::<Integer, _>(days);
    plan.execute(&mut connection).await?;
    for statement in COPY.split_inclusive(';').filter(|statement| !statement.trim().is_empty()) {
        connection.batch_execute(statement).await?;
    }
    Ok(Desk::new(front_end, tenant.workspace, keys, days))
}
