//! Preflight: who is looked at and when, what is kept, and who is told how often.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use postgres::posts::PgPreflightStore;
use publishing::{
    id::{ChannelId, PublicationId},
    platform::Platform,
    post::store::{PostStore, PublicationFilter},
    preflight::{Leads, Preflight, PreflightStore, Stage as Look},
    queue::Queue,
};
use tenancy::Clock;

use crate::publications::stage::{Stage, now};

/// The clock on the wall.
struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> DateTime<Utc> {
        now()
    }
}

fn preflight(stage: &Stage) -> Preflight {
    let store = Arc::new(PgPreflightStore::new(stage.pool.clone()));
    Preflight { store, clock: Arc::new(WallClock), leads: Leads::default() }
}

/// The store looks at a text due after so long; its preparation begins a minute before.
async fn text(stage: &Stage, channel: ChannelId, after: TimeDelta) -> PublicationId {
    let id = stage.text(channel, after).await;
    let begins = "UPDATE publications SET next_step_at = due_at - interval '1 minute'";
    stage.run(&format!("{begins} WHERE id = '{}'", id.uuid())).await;
    id
}

async fn due(stage: &Stage) -> Vec<(PublicationId, Look)> {
    let due = PgPreflightStore::new(stage.pool.clone()).due(Leads::default(), 1_000).await.unwrap();
    due.into_iter().map(|one| (one.publication, one.stage)).collect()
}

async fn codes(stage: &Stage, id: PublicationId) -> Vec<String> {
    stage.see(id).await.warnings.into_iter().map(|warning| warning.code).collect()
}

async fn at_risk(stage: &Stage, at_risk: bool) -> Vec<PublicationId> {
    let filter = PublicationFilter { at_risk: Some(at_risk), limit: 100, ..PublicationFilter::default() };
    let found = stage.posts.publications(&stage.caller, &filter).await.unwrap();
    found.into_iter().map(|one| one.id).collect()
}

#[tokio::test]
async fn each_look_is_due_once_soonest_first_and_what_a_worker_is_about_to_take_is_left_alone() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let tomorrow = text(&stage, channel, TimeDelta::hours(23)).await;
    let soon = text(&stage, channel, TimeDelta::minutes(30)).await;
    let _next_week = text(&stage, channel, TimeDelta::days(7)).await;
    let _at_once = text(&stage, channel, TimeDelta::minutes(1)).await;
    assert_eq!(due(&stage).await, [(soon, Look::Late), (tomorrow, Look::Early)]);
    assert_eq!(preflight(&stage).run(1).await, Ok(1));
    assert_eq!(due(&stage).await, [(tomorrow, Look::Early)]);
    assert_eq!(preflight(&stage).run(10).await, Ok(1));
    assert!(due(&stage).await.is_empty());
    // Its last hour begins.
    let begins = "UPDATE publications SET due_at = due_at - interval '22.5 hours', next_step_at = next_step_at - interval '22.5 hours'";
    stage.run(&format!("{begins} WHERE id = '{}'", tomorrow.uuid())).await;
    assert_eq!(due(&stage).await, [(tomorrow, Look::Late)]);
    assert!(stage.events(tomorrow.uuid()).await.is_empty(), "nothing is wrong, nobody is told");
}

#[tokio::test]
async fn what_stands_in_the_way_is_shown_found_and_told_once_and_so_is_its_end() {
    let stage = Stage::set().await;
    let (sick, well) = (stage.channel().await, stage.channel().await);
    let id = text(&stage, sick, TimeDelta::hours(20)).await;
    let other = text(&stage, well, TimeDelta::hours(20)).await;
    let (token, c) = ("UPDATE channel_tokens SET expires_at =", sick.uuid());
    stage.run(&format!("{token} now() + interval '19 hours' WHERE channel_id = '{c}'")).await;
    assert_eq!(preflight(&stage).run(10).await, Ok(2));
    assert_eq!(codes(&stage, id).await, ["token_expiry"]);
    assert_eq!((at_risk(&stage, true).await, at_risk(&stage, false).await), (vec![id], vec![other]));
    assert!(at_risk(&stage.neighbour().await, true).await.is_empty());
    assert_eq!(stage.events(id.uuid()).await, ["publication.at_risk"]);
    let since = stage.see(id).await.warnings[0].since;

    // What is at risk is looked at again after some minutes, and the same is not told again.
    let minutes_pass = "UPDATE preflights SET checked_at = checked_at - interval '6 minutes'";
    stage.run(minutes_pass).await;
    assert_eq!(preflight(&stage).run(10).await, Ok(1));
    assert_eq!(stage.see(id).await.warnings[0].since, since);
    assert_eq!(stage.events(id.uuid()).await.len(), 1);

    stage.run(&format!("{token} NULL WHERE channel_id = '{c}'")).await;
    stage.run(minutes_pass).await;
    assert_eq!(preflight(&stage).run(10).await, Ok(1));
    assert!(codes(&stage, id).await.is_empty() && at_risk(&stage, true).await.is_empty());
    assert_eq!(stage.events(id.uuid()).await, ["publication.at_risk", "publication.risk_cleared"]);
    stage.run(minutes_pass).await;
    assert_eq!(preflight(&stage).run(10).await, Ok(0));
}

#[tokio::test]
async fn two_that_look_at_once_tell_once() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let mut ids = vec![];
    for hours in 2..12 {
        ids.push(text(&stage, channel, TimeDelta::hours(hours)).await);
    }
    stage.run("UPDATE channels SET missing = '{pages_manage_posts}'").await;
    let (one, two) = (preflight(&stage), preflight(&stage));
    let (one, two) = tokio::join!(one.run(100), two.run(100));
    assert!(one.unwrap() + two.unwrap() >= 10);
    for id in ids {
        assert_eq!(codes(&stage, id).await, ["permission_missing"]);
        assert_eq!(stage.events(id.uuid()).await, ["publication.at_risk"]);
    }
}

#[tokio::test]
async fn what_is_planned_anew_is_looked_at_anew_and_what_was_found_about_the_old_plan_is_not_shown() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let id = text(&stage, channel, TimeDelta::hours(2)).await;
    stage.run("UPDATE channels SET missing = '{pages_manage_posts}'").await;
    preflight(&stage).run(10).await.unwrap();
    assert_eq!(codes(&stage, id).await, ["permission_missing"]);
    let before = stage.post_of(id).await;
    let (post, plan) = stage.scheduled(&before, TimeDelta::hours(3));
    stage.save(&post, before.version, &plan).await.unwrap();
    assert!(codes(&stage, id).await.is_empty() && at_risk(&stage, true).await.is_empty());
    assert_eq!(due(&stage).await, [(id, Look::Early)]);
    preflight(&stage).run(10).await.unwrap();
    assert!(codes(&stage, id).await.contains(&"permission_missing".to_owned()));
}

#[tokio::test]
async fn a_picture_that_was_deleted_is_found_before_the_post_fails_on_it() {
    let stage = Stage::set().await;
    // The pictures of this stage are in nobody's library.
    let id = stage.schedule(&[stage.channel().await], TimeDelta::hours(2)).await.publications[0].id;
    preflight(&stage).run(10).await.unwrap();
    assert_eq!(codes(&stage, id).await, ["media_unknown"]);
    assert_eq!(stage.see(id).await.warnings[0].fixer().as_str(), "caller");
}

#[tokio::test]
async fn the_hundred_and_first_post_within_a_day_on_instagram_is_at_risk() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let mut ids = vec![];
    for n in 0..102 {
        ids.push(text(&stage, channel, TimeDelta::minutes(120 + n)).await);
    }
    let instagram = Platform::Instagram.as_str();
    stage
        .run(&format!(
            "UPDATE channels SET platform = '{instagram}', remote_id = '17'; UPDATE publications SET platform = '{instagram}', remote_id = '17';
             UPDATE publications SET state = 'failed', reason = 'rejected', next_step_at = NULL WHERE id = '{}';",
            ids[7].uuid()
        ))
        .await;
    preflight(&stage).run(200).await.unwrap();
    let over = |codes: Vec<String>| codes.contains(&"quota_used_up".to_owned());
    assert!(!over(codes(&stage, ids[100]).await), "the hundredth that is left");
    assert!(over(codes(&stage, ids[101]).await));
}

#[tokio::test]
async fn a_look_stands_in_nobodys_way() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let id = text(&stage, channel, TimeDelta::hours(2)).await;
    let store = PgPreflightStore::new(stage.pool.clone());
    let found = store.due(Leads::default(), 10).await.unwrap();
    assert_eq!(found.len(), 1);
    // It is taken back between the look and the writing: nothing is kept and nobody is told.
    stage.cancel(id).await.unwrap();
    stage.run("UPDATE channels SET missing = '{pages_manage_posts}'").await;
    assert_eq!(preflight(&stage).run(10).await, Ok(0));
    let look = publishing::preflight::Look {
        publication: id,
        plan_epoch: found[0].plan_epoch,
        stage: found[0].stage,
        findings: vec![publishing::preflight::Finding { code: "media_unknown", detail: String::new() }],
    };
    assert_eq!(store.record(&[look], now()).await, Ok(0));
    assert_eq!(stage.events(id.uuid()).await, ["publication.cancelled"]);
    assert!(stage.claim(Queue::Preparation).await.is_empty());
}
