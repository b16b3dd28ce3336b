//! Fairness: somebody's bulk does not stand before somebody else's single post.

use chrono::TimeDelta;
use publishing::{
    id::{ChannelId, PublicationId},
    publication::State,
    queue::{Next, PublicationQueue, Queue},
};

use super::stage::{ANNE, Stage, outcome};

/// Contents that have to be prepared, and that do not.
const PICTURE: &str =
    r#"{"caption": "", "pictures": [{"media": "media_01h455vb4pex5vsknk084sn02q", "digest": "00"}]}"#;
const TEXT: &str = r#"{"caption": ""}"#;

/// Scheduled publications by the thousand, one per channel in turn, due in a minute; their preparation is due.
async fn bulk(stage: &Stage, channels: &[ChannelId], count: usize, content: &str) {
    let (o, w) = (stage.caller.organization.uuid(), stage.workspace.uuid());
    let channels: Vec<_> = channels.iter().map(|channel| format!("'{}'", channel.uuid())).collect();
    let (channels, lanes) = (channels.join(", "), channels.len());
    stage
        .run(&format!(
            "CREATE TEMPORARY TABLE bulk AS SELECT gen_random_uuid() AS post, gen_random_uuid() AS approval,
                 (ARRAY[{channels}]::uuid[])[1 + n % {lanes}] AS channel FROM generate_series(1, {count}) AS n;
             INSERT INTO posts (id, organization_id, workspace_id, caption, author_person) SELECT post, '{o}', '{w}', '', '{o}' FROM bulk;
             INSERT INTO approvals (id, organization_id, post_id, method, person_id)
                 SELECT approval, '{o}', post, 'schedule_action', '{o}' FROM bulk;
             INSERT INTO approved_content SELECT approval, channel, decode(repeat('00', 32), 'hex') FROM bulk;
             INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, remote_id, due_at,
                 deadline_at, next_step_at, content, content_hash, approval_id)
                 SELECT gen_random_uuid(), '{o}', '{w}', post, channel, 'facebook', channel, date_trunc('minute', now()) + interval '2 minutes',
                     now() + interval '1 hour', now(), '{content}', decode(repeat('00', 32), 'hex'), approval FROM bulk;
             DROP TABLE bulk;"
        ))
        .await;
}

async fn channels(stage: &Stage, count: usize) -> Vec<ChannelId> {
    let mut channels = vec![];
    for _ in 0..count {
        channels.push(stage.channel().await);
    }
    channels
}

/// Prepares everything, as a worker does: results are written five hundred at a time.
async fn prepare(stage: &Stage) {
    let mut claimed = vec![];
    loop {
        let batch = stage.claim(Queue::Preparation).await;
        if batch.is_empty() {
            break;
        }
        claimed.extend(batch.into_iter().map(|row| outcome(row.claim, Next::Ready)));
    }
    for outcomes in claimed.chunks(500) {
        assert_eq!(stage.queue.record(outcomes).await.unwrap().len(), outcomes.len());
    }
}

/// Lets the time come at which the first of them are permitted.
async fn last_second_begins(stage: &Stage) {
    stage
        .run(
            "WITH first AS (SELECT min(next_step_at) - now() AS early FROM publications WHERE state = 'ready')
             UPDATE publications SET due_at = due_at - early, next_step_at = next_step_at - early FROM first",
        )
        .await;
}

/// When the last second begins, a neighbour's post is in the first permits, and much of the bulk is not due yet.
async fn the_bulk_is_spread_and_lets_through(stage: &Stage, neighbour: ChannelId) {
    last_second_begins(stage).await;
    let permits = stage.queue.claim(Queue::Permit, ANNE, 500).await.unwrap();
    assert!(permits.iter().any(|row| row.channel == neighbour), "the neighbour waits behind the bulk");
    let later = stage.count("publications WHERE next_step_at > now() + interval '400 milliseconds'").await;
    assert!(later > 500, "the bulk itself is spread over the second: {later}");
}

#[tokio::test]
async fn a_single_post_is_in_the_first_permits_beside_a_bulk_of_two_thousand() {
    let stage = Stage::set().await;
    let neighbour = stage.neighbour().await;
    bulk(&stage, &channels(&stage, 50).await, 2_000, PICTURE).await;
    let theirs = channels(&neighbour, 1).await;
    bulk(&neighbour, &theirs, 1, PICTURE).await;
    prepare(&stage).await;
    assert_eq!(stage.count("publications WHERE state = 'ready'").await, 2_001);
    the_bulk_is_spread_and_lets_through(&stage, theirs[0]).await;
}

#[tokio::test]
async fn a_permit_is_asked_for_in_the_last_second_and_not_before() {
    let stage = Stage::set().await;
    bulk(&stage, &channels(&stage, 10).await, 1_000, PICTURE).await;
    prepare(&stage).await;
    let outside = "publications WHERE next_step_at NOT BETWEEN due_at - interval '1 second' AND due_at - interval '99 milliseconds'";
    assert_eq!(stage.count(outside).await, 0);
}

#[tokio::test]
async fn a_long_line_on_one_channel_does_not_stand_before_another_channel() {
    let stage = Stage::set().await;
    bulk(&stage, &channels(&stage, 1).await, 600, PICTURE).await;
    prepare(&stage).await;
    let (id, _): (PublicationId, _) = stage.in_state(stage.channel().await, State::Ready).await;
    stage.run("UPDATE publications SET next_step_at = now() - interval '1 second'").await;
    stage.run(&format!("UPDATE publications SET next_step_at = now() WHERE id = '{}'", id.uuid())).await;
    let mut batches = 0;
    loop {
        batches += 1;
        let permits = stage.queue.claim(Queue::Permit, ANNE, 200).await.unwrap();
        if permits.iter().any(|row| row.claim.publication == id) {
            break;
        }
        assert!(batches <= 4, "the line came back before everybody had a turn");
    }
}

#[tokio::test]
async fn a_single_post_is_prepared_next_however_many_came_before_it() {
    let stage = Stage::set().await;
    let neighbour = stage.neighbour().await;
    bulk(&stage, &channels(&stage, 50).await, 2_000, PICTURE).await;
    let theirs = channels(&neighbour, 1).await;
    bulk(&neighbour, &theirs, 1, PICTURE).await;
    let claimed = stage.queue.claim(Queue::Preparation, ANNE, 100).await.unwrap();
    assert_eq!(claimed.len(), 100);
    assert!(claimed.iter().any(|row| row.channel == theirs[0]), "the neighbour waits behind the bulk");
    let mut total = claimed.len();
    while let batch @ 1.. = stage.queue.claim(Queue::Preparation, ANNE, 100).await.unwrap().len() {
        total += batch;
    }
    assert_eq!(total, 2_001, "nothing is left behind");
}

#[tokio::test]
async fn text_is_permitted_as_it_was_planned_and_pictures_are_prepared_before() {
    let stage = Stage::set().await;
    let neighbour = stage.neighbour().await;
    bulk(&stage, &channels(&stage, 50).await, 3_000, TEXT).await;
    bulk(&stage, &channels(&stage, 1).await, 7, PICTURE).await;
    let theirs = channels(&neighbour, 1).await;
    bulk(&neighbour, &theirs, 1, TEXT).await;
    assert_eq!(stage.claim(Queue::Preparation).await.len(), 7, "nobody is given what needs no preparation");
    let permits = stage.queue.claim(Queue::Permit, ANNE, 500).await.unwrap();
    assert!(permits.iter().any(|row| row.channel == theirs[0]), "the neighbour waits behind the bulk");
    assert!(permits.iter().all(|row| row.content.pictures.is_empty()));
}

#[tokio::test]
async fn whoever_was_planned_in_the_midst_of_a_bulk_for_the_same_instant_is_permitted_with_it() {
    let stage = Stage::set().await;
    let (neighbour, channels_of_bulk) = (stage.neighbour().await, channels(&stage, 50).await);
    let theirs = channels(&neighbour, 1).await;
    bulk(&stage, &channels_of_bulk, 1_500, TEXT).await;
    bulk(&neighbour, &theirs, 1, TEXT).await;
    bulk(&stage, &channels_of_bulk, 1_500, TEXT).await;
    stage.run("UPDATE publications SET next_step_at = date_trunc('second', now())").await;
    let permits = stage.queue.claim(Queue::Permit, ANNE, 2_000).await.unwrap();
    assert!(permits.iter().any(|row| row.channel == theirs[0]), "a worker takes two thousand at once");
}

#[tokio::test]
async fn each_queue_sleeps_until_its_own_next_step() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let at = |minutes| format!("next_step_at = now() + interval '{minutes} minutes'");
    bulk(&stage, &[channel], 1, TEXT).await;
    stage.run(&format!("UPDATE publications SET {}", at(3))).await;
    assert_eq!(stage.queue.next_due(Queue::Preparation).await, Ok(None));
    bulk(&stage, &[channel], 1, PICTURE).await;
    stage.run(&format!("UPDATE publications SET {} WHERE content ? 'pictures'", at(2))).await;
    for (queue, minutes) in [(Queue::Permit, 3), (Queue::Preparation, 2)] {
        let due = stage.queue.next_due(queue).await.unwrap().unwrap();
        assert_eq!(due.as_secs().div_ceil(60), minutes, "{queue:?}");
        assert!(stage.claim(queue).await.is_empty());
    }
    stage
        .run("UPDATE publications SET state = 'ready', next_step_at = now() WHERE content ? 'pictures'")
        .await;
    assert_eq!(stage.queue.next_due(Queue::Permit).await, Ok(Some(std::time::Duration::ZERO)));
    assert_eq!(stage.queue.next_due(Queue::Preparation).await, Ok(None));
}

#[tokio::test]
async fn a_permit_of_a_text_that_was_not_used_is_permitted_again() {
    let stage = Stage::set().await;
    let id = stage.text(stage.channel().await, TimeDelta::zero()).await;
    let claimed = stage.claim_one(Queue::Permit).await;
    assert_eq!(claimed.claim.publication, id);
    stage.queue.give_back(Queue::Permit, &[claimed.claim]).await.unwrap();
    assert_eq!(stage.state(id).await, State::Ready);
    assert_eq!(stage.claim_one(Queue::Permit).await.claim.publication, id);
}
