//! What the table itself refuses, whoever writes it.

use publishing::{id::PublicationId, publication::State};

use super::stage::Stage;

/// The constraint that refuses a statement.
async fn refused_by(stage: &Stage, sql: &str) -> String {
    use diesel_async::RunQueryDsl;
    let done = diesel::sql_query(sql).execute(&mut stage.pool.get().await.unwrap()).await;
    match done {
        Err(diesel::result::Error::DatabaseError(_, said)) => {
            said.constraint_name().unwrap_or("nothing by name").to_owned()
        }
        Err(error) => panic!("{sql}: {error}"),
        Ok(rows) => panic!("{sql}: changed {rows} rows"),
    }
}

async fn refuses(stage: &Stage, id: PublicationId, change: &str, constraint: &str) {
    let sql = format!("UPDATE publications SET {change} WHERE id = '{}'", id.uuid());
    assert_eq!(refused_by(stage, &sql).await, constraint, "{change}");
}

#[tokio::test]
async fn content_that_nobody_approved_is_refused() {
    let stage = Stage::set().await;
    let (channel, other) = (stage.channel().await, stage.channel().await);
    let (id, _) = stage.in_state(channel, State::Scheduled).await;
    let key = "publications_approval_id_channel_id_content_hash_fkey";
    for change in [
        "content_hash = sha256('something else')".to_owned(),
        "approval_id = gen_random_uuid()".to_owned(),
        format!("channel_id = '{}'", other.uuid()),
    ] {
        refuses(&stage, id, &change, key).await;
    }
    let withdrawn = "DELETE FROM approved_content";
    assert_eq!(refused_by(&stage, withdrawn).await, key, "an approval in use stays");
}

#[tokio::test]
async fn a_state_without_what_belongs_to_it_is_refused() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let (scheduled, _) = stage.in_state(channel, State::Scheduled).await;
    for (change, constraint) in [
        ("state = 'elsewhere'", "publications_state_check"),
        ("next_step_at = NULL", "publication_waits"),
        ("state = 'preparing'", "publication_claimed"),
        ("state = 'publishing', worker = 1", "publication_permitted"),
        ("state = 'unconfirmed'", "publication_permitted"),
        ("state = 'published', next_step_at = NULL", "publication_published"),
        ("platform_post_id = '1_1'", "publication_published"),
        ("published_at = now()", "publication_published"),
        ("state = 'failed', next_step_at = NULL", "publication_refused"),
        ("state = 'missed'", "publication_ended"),
        ("state = 'cancelled'", "publication_ended"),
        ("needs_person = true", "publication_undecided"),
        ("deadline_at = due_at - interval '1 second'", "publications_check"),
        ("approval_id = NULL", "nothing by name"),
    ] {
        refuses(&stage, scheduled, change, constraint).await;
    }
}

#[tokio::test]
async fn published_stays_published_with_its_id() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Published).await;
    for change in
        ["platform_post_id = NULL", "published_at = NULL", "state = 'scheduled', next_step_at = now()"]
    {
        refuses(&stage, id, change, "publication_published").await;
    }
}

#[tokio::test]
async fn an_undecided_publication_waits_for_nobody_but_a_person() {
    let stage = Stage::set().await;
    let (id, _) = stage.in_state(stage.channel().await, State::Unconfirmed).await;
    refuses(&stage, id, "needs_person = true", "publication_undecided").await;
    let undecided = "UPDATE publications SET needs_person = true, next_step_at = NULL";
    stage.run(undecided).await;
    refuses(&stage, id, "next_step_at = now()", "publication_undecided").await;
    refuses(&stage, id, "state = 'ready', next_step_at = now()", "publication_undecided").await;
}

#[tokio::test]
async fn two_calls_on_one_channel_at_once_are_refused() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    stage.in_state(channel, State::Publishing).await;
    let (second, _) = stage.in_state(channel, State::Ready).await;
    let permit = "state = 'publishing', worker = 1, permitted_at = now()";
    refuses(&stage, second, permit, "publications_lane").await;
}

#[tokio::test]
async fn two_publications_of_one_platform_post_are_refused() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let (first, _) = stage.in_state(channel, State::Published).await;
    let (second, _) = stage.in_state(channel, State::Published).await;
    let taken = format!("platform_post_id = '{}'", first.uuid());
    refuses(&stage, second, &taken, "publications_platform_post").await;
}

#[tokio::test]
async fn approvals_and_posts_have_a_shape_too() {
    let stage = Stage::set().await;
    stage.in_state(stage.channel().await, State::Scheduled).await;
    for (change, constraint) in [
        ("approvals SET method = 'telepathy'", "approvals_method_check"),
        ("approvals SET api_key_id = gen_random_uuid()", "approval_by_key"),
        ("approved_content SET content_hash = 'short'", "approved_content_content_hash_check"),
        ("posts SET due_at = NULL", "posts_check"),
        ("posts SET local_time = now()", "posts_check1"),
    ] {
        assert_eq!(refused_by(&stage, &format!("UPDATE {change}")).await, constraint, "{change}");
    }
    let again = "INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, remote_id, due_at,
        deadline_at, next_step_at, content, content_hash, approval_id) SELECT gen_random_uuid(), organization_id, workspace_id, post_id,
        channel_id, platform, remote_id, due_at, deadline_at, next_step_at, content, content_hash, approval_id FROM publications";
    assert_eq!(refused_by(&stage, again).await, "publications_post_id_channel_id_key");
}
