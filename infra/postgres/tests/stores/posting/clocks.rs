//! Slots whose zone has new rules.

use std::sync::Arc;

use chrono::TimeDelta;
use postgres::posts::PgClockStore;
use publishing::{clocks::Clocks, posting::QueueChange, timing::Timing};
use scheduling::queue::Refill;

use super::line::{Line, hours};

fn clocks(line: &Line) -> Clocks {
    Clocks { store: Arc::new(PgClockStore::new(line.stage.pool.clone())), timing: Timing::default() }
}

/// As if everybody had got the slot when the clocks were half an hour elsewhere.
async fn clocks_move(line: &Line) {
    line.stage
        .run(
            "UPDATE publications SET due_at = due_at + interval '30 minutes', deadline_at = deadline_at + interval '30 minutes',
                next_step_at = next_step_at + interval '30 minutes'; UPDATE posts SET due_at = due_at + interval '30 minutes'",
        )
        .await;
}

#[tokio::test]
async fn who_waits_in_a_slot_moves_with_the_clocks_and_is_told_of_and_looking_moves_nobody() {
    let line = Line::set(Refill::Leave).await;
    let other = line.stage.schedule(&[line.stage.channel().await], TimeDelta::days(3)).await;
    let posts = line.fill(3).await;
    clocks_move(&line).await;
    let off = line.seats().await;
    let mut seen = Vec::new();
    clocks(&line).differences(|change| seen.push(change)).await.unwrap();
    let half = TimeDelta::minutes(30);
    let found: Vec<_> = seen.iter().map(|change| (change.post, change.from - half, change.to)).collect();
    let right: Vec<_> = posts.iter().zip(hours(3)).map(|(post, at)| (*post, at, at)).collect();
    assert_eq!(found, right);
    assert!(
        seen.iter()
            .all(|change| change.channel == Some(line.channel) && change.schedule.resolve() == change.to)
    );
    assert_eq!(line.seats().await, off, "looking moves nobody");

    assert_eq!(clocks(&line).settle().await, Ok(3));
    assert_eq!(line.seats().await, hours(3).into_iter().zip(posts.clone()).collect::<Vec<_>>());
    for (post, at) in posts.iter().zip(hours(3)) {
        assert_eq!(line.stage.events(post.uuid()).await, ["post.moved"]);
        let seen = line.publication(*post).await;
        assert_eq!((seen.deadline_at - at, seen.queued), (TimeDelta::hours(1), true));
        assert_eq!(
            line.stage.count(&format!("posts WHERE id = '{}' AND due_at = '{at}'", post.uuid())).await,
            1
        );
    }
    assert!(line.stage.events(other.post.id.uuid()).await.is_empty(), "an instant is no slot");
    assert_eq!(clocks(&line).settle().await, Ok(0), "once");
}

#[tokio::test]
async fn in_a_paused_queue_slots_move_and_nobody_goes() {
    let line = Line::set(Refill::Leave).await;
    let posts = line.fill(2).await;
    line.change(QueueChange::Pause).await.unwrap();
    clocks_move(&line).await;
    assert_eq!(clocks(&line).settle().await, Ok(2));
    assert_eq!(line.seats().await, hours(2).into_iter().zip(posts.clone()).collect::<Vec<_>>());
    for post in posts {
        assert_eq!(line.publication(post).await.next_step_at, None);
    }
}
