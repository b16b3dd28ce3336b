//! Checks: dead tokens go, old ones are extended, and nothing overwrites what is newer.

use chrono::TimeDelta;
use publishing::{
    connection::{ChannelState, CheckResult, CheckStore, Checked, Renewal, SealedToken, Standing, health},
    refusal::Reason,
};
use tenancy::sealing::{Sealed, WrappedKey};
use uuid::Uuid;

use super::scene::{Scene, state_of};

#[tokio::test]
async fn a_revocation_without_any_signal_is_found_and_every_token_destroyed() {
    let scene = Scene::set().await;
    let (id, channels) = scene.connect(&["101", "102"]).await;
    assert_eq!(scene.desk.check(id).await.unwrap(), Checked::Alive);
    scene.platform.0.lock().unwrap().dead = vec!["canary-person-dana".into()];
    assert_eq!(scene.desk.check(id).await.unwrap(), Checked::Dead);
    assert_eq!(scene.secrets().await, [0, 0, 0, 0]);
    assert_eq!(scene.desk.get(&scene.caller, id).await.unwrap().connection.standing, Standing::NeedsReauth);
    let channel = scene.desk.channel(&scene.caller, channels[0]).await.unwrap();
    assert_eq!((channel.state, channel.problem), (ChannelState::NeedsReauth, Some(Reason::Unauthorized)));
    assert_eq!(scene.count("consents WHERE closed_at IS NULL").await, 0);
    assert_eq!(scene.count("events WHERE kind = 'channel.needs_reauth'").await, 2);
    assert_eq!(scene.desk.check(id).await.unwrap(), Checked::Gone);
}

#[tokio::test]
async fn a_page_whose_role_was_lost_dies_alone() {
    let scene = Scene::set().await;
    let (id, _) = scene.connect(&["101", "102"]).await;
    scene.platform.0.lock().unwrap().dead = vec!["canary-channel-101".into()];
    assert_eq!(scene.desk.check(id).await.unwrap(), Checked::Alive);
    assert_eq!(scene.count("channels WHERE remote_id = '101' AND state = 'needs_reauth'").await, 1);
    assert_eq!(scene.count("channels WHERE remote_id = '102' AND state = 'connected'").await, 1);
    assert_eq!(scene.secrets().await, [0, 2, 1, 1]);
}

#[tokio::test]
async fn a_platform_that_does_not_answer_changes_nothing() {
    let scene = Scene::set().await;
    let (id, _) = scene.connect(&["101"]).await;
    scene.platform.0.lock().unwrap().silent = true;
    assert_eq!(scene.desk.check(id).await.unwrap(), Checked::Unknown);
    assert_eq!(scene.secrets().await, [0, 2, 1, 1]);
}

#[tokio::test]
async fn a_token_is_replaced_at_half_of_its_life() {
    let scene = Scene::set().await;
    let (id, _) = scene.connect(&["101"]).await;
    scene.clock.advance(TimeDelta::days(29));
    assert_eq!(scene.desk.check(id).await.unwrap(), Checked::Alive);
    scene.clock.advance(TimeDelta::days(1));
    assert_eq!(scene.desk.check(id).await.unwrap(), Checked::Renewed);
    assert_eq!(scene.secrets().await, [0, 2, 1, 1], "the old token went with its key");
    scene.platform.0.lock().unwrap().dead = vec!["canary-person-dana-renewed".into()];
    assert_eq!(scene.desk.check(id).await.unwrap(), Checked::Dead, "the new one is asked about from now on");
}

#[tokio::test]
async fn a_refused_token_is_destroyed_but_never_a_newer_one() {
    let scene = Scene::set().await;
    let (id, channels) = scene.connect(&["101", "102"]).await;
    assert!(!scene.desk.mark_unauthorized(channels[0], Some(Uuid::new_v4())).await.unwrap());
    assert_eq!(scene.secrets().await, [0, 3, 1, 2]);
    let stored = scene.store.grant(id).await.unwrap().unwrap();
    let key = stored.channels.iter().find(|(channel, ..)| *channel == channels[0]).unwrap().1;
    assert!(scene.desk.mark_unauthorized(channels[0], Some(key)).await.unwrap());
    assert!(!scene.desk.mark_unauthorized(channels[0], Some(key)).await.unwrap());
    assert!(scene.desk.mark_unauthorized(channels[1], None).await.unwrap());
    assert_eq!(scene.secrets().await, [0, 1, 1, 0]);
    assert_eq!(scene.store.claim_checks(10).await.unwrap(), [id], "the connection is checked at once");
    assert!(scene.store.claim_checks(10).await.unwrap().is_empty(), "a claimed check is not claimed again");
}

#[tokio::test]
async fn a_permission_that_was_withdrawn_shows_and_comes_back() {
    let scene = Scene::set().await;
    let (id, channels) = scene.connect(&["101"]).await;
    let problems = async || {
        let channel = scene.desk.channel(&scene.caller, channels[0]).await.unwrap();
        let now = *scene.clock.0.lock().unwrap();
        health(&channel, now).problems.iter().map(|p| p.code).collect::<Vec<_>>()
    };
    assert_eq!(problems().await, Vec::<&str>::new());
    let all = std::mem::replace(&mut scene.platform.0.lock().unwrap().granted, vec!["pages_show_list"]);
    scene.desk.check(id).await.unwrap();
    assert_eq!(problems().await, ["permission_missing"]);
    let channel = scene.desk.channel(&scene.caller, channels[0]).await.unwrap();
    assert_eq!(channel.missing, ["pages_read_engagement", "pages_manage_posts"]);
    scene.platform.0.lock().unwrap().granted = all;
    scene.desk.check(id).await.unwrap();
    assert_eq!(problems().await, Vec::<&str>::new());
}

#[tokio::test]
async fn what_was_found_about_an_old_token_is_not_written_about_the_new_one() {
    let scene = Scene::set().await;
    let (id, _) = scene.connect(&["101"]).await;
    let old = scene.store.grant(id).await.unwrap().unwrap();
    let begun = scene.desk.reconnect(&scene.caller, id, None, &[]).await.unwrap();
    scene.until_choice(id, &state_of(&begun.authorize_url)).await;
    scene.select(id, &["101"]).await.unwrap();
    let new = scene.store.grant(id).await.unwrap().unwrap();
    let now = *scene.clock.0.lock().unwrap();
    let result = CheckResult {
        connection: id,
        key: old.key,
        granted: vec![],
        missing: vec![],
        expires_at: None,
        data_access_expires_at: None,
        next_check_at: now,
    };
    assert!(!scene.store.record_check(&result).await.unwrap());
    let key = WrappedKey { id: Uuid::new_v4(), ring_version: None, bytes: vec![0] };
    let token = SealedToken { key, sealed: Sealed(vec![0]) };
    let renewal = Renewal { connection: id, key: old.key, token, issued_at: now, expires_at: None };
    assert!(!scene.store.renew(&renewal).await.unwrap());
    assert!(!scene.store.mark_connection_unauthorized(id, old.key).await.unwrap());
    let after = scene.store.grant(id).await.unwrap().unwrap();
    assert_eq!((after.key, after.granted.len(), after.expires_at), (new.key, 3, new.expires_at));
    assert!(scene.store.mark_connection_unauthorized(id, new.key).await.unwrap());
}
