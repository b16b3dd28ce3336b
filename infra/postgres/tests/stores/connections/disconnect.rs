//! Disconnecting: in every state, at once, and without a token left.

use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use publishing::{
    connection::{ConnectionState, RemoteRevoke, Standing, SweepStore},
    id::ChannelId,
};
use uuid::Uuid;

use super::scene::{Scene, state_of};

/// A publication in a state that satisfies the table's checks.
async fn publication(scene: &Scene, channel: ChannelId, state: &str) {
    let (post, approval, id) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    let (o, w, c) = (scene.caller.organization.uuid(), scene.workspace.uuid(), channel.uuid());
    let hash = "decode(repeat('00', 32), 'hex')";
    let (step, platform_id, at) = match state {
        "published" => ("NULL", format!("'{id}'"), "now()"),
        "failed" | "missed" => ("NULL", "NULL".into(), "NULL"),
        _ => ("now()", "NULL".into(), "NULL"),
    };
    scene
        .run(&format!(
            "INSERT INTO posts (id, organization_id, workspace_id, caption, author_person)
                 VALUES ('{post}', '{o}', '{w}', '', '{o}');
             INSERT INTO approvals (id, organization_id, post_id, method, person_id)
                 VALUES ('{approval}', '{o}', '{post}', 'schedule_action', '{o}');
             INSERT INTO approved_content (approval_id, channel_id, content_hash) VALUES ('{approval}', '{c}', {hash});
             INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, remote_id, state, reason,
                 due_at, deadline_at, next_step_at, worker, content, content_hash, approval_id, permitted_at, platform_post_id, published_at)
                 VALUES ('{id}', '{o}', '{w}', '{post}', '{c}', 'facebook', '{c}', '{state}', 'rejected', now(), now(), {step}, 7, '{{}}',
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

async fn fates(scene: &Scene) -> Vec<(String, String, bool, bool, i64)> {
    use diesel_async::RunQueryDsl;
    let sql = "SELECT state, reason, needs_person, next_step_at IS NOT NULL AS waits, epoch FROM publications ORDER BY created_at";
    let rows: Vec<Fate> = sql_query(sql).load(&mut scene.pool.get().await.unwrap()).await.unwrap();
    rows.into_iter()
        .map(|f| (f.state, f.reason.unwrap_or_default(), f.needs_person, f.waits, f.epoch))
        .collect()
}

#[tokio::test]
async fn future_publications_are_cancelled_and_those_in_flight_wait_for_a_person() {
    let scene = Scene::set().await;
    let (id, channels) = scene.connect(&["101", "102"]).await;
    let states =
        ["scheduled", "preparing", "ready", "publishing", "unconfirmed", "published", "failed", "missed"];
    for state in states {
        publication(&scene, channels[0], state).await;
    }
    publication(&scene, channels[1], "scheduled").await;
    scene.desk.disconnect_channel(&scene.caller, channels[0]).await.unwrap();
    let cancelled = || ("cancelled".to_owned(), "channel_disconnected".to_owned(), false, false, 1);
    let in_flight = || ("unconfirmed".to_owned(), "channel_disconnected".to_owned(), true, false, 0);
    let as_it_was = |state: &str| (state.to_owned(), "rejected".to_owned(), false, false, 0);
    let other = ("scheduled".to_owned(), "rejected".to_owned(), false, true, 0);
    let mut expected = vec![cancelled(), cancelled(), cancelled(), in_flight(), in_flight()];
    expected.extend(["published", "failed", "missed"].map(as_it_was));
    expected.push(other);
    assert_eq!(fates(&scene).await, expected);
    assert_eq!(scene.desk.get(&scene.caller, id).await.unwrap().connection.standing, Standing::Connected);
    scene.desk.disconnect(&scene.caller, id).await.unwrap();
    assert_eq!(fates(&scene).await.last(), Some(&cancelled()));
}

#[tokio::test]
async fn disconnecting_works_in_every_state_and_leaves_no_secret() {
    let scene = Scene::set().await;
    let (awaiting_person, _) = scene.begin().await;
    let (awaiting_completion, state) = scene.begin().await;
    scene.agree(&state).await.unwrap();
    let (awaiting_selection, state) = scene.begin().await;
    scene.until_choice(awaiting_selection, &state).await;
    let (connected, _) = scene.connect(&["101"]).await;
    let (both, _) = scene.connect(&["102"]).await;
    let begun = scene.desk.reconnect(&scene.caller, both, None, &[]).await.unwrap();
    scene.until_choice(both, &state_of(&begun.authorize_url)).await;
    scene.platform.0.lock().unwrap().silent = true;
    for id in [awaiting_person, awaiting_completion, awaiting_selection, connected, both, both] {
        scene.desk.disconnect(&scene.caller, id).await.unwrap();
        let view = scene.desk.get(&scene.caller, id).await.unwrap();
        let now = *scene.clock.0.lock().unwrap();
        assert_eq!(view.connection.state(now), ConnectionState::Disconnected);
    }
    assert_eq!(scene.secrets().await, [0, 0, 0, 0]);
    assert_eq!(scene.count("connection_attempts").await, 0);
    assert_eq!(scene.count("consents WHERE closed_at IS NULL").await, 0);
    assert_eq!(scene.count("channels WHERE state <> 'disconnected'").await, 0);
}

#[tokio::test]
async fn the_platform_is_told_once_from_memory() {
    let scene = Scene::set().await;
    let (id, _) = scene.connect(&["101"]).await;
    let courtesy = scene.desk.disconnect(&scene.caller, id).await.unwrap().unwrap();
    assert!(!format!("{courtesy:?}").contains("canary"));
    let recorded = async || scene.desk.get(&scene.caller, id).await.unwrap().connection.remote_revoke;
    assert_eq!(recorded().await, Some(RemoteRevoke::Unknown), "until the answer is there, nobody knows");
    scene.platform.0.lock().unwrap().silent = true;
    assert_eq!(scene.desk.revoke(&courtesy).await, RemoteRevoke::Unknown);
    scene.platform.0.lock().unwrap().silent = false;
    let outcome = scene.desk.revoke(&courtesy).await;
    scene.desk.record_revoke(&courtesy, outcome).await.unwrap();
    assert_eq!(recorded().await, Some(RemoteRevoke::Ok));
    assert_eq!(scene.platform.0.lock().unwrap().revoked, ["canary-person-dana"]);
    assert!(scene.desk.disconnect(&scene.caller, id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_grant_that_serves_another_connection_is_not_taken_back() {
    let scene = Scene::set().await;
    let (first, _) = scene.connect(&["101"]).await;
    let (second, _) = scene.connect(&["102"]).await;
    assert!(scene.desk.disconnect(&scene.caller, first).await.unwrap().is_none());
    let view = scene.desk.get(&scene.caller, first).await.unwrap();
    assert_eq!(view.connection.remote_revoke, Some(RemoteRevoke::Shared));
    assert!(scene.desk.disconnect(&scene.caller, second).await.unwrap().is_some(), "the last one is");
}

#[tokio::test]
async fn a_token_that_cannot_be_opened_does_not_hinder_the_disconnect() {
    let scene = Scene::set().await;
    let (id, _) = scene.connect(&["101"]).await;
    *scene.vault.shut.lock().unwrap() = true;
    assert!(scene.desk.disconnect(&scene.caller, id).await.unwrap().is_none());
    assert_eq!(scene.secrets().await, [0, 0, 0, 0]);
    let view = scene.desk.get(&scene.caller, id).await.unwrap();
    assert_eq!(view.connection.remote_revoke, Some(RemoteRevoke::Unknown));
}

#[tokio::test]
async fn the_last_channel_takes_the_connection_with_it() {
    let scene = Scene::set().await;
    let (id, channels) = scene.connect(&["101", "102"]).await;
    assert!(scene.desk.disconnect_channel(&scene.caller, channels[0]).await.unwrap().is_none());
    assert_eq!(scene.secrets().await, [0, 2, 1, 1], "the channel's key goes with its token");
    assert!(scene.desk.disconnect_channel(&scene.caller, channels[1]).await.unwrap().is_some());
    assert_eq!(scene.secrets().await, [0, 0, 0, 0]);
    let view = scene.desk.get(&scene.caller, id).await.unwrap();
    assert_eq!(view.connection.standing, Standing::Disconnected);
    assert!(scene.desk.disconnect_channel(&scene.caller, channels[1]).await.unwrap().is_none());
}

#[tokio::test]
async fn a_token_left_behind_by_hand_is_found_and_destroyed() {
    let scene = Scene::set().await;
    scene.connect(&["101", "102"]).await;
    assert_eq!(scene.store.destroy_orphan_tokens().await.unwrap(), 0);
    scene
        .run("UPDATE channels SET state = 'disconnected', connection_id = NULL WHERE remote_id = '101'")
        .await;
    assert_eq!(scene.store.destroy_orphan_tokens().await.unwrap(), 1);
    scene.run("UPDATE connections SET state = 'disconnected', next_check_at = NULL").await;
    assert_eq!(scene.secrets().await, [0, 2, 1, 1], "what a connected channel uses stays");
    assert_eq!(scene.store.destroy_orphan_tokens().await.unwrap(), 2);
    assert_eq!(scene.secrets().await, [0, 0, 0, 0], "nothing outlives its connection");
    assert_eq!(scene.count("channels").await, 2);
}
