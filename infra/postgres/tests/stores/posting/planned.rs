//! A queue gives nobody a time at which a series of its channel will have a post.

use std::collections::BTreeMap;

use chrono::{DateTime, Timelike, Utc};
use postgres::series::PgSeriesStore;
use publishing::{
    content::{Content, Override},
    id::{ChannelId, SeriesId},
    post::{Target, TargetTime},
    series::{Series, SeriesState, store::SeriesStore},
    timing::Timing,
};
use scheduling::{
    LocalSchedule,
    queue::{Place, Refill},
    recurrence,
};
use zone::Tz;

use super::line::{Line, hours};
use crate::publications::stage::now;

/// Keeps a series that is due each day on a channel, the first time at one of the slots.
async fn daily(line: &Line, channel: ChannelId, first: DateTime<Utc>) -> SeriesId {
    let start = LocalSchedule { local: first.naive_utc(), zone: Tz::UTC };
    let series = Series {
        id: SeriesId::new(),
        organization: line.stage.caller.organization,
        workspace: line.stage.workspace,
        content: Content { caption: "Every day".into(), ..Content::default() },
        targets: vec![Target { channel, change: Override::default(), time: TargetTime::Post }],
        captions: Vec::new(),
        plan: recurrence::Series::new(start, "FREQ=DAILY".parse().unwrap()).unwrap(),
        edits: BTreeMap::new(),
        state: SeriesState::Active,
        next_at: Some(first),
        instructor: (&line.stage.caller.actor).into(),
        version: 1,
        created_at: now(),
        updated_at: now(),
    };
    let store = PgSeriesStore::new(line.stage.pool.clone(), Timing::default());
    store.insert(&series, None).await.unwrap();
    series.id
}

#[tokio::test]
async fn the_times_of_a_series_are_taken_before_it_has_posts_on_its_channel_alone() {
    let line = Line::set(Refill::Leave).await;
    let slots = hours(60);
    daily(&line, line.channel, slots[3]).await;
    let mut got = Vec::new();
    for _ in 0..30 {
        got.push(line.add().await.due_at);
    }
    let free: Vec<_> = slots.iter().filter(|at| at.hour() != slots[3].hour()).take(30).copied().collect();
    assert_eq!(got, free);
    let other = line.stage.channel().await;
    let mut got = Vec::new();
    for _ in 0..4 {
        got.push(line.add_to(&[other], Place::Last).await.unwrap().publications[0].due_at);
    }
    assert_eq!(got, slots[..4]);
}

#[tokio::test]
async fn a_time_is_free_again_when_the_series_stops_or_the_occurrence_had_its_post() {
    let line = Line::set(Refill::Leave).await;
    let slots = hours(9);
    let id = daily(&line, line.channel, slots[0]).await.uuid();
    let first = || async { line.add_to(&[line.channel], Place::First).await.unwrap().publications[0].due_at };
    assert_eq!(first().await, slots[1]);
    let made = format!(
        "INSERT INTO series_occurrences (series_id, original, post_version) VALUES ('{id}', '{}', 1)",
        slots[0].naive_utc()
    );
    line.stage.run(&made).await;
    assert_eq!(first().await, slots[0], "its post was deleted");
    let again = daily(&line, line.channel, slots[2]).await.uuid();
    assert_eq!(first().await, slots[3]);
    let stop = "UPDATE series SET state = 'paused', reason = 'content_refused', next_at = NULL";
    line.stage.run(&format!("{stop} WHERE id = '{again}'")).await;
    assert_eq!(first().await, slots[2]);
}
