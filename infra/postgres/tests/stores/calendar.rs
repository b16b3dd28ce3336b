//! What is due when: in order, counted by the viewer's days, and true after every change.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::{QueryableByName, sql_query, sql_types::Text};
use postgres::calendar::PgCalendarStore;
use publishing::{
    calendar::{CalendarStore, Count, Entry, EntryStatus, Part, Position, Selection},
    id::{ChannelId, PostId, PublicationId},
    post::{TargetTime, store::PostStore},
    publication::State,
    status::PostStatus,
};
use scheduling::{LocalSchedule, Schedule, calendar::Days};
use tenancy::WorkspaceId;
use uuid::Uuid;
use zone::Tz;

use crate::publications::stage::{Stage, now};

fn store(stage: &Stage) -> PgCalendarStore {
    PgCalendarStore(stage.pool.clone())
}

fn everything(stage: &Stage) -> Selection {
    Selection::of(stage.caller.organization, stage.workspace)
}

async fn part(stage: &Stage, selection: &Selection, after: Option<Position>, limit: u16) -> Vec<Entry> {
    store(stage).entries(selection, Part { after, limit, caption: 1_000 }).await.unwrap()
}

async fn entries(stage: &Stage, selection: &Selection) -> Vec<Entry> {
    part(stage, selection, None, 1_000).await
}

/// Plans a text for an instant.
async fn plan(stage: &Stage, channel: ChannelId, at: &str) -> PublicationId {
    let at: DateTime<Utc> = at.parse().unwrap();
    let id = stage.text(channel, TimeDelta::days(1)).await;
    let due = format!(
        "UPDATE publications SET due_at = '{0}', deadline_at = '{0}' WHERE id = '{1}'",
        at,
        id.uuid()
    );
    stage.run(&due).await;
    id
}

/// A post that has a time and is not planned for it.
async fn unplanned(stage: &Stage, channel: ChannelId, at: &str) -> PostId {
    let draft = stage.draft(&[channel]);
    stage.posts.insert(&draft, None).await.unwrap();
    stage.run(&format!("UPDATE posts SET due_at = '{at}' WHERE id = '{}'", draft.id.uuid())).await;
    draft.id
}

fn days(first: &str, last: &str, zone: Tz) -> Days {
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    Days::new(date(first), date(last), zone).unwrap()
}

/// The days as a selection, and what each of them has.
async fn counts(stage: &Stage, days: &Days, selection: Selection) -> Vec<Count> {
    let bounds = (days.starts().first().copied(), days.starts().last().copied());
    let selection = Selection { from: bounds.0, until: bounds.1, ..selection };
    let counts = store(stage).counts(&selection, days).await.unwrap();
    // Counting by hand says the same.
    let mut by_hand: Vec<Count> = Vec::new();
    for entry in entries(stage, &selection).await {
        let (day, channel) = (days.index_of(entry.at).unwrap(), entry.channel);
        match by_hand.iter_mut().find(|count| (count.day, count.channel) == (day, channel)) {
            Some(count) => count.entries += 1,
            None => by_hand.push(Count { day, channel, entries: 1 }),
        }
    }
    let sorted = |mut counts: Vec<Count>| {
        counts.sort_by_key(|count| (count.day, count.channel.map(|channel| channel.uuid())));
        counts
    };
    assert_eq!(sorted(counts.clone()), sorted(by_hand));
    sorted(counts)
}

#[tokio::test]
async fn parts_go_on_where_the_last_one_ended_also_among_many_of_one_instant() {
    let stage = Stage::set().await;
    let (one, other) = (stage.channel().await, stage.channel().await);
    for channel in [one, other, one] {
        plan(&stage, channel, "2027-03-01T09:00:00Z").await;
    }
    plan(&stage, one, "2027-03-02T09:00:00Z").await;
    plan(&stage, other, "2027-02-28T09:00:00Z").await;
    unplanned(&stage, one, "2027-03-01T09:00:00Z").await;
    let whole = entries(&stage, &everything(&stage)).await;
    assert_eq!(whole.len(), 6);
    assert!(whole.is_sorted_by_key(Entry::position));
    for size in [1, 2, 4] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = part(&stage, &everything(&stage), after, size).await;
            let Some(last) = page.last() else { break };
            after = Some(last.position());
            found.extend(page.iter().map(Entry::position));
        }
        assert_eq!(found, whole.iter().map(Entry::position).collect::<Vec<_>>(), "{size} at a time");
    }
}

#[tokio::test]
async fn entries_are_counted_by_the_days_of_the_viewer() {
    let stage = Stage::set().await;
    let (one, other) = (stage.channel().await, stage.channel().await);
    // In Berlin the 28th begins at 23:00 and ends at 22:00 UTC, when the clocks go forward.
    for at in ["2027-03-27T22:59:59Z", "2027-03-27T23:00:00Z", "2027-03-28T21:59:59Z", "2027-03-28T22:00:00Z"]
    {
        plan(&stage, one, at).await;
    }
    plan(&stage, other, "2027-03-28T12:00:00Z").await;
    unplanned(&stage, one, "2027-03-28T22:30:00Z").await;
    let days = days("2027-03-27", "2027-03-29", Tz::known("Europe/Berlin"));
    let counted: Vec<_> = counts(&stage, &days, everything(&stage))
        .await
        .iter()
        .map(|count| (count.day, count.channel, count.entries))
        .collect();
    let mut middle = [(1, Some(one), 2), (1, Some(other), 1)];
    middle.sort_by_key(|count| count.1.map(|channel| channel.uuid()));
    assert_eq!(counted, [(0, Some(one), 1), middle[0], middle[1], (2, None, 1), (2, Some(one), 1)]);
    let only = Selection { channels: Some(vec![other]), ..everything(&stage) };
    assert_eq!(counts(&stage, &days, only).await, [Count { day: 1, channel: Some(other), entries: 1 }]);
}

#[tokio::test]
async fn a_status_selects_what_shows_it() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let mut expected = Vec::new();
    for state in [State::Published, State::Failed, State::Cancelled, State::Ready, State::Missed] {
        expected.push(stage.in_state(channel, state).await.0);
    }
    unplanned(&stage, channel, &now().to_rfc3339()).await;
    let today = now().date_naive();
    let days = Days::new(today - TimeDelta::days(1), today + TimeDelta::days(1), Tz::UTC).unwrap();
    for (status, index) in [
        (PostStatus::Published, 0),
        (PostStatus::Failed, 1),
        (PostStatus::Cancelled, 2),
        (PostStatus::Scheduled, 3),
        (PostStatus::Missed, 4),
    ] {
        let selection = Selection { statuses: Some(vec![status]), ..everything(&stage) };
        let found = entries(&stage, &selection).await;
        let ids: Vec<_> = found.iter().map(|entry| (entry.publication, entry.status)).collect();
        assert_eq!(ids, [(Some(expected[index]), status.into())]);
        assert_eq!(counts(&stage, &days, selection).await.len(), 1);
    }
    let drafts = Selection { statuses: Some(vec![PostStatus::Draft]), ..everything(&stage) };
    let found = entries(&stage, &drafts).await;
    assert_eq!((found.len(), found[0].publication, found[0].status), (1, None, EntryStatus::Draft));
    let none = Selection { statuses: Some(vec![PostStatus::NeedsAttention]), ..everything(&stage) };
    assert!(entries(&stage, &none).await.is_empty());
}

#[tokio::test]
async fn an_entry_moves_with_its_publication_and_goes_with_it() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let view = stage.schedule(&[channel], TimeDelta::hours(1)).await;
    let first = entries(&stage, &everything(&stage)).await.remove(0);
    let (moved, plan) = stage.scheduled(&view.post, TimeDelta::hours(5));
    stage.save(&moved, view.post.version, &plan).await.unwrap();
    let second = entries(&stage, &everything(&stage)).await.remove(0);
    assert_eq!((second.publication, second.post), (first.publication, first.post));
    assert_eq!(second.at, plan.publications[0].due_at);
    assert!(second.revision > first.revision, "calendar programs take no older revision");
    let cancelled = stage.cancel(first.publication.unwrap()).await.unwrap();
    let third = entries(&stage, &everything(&stage)).await.remove(0);
    assert_eq!((third.at, third.status), (second.at, EntryStatus::Cancelled));
    assert!(third.revision > second.revision);
    stage.posts.delete(&stage.caller, cancelled.post.id).await.unwrap();
    assert!(entries(&stage, &everything(&stage)).await.is_empty());
    assert_eq!(stage.count("calendar_entries").await, 0);
}

#[tokio::test]
async fn an_entry_shows_the_time_on_the_wall_that_its_channel_keeps() {
    let stage = Stage::set().await;
    let wall = |local: &str, zone| LocalSchedule { local: local.parse().unwrap(), zone };
    let of_post = wall("2027-03-01T09:00:00", Tz::known("Europe/Berlin"));
    let own = wall("2027-03-01T18:30:00", Tz::known("Asia/Kathmandu"));
    let mut draft = stage.draft(&[
        stage.channel().await,
        stage.channel().await,
        stage.channel().await,
        stage.channel().await,
    ]);
    draft.targets[1].time = TargetTime::Own(Schedule::Local(own));
    let instant: DateTime<Utc> = "2027-03-02T12:00:00Z".parse().unwrap();
    draft.targets[2].time = TargetTime::Own(Schedule::At(instant));
    stage.posts.insert(&draft, None).await.unwrap();
    let (mut post, mut plan) = stage.scheduled(&draft, TimeDelta::zero());
    post.schedule = Some(Schedule::Local(of_post));
    let slot: DateTime<Utc> = "2027-03-03T12:00:00Z".parse().unwrap();
    let times = [of_post.resolve(), own.resolve(), instant, slot];
    for (n, at) in times.into_iter().enumerate() {
        plan.publications[n] = plan.publications[n].clone().moved(at, now());
    }
    stage.save(&post, draft.version, &plan).await.unwrap();
    stage
        .run(&format!(
            "UPDATE post_targets SET timing = 'queue' WHERE channel_id = '{0}';
             UPDATE publications SET queued = true WHERE channel_id = '{0}'",
            post.targets[3].channel.uuid()
        ))
        .await;
    let shown: Vec<_> =
        entries(&stage, &everything(&stage)).await.iter().map(|one| (one.at, one.local)).collect();
    let mut expected = vec![(times[0], Some(of_post)), (times[1], Some(own)), (instant, None), (slot, None)];
    expected.sort_by_key(|entry| entry.0);
    assert_eq!(shown, expected);
}

/// What an export writes, in parts of so many posts.
async fn exported(
    stage: &Stage,
    selection: &Selection,
    size: u16,
    mut between: impl AsyncFnMut(),
) -> Vec<Entry> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let posts = store(stage).posts_due(selection, after, size).await.unwrap();
        let Some(last) = posts.last() else { return found };
        after = Some(*last);
        found.extend(store(stage).entries_of(selection, &posts).await.unwrap());
        between().await;
    }
}

#[tokio::test]
async fn an_export_has_every_entry_once_while_posts_move_past_each_other() {
    let stage = Stage::set().await;
    let channels = [stage.channel().await, stage.channel().await];
    for day in 1..=9 {
        plan(&stage, channels[0], &format!("2027-03-0{day}T09:00:00Z")).await;
    }
    stage.schedule(&channels, TimeDelta::days(3)).await;
    unplanned(&stage, channels[0], "2027-03-05T09:00:00Z").await;
    let ids = |entries: &[Entry]| {
        let mut ids: Vec<_> = entries.iter().map(|entry| entry.position().id).collect();
        ids.sort();
        ids
    };
    let whole = ids(&entries(&stage, &everything(&stage)).await);
    assert_eq!(whole.len(), 12);
    for size in [1, 2, 100] {
        assert_eq!(ids(&exported(&stage, &everything(&stage), size, async || {}).await), whole);
        // The earliest becomes the latest, again and again.
        let everything = everything(&stage);
        let moving = exported(&stage, &everything, size, async || {
            stage
                .run("UPDATE publications SET due_at = due_at + interval '1 month', deadline_at = deadline_at + interval '1 month'
                    WHERE due_at = (SELECT min(due_at) FROM publications)")
                .await;
        });
        assert_eq!(ids(&moving.await), whole, "{size} at a time");
    }
    let only = Selection { channels: Some(vec![channels[1]]), ..everything(&stage) };
    assert_eq!(exported(&stage, &only, 2, async || {}).await.len(), 1);
    let cancelled = Selection { statuses: Some(vec![PostStatus::Cancelled]), ..everything(&stage) };
    assert!(exported(&stage, &cancelled, 2, async || {}).await.is_empty());
}

#[derive(QueryableByName, Debug, PartialEq)]
struct Written {
    #[diesel(sql_type = Text)]
    place: String,
}

#[tokio::test]
async fn the_steps_of_publishing_do_not_write_the_calendar() {
    use diesel_async::RunQueryDsl;
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let written = async || {
        let sql = "SELECT concat(ctid, ' ', xmin) AS place FROM calendar_entries";
        sql_query(sql).load::<Written>(&mut stage.pool.get().await.unwrap()).await.unwrap()
    };
    stage.due_on(channel).await;
    let before = written().await;
    let claim = stage.claim_one(publishing::queue::Queue::Preparation).await.claim;
    assert!(stage.record(claim, publishing::queue::Next::Ready).await);
    let claim = stage.claim_one(publishing::queue::Queue::Permit).await.claim;
    assert!(stage.record(claim, crate::publications::stage::published("1_1")).await);
    assert_eq!(written().await, before);
    assert_eq!(before.len(), 1);
}

#[tokio::test]
async fn another_organization_has_none_of_it() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    plan(&stage, channel, "2027-03-01T09:00:00Z").await;
    unplanned(&stage, channel, "2027-03-01T09:00:00Z").await;
    let neighbour = stage.neighbour().await;
    let prying = Selection::of(neighbour.caller.organization, stage.workspace);
    let days = days("2027-03-01", "2027-03-01", Tz::UTC);
    assert!(entries(&stage, &prying).await.is_empty());
    assert!(counts(&stage, &days, prying.clone()).await.is_empty());
    assert!(store(&stage).posts(&prying, None, 10).await.unwrap().is_empty());
    let zone = async |organization, workspace, channels: &[ChannelId]| {
        store(&stage).zone(organization, workspace, channels).await.unwrap()
    };
    let own = stage.caller.organization;
    assert_eq!(zone(own, stage.workspace, &[channel]).await, Some(Tz::UTC));
    assert_eq!(zone(own, neighbour.workspace, &[]).await, None);
    assert_eq!(zone(own, stage.workspace, &[channel, neighbour.channel().await]).await, None);
    assert_eq!(zone(own, WorkspaceId::from_uuid(Uuid::nil()), &[]).await, None);
}

#[tokio::test]
async fn the_fingerprint_changes_with_every_change_and_only_then() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let ask = async || store(&stage).fingerprint(&everything(&stage)).await.unwrap();
    let mut seen = vec![ask().await];
    let view = stage.schedule(&[channel], TimeDelta::hours(1)).await;
    seen.push(ask().await);
    let id = view.publications[0].id;
    for change in [
        "UPDATE publications SET due_at = due_at + interval '1 minute', deadline_at = deadline_at + interval '1 minute'",
        "UPDATE publications SET permalink = 'https://example.org/1', updated_at = clock_timestamp()",
        "UPDATE channels SET name = 'Another name'",
    ] {
        stage.run(change).await;
        seen.push(ask().await);
    }
    stage.cancel(id).await.unwrap();
    seen.push(ask().await);
    unplanned(&stage, channel, "2027-03-01T09:00:00Z").await;
    seen.push(ask().await);
    stage.run("UPDATE posts SET version = version + 1").await;
    seen.push(ask().await);
    assert_eq!(ask().await, *seen.last().unwrap());
    let different: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(different.len(), seen.len(), "{seen:?}");
}

#[tokio::test]
async fn batches_of_posts_hold_all_of_them_once_whatever_the_filter_leaves_out() {
    let stage = Stage::set().await;
    let channel = stage.channel().await;
    let mut published = Vec::new();
    for state in [State::Published, State::Failed, State::Failed, State::Failed, State::Published] {
        let (id, _) = stage.in_state(channel, state).await;
        if state == State::Published {
            published.push(stage.post_of(id).await.id);
        }
    }
    let draft = stage.draft(&[channel]);
    stage.posts.insert(&draft, None).await.unwrap();
    let read = async |selection: Selection| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let batch = store(&stage).posts(&selection, after, 2).await.unwrap();
            let Some(last) = batch.last() else { return found };
            after = Some(last.post.id);
            found.extend(batch.iter().map(|view| view.post.id));
        }
    };
    assert_eq!(read(everything(&stage)).await.len(), 6);
    let only = Selection { statuses: Some(vec![PostStatus::Published]), ..everything(&stage) };
    assert_eq!(read(only).await, published);
    let dated = Selection { from: Some(DateTime::UNIX_EPOCH), ..everything(&stage) };
    assert_eq!(read(dated).await.len(), 5, "a draft has no time");
}
