//! Occurrences, and what comes next, as the posts have them.

use std::sync::Arc;

use postgres::posts::PgClockStore;
use publishing::{
    clocks::Clocks,
    content::Override,
    post::{PostError, PostPatch, When, store::PostStore},
    series::{OccurrenceEdit, OccurrenceView, Window},
    status::PostStatus,
    timing::Timing,
};
use scheduling::Schedule;
use zone::Tz;

use super::stage::{Plans, local, utc};

/// The day it is known by, when it takes place, how its post stands, whose word that is, and what it says.
fn line(one: &OccurrenceView) -> String {
    let status = one.post_status.map_or("none", |status| status.as_str());
    let hand = if one.edited_by_hand { "by hand" } else { "as planned" };
    format!("{} {} {status} {hand} {}", one.original.date(), one.local, one.caption.as_deref().unwrap())
}

#[tokio::test]
async fn an_occurrence_shows_what_its_post_will_do_and_not_what_the_series_wanted() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 4).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::known("Europe/Berlin"), "FREQ=DAILY").await.series.id;
    let posts = plans.posts(id).await;
    plans.cancel_post(posts[0].post.id).await.unwrap();
    let by_hand = PostPatch { caption: Some("By hand".into()), ..PostPatch::default() };
    plans.recurrence.posts.change(caller, posts[1].post.id, 1, by_hand).await.unwrap();
    let later = When::Later(Schedule::At(utc("2027-01-20T16:00:00Z")));
    plans.recurrence.posts.schedule(caller, posts[2].post.id, later).await.unwrap();
    plans.stage.posts.delete(caller, posts[3].post.id).await.unwrap();
    let (from, until) = (utc("2027-01-01T00:00:00Z"), utc("2027-01-06T00:00:00Z"));
    let window = Window { from, until, after: None, limit: 9 };
    let shown = plans.recurrence.occurrences(caller, id, window).await.unwrap();
    assert_eq!(
        shown.iter().map(line).collect::<Vec<_>>(),
        [
            "2027-01-01 2027-01-01 09:00:00 cancelled by hand Coffee",
            "2027-01-02 2027-01-02 09:00:00 scheduled by hand By hand",
            "2027-01-03 2027-01-20 17:00:00 scheduled by hand Coffee",
            "2027-01-04 2027-01-04 09:00:00 none as planned Tea",
            "2027-01-05 2027-01-05 09:00:00 none as planned Coffee",
        ]
    );
    let days = async || {
        let next = plans.series(id).await.next;
        next.iter().map(|one| one.local.format("%d %H:%M").to_string()).collect::<Vec<_>>()
    };
    assert_eq!(days().await, ["02 09:00", "05 09:00", "06 09:00", "07 09:00", "08 09:00"]);
    plans.now_is("2027-01-19T00:00:00Z");
    plans.sweep().await;
    let view = plans.series(id).await;
    assert_eq!(view.next[1].local, local("2027-01-20T09:00:00"));
    assert_eq!(
        (view.next[2].local, view.next[2].original),
        (local("2027-01-20T17:00:00"), local("2027-01-03T09:00:00"))
    );
    assert_eq!(view.next[2].post, Some(posts[2].post.id));
}

#[tokio::test]
async fn a_post_that_the_clocks_of_its_zone_moved_or_its_series_took_back_was_not_changed_by_hand() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 3).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::known("Europe/Berlin"), "FREQ=DAILY").await.series.id;
    // As if the zone had had other rules when the posts were planned.
    plans.stage.run("UPDATE posts SET own_due_at = own_due_at + interval '1 hour', due_at = due_at + interval '1 hour'; UPDATE publications SET due_at = due_at + interval '1 hour'").await;
    let clocks =
        Clocks { store: Arc::new(PgClockStore::new(plans.stage.pool.clone())), timing: Timing::default() };
    assert_eq!(clocks.settle().await.unwrap(), 3);
    let window = Window {
        from: utc("2027-01-01T00:00:00Z"),
        until: utc("2027-01-04T00:00:00Z"),
        after: None,
        limit: 9,
    };
    let shown = plans.recurrence.occurrences(caller, id, window).await.unwrap();
    assert!(shown.iter().all(|one| !one.edited_by_hand && one.due == one.place().0), "{shown:?}");
    plans.recurrence.cancel(caller, id).await.unwrap();
    let shown = plans.recurrence.occurrences(caller, id, window).await.unwrap();
    assert!(shown.iter().all(|one| !one.edited_by_hand && one.post_status == Some(PostStatus::Cancelled)));
    assert!(plans.series(id).await.next.is_empty());
}

#[tokio::test]
async fn an_occurrence_moves_no_further_ahead_than_a_post_can_be() {
    let plans = Plans::at("2027-01-01T00:00:00Z", 2).await;
    let caller = &plans.stage.caller;
    let id = plans.make("2027-01-01T09:00:00", Tz::UTC, "FREQ=DAILY").await.series.id;
    let to = |time: &str| OccurrenceEdit::Change { local: Some(local(time)), content: Override::default() };
    let second = local("2027-01-02T09:00:00");
    let far = plans.recurrence.change_one(caller, id, second, 1, to("2035-01-01T09:30:00")).await;
    let Err(PostError::Invalid(found)) = far else { panic!("it was moved") };
    assert_eq!((found[0].pointer.as_str(), found[0].code), ("/local_time", "time_too_far"));
    let text = Override { caption: Some("In years".into()), ..Override::default() };
    let text = OccurrenceEdit::Change { local: None, content: text };
    let distant = local("2035-01-01T09:00:00");
    plans.recurrence.change_one(caller, id, distant, 1, text).await.unwrap();
}
