//! Checks: dead tokens go, old ones are extended, and nothing overwrites what is newer.

use chrono::TimeDelta;
use publishing::{
    connection::{ChannelState, CheckStore, Checked, Standing, health},
    refusal::Reason,
};
use uuid::Uuid;

use super::stage::Stage;

#[tokio::test]
async fn a_revocation_without_any_signal_is_found_and_every_token_destroyed() {
    let Some(stage) = Stage::set().await else { return };
    let (id, channels) = stage.connect(&["101", "102"]).await;
    assert_eq!(stage.desk.check(id).await.unwrap(), Checked::Alive);
    stage.platform.0.lock().unwrap().dead = vec!["canary-person-dana".into()];
    assert_eq!(stage.desk.check(id).await.unwrap(), Checked::Dead);
    assert_eq!(stage.secrets().await, [0, 0, 0, 0]);
    assert_eq!(stage.desk.get(&stage.caller, id).await.unwrap().connection.standing, Standing::NeedsReauth);
    let channel = stage.desk.channel(&stage.caller, channels[0]).await.unwrap();
    assert_eq!((channel.state, channel.problem), (ChannelState::NeedsReauth, Some(Reason::Unauthorized)));
    assert_eq!(stage.count("consents WHERE closed_at IS NULL").await, 0);
    assert_eq!(stage.count("events WHERE kind = 'channel.needs_reauth'").await, 2);
    assert_eq!(stage.desk.check(id).await.unwrap(), Checked::Gone);
}

#[tokio::test]
async fn a_page_whose_role_was_lost_dies_alone() {
    let Some(stage) = Stage::set().await else { return };
    let (id, _) = stage.connect(&["101", "102"]).await;
    stage.platform.0.lock().unwrap().dead = vec!["canary-channel-101".into()];
    assert_eq!(stage.desk.check(id).await.unwrap(), Checked::Alive);
    assert_eq!(stage.count("channels WHERE remote_id = '101' AND state = 'needs_reauth'").await, 1);
    assert_eq!(stage.count("channels WHERE remote_id = '102' AND state = 'connected'").await, 1);
    assert_eq!(stage.secrets().await, [0, 2, 1, 1]);
}

#[tokio::test]
async fn a_platform_that_does_not_answer_changes_nothing() {
    let Some(stage) = Stage::set().await else { return };
    let (id, _) = stage.connect(&["101"]).await;
    stage.platform.0.lock().unwrap().silent = true;
    assert_eq!(stage.desk.check(id).await.unwrap(), Checked::Unknown);
    assert_eq!(stage.secrets().await, [0, 2, 1, 1]);
}

#[tokio::test]
async fn a_token_is_replaced_at_half_of_its_life() {
    let Some(stage) = Stage::set().await else { return };
    let (id, _) = stage.connect(&["101"]).await;
    stage.clock.advance(TimeDelta::days(29));
    assert_eq!(stage.desk.check(id).await.unwrap(), Checked::Alive);
    stage.clock.advance(TimeDelta::days(1));
    assert_eq!(stage.desk.check(id).await.unwrap(), Checked::Renewed);
    assert_eq!(stage.secrets().await, [0, 2, 1, 1], "the old token went with its key");
    stage.platform.0.lock().unwrap().dead = vec!["canary-person-dana-renewed".into()];
    assert_eq!(stage.desk.check(id).await.unwrap(), Checked::Dead, "the new one is asked about from now on");
}

#[tokio::test]
async fn a_refused_token_is_destroyed_but_never_a_newer_one() {
    let Some(stage) = Stage::set().await else { return };
    let (id, channels) = stage.connect(&["101", "102"]).await;
    assert!(!stage.desk.mark_unauthorized(channels[0], Some(Uuid::new_v4())).await.unwrap());
    assert_eq!(stage.secrets().await, [0, 3, 1, 2]);
    let stored = stage.store.grant(id).await.unwrap().unwrap();
    let key = stored.channels.iter().find(|(channel, ..)| *channel == channels[0]).unwrap().1;
    assert!(stage.desk.mark_unauthorized(channels[0], Some(key)).await.unwrap());
    assert!(!stage.desk.mark_unauthorized(channels[0], Some(key)).await.unwrap());
    assert!(stage.desk.mark_unauthorized(channels[1], None).await.unwrap());
    assert_eq!(stage.secrets().await, [0, 1, 1, 0]);
    assert_eq!(stage.store.claim_checks(10).await.unwrap(), [id], "the connection is checked at once");
    assert!(stage.store.claim_checks(10).await.unwrap().is_empty(), "a claimed check is not claimed again");
}

#[tokio::test]
async fn a_permission_that_was_withdrawn_shows_and_comes_back() {
    let Some(stage) = Stage::set().await else { return };
    let (id, channels) = stage.connect(&["101"]).await;
    let problems = async || {
        let channel = stage.desk.channel(&stage.caller, channels[0]).await.unwrap();
        let now = *stage.clock.0.lock().unwrap();
        health(&channel, now).problems.iter().map(|p| p.code).collect::<Vec<_>>()
    };
    assert_eq!(problems().await, Vec::<&str>::new());
    let all = std::mem::replace(&mut stage.platform.0.lock().unwrap().granted, vec!["pages_show_list"]);
    stage.desk.check(id).await.unwrap();
    assert_eq!(problems().await, ["permission_missing"]);
    let channel = stage.desk.channel(&stage.caller, channels[0]).await.unwrap();
    assert_eq!(channel.missing, ["pages_read_engagement", "pages_manage_posts"]);
    stage.platform.0.lock().unwrap().granted = all;
    stage.desk.check(id).await.unwrap();
    assert_eq!(problems().await, Vec::<&str>::new());
}
