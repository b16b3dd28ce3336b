//! After an outage: what is too late is missed and told, the rest goes out in the order in which it was due, one at a time on each
//! channel, and what is due from now on keeps its time.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use postgres::publications::PgBacklogStore;
use publishing::{
    backlog::{Backlog, BacklogStore},
    id::{ChannelId, PublicationId},
    platform::Platform,
    publication::State,
    queue::{Next, PublicationQueue, Queue},
};

use tenancy::Clock;

use super::stage::{ANNE, BEN, Stage, now, outcome, published};

/// A text that was due so many minutes ago, or is due in so many, and may be an hour late.
async fn due(stage: &Stage, channel: ChannelId, minutes: i64) -> PublicationId {
    let id = stage.text(channel, TimeDelta::minutes(minutes)).await;
    let due = "UPDATE publications SET next_step_at = due_at - interval '1 second'";
    stage.run(&format!("{due} WHERE id = '{}'", id.uuid())).await;
    id
}

/// Lets those wait no longer that came back because it was not their turn.
async fn turns_come(stage: &Stage) {
    stage.run("UPDATE publications SET next_step_at = now() WHERE state IN ('scheduled', 'ready') AND due_at <= now()").await;
}

/// Publishes as two workers do until nothing is left to permit, and says in which order.
async fn work(stage: &Stage) -> Vec<PublicationId> {
    let mut order = vec![];
    loop {
        turns_come(stage).await;
        let mut permitted = vec![];
        for worker in [ANNE, BEN] {
            permitted.extend(stage.queue.claim(Queue::Permit, worker, 100).await.unwrap());
        }
        if permitted.is_empty() {
            return order;
        }
        for row in permitted {
            let id = row.claim.publication;
            assert!(stage.record(row.claim, published(&id.uuid().to_string())).await);
            order.push(id);
        }
    }
}

#[tokio::test]
async fn a_backlog_goes_out_in_order_on_each_channel_and_what_is_too_late_is_missed_and_told() {
    let stage = Stage::set().await;
    let (one, two) = (stage.channel().await, stage.channel().await);
    let mut expected = vec![];
    let mut missed = vec![];
    // Written in an order of its own, so that neither ids nor luck decide.
    for minutes in [-10, -50, -90, -30, -61, -20, -59, -40] {
        for channel in [one, two] {
            let id = due(&stage, channel, minutes).await;
            if minutes < -60 { missed.push(id) } else { expected.push((channel, minutes, id)) }
        }
    }
    let order = work(&stage).await;
    for channel in [one, two] {
        let mut own: Vec<_> = expected.iter().filter(|(c, ..)| *c == channel).collect();
        own.sort_by_key(|(_, minutes, _)| *minutes);
        let own: Vec<_> = own.into_iter().map(|(.., id)| *id).collect();
        let went: Vec<_> = order.iter().filter(|id| own.contains(id)).copied().collect();
        assert_eq!(went, own, "the order in which they were due");
    }
    assert_eq!(order.len(), expected.len());
    for id in missed {
        assert_eq!(stage.state(id).await, State::Missed);
        assert_eq!(stage.events(id.uuid()).await, ["publication.missed"]);
    }
}

#[tokio::test]
async fn only_one_of_a_backlog_is_under_way_on_a_channel_however_many_workers_ask() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    for minutes in 1..=20 {
        due(&stage, channel, -minutes).await;
    }
    let (anne, ben) =
        tokio::join!(stage.queue.claim(Queue::Permit, ANNE, 100), stage.queue.claim(Queue::Permit, BEN, 100));
    assert_eq!(anne.unwrap().len() + ben.unwrap().len(), 1);
    turns_come(&stage).await;
    assert!(stage.claim(Queue::Permit).await.is_empty(), "while one is under way nobody else is");
    assert_eq!(stage.count("publications WHERE state = 'publishing'").await, 1);
}

#[tokio::test]
async fn what_is_due_now_goes_before_the_backlog_of_its_channel() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let late =
        [due(&stage, channel, -40).await, due(&stage, channel, -30).await, due(&stage, channel, -20).await];
    let fresh = due(&stage, channel, 0).await;
    assert_eq!(work(&stage).await, [fresh, late[0], late[1], late[2]]);
}

#[tokio::test]
async fn a_backlog_that_has_to_be_prepared_is_missed_or_goes_out_by_the_same_rule() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let mut ids = vec![];
    for minutes in [-20, -70, -40] {
        ids.push(stage.schedule(&[channel], TimeDelta::minutes(minutes)).await.publications[0].id);
    }
    let prepared: Vec<_> = stage
        .claim(Queue::Preparation)
        .await
        .into_iter()
        .map(|row| outcome(row.claim, Next::Ready))
        .collect();
    stage.queue.record(&prepared).await.unwrap();
    assert_eq!(work(&stage).await, [ids[2], ids[0]]);
    assert_eq!(stage.state(ids[1]).await, State::Missed);
}

/// The clock on the wall.
struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> DateTime<Utc> {
        now()
    }
}

/// Makes everything planned so far a matter of one Instagram account, which has published so many posts an hour ago.
async fn on_instagram(stage: &Stage, channel: ChannelId, spent: i64) {
    let (o, w, c) = (stage.caller.organization.uuid(), stage.workspace.uuid(), channel.uuid());
    stage
        .run(&format!(
            "UPDATE channels SET platform = 'instagram', remote_id = '17' WHERE id = '{c}';
             UPDATE publications SET platform = 'instagram', remote_id = '17' WHERE channel_id = '{c}';
             CREATE TEMPORARY TABLE spent AS SELECT n, gen_random_uuid() AS post, gen_random_uuid() AS approval
                 FROM generate_series(1, {spent}) AS n;
             INSERT INTO posts (id, organization_id, workspace_id, caption, author_person) SELECT post, '{o}', '{w}', '', '{o}' FROM spent;
             INSERT INTO approvals (id, organization_id, post_id, method, person_id)
                 SELECT approval, '{o}', post, 'schedule_action', '{o}' FROM spent;
             INSERT INTO approved_content SELECT approval, '{c}', decode(repeat('00', 32), 'hex') FROM spent;
             INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, remote_id, due_at, deadline_at,
                 content, content_hash, approval_id, state, platform_post_id, published_at)
                 SELECT gen_random_uuid(), '{o}', '{w}', post, '{c}', 'instagram', '17', now() - interval '1 hour', now(), '{{\"caption\": \"\"}}',
                     decode(repeat('00', 32), 'hex'), approval, 'published', n::text, now() - interval '1 hour' FROM spent;
             DROP TABLE spent;"
        ))
        .await;
}

fn backlog(stage: &Stage) -> Backlog {
    Backlog { store: Arc::new(PgBacklogStore::new(stage.pool.clone())), clock: Arc::new(WallClock) }
}

#[tokio::test]
async fn where_a_quota_does_not_suffice_the_freshest_are_kept_and_the_others_missed_at_once() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let mut late = vec![];
    for minutes in [-10, -20, -30, -40, -50] {
        late.push(due(&stage, channel, minutes).await);
    }
    let promised = due(&stage, channel, 30).await;
    let elsewhere = due(&stage, stage.channel().await, -50).await;
    on_instagram(&stage, channel, 97).await;
    // Three are left of a hundred, and one is promised.
    assert_eq!(backlog(&stage).recover().await, Ok(3));
    for id in &late[2..] {
        assert_eq!(stage.state(*id).await, State::Missed);
        assert_eq!(stage.events(id.uuid()).await, ["publication.missed"]);
    }
    assert_eq!(stage.state(promised).await, State::Scheduled);
    assert_eq!(backlog(&stage).recover().await, Ok(0), "once");
    let mut order = work(&stage).await;
    order.retain(|id| *id != elsewhere);
    assert_eq!(order, [late[1], late[0]]);
}

#[tokio::test]
async fn what_may_wait_for_new_quota_waits_and_is_not_asked_for_before() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let patient = due(&stage, channel, -10).await;
    on_instagram(&stage, channel, 100).await;
    stage
        .run(&format!(
            "UPDATE publications SET deadline_at = now() + interval '2 days' WHERE id = '{}'",
            patient.uuid()
        ))
        .await;
    assert_eq!(backlog(&stage).recover().await, Ok(1));
    let hours = stage.row(patient).await.waits.unwrap() / 3_600_000.0;
    assert!((22.9..=23.0).contains(&hours), "an hour of the day has passed: {hours}");
    assert!(stage.claim(Queue::Permit).await.is_empty());
}

#[tokio::test]
async fn what_a_worker_took_meanwhile_is_the_workers() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let id = due(&stage, channel, -10).await;
    on_instagram(&stage, channel, 100).await;
    let store = PgBacklogStore::new(stage.pool.clone());
    let lanes = store.lanes(&[Platform::Instagram]).await.unwrap();
    let missed = lanes[0].late.iter().map(|late| late.post).collect::<Vec<_>>();
    assert_eq!(missed.len(), 1);
    assert_eq!(stage.claim_one(Queue::Permit).await.claim.publication, id);
    let recovery = scheduling::backlog::Recovery { publish: vec![], missed };
    assert_eq!(store.settle(&recovery).await, Ok(0));
    assert_eq!(stage.state(id).await, State::Publishing);
    assert!(stage.events(id.uuid()).await.is_empty());
}
