//! Disconnecting: in every state, at once, and without a token left.

use chrono::TimeDelta;
use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use publishing::{
    connection::{ConnectionState, RemoteRevoke, Standing, SweepStore},
    id::ChannelId,
};
use uuid::Uuid;

use super::stage::{Stage, state_of};

/// A publication in a state that satisfies the table's checks.
async fn publication(stage: &Stage, channel: ChannelId, state: &str) {
    let (post, approval, id) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    let (o, w, c) = (stage.caller.organization.uuid(), stage.workspace.uuid(), channel.uuid());
    let hash = "decode(repeat('00', 32), 'hex')";
    let (step, platform_id, at) = match state {
        "published" => ("NULL", format!("'{id}'"), "now()"),
        "failed" | "missed" => ("NULL", "NULL".into(), "NULL"),
        _ => ("now()", "NULL".into(), "NULL"),
    };
    stage
        .run(&format!(
            "INSERT INTO posts (id, organization_id, workspace_id, caption, author_person)
                 VALUES ('{post}', '{o}', '{w}', '', '{o}');
             INSERT INTO approvals (id, organization_id, post_id, method, person_id)
                 VALUES ('{approval}', '{o}', '{post}', 'schedule_action', '{o}');
             INSERT INTO approved_content (approval_id, channel_id, content_hash) VALUES ('{approval}', '{c}', {hash});
             INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, state, reason, due_at,
                 deadline_at, next_step_at, worker, content, content_hash, approval_id, permitted_at, platform_post_id, published_at)
                 VALUES ('{id}', '{o}', '{w}', '{post}', '{c}', 'facebook', '{state}', 'rejected', now(), now(), {step}, 7, '{{}}',
                 {hash}, '{approval}', now(), {platform_id}, {at});"
        ))
        .await;
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Fate {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Bool)]
    needs_person: bool,
    #[diesel(sql_type = Bool)]
    waits: bool,
    #[diesel(sql_type = BigInt)]
    epoch: i64,
}

async fn fates(stage: &Stage) -> Vec<(String, String, bool, bool, i64)> {
    use diesel_async::RunQueryDsl;
    let sql = "SELECT state, reason, needs_person, next_step_at IS NOT NULL AS waits, epoch FROM publications ORDER BY created_at";
    let rows: Vec<Fate> = sql_query(sql).load(&mut stage.pool.get().await.unwrap()).await.unwrap();
    rows.into_iter()
        .map(|f| (f.state, f.reason.unwrap_or_default(), f.needs_person, f.waits, f.epoch))
        .collect()
}

#[tokio::test]
async fn future_publications_are_cancelled_and_those_in_flight_wait_for_a_person() {
    let Some(stage) = Stage::set().await else { return };
    let (id, channels) = stage.connect(&["101", "102"]).await;
    let states =
        ["scheduled", "preparing", "ready", "publishing", "unconfirmed", "published", "failed", "missed"];
    for state in states {
        publication(&stage, channels[0], state).await;
    }
    publication(&stage, channels[1], "scheduled").await;
    stage.desk.disconnect_channel(&stage.caller, channels[0]).await.unwrap();
    let cancelled = || ("cancelled".to_owned(), "channel_disconnected".to_owned(), false, false, 1);
    let in_flight = || ("unconfirmed".to_owned(), "channel_disconnected".to_owned(), true, false, 1);
    let as_it_was = |state: &str| (state.to_owned(), "rejected".to_owned(), false, false, 0);
    let other = ("scheduled".to_owned(), "rejected".to_owned(), false, true, 0);
    let mut expected = vec![cancelled(), cancelled(), cancelled(), in_flight(), in_flight()];
    expected.extend(["published", "failed", "missed"].map(as_it_was));
    expected.push(other);
    assert_eq!(fates(&stage).await, expected);
    assert_eq!(stage.desk.get(&stage.caller, id).await.unwrap().connection.standing, Standing::Connected);
    stage.desk.disconnect(&stage.caller, id).await.unwrap();
    assert_eq!(fates(&stage).await.last(), Some(&cancelled()));
}

#[tokio::test]
async fn disconnecting_works_in_every_state_and_leaves_no_secret() {
    let Some(stage) = Stage::set().await else { return };
    let (awaiting_person, _) = stage.begin().await;
    let (awaiting_completion, state) = stage.begin().await;
    stage.agree(&state).await.unwrap();
    let (awaiting_selection, state) = stage.begin().await;
    stage.until_choice(awaiting_selection, &state).await;
    let (connected, _) = stage.connect(&["101"]).await;
    let (both, _) = stage.connect(&["102"]).await;
    let begun = stage.desk.reconnect(&stage.caller, both, None, &[]).await.unwrap();
    stage.until_choice(both, &state_of(&begun.authorize_url)).await;
    stage.platform.0.lock().unwrap().silent = true;
    for id in [awaiting_person, awaiting_completion, awaiting_selection, connected, both, both] {
        stage.desk.disconnect(&stage.caller, id).await.unwrap();
        let view = stage.desk.get(&stage.caller, id).await.unwrap();
        let now = *stage.clock.0.lock().unwrap();
        assert_eq!(view.connection.state(now), ConnectionState::Disconnected);
    }
    assert_eq!(stage.secrets().await, [0, 0, 0, 0]);
    assert_eq!(stage.count("connection_attempts").await, 0);
    assert_eq!(stage.count("consents WHERE closed_at IS NULL").await, 0);
    assert_eq!(stage.count("channels WHERE state <> 'disconnected'").await, 0);
}

#[tokio::test]
async fn the_platform_is_told_once_from_memory() {
    let Some(stage) = Stage::set().await else { return };
    let (id, _) = stage.connect(&["101"]).await;
    let courtesy = stage.desk.disconnect(&stage.caller, id).await.unwrap().unwrap();
    assert!(!format!("{courtesy:?}").contains("canary"));
    let recorded = async || stage.desk.get(&stage.caller, id).await.unwrap().connection.remote_revoke;
    assert_eq!(recorded().await, Some(RemoteRevoke::Unknown), "until the answer is there, nobody knows");
    stage.platform.0.lock().unwrap().silent = true;
    assert_eq!(stage.desk.revoke(&courtesy).await, RemoteRevoke::Unknown);
    stage.platform.0.lock().unwrap().silent = false;
    let outcome = stage.desk.revoke(&courtesy).await;
    stage.desk.record_revoke(&courtesy, outcome).await.unwrap();
    assert_eq!(recorded().await, Some(RemoteRevoke::Ok));
    assert_eq!(stage.platform.0.lock().unwrap().revoked, ["canary-person-dana"]);
    assert!(stage.desk.disconnect(&stage.caller, id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_grant_that_serves_another_connection_is_not_taken_back() {
    let Some(stage) = Stage::set().await else { return };
    let (first, _) = stage.connect(&["101"]).await;
    let (second, _) = stage.connect(&["102"]).await;
    assert!(stage.desk.disconnect(&stage.caller, first).await.unwrap().is_none());
    let view = stage.desk.get(&stage.caller, first).await.unwrap();
    assert_eq!(view.connection.remote_revoke, Some(RemoteRevoke::Shared));
    assert!(stage.desk.disconnect(&stage.caller, second).await.unwrap().is_some(), "the last one is");
}

#[tokio::test]
async fn a_token_that_cannot_be_opened_does_not_hinder_the_disconnect() {
    let Some(stage) = Stage::set().await else { return };
    let (id, _) = stage.connect(&["101"]).await;
    *stage.vault.shut.lock().unwrap() = true;
    assert!(stage.desk.disconnect(&stage.caller, id).await.unwrap().is_none());
    assert_eq!(stage.secrets().await, [0, 0, 0, 0]);
    let view = stage.desk.get(&stage.caller, id).await.unwrap();
    assert_eq!(view.connection.remote_revoke, Some(RemoteRevoke::Unknown));
}

#[tokio::test]
async fn the_last_channel_takes_the_connection_with_it() {
    let Some(stage) = Stage::set().await else { return };
    let (id, channels) = stage.connect(&["101", "102"]).await;
    assert!(stage.desk.disconnect_channel(&stage.caller, channels[0]).await.unwrap().is_none());
    assert_eq!(stage.secrets().await, [0, 2, 1, 1], "the channel's key goes with its token");
    assert!(stage.desk.disconnect_channel(&stage.caller, channels[1]).await.unwrap().is_some());
    assert_eq!(stage.secrets().await, [0, 0, 0, 0]);
    let view = stage.desk.get(&stage.caller, id).await.unwrap();
    assert_eq!(view.connection.standing, Standing::Disconnected);
    assert!(stage.desk.disconnect_channel(&stage.caller, channels[1]).await.unwrap().is_none());
}

#[tokio::test]
async fn a_token_left_behind_by_hand_is_found_and_destroyed() {
    let Some(stage) = Stage::set().await else { return };
    stage.connect(&["101", "102"]).await;
    assert_eq!(stage.store.destroy_orphan_tokens().await.unwrap(), 0);
    stage
        .run("UPDATE channels SET state = 'disconnected', connection_id = NULL WHERE remote_id = '101'")
        .await;
    assert_eq!(stage.store.destroy_orphan_tokens().await.unwrap(), 1);
    stage.run("UPDATE connections SET state = 'disconnected', next_check_at = NULL").await;
    assert_eq!(stage.store.destroy_orphan_tokens().await.unwrap(), 1);
    assert_eq!(stage.secrets().await, [0, 1, 0, 1], "what a connected channel uses stays");
    let old = *stage.clock.0.lock().unwrap() + TimeDelta::days(1);
    assert_eq!(stage.store.delete_unfinished(old).await.unwrap(), 0, "a connection that came about is kept");
    assert_eq!(stage.count("channels").await, 2);
}
