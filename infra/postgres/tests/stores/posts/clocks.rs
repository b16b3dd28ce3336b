//! Clocks whose rules are new: posts move to the instant that their time on the wall means, and are told of.

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta, Utc};
use postgres::posts::PgClockStore;
use publishing::{
    clocks::Clocks,
    id::PublicationId,
    post::{Post, TargetTime, store::PostStore},
    publication::State,
    queue::{Next, PublicationQueue, Queue},
    timing::Timing,
};
use scheduling::{LocalSchedule, Schedule, Tz};

use crate::publications::stage::{Stage, now};

fn clocks(stage: &Stage) -> Clocks {
    Clocks { store: Arc::new(PgClockStore::new(stage.pool.clone())), timing: Timing::default() }
}

/// A time on the wall of Tallinn that means an instant so far from now, to the second.
fn wall(after: TimeDelta) -> LocalSchedule {
    LocalSchedule::showing((Utc::now() + after).trunc_subsecs(0), Tz::known("Europe/Tallinn"))
}

/// A post on a channel for a time on the wall, whose instant was worked out `off` from what it means now: under other rules.
async fn recorded(stage: &Stage, wall: LocalSchedule, off: TimeDelta) -> (Post, PublicationId) {
    let draft = stage.draft(&[stage.channel().await]);
    stage.posts.insert(&draft, None).await.unwrap();
    let (mut post, plan) = stage.scheduled(&draft, TimeDelta::zero());
    post.schedule = Some(Schedule::Local(wall));
    let view = stage.save(&post, draft.version, &plan).await.unwrap();
    let (id, publication) = (post.id.uuid(), view.publications[0].id);
    let instant = wall.resolve() + off;
    stage
        .run(&format!(
            "UPDATE posts SET due_at = '{instant}', own_due_at = '{instant}' WHERE id = '{id}';
             UPDATE publications SET due_at = '{instant}', deadline_at = '{instant}'::timestamptz + interval '25 minutes',
                 next_step_at = '{instant}'::timestamptz - interval '10 minutes' WHERE post_id = '{id}';"
        ))
        .await;
    (view.post, publication)
}

async fn due(stage: &Stage, id: PublicationId) -> (DateTime<Utc>, DateTime<Utc>) {
    let seen = stage.see(id).await;
    (seen.due_at, seen.deadline_at)
}

#[tokio::test]
async fn a_post_whose_instant_was_worked_out_under_other_rules_moves_once_and_is_told_of() {
    let stage = Stage::set().await;
    let wall = wall(TimeDelta::days(30));
    let (post, id) = recorded(&stage, wall, TimeDelta::hours(1)).await;
    let mut seen = vec![];
    clocks(&stage).differences(|change| seen.push(change)).await.unwrap();
    assert_eq!((seen.len(), seen[0].post, seen[0].to), (1, post.id, wall.resolve()));
    assert_eq!(due(&stage, id).await.0, wall.resolve() + TimeDelta::hours(1), "looking moves nothing");

    assert_eq!(clocks(&stage).settle().await, Ok(1));
    let instant = wall.resolve();
    assert_eq!(due(&stage, id).await, (instant, instant + TimeDelta::minutes(25)));
    assert_eq!(stage.see(id).await.next_step_at, Some(instant - Timing::default().picture_lead));
    assert_eq!(stage.events(post.id.uuid()).await, ["post.moved"]);
    let moved = stage.posts.get(&stage.caller, post.id).await.unwrap().post;
    assert_eq!((moved.version, moved.schedule), (post.version + 1, Some(Schedule::Local(wall))));
    assert_eq!(stage.count(&format!("posts WHERE due_at = '{instant}' AND own_due_at = due_at")).await, 1);

    assert_eq!(clocks(&stage).settle().await, Ok(0), "once");
    assert_eq!(stage.events(post.id.uuid()).await.len(), 1);
}

#[tokio::test]
async fn a_post_whose_instant_is_right_or_was_given_as_an_instant_stays() {
    let stage = Stage::set().await;
    let (post, id) = recorded(&stage, wall(TimeDelta::days(3)), TimeDelta::zero()).await;
    let fixed = stage.due().await;
    let before = (stage.row(id).await.epoch, due(&stage, fixed).await);
    assert_eq!(clocks(&stage).settle().await, Ok(0));
    assert_eq!((stage.row(id).await.epoch, due(&stage, fixed).await), before);
    assert!(stage.events(post.id.uuid()).await.is_empty());
}

#[tokio::test]
async fn whoever_prepares_a_post_that_moves_is_shut_out_and_what_is_under_way_is_not_touched() {
    let stage = Stage::set().await;
    let off = TimeDelta::hours(-1);
    let (_, prepared) = recorded(&stage, wall(TimeDelta::minutes(50)), off).await;
    let (sent_post, sent) = recorded(&stage, wall(TimeDelta::minutes(55)), off).await;
    let claims = stage.claim(Queue::Preparation).await;
    assert_eq!(claims.len(), 2);
    let claim = |id| claims.iter().find(|row| row.claim.publication == id).unwrap().claim;
    assert!(stage.record(claim(sent), Next::Ready).await);
    assert_eq!(stage.claim_one(Queue::Permit).await.claim.publication, sent);
    let under_way = (stage.row(sent).await.epoch, due(&stage, sent).await);

    assert_eq!(clocks(&stage).settle().await, Ok(1));
    assert!(!stage.record(claim(prepared), Next::Ready).await, "the plan it belongs to is gone");
    assert_eq!(stage.state(prepared).await, State::Scheduled);
    assert_eq!(stage.state(sent).await, State::Publishing);
    assert_eq!((stage.row(sent).await.epoch, due(&stage, sent).await), under_way);
    assert!(stage.events(sent_post.id.uuid()).await.is_empty());
}

#[tokio::test]
async fn a_post_whose_new_instant_is_past_goes_out_late_or_is_missed_as_its_policy_says() {
    let stage = Stage::set().await;
    let off = TimeDelta::hours(2);
    let (_, late) = recorded(&stage, wall(TimeDelta::minutes(-20)), off).await;
    let (_, missed) = recorded(&stage, wall(TimeDelta::minutes(-30)), off).await;
    assert_eq!(clocks(&stage).settle().await, Ok(2));
    let claims = stage.claim(Queue::Preparation).await;
    assert_eq!(claims.len(), 2, "both are due at once");
    for row in &claims {
        assert!(stage.record(row.claim, Next::Ready).await);
    }
    assert_eq!(stage.claim_one(Queue::Permit).await.claim.publication, late);
    assert_eq!(stage.state(missed).await, State::Missed);
    assert_eq!(stage.events(missed.uuid()).await, ["publication.missed"]);
}

#[tokio::test]
async fn a_publication_that_was_tried_again_at_a_time_of_its_own_keeps_it() {
    let stage = Stage::set().await;
    let (post, id) = recorded(&stage, wall(TimeDelta::days(3)), TimeDelta::hours(1)).await;
    let own = now() + TimeDelta::days(1);
    stage
        .run(&format!(
            "UPDATE publications SET due_at = '{own}', deadline_at = '{own}' WHERE id = '{}'",
            id.uuid()
        ))
        .await;
    assert_eq!(clocks(&stage).settle().await, Ok(0));
    assert_eq!(due(&stage, id).await.0, own);
    assert!(stage.events(post.id.uuid()).await.is_empty());
}

#[tokio::test]
async fn a_time_that_a_channel_has_for_itself_moves_alone_and_the_post_is_due_with_the_first() {
    let stage = Stage::set().await;
    let draft = stage.draft(&[stage.channel().await, stage.channel().await]);
    stage.posts.insert(&draft, None).await.unwrap();
    let (mut post, mut plan) = stage.scheduled(&draft, TimeDelta::days(2));
    let own = wall(TimeDelta::days(3));
    post.targets[1].time = TargetTime::Own(Schedule::Local(own));
    plan.publications[1] = plan.publications[1].clone().moved(own.resolve(), now());
    let planned = stage.save(&post, draft.version, &plan).await.unwrap().publications;
    let wrong = own.resolve() - TimeDelta::days(2);
    stage
        .run(&format!(
            "UPDATE post_targets SET due_at = '{wrong}' WHERE timing = 'own';
             UPDATE publications SET due_at = '{wrong}' WHERE id = '{}'; UPDATE posts SET due_at = '{wrong}';",
            planned[1].id.uuid()
        ))
        .await;
    let mut seen = vec![];
    clocks(&stage).differences(|change| seen.push(change)).await.unwrap();
    assert_eq!((seen.len(), seen[0].post, seen[0].channel), (1, post.id, Some(planned[1].channel)));

    assert_eq!(clocks(&stage).settle().await, Ok(1));
    assert_eq!(due(&stage, planned[1].id).await.0, own.resolve());
    assert_eq!(due(&stage, planned[0].id).await.0, planned[0].due_at, "the post's own time stays");
    let moved = stage.posts.get(&stage.caller, post.id).await.unwrap().post;
    assert_eq!((moved.version, moved.targets[1].time), (post.version + 1, post.targets[1].time));
    assert_eq!(moved.schedule, post.schedule);
    let first = planned[0].due_at;
    assert_eq!(stage.count(&format!("posts WHERE due_at = '{first}' AND own_due_at = '{first}'")).await, 1);
    assert_eq!(stage.count(&format!("post_targets WHERE due_at = '{}'", own.resolve())).await, 1);
    assert_eq!(stage.events(post.id.uuid()).await, ["post.moved"]);
    assert_eq!(clocks(&stage).settle().await, Ok(0), "once");
}

#[tokio::test]
async fn what_waits_in_a_slot_of_a_queue_keeps_it() {
    let stage = Stage::set().await;
    let (post, id) = recorded(&stage, wall(TimeDelta::days(3)), TimeDelta::hours(1)).await;
    let before = due(&stage, id).await;
    let queue = format!(
        "UPDATE post_targets SET timing = 'queue'; UPDATE publications SET queued = true WHERE id = '{}'",
        id.uuid()
    );
    stage.run(&queue).await;
    assert_eq!(clocks(&stage).settle().await, Ok(0));
    assert_eq!(due(&stage, id).await, before);
    assert!(stage.events(post.id.uuid()).await.is_empty());
}

#[tokio::test]
async fn a_zone_that_nobody_knows_any_more_does_not_keep_others_from_moving() {
    let stage = Stage::set().await;
    let (unknown, _) = recorded(&stage, wall(TimeDelta::days(3)), TimeDelta::hours(1)).await;
    let (other, _) = recorded(&stage, wall(TimeDelta::days(3)), TimeDelta::hours(1)).await;
    let lost = format!("UPDATE posts SET time_zone = 'Europe/Atlantis' WHERE id = '{}'", unknown.id.uuid());
    stage.run(&lost).await;
    assert_eq!(clocks(&stage).settle().await, Ok(1));
    assert_eq!(stage.events(other.id.uuid()).await, ["post.moved"]);
}

/// The naive time of a post: what people said stays what they said.
#[tokio::test]
async fn moving_leaves_the_time_on_the_wall_as_it_was_said() {
    let stage = Stage::set().await;
    // A time that New York's clocks skip: 02:30 on the second Sunday of March.
    let local: NaiveDateTime = "2027-03-14T02:30:00".parse().unwrap();
    let skipped = LocalSchedule { local, zone: Tz::known("America/New_York") };
    let (post, id) = recorded(&stage, skipped, TimeDelta::hours(-1)).await;
    assert_eq!(clocks(&stage).settle().await, Ok(1));
    assert_eq!(due(&stage, id).await.0, "2027-03-14T07:30:00Z".parse::<DateTime<Utc>>().unwrap());
    let moved = stage.posts.get(&stage.caller, post.id).await.unwrap().post;
    assert_eq!(moved.schedule, Some(Schedule::Local(skipped)));
    let claimed = stage.queue.claim(Queue::Preparation, crate::publications::stage::ANNE, 10).await.unwrap();
    assert!(claimed.is_empty(), "it waits for its new time");
}
