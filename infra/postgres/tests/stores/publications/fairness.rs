//! Fairness: somebody's bulk does not stand before somebody else's single post.

use publishing::{
    id::{ChannelId, PublicationId},
    publication::State,
    queue::{Next, PublicationQueue, Queue},
};

use super::stage::{ANNE, Stage, outcome};

/// Scheduled publications by the thousand, one per channel in turn, due in a minute; their preparation is due.
async fn bulk(stage: &Stage, channels: &[ChannelId], count: usize) {
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
             INSERT INTO publications (id, organization_id, workspace_id, post_id, channel_id, platform, due_at, deadline_at,
                 next_step_at, content, content_hash, approval_id)
                 SELECT gen_random_uuid(), '{o}', '{w}', post, channel, 'facebook', date_trunc('minute', now()) + interval '2 minutes',
                     now() + interval '1 hour', now(), '{{\"caption\": \"\"}}', decode(repeat('00', 32), 'hex'), approval FROM bulk;
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

#[tokio::test]
async fn a_single_post_is_in_the_first_permits_beside_a_bulk_of_two_thousand() {
    let stage = Stage::set().await;
    let neighbour = stage.neighbour().await;
    bulk(&stage, &channels(&stage, 50).await, 2_000).await;
    let theirs = channels(&neighbour, 1).await;
    bulk(&neighbour, &theirs, 1).await;
    prepare(&stage).await;
    assert_eq!(stage.count("publications WHERE state = 'ready'").await, 2_001);
    last_second_begins(&stage).await;
    let permits = stage.queue.claim(Queue::Permit, ANNE, 500).await.unwrap();
    assert!(permits.iter().any(|row| row.channel == theirs[0]), "the neighbour waits behind the bulk");
    assert!(permits.len() < 100, "the bulk itself is spread over the second");
}

#[tokio::test]
async fn a_permit_is_asked_for_in_the_last_second_and_not_before() {
    let stage = Stage::set().await;
    bulk(&stage, &channels(&stage, 10).await, 1_000).await;
    prepare(&stage).await;
    let outside = "publications WHERE next_step_at NOT BETWEEN due_at - interval '1 second' AND due_at - interval '99 milliseconds'";
    assert_eq!(stage.count(outside).await, 0);
}

#[tokio::test]
async fn a_long_line_on_one_channel_does_not_stand_before_another_channel() {
    let stage = Stage::set().await;
    bulk(&stage, &channels(&stage, 1).await, 600).await;
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
